//! What the command takes from its surroundings: the one place that reads them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use names::{Arch, Epoch};

/// The environment, the working directory, the clock and the number of CPUs.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// The environment, as far as it is UTF-8.
    pub(crate) variables: BTreeMap<String, String>,
    /// The working directory.
    pub(crate) folder: PathBuf,
    /// The time: only ever compared with the dates of signatures and indexes.
    pub(crate) now: Epoch,
    /// The architecture of this machine.
    pub(crate) host: Arch,
    /// CPUs that this process may use.
    pub(crate) cpus: usize,
}

/// The present time.
#[expect(clippy::disallowed_methods, reason = "the command hands the time on as a value")]
pub(crate) fn now() -> Epoch {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Epoch(since.map_or(0, |since| since.as_secs()))
}

impl Surroundings {
    #[expect(
        clippy::disallowed_methods,
        reason = "the command hands its surroundings on as values"
    )]
    pub(crate) fn read() -> std::io::Result<Self> {
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Ok(Self {
            variables: std::env::vars_os().filter_map(utf8).collect(),
            folder: std::env::current_dir()?,
            now: now(),
            host: if cfg!(target_arch = "aarch64") { Arch::Arm64 } else { Arch::Amd64 },
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    /// A variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// `path` as the user means it: relative to the working directory.
    pub(crate) fn absolute(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// The nearest folder above the working directory that is a tree.
    pub(crate) fn tree(&self) -> Option<PathBuf> {
        let is_tree = |folder: &&Path| {
            ["releases", "services", "distros"].iter().all(|name| folder.join(name).is_dir())
        };
        self.folder.ancestors().find(is_tree).map(Path::to_owned)
    }

    /// The store's default place, by the XDG base directory specification.
    pub(crate) fn store(&self) -> Option<PathBuf> {
        let absolute = |path: &&str| path.starts_with('/');
        let cache = self.variable("XDG_CACHE_HOME").filter(absolute).map(PathBuf::from);
        let home =
            || self.variable("HOME").filter(absolute).map(|home| Path::new(home).join(".cache"));
        cache.or_else(home).map(|cache| cache.join("cooperage"))
    }
}
