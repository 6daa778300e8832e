//! The formats of the two locks. `docs/formats/lock.md` has them in words.
//!
//! A lock is TOML with its tables sorted, so that a changed package changes few lines. It holds no
//! host and no time but the dates of the suites.

mod build_list;
mod source;

use std::path::{Path, PathBuf};

use distro::{LockedDeb, LockedSuite};
use names::{Arch, DistroId, Fault, Place, ReleaseId, ServiceName};
use serde::{Deserialize, Serialize};
use wheels::LockedWheel;

pub use build_list::BuildList;
pub use source::{LockedPatch, LockedSource, SourceKind};

/// The version of both formats.
pub(crate) const FORMAT: u32 = 1;

/// `distros/<id>.lock`: the suites and the packages of each base.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DistroLock {
    /// Version of the format.
    pub format: u32,
    /// The distribution.
    pub distro: DistroId,
    /// The suites as they were read, by archive and suite.
    #[serde(default, rename = "suite", skip_serializing_if = "Vec::is_empty")]
    pub suites: Vec<LockedSuite>,
    /// The bases, by name and architecture.
    #[serde(default, rename = "base", skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<BaseList>,
    /// Every package that a base refers to, by name, version and architecture.
    #[serde(default, rename = "deb", skip_serializing_if = "Vec::is_empty")]
    pub debs: Vec<LockedDeb>,
}

/// The packages of one base for one architecture.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BaseList {
    /// Name of the base: `full` or `slim`.
    pub name: String,
    /// The architecture.
    pub arch: Arch,
    /// What was asked for, in order.
    pub packages: Vec<String>,
    /// What was chosen: `name=version`, by name.
    pub debs: Vec<String>,
}

/// `releases/<release>/<distro>.lock`: what each service takes besides the base.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReleaseLock {
    /// Version of the format.
    pub format: u32,
    /// The release.
    pub release: ReleaseId,
    /// The distribution.
    pub distro: DistroId,
    /// The services, by name and architecture.
    #[serde(default, rename = "service", skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceList>,
    /// The sources of the services, by component and version.
    #[serde(default, rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<LockedSource>,
    /// The packages that builds of components take, by component and architecture.
    #[serde(default, rename = "build", skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<BuildList>,
    /// Every package of the distribution that a service or a build refers to, by name, version,
    /// architecture.
    #[serde(default, rename = "deb", skip_serializing_if = "Vec::is_empty")]
    pub debs: Vec<LockedDeb>,
    /// Every source archive that a source refers to, by project, version and file.
    #[serde(default, rename = "sdist", skip_serializing_if = "Vec::is_empty")]
    pub sdists: Vec<LockedWheel>,
    /// Every wheel that a service or the build of a source refers to, by project, version and file.
    #[serde(default, rename = "wheel", skip_serializing_if = "Vec::is_empty")]
    pub wheels: Vec<LockedWheel>,
}

/// What one service takes for one architecture.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceList {
    /// The service.
    pub name: ServiceName,
    /// The architecture.
    pub arch: Arch,
    /// Its source, as `component=version`.
    pub source: String,
    /// The base that its image starts from: `full` or `slim`; nothing where there are no images.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base: String,
    /// The interpreter that markers and tags were evaluated for: `3.13.5`.
    pub python: String,
    /// The packages of the distribution that were asked for, in order.
    pub packages: Vec<String>,
    /// Those of them that the `bindep.txt` in the service's source has selected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_packages: Vec<String>,
    /// What of the recipe that depends on: `source` and the profiles; nothing where that file does not
    /// count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_profiles: Vec<String>,
    /// The Python requirements that were asked for besides the service, as the recipe has them.
    pub requirements: Vec<String>,
    /// The packages that these need besides the base: `name=version`, by name.
    pub debs: Vec<String>,
    /// The wheels, by file name; the service's own among them, unless it is built from source.
    pub wheels: Vec<String>,
    /// The libraries that are built from source, as `component=version`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libraries: Vec<String>,
}

/// Why a lock cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockFileError {
    /// The file cannot be read.
    #[error("cannot read the lock")]
    Read(#[source] std::io::Error),
    /// It is no lock of this format.
    #[error("{0}")]
    Fault(Fault),
}

/// A lock file: what both formats have in common.
pub trait LockFile: Sized + Serialize + for<'a> Deserialize<'a> {
    /// The version of the format that the file states.
    fn format(&self) -> u32;
    /// Puts the tables in their order and takes out what nothing refers to.
    fn sort(&mut self);
    /// The first reference that leads to no table, if there is one.
    fn dangling(&self) -> Option<String>;

