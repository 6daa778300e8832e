//! The two locks together.

use std::path::{Path, PathBuf};

use names::{Arch, DistroId, Fault, ReleaseId, ServiceName};

use crate::describe::Description;
use crate::lock::{
    BaseList, DistroLock, LockFile, LockFileError, LockedSource, ReleaseLock, ServiceList,
};

/// The lock of a distribution and the one of a release on it.
#[derive(Clone, Debug)]
pub(crate) struct Locks {
    pub(crate) distro: DistroLock,
    pub(crate) release: ReleaseLock,
    /// The lock of the distribution that components are built on, where that is another one.
    pub(crate) built_on: Option<DistroLock>,
}

/// Why the locks do not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocksError {
    /// A lock has a fault.
    #[error("{0}")]
    Fault(Fault),
    /// A lock cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The lock.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something is not in the locks.
    #[error("{what} is not locked: run `cargo xtask lock {release}{service}`")]
    Missing {
        /// What is missing.
        what: String,
        /// The release.
        release: ReleaseId,
        /// A blank and the service, where one is meant.
        service: String,
    },
}

impl Locks {
    /// As [`Locks::read`], with what components are built on.
    pub(crate) fn of(
        description: &Description,
        root: &Path,
        release: ReleaseId,
    ) -> Result<Self, LocksError> {
        let (distro, builder) = (&description.id, description.built_on());
        let mut locks = Self::read(root, release, distro)?;
        if builder != distro {
            let lock = read(root, DistroLock::path(builder))?;
            locks.built_on = Some(lock.unwrap_or_else(|| DistroLock::new(builder.clone())));
        }
        Ok(locks)
    }

    /// Reads both; one that is not there is empty.
    pub(crate) fn read(
        root: &Path,
        release: ReleaseId,
        distro: &DistroId,
    ) -> Result<Self, LocksError> {
        let of_distro = read(root, DistroLock::path(distro))?;
        let of_release = read(root, ReleaseLock::path(release, distro))?;
        Ok(Self {
            distro: of_distro.unwrap_or_else(|| DistroLock::new(distro.clone())),
            release: of_release.unwrap_or_else(|| ReleaseLock::new(release, distro.clone())),
            built_on: None,
        })
    }

    /// Reads the lock of a release alone; `None` where there is none.
    pub(crate) fn read_release(
        root: &Path,
        release: ReleaseId,
        distro: &DistroId,
    ) -> Result<Option<ReleaseLock>, LocksError> {
        read(root, ReleaseLock::path(release, distro))
    }

    /// Puts both into order.
    pub(crate) fn sort(&mut self) {
        self.distro.sort();
        self.release.sort();
    }

    /// The lock of the distribution that components are built on.
    pub(crate) fn builder(&self) -> &DistroLock {
        self.built_on.as_ref().unwrap_or(&self.distro)
    }

    pub(crate) fn base(&self, name: &str, arch: Arch) -> Result<&BaseList, LocksError> {
        self.base_in(&self.distro, name, arch)
    }

    /// A base that components are built in.
    pub(crate) fn build_base(&self, name: &str, arch: Arch) -> Result<&BaseList, LocksError> {
        self.base_in(self.builder(), name, arch)
    }

    fn base_in<'a>(
        &self,
        lock: &'a DistroLock,
        name: &str,
        arch: Arch,
    ) -> Result<&'a BaseList, LocksError> {
        lock.base(name, arch).ok_or_else(|| LocksError::Missing {
            what: format!("the base {name} of {} {arch}", lock.distro),
            release: self.release.release,
            service: String::new(),
        })
    }

    pub(crate) fn service(
        &self,
        name: &ServiceName,
        arch: Arch,
    ) -> Result<&ServiceList, LocksError> {
        self.release.service(name, arch).ok_or_else(|| self.missing(name, arch))
    }

    pub(crate) fn source(&self, list: &ServiceList) -> Result<&LockedSource, LocksError> {
        self.release.source(list).ok_or_else(|| self.missing(&list.name, list.arch))
    }

    pub(crate) fn missing(&self, name: &ServiceName, arch: Arch) -> LocksError {
        LocksError::Missing {
            what: format!("{name} {} {arch}", self.release.release),
            release: self.release.release,
            service: format!(" {name}"),
        }
    }
}

fn read<L: LockFile>(root: &Path, path: PathBuf) -> Result<Option<L>, LocksError> {
    L::read(root, &path).map_err(|error| match error {
        LockFileError::Fault(fault) => LocksError::Fault(fault),
        LockFileError::Read(source) => LocksError::Read { path, source },
    })
}
