//! The packages of one or more suites, kept compactly: names, versions and relations, where each
//! .deb lies and its digest. Descriptions and the like are dropped.

mod stanza;
mod stored;

use std::collections::HashMap;
use std::io::BufRead;

use names::{Arch, ArchiveName, Digest};

use crate::relation::{self, Operator};
use crate::version::compare_versions;
use crate::{LockedDeb, Version};
use stanza::{Fault, Fields, TOO_LARGE};

/// The longest paragraph that is read: 1 MiB, a hundred times the longest of Debian.
const PARAGRAPH_LIMIT: usize = 1 << 20;

/// The packages that one architecture can choose from.
#[derive(Clone, Debug)]
pub struct Index {
    pub(crate) arch: Arch,
    archives: Vec<ArchiveName>,
    /// All texts, one behind the other: one allocation instead of millions.
    text: String,
    /// Looked up, never walked: its order is random.
    names: HashMap<Box<str>, NameId>,
    name_texts: Vec<Text>,
    pub(crate) packages: Vec<Package>,
    relations: Vec<StoredRelation>,
    /// For each name, the packages of that name: the newest version first.
    by_name: Vec<Vec<PackageId>>,
    /// For each name, the packages that provide it, in the order of the indexes.
    providers: Vec<Vec<Provider>>,
}

/// Counts names in the order in which the indexes mention them, which is the order that apt falls
/// back to when nothing else decides.
pub(crate) type NameId = u32;
pub(crate) type PackageId = u32;

#[derive(Clone, Copy, Debug, Default)]
struct Text {
    start: u32,
    length: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: NameId,
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

/// Why a list of packages cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackagesError {
    /// The list cannot be read: the file, or its compression, is damaged.
    #[error("cannot read the packages of {from}")]
    Read {
        /// The list.
        from: String,
        /// Why.
        source: std::io::Error,
    },
    /// A field is missing or malformed.
    #[error("the packages of {from}: {package} has no proper field `{field}`: `{value}`")]
    Field {
        /// The list.
        from: String,
        /// The package, or the number of its paragraph.
        package: String,
        /// The field.
        field: &'static str,
        /// Its value; empty where it is missing.
        value: String,
    },
    /// It is larger than an index can be.
    #[error("the packages of {from} are more than this program can hold")]
    TooLarge {
        /// The list.
        from: String,
    },
}

impl Index {
    /// An index without packages.
    pub fn new(arch: Arch) -> Self {
        Self {
            arch,
            archives: Vec::new(),
            text: String::new(),
            names: HashMap::new(),
            name_texts: Vec::new(),
            packages: Vec::new(),
            relations: Vec::new(),
            by_name: Vec::new(),
            providers: Vec::new(),
        }
    }

    /// Adds the packages of a Packages file, uncompressed, whose files lie in `archive`; `from`
    /// names it in errors. Packages of other architectures are passed over, and so is a version
    /// that is there already: of equal ones the first counts, as for apt.
    ///
    /// # Errors
    /// When the text cannot be read or a paragraph is malformed. The index is then of no use.
    pub fn add_packages(
        &mut self,
        archive: &ArchiveName,
        from: &str,
        mut text: impl BufRead,
    ) -> Result<(), PackagesError> {
        let archive = self.archive(archive);
        let mut paragraph = Vec::new();
        let mut number = 0;
        loop {
            let start = paragraph.len();
            let limit = (PARAGRAPH_LIMIT - start) as u64 + 1;
            std::io::Read::take(&mut text, limit)
                .read_until(b'\n', &mut paragraph)
                .map_err(|source| PackagesError::Read { from: from.to_owned(), source })?;
            if paragraph.len() > PARAGRAPH_LIMIT {
                return Err(PackagesError::TooLarge { from: from.to_owned() });
            }
            let at_end = paragraph.len() == start;
            if at_end || matches!(&paragraph[start..], b"\n" | b"\r\n") {
                paragraph.truncate(start);
                if !paragraph.trim_ascii().is_empty() {
                    number += 1;
                    let text = std::str::from_utf8(&paragraph);
                    let text = text.map_err(|_| Fault { field: "UTF-8", value: String::new() });
                    let added = text.and_then(|text| self.add_package(archive, text, None));
                    added.map_err(|fault| fault.of(from, &paragraph, number))?;
                }
                paragraph.clear();
            }
            if at_end {
                return Ok(());
            }
        }
    }

    /// Adds a locked package from its control file, for one that its suite has replaced since.
    ///
    /// # Errors
    /// When the control file is malformed.
    pub fn add_locked(&mut self, deb: &LockedDeb, control: &str) -> Result<(), PackagesError> {
        let archive = self.archive(&deb.archive);
        self.add_package(archive, control, Some(deb))
            .map_err(|fault| fault.of("the lock", deb.name.as_bytes(), 1))
    }

    /// The newest version of a package; of equal ones that of the first suite.
    pub fn newest(&self, name: &str) -> Option<LockedDeb> {
        self.id_of(name).and_then(|name| self.versions(name).first()).map(|&id| self.locked(id))
    }

    /// This version of a package.
    pub fn find(&self, name: &str, version: &Version) -> Option<LockedDeb> {
        self.find_id(name, version).map(|id| self.locked(id))
    }