    /// Reads the text of a lock; `file` is named in faults.
    ///
    /// # Errors
    /// The first fault, with its place.
    fn parse(text: &str, file: &Path) -> Result<Self, Fault> {
        let fault = |offset: Option<usize>, message: String| Fault {
            place: match offset {
                Some(offset) => Place::of_offset(file, text, offset),
                None => Place { file: file.to_owned(), ..Place::default() },
            },
            message,
            hint: "write it anew with `cargo xtask lock`".to_owned(),
        };
        let lock: Self = toml::from_str(text).map_err(|error| {
            fault(error.span().map(|span| span.start), error.message().to_owned())
        })?;
        if lock.format() != FORMAT {
            let message = format!("the lock has format {}, not {FORMAT}", lock.format());
            return Err(fault(None, message));
        }
        match lock.dangling() {
            Some(reference) => Err(fault(
                text.find(&reference),
                format!("`{reference}` is listed and no table describes it"),
            )),
            None => Ok(lock),
        }
    }

    /// Reads the lock at `root`/`file`; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is no lock of this format.
    fn read(root: &Path, file: &Path) -> Result<Option<Self>, LockFileError> {
        match fs_err::read_to_string(root.join(file)) {
            Ok(text) => Self::parse(&text, file).map(Some).map_err(LockFileError::Fault),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LockFileError::Read(error)),
        }
    }

    /// The text of the lock, sorted.
    fn render(&self) -> String
    where
        Self: Clone,
    {
        let mut sorted = self.clone();
        sorted.sort();
        let body = toml::to_string_pretty(&sorted).expect("a lock is plain tables and text");
        format!(
            "# Written by `cooperage lock`; change what it follows from, not this file.\n\
             # The format: docs/formats/lock.md\n\n{body}"
        )
    }
}

impl LockFile for DistroLock {
    fn format(&self) -> u32 {
        self.format
    }

    fn sort(&mut self) {
        self.suites.sort_by(|a, b| (&a.archive, &a.suite).cmp(&(&b.archive, &b.suite)));
        self.bases.sort();
        let bases = std::mem::take(&mut self.bases);
        self.debs.retain(|deb| bases.iter().any(|base| refers(&base.debs, base.arch, deb)));
        self.bases = bases;
        sort_debs(&mut self.debs);
    }

    fn dangling(&self) -> Option<String> {
        let mut all = self.bases.iter().flat_map(|base| missing(&base.debs, base.arch, &self.debs));
        all.next()
    }
}

impl LockFile for ReleaseLock {
    fn format(&self) -> u32 {
        self.format
    }

    fn sort(&mut self) {
        self.services.sort();
        let services = &self.services;
        let uses =
            |list: &ServiceList, key: &String| list.source == *key || list.libraries.contains(key);
        self.sources.retain(|source| services.iter().any(|list| uses(list, &source.key())));
        self.sources.sort();
        self.sources.dedup();
        let sources = &self.sources;
        self.builds.sort();
        let builds = &self.builds;
        self.debs.retain(|deb| {
            services.iter().any(|list| refers(&list.debs, list.arch, deb))
                || builds.iter().any(|list| refers(&list.debs, list.arch, deb))
        });
        let built = |file: &String| sources.iter().any(|source| source.build.contains(file));
        let listed = |file: &String| services.iter().any(|list| list.wheels.contains(file));
        self.wheels.retain(|wheel| listed(&wheel.file) || built(&wheel.file));
        let is_file = |sdist: &LockedWheel| sources.iter().any(|source| source.file == sdist.file);
        self.sdists.retain(is_file);
        self.sdists.sort();
        self.sdists.dedup();
        sort_debs(&mut self.debs);
        self.wheels.sort_by(|a, b| {
            (&a.project, &a.version, &a.file).cmp(&(&b.project, &b.version, &b.file))
        });
        self.wheels.dedup();
    }

    fn dangling(&self) -> Option<String> {
        let mut builds = self.builds.iter();
        let build = builds.find_map(|list| missing(&list.debs, list.arch, &self.debs).next());
        build.or_else(|| self.dangling_service())
    }
}

impl ReleaseLock {
    /// The first reference of a service that leads to no table.
    fn dangling_service(&self) -> Option<String> {
        self.services.iter().find_map(|list| {
            let wheel = |file: &&String| !self.wheels.iter().any(|wheel| wheel.file == **file);
            let source = self.sources.iter().find(|source| source.key() == list.source);
            let Some(source) = source else { return Some(list.source.clone()) };
            let own = match source.kind {
                SourceKind::Wheel => list.wheels.contains(&source.file),
                _ => self.sdists.iter().any(|sdist| sdist.file == source.file),
            };
            missing(&list.debs, list.arch, &self.debs)
                .next()
                .or_else(|| list.wheels.iter().chain(&source.build).find(wheel).cloned())
                .or_else(|| (!own).then(|| source.file.clone()))
                .or_else(|| self.dangling_library(list))
        })
    }
}

