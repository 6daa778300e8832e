//! Lists of packages into the index.

use std::hash::BuildHasher as _;
use std::io::BufRead;

use names::ArchiveName;

use super::stanza::{Fault, Fields, TOO_LARGE};
use super::{
    Index, NONE, Name, NameId, Package, PackageId, Provider, Qualifier, StoredRelation, Text,
};
use crate::LockedDeb;
use crate::relation::{self, Operator};
use crate::version::compare_versions;

/// The longest paragraph that is read: 1 MiB, a hundred times the longest of Debian.
const PARAGRAPH_LIMIT: usize = 1 << 20;

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

    fn archive(&mut self, archive: &ArchiveName) -> u16 {
        let known = self.archives.iter().position(|known| known == archive);
        let position = known.unwrap_or_else(|| {
            self.archives.push(archive.clone());
            self.archives.len() - 1
        });
        u16::try_from(position).expect("a distro has fewer than 65536 archives")
    }

    fn keep(&mut self, text: &str) -> Result<Text, Fault> {
        let start = u32::try_from(self.text.len() + text.len()).map_err(|_| TOO_LARGE)?;
        let length = u32::try_from(text.len()).map_err(|_| TOO_LARGE)?;
        self.text.push_str(text);
        Ok(Text { start: start - length, length })
    }

    fn intern(&mut self, name: &str) -> Result<NameId, Fault> {
        if let Some(id) = self.id_of(name) {
            return Ok(id);
        }
        let text = self.keep(name)?;
        self.add_name(text).ok_or(TOO_LARGE)
    }

    /// Adds a name that is not there yet; none where there are too many.
    pub(super) fn add_name(&mut self, text: Text) -> Option<NameId> {
        let id = u32::try_from(self.names.len()).ok().filter(|id| *id != NONE)?;
        self.names.push(Name { text, newest: NONE, providers: (NONE, NONE) });
        let Self { by_text, hasher, names, text: texts, .. } = self;
        let hash = |id: &NameId| hasher.hash_one(names[*id as usize].text.of(texts));
        by_text.insert_unique(hash(&id), id, hash);
        Some(id)
    }

    /// Adds a package behind those of its name that are as new or newer; none where there are too many.
    pub(super) fn add(&mut self, package: Package) -> Option<PackageId> {
        let id = u32::try_from(self.packages.len()).ok().filter(|id| *id != NONE)?;
        let version = package.version.of(&self.text);
        let newer = |other: &PackageId| !compare_versions(self.version(*other), version).is_lt();
        let before = self.versions(package.name).take_while(newer).last();
        let link = match before {
            Some(before) => &mut self.packages[before as usize].older,
            None => &mut self.names[package.name as usize].newest,
        };
        let older = std::mem::replace(link, id);
        self.packages.push(Package { older, ..package });
        Some(id)
    }

    /// Adds a provider behind the others of `name`; none where there are too many.
    pub(super) fn add_provider(
        &mut self,
        name: NameId,
        package: PackageId,
        version: Text,
    ) -> Option<()> {
        let id = u32::try_from(self.providers.len()).ok().filter(|id| *id != NONE)?;
        let (first, last) = &mut self.names[name as usize].providers;
        match self.providers.get_mut(*last as usize) {
            Some(before) => before.next = id,
            None => *first = id,
        }
        *last = id;
        self.providers.push(Provider { package, version, next: NONE });
        Some(())
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
        let is_same = |other: PackageId| {
            self.version(other) == fields.version && self.packages[other as usize].sha256 == sha256
        };
        if self.versions(name).any(is_same) {
            return Ok(());
        }
        let package = Package {
            name,
            older: NONE,
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
        let id = self.add(package).ok_or(TOO_LARGE)?;
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
                self.add_provider(name, package, version).ok_or(TOO_LARGE)?;
            }
        }
        Ok(())
    }
}
