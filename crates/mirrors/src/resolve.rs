//! The order in which the sources of knowledge are asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use names::ArchiveName;

use crate::address::{AddressError, check};
use crate::config::{ConfigError, Entry, Snapshot};
use crate::public::{from_example_sources, public};

/// Whether programs of the machine may be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Programs {
    /// `pip install --help` is run where nothing else names a Python index.
    Ask,
    /// No process is started.
    Leave,
}

/// Where to look.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the user has said (`--mirror`), in the order in which it is tried.
    pub explicit: BTreeMap<ArchiveName, Vec<String>>,
    /// The environment of the process.
    pub environment: BTreeMap<String, String>,
    /// The `mirrors.toml` files, the first that knows an archive counts: the user's, the system's.
    pub files: Vec<PathBuf>,
    /// The root of the machine's file system, `/`.
    pub root: PathBuf,
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// Whether programs may be asked.
    pub programs: Programs,
}

impl Settings {
    /// Only the machine below `root`: no arguments, no environment, no files, no home.
    pub fn new(root: &Path, programs: Programs) -> Self {
        Self {
            explicit: BTreeMap::new(),
            environment: BTreeMap::new(),
            files: Vec::new(),
            root: root.to_owned(),
            home: None,
            programs,
        }
    }
}

/// One address of an archive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// The base address, without a trailing slash: an `http`, `https` or `file` URL or an absolute
    /// path. It may hold a login: show [`Source::shown`].
    pub url: String,
    /// Who said so, for people: "the apt source /etc/apt/sources.list.d/debian.sources".
    pub from: String,
}

impl Source {
    /// The address without a login.
    pub fn shown(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else { return self.url.clone() };
        let end = rest.find('/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("{scheme}://{host}{path}")
    }
}

/// What is known of an archive. All addresses come from the same place in the order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resolved {
    /// The archive.
    pub archive: ArchiveName,
    /// Its addresses, in the order in which they are tried. At least one.
    pub urls: Vec<Source>,
    /// Where files are that the archive no longer has.
    pub snapshot: Option<Snapshot>,
}

/// Why no address is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// Nothing on the machine names one.
    #[error(
        "nothing on this machine names a mirror for `{archive}`: use --mirror {archive}=URL, \
         the variable {variable} or mirrors.toml"
    )]
    Unknown {
        /// The archive.
        archive: ArchiveName,
        /// The variable that would name one.
        variable: String,
    },
    /// A variable holds something else.
    #[error("{variable}: not the address of a mirror")]
    Variable {
        /// The variable.
        variable: String,
        /// Why.
        source: AddressError,
    },
    /// A `mirrors.toml` cannot be used.
    #[error("the list of mirrors cannot be used")]
    Config(#[from] ConfigError),
}

/// The addresses of archives on this machine.
#[derive(Debug)]
pub struct Mirrors {
    settings: Settings,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    resolved: BTreeMap<ArchiveName, Resolved>,
    examples: BTreeMap<ArchiveName, Source>,
}

impl Mirrors {
    /// Reads nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, known: Mutex::default() }
    }

    /// Adds what the example sources of a distribution's `apt` package say (see
    /// [`from_example_sources`]), as the last thing to go by. `from` is for people: "the apt package
    /// of debian-trixie".
    pub fn add_example_sources(&self, text: &str, from: &str) {
        let mut known = self.known();
        for (archive, url) in from_example_sources(text) {
            known.examples.entry(archive).or_insert(Source { url, from: from.to_owned() });
        }
    }

    /// The addresses of `archive`. `probe` fetches a URL and gives the text, or `None`; it is asked
    /// only for the `InRelease` of an apt source whose lists this machine does not have.
    ///
    /// # Errors
    /// When nothing names an address, or when what names one is wrong.
    pub fn resolve(
        &self,
        archive: &ArchiveName,
        probe: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Resolved, ResolveError> {
        if let Some(resolved) = self.known().resolved.get(archive) {
            return Ok(resolved.clone());
        }
        // Not under the lock: the probe may take long. Two threads may find the same thing twice.
        let resolved = self.look_up(archive, probe)?;
        Ok(self.known().resolved.entry(archive.clone()).or_insert(resolved).clone())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_up(
        &self,
        archive: &ArchiveName,
        probe: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Resolved, ResolveError> {
        let found = |urls| Ok(Resolved { archive: archive.clone(), urls, snapshot: None });
        if let Some(urls) = self.settings.explicit.get(archive).filter(|urls| !urls.is_empty()) {
            let from = || "the argument --mirror".to_owned();
            return found(urls.iter().map(|u| Source { url: u.clone(), from: from() }).collect());
        }
        let variable = variable(archive);
        let value = self.settings.environment.get(&variable).map(|value| value.trim());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let url = check(archive, value)
                .map_err(|source| ResolveError::Variable { variable: variable.clone(), source })?;
            return found(vec![Source {
                url,
                from: format!("the environment variable {variable}"),
            }]);
        }
        for path in &self.settings.files {
            if let Some(Entry { urls, snapshot }) = crate::config::read(path)?.remove(archive) {
                let source = |url| Source { url, from: path.display().to_string() };
                let urls = urls.into_iter().map(source).collect();
                return Ok(Resolved { archive: archive.clone(), urls, snapshot });
            }
        }
        let machine = match archive.as_str() {
            "pypi" => crate::python::index(&self.settings).into_iter().collect(),
            // Nothing on a machine names it before somebody does.
            "openstack" => Vec::new(),
            _ => crate::apt::sources(&self.settings.root, archive, probe),
        };
        if !machine.is_empty() {
            return found(machine);
        }
        let default = public(archive)
            .map(|url| Source { url: url.to_owned(), from: "the public default".to_owned() })
            .or_else(|| self.example(archive));
        match default {
            Some(source) => found(vec![source]),
            None => Err(ResolveError::Unknown { archive: archive.clone(), variable }),
        }
    }

    /// What example sources say: those of this machine's apt, else those that were added.
    fn example(&self, archive: &ArchiveName) -> Option<Source> {
        let path = self.settings.root.join("usr/share/doc/apt/examples/debian.sources");
        let here = fs_err::read_to_string(&path).ok();
        let here = here.and_then(|text| from_example_sources(&text).remove(archive));
        let from = || format!("apt's example {}", path.display());
        here.map(|url| Source { url, from: from() })
            .or_else(|| self.known().examples.get(archive).cloned())
    }
}

/// `COOPERAGE_MIRROR_DEBIAN_SECURITY`.
fn variable(archive: &ArchiveName) -> String {
    format!("COOPERAGE_MIRROR_{}", archive.as_str().to_uppercase().replace('-', "_"))
}