impl DistroLock {
    /// Where the lock of a distribution lies in the tree.
    pub fn path(distro: &DistroId) -> PathBuf {
        PathBuf::from(format!("distros/{distro}.lock"))
    }

    /// An empty lock.
    pub fn new(distro: DistroId) -> Self {
        Self { format: FORMAT, distro, suites: vec![], bases: vec![], debs: vec![] }
    }

    /// The list of a base.
    pub fn base(&self, name: &str, arch: Arch) -> Option<&BaseList> {
        self.bases.iter().find(|base| base.name == name && base.arch == arch)
    }

    /// The packages of a base, in the order of its list.
    pub fn base_debs(&self, base: &BaseList) -> Vec<&LockedDeb> {
        base.debs.iter().filter_map(|entry| find_deb(&self.debs, entry, base.arch)).collect()
    }
}

impl ReleaseLock {
    /// Where the lock of a release for a distribution lies in the tree.
    pub fn path(release: ReleaseId, distro: &DistroId) -> PathBuf {
        PathBuf::from(format!("releases/{release}/{distro}.lock"))
    }

    /// An empty lock.
    pub fn new(release: ReleaseId, distro: DistroId) -> Self {
        let (services, sources, builds) = (vec![], vec![], vec![]);
        let (debs, sdists, wheels) = (vec![], vec![], vec![]);
        Self { format: FORMAT, release, distro, services, sources, builds, debs, sdists, wheels }
    }

    /// The list of a service.
    pub fn service(&self, name: &ServiceName, arch: Arch) -> Option<&ServiceList> {
        self.services.iter().find(|list| list.name == *name && list.arch == arch)
    }

    /// The list of a service, to change it; an empty one is made if need be.
    pub(crate) fn list_mut(&mut self, name: &ServiceName, arch: Arch) -> &mut ServiceList {
        let same = |list: &ServiceList| list.name == *name && list.arch == arch;
        let index = self.services.iter().position(same).unwrap_or_else(|| {
            self.services.push(ServiceList {
                name: name.clone(),
                arch,
                source: String::new(),
                base: String::new(),
                python: String::new(),
                packages: vec![],
                source_packages: vec![],
                source_profiles: vec![],
                requirements: vec![],
                debs: vec![],
                wheels: vec![],
                libraries: vec![],
            });
            self.services.len() - 1
        });
        &mut self.services[index]
    }

    /// The source that a list refers to.
    pub fn source(&self, list: &ServiceList) -> Option<&LockedSource> {
        self.sources.iter().find(|source| source.key() == list.source)
    }

    /// The source archive that a source refers to, and the wheels that it is built with.
    pub fn build_of(&self, source: &LockedSource) -> Option<(&LockedWheel, Vec<&LockedWheel>)> {
        let sdist = self.sdists.iter().find(|sdist| sdist.file == source.file)?;
        let find = |file: &String| self.wheels.iter().find(|wheel| wheel.file == *file);
        Some((sdist, source.build.iter().filter_map(find).collect()))
    }

    /// The packages of the distribution that a service takes besides the base.
    pub fn service_debs(&self, list: &ServiceList) -> Vec<&LockedDeb> {
        list.debs.iter().filter_map(|entry| find_deb(&self.debs, entry, list.arch)).collect()
    }

    /// The wheels that a service takes, in the order of its list.
    pub fn service_wheels(&self, list: &ServiceList) -> Vec<&LockedWheel> {
        let find = |file: &String| self.wheels.iter().find(|wheel| wheel.file == *file);
        list.wheels.iter().filter_map(find).collect()
    }
}

/// How lists refer to a package: `name=version`.
pub(crate) fn deb_key(deb: &LockedDeb) -> String {
    format!("{}={}", deb.name, deb.version)
}

/// A list for `arch` may take packages of that architecture and of `all`.
fn serves(deb: &LockedDeb, arch: Arch) -> bool {
    deb.arch == "all" || deb.arch == arch.debian()
}

fn find_deb<'a>(debs: &'a [LockedDeb], entry: &str, arch: Arch) -> Option<&'a LockedDeb> {
    debs.iter().find(|deb| serves(deb, arch) && deb_key(deb) == entry)
}

fn refers(list: &[String], arch: Arch, deb: &LockedDeb) -> bool {
    serves(deb, arch) && list.contains(&deb_key(deb))
}

fn missing(list: &[String], arch: Arch, debs: &[LockedDeb]) -> impl Iterator<Item = String> {
    list.iter().filter(move |entry| find_deb(debs, entry, arch).is_none()).cloned()
}

fn sort_debs(debs: &mut Vec<LockedDeb>) {
    debs.sort_by(|a, b| (&a.name, &a.version, &a.arch).cmp(&(&b.name, &b.version, &b.arch)));
    debs.dedup();
}
