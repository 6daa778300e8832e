//! The packages of one or more suites, kept compactly: names, versions and relations, where each
//! .deb lies and its digest. Descriptions and the like are dropped.

mod add;
mod stanza;
mod stored;

use std::hash::{BuildHasher as _, RandomState};
use std::iter;

use hashbrown::HashTable;
use names::{Arch, ArchiveName, Digest};

use crate::relation::Operator;
use crate::version::compare_versions;
use crate::{LockedDeb, Version};
pub use add::PackagesError;

/// The packages that one architecture can choose from.
#[derive(Clone, Debug)]
pub struct Index {
    pub(crate) arch: Arch,
    archives: Vec<ArchiveName>,
    /// All texts, one behind the other: one allocation instead of millions.
    text: String,
    names: Vec<Name>,
    /// The names by their texts. Looked up, never walked: its order is random.
    by_text: HashTable<NameId>,
    hasher: RandomState,
    pub(crate) packages: Vec<Package>,
    relations: Vec<StoredRelation>,
    providers: Vec<Provider>,
}

/// Room for the texts and the two longest tables, in bytes: address space, of which only what is written
/// takes memory, and what Debian's main needs of each is half of it or less. A block of more than 32 MiB
/// goes back to the system as it is freed; one that grows leaves holes that stay with the process
/// (`M_MMAP_THRESHOLD` in mallopt(3)).
const ROOM: usize = 48 << 20;

/// Counts names in the order in which the indexes mention them, which is the order that apt falls
/// back to when nothing else decides.
pub(crate) type NameId = u32;
pub(crate) type PackageId = u32;

#[derive(Clone, Copy, Debug, Default)]
struct Text {
    start: u32,
    length: u32,
}

impl Text {
    fn of(self, texts: &str) -> &str {
        &texts[self.start as usize..][..self.length as usize]
    }
}

/// What a link says where nothing follows.
const NONE: u32 = u32::MAX;

/// A name that a package has, or that one asks for or provides.
#[derive(Clone, Copy, Debug)]
struct Name {
    text: Text,
    /// The newest package of this name, or none.
    newest: PackageId,
    /// The first and the last of its providers, as positions, or none.
    providers: (u32, u32),
}

#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: NameId,
    /// The next older package of the same name, or none.
    older: PackageId,
    version: Text,
    all: bool,
    archive: u16,
    path: Text,
    size: u64,
    sha256: Digest,
    /// From 1, `required`, to 5, `extra`; 0 where the index does not say.
    pub(crate) priority: u8,
    pub(crate) allowed: bool,
    pub(crate) essential: bool,
    relations: (u32, u32),
}

/// What a relation demands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// `Pre-Depends` or `Depends`.
    Depends,
    Recommends,
    /// `Conflicts` or `Breaks`.
    Conflicts,
}

#[derive(Clone, Copy, Debug)]
struct StoredRelation {
    name: NameId,
    version: Text,
    kind: Kind,
    operator: Operator,
    qualifier: Qualifier,
    or_next: bool,
}

/// Which architecture of a package a relation means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Qualifier {
    /// The architecture of the package that has the relation.
    None,
    /// `:any`.
    Any,
    /// Another architecture than the one of this index.
    Foreign,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Provider {
    pub(crate) package: PackageId,
    version: Text,
    /// The position of the next provider of the same name, or none.
    next: u32,
}

/// A relation of a package of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: NameId,
    pub(crate) operator: Operator,
    pub(crate) version: &'a str,
    pub(crate) qualifier: Qualifier,
    pub(crate) or_next: bool,
}

impl Index {
    /// An index without packages.
    pub fn new(arch: Arch) -> Self {
        Self {
            arch,
            archives: Vec::new(),
            text: String::with_capacity(ROOM),
            names: Vec::new(),
            by_text: HashTable::new(),
            hasher: RandomState::new(),
            packages: Vec::with_capacity(ROOM / size_of::<Package>()),
            relations: Vec::with_capacity(ROOM / size_of::<StoredRelation>()),
            providers: Vec::new(),
        }
    }

    /// The newest version of a package; of equal ones that of the first suite.
    pub fn newest(&self, name: &str) -> Option<LockedDeb> {
        self.id_of(name).and_then(|name| self.newest_id(name)).map(|id| self.locked(id))
    }

    /// This version of a package.
    pub fn find(&self, name: &str, version: &Version) -> Option<LockedDeb> {
        self.find_id(name, version).map(|id| self.locked(id))
    }