    /// The names of all packages, in the order of the indexes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let has_package = |name: &NameId| !self.versions(*name).is_empty();
        (0..self.name_count() as NameId).filter(has_package).map(|name| self.name(name))
    }

    /// The number of packages, each version counted.
    pub fn package_count(&self) -> usize {
        self.packages.len()
    }

    pub(crate) fn find_id(&self, name: &str, version: &Version) -> Option<PackageId> {
        let is_it =
            |id: &&PackageId| compare_versions(self.version(**id), version.as_str()).is_eq();
        self.versions(self.id_of(name)?).iter().find(is_it).copied()
    }

    pub(crate) fn id_of(&self, name: &str) -> Option<NameId> {
        self.names.get(name).copied()
    }

    pub(crate) fn name(&self, name: NameId) -> &str {
        self.get(self.name_texts[name as usize])
    }

    pub(crate) fn name_count(&self) -> usize {
        self.name_texts.len()
    }

    pub(crate) fn version(&self, package: PackageId) -> &str {
        self.get(self.packages[package as usize].version)
    }

    pub(crate) fn versions(&self, name: NameId) -> &[PackageId] {
        &self.by_name[name as usize]
    }

    pub(crate) fn providers(&self, name: NameId) -> &[Provider] {
        &self.providers[name as usize]
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
            .filter(|&id| !self.versions(id).is_empty() || !self.providers(id).is_empty())
            .map(|id| self.name(id))
            .filter(|other| other.len().abs_diff(name.len()) <= 3)
            .map(|other| (distance(name, other), other))
            .filter(|(distance, _)| *distance <= 1 + name.len() / 6)
            .collect();
        near.sort();
        near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
    }

    fn archive(&mut self, archive: &ArchiveName) -> u16 {
        let known = self.archives.iter().position(|known| known == archive);
        let position = known.unwrap_or_else(|| {
            self.archives.push(archive.clone());
            self.archives.len() - 1
        });
        u16::try_from(position).expect("a distro has fewer than 65536 archives")
    }

    fn get(&self, text: Text) -> &str {
        &self.text[text.start as usize..][..text.length as usize]
    }

    fn keep(&mut self, text: &str) -> Result<Text, Fault> {
        let start = u32::try_from(self.text.len() + text.len()).map_err(|_| TOO_LARGE)?;
        let length = u32::try_from(text.len()).map_err(|_| TOO_LARGE)?;
        self.text.push_str(text);
        Ok(Text { start: start - length, length })
    }

    fn intern(&mut self, name: &str) -> Result<NameId, Fault> {
        if let Some(id) = self.names.get(name) {
            return Ok(*id);
        }
        let id = u32::try_from(self.name_texts.len()).map_err(|_| TOO_LARGE)?;
        let text = self.keep(name)?;
        self.name_texts.push(text);
        self.by_name.push(Vec::new());
        self.providers.push(Vec::new());
        self.names.insert(name.into(), id);
        Ok(id)
    }

    fn add_package(
        &mut self,
        archive: u16,
        text: &str,
        locked: Option<&LockedDeb>,
    ) -> Result<(), Fault> {
        let fields = Fields::read(text)?;
        if !["all", self.arch.debian()].contains(&fields.arch) {
            return Ok(());
        }
        let name = self.intern(fields.name)?;
        let (path, size, sha256) = match locked {
            Some(deb) => (deb.path.as_str(), deb.size, deb.sha256),
            None => fields.file()?,
        };
        let newer =
            |other: &PackageId| !compare_versions(self.version(*other), fields.version).is_lt();
        let position = self.versions(name).iter().take_while(|other| newer(other)).count();
        let before = self.versions(name)[..position].iter();
        let is_same = |other: &PackageId| {
            self.version(*other) == fields.version
                && self.packages[*other as usize].sha256 == sha256
        };
        if before.rev().any(is_same) {
            return Ok(());
        }
        let id = u32::try_from(self.packages.len()).map_err(|_| TOO_LARGE)?;
        let package = Package {
            name,
            version: self.keep(fields.version)?,
            all: fields.arch == "all",
            archive,
            path: self.keep(path)?,
            size,
            sha256,
            priority: fields.priority,
            allowed: fields.allowed,
            essential: fields.essential,
            relations: self.add_relations(&fields)?,
        };
        self.packages.push(package);
        self.by_name[name as usize].insert(position, id);
        self.add_provides(id, fields.provides)
    }

    /// Adds the relations of a package; interns the names in the order in which apt meets them.
    fn add_relations(&mut self, fields: &Fields<'_>) -> Result<(u32, u32), Fault> {
        let start = self.relations.len();
        let mut found = Vec::new();
        for (field, value, kind) in fields.relations {
            found.clear();
            relation::parse(value, |relation| found.push(relation))
                .map_err(|bad| Fault { field, value: bad.trim().to_owned() })?;
            for relation in &found {
                let qualifier = match relation.qualifier {
                    "any" => Qualifier::Any,
                    "" | "native" => Qualifier::None,
                    arch if arch == self.arch.debian() => Qualifier::None,
                    _ => Qualifier::Foreign,
                };
                let name = self.intern(relation.name)?;
                let Some(kind) = kind else { continue };
                let stored = StoredRelation {
                    name,
                    version: self.keep(relation.version)?,
                    kind,
                    operator: relation.operator,
                    qualifier,
                    or_next: relation.or_next,
                };
                self.relations.push(stored);
            }
        }
        let range = (u32::try_from(start), u32::try_from(self.relations.len()));
        let (Ok(start), Ok(end)) = range else { return Err(TOO_LARGE) };
        Ok((start, end))
    }

    fn add_provides(&mut self, package: PackageId, field: &str) -> Result<(), Fault> {
        let mut found = Vec::new();
        relation::parse(field, |relation| found.push(relation))
            .map_err(|bad| Fault { field: "Provides", value: bad.trim().to_owned() })?;
        for relation in found {
            let name = self.intern(relation.name)?;
            let version = self.keep(relation.version)?;
            // apt passes over a provided version with another operator than `=`.
            if matches!(relation.operator, Operator::Any | Operator::Equal) {
                self.providers[name as usize].push(Provider { package, version });
            }
        }
        Ok(())
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