    /// The names of all packages, in the order of the indexes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let has_package = |name: &&Name| name.newest != NONE;
        self.names.iter().filter(has_package).map(|name| self.get(name.text))
    }

    /// The number of packages, each version counted.
    pub fn package_count(&self) -> usize {
        self.packages.len()
    }

    pub(crate) fn find_id(&self, name: &str, version: &Version) -> Option<PackageId> {
        let is_it = |id: &PackageId| compare_versions(self.version(*id), version.as_str()).is_eq();
        self.versions(self.id_of(name)?).find(is_it)
    }

    pub(crate) fn id_of(&self, name: &str) -> Option<NameId> {
        let is_it = |id: &NameId| self.name(*id) == name;
        self.by_text.find(self.hasher.hash_one(name), is_it).copied()
    }

    pub(crate) fn name(&self, name: NameId) -> &str {
        self.get(self.names[name as usize].text)
    }

    pub(crate) fn name_count(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn version(&self, package: PackageId) -> &str {
        self.get(self.packages[package as usize].version)
    }

    pub(crate) fn newest_id(&self, name: NameId) -> Option<PackageId> {
        Some(self.names[name as usize].newest).filter(|id| *id != NONE)
    }

    /// The packages of a name: the newest version first, and of equal ones that of the first suite.
    pub(crate) fn versions(&self, name: NameId) -> impl Iterator<Item = PackageId> {
        let older =
            |id: &PackageId| Some(self.packages[*id as usize].older).filter(|older| *older != NONE);
        iter::successors(self.newest_id(name), older)
    }

    /// The packages that provide a name, in the order of the indexes.
    pub(crate) fn providers(&self, name: NameId) -> impl Iterator<Item = &Provider> {
        let first = self.providers.get(self.names[name as usize].providers.0 as usize);
        iter::successors(first, |provider| self.providers.get(provider.next as usize))
    }

    /// The relations of a package: `Pre-Depends`, `Depends`, `Conflicts`, `Breaks`, `Recommends`,
    /// in this order.
    pub(crate) fn demands(&self, package: PackageId) -> impl Iterator<Item = Demand<'_>> {
        let (start, end) = self.packages[package as usize].relations;
        self.relations[start as usize..end as usize].iter().map(|stored| Demand {
            kind: stored.kind,
            name: stored.name,
            operator: stored.operator,
            version: self.get(stored.version),
            qualifier: stored.qualifier,
            or_next: stored.or_next,
        })
    }

    /// Whether the package itself, by its own name, is what `demand` means.
    pub(crate) fn is_meant(&self, demand: &Demand<'_>, package: PackageId) -> bool {
        let entry = &self.packages[package as usize];
        entry.name == demand.name
            && self.qualifies(demand, entry)
            && demand.operator.holds(self.version(package), demand.version)
    }

    /// Whether the package provides what `demand` means (Debian Policy 7.5): a demand for a version
    /// is met only by a provided version.
    pub(crate) fn is_provided(&self, demand: &Demand<'_>, provider: &Provider) -> bool {
        let entry = &self.packages[provider.package as usize];
        let provided = self.get(provider.version);
        self.qualifies(demand, entry)
            && match demand.operator {
                Operator::Any => true,
                operator => !provided.is_empty() && operator.holds(provided, demand.version),
            }
    }

    /// Multi-Arch: `:any` is met only by packages that allow it; in a negative relation it means
    /// them all.
    fn qualifies(&self, demand: &Demand<'_>, package: &Package) -> bool {
        match demand.qualifier {
            Qualifier::None => true,
            Qualifier::Any => package.allowed || demand.kind == Kind::Conflicts,
            Qualifier::Foreign => false,
        }
    }

    pub(crate) fn locked(&self, package: PackageId) -> LockedDeb {
        let entry = &self.packages[package as usize];
        LockedDeb {
            name: self.name(entry.name).to_owned(),
            version: self.version(package).parse().expect("versions were checked when added"),
            arch: if entry.all { "all" } else { self.arch.debian() }.to_owned(),
            archive: self.archives[usize::from(entry.archive)].clone(),
            path: self.get(entry.path).to_owned(),
            size: entry.size,
            sha256: entry.sha256,
        }
    }

    /// The names of packages that look like `name`, the nearest first.
    pub(crate) fn near(&self, name: &str) -> Vec<String> {
        let mut near: Vec<(usize, &str)> = (0..self.name_count() as NameId)
            .filter(|&id| self.newest_id(id).is_some() || self.providers(id).next().is_some())
            .map(|id| self.name(id))
            .filter(|other| other.len().abs_diff(name.len()) <= 3)
            .map(|other| (distance(name, other), other))
            .filter(|(distance, _)| *distance <= 1 + name.len() / 6)
            .collect();
        near.sort();
        near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
    }

    fn get(&self, text: Text) -> &str {
        text.of(&self.text)
    }
}

/// The edit distance of two names.
fn distance(left: &str, right: &str) -> usize {
    let right = right.as_bytes();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
