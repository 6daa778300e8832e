//! Why locking failed.

use std::io;
use std::path::PathBuf;

use constraints::VersionError;
use distro::{ClassifyError, DebError, PackagesError, SolveError, UnknownScript};
use names::{DistroId, Epoch, PackageName, Place, ReleaseId, ServiceName};
use store::FetchError;
use wheels::{ClosureErrors, LocateError, SdistError};

use crate::blame::Blame;
use crate::describe::DescribeError;
use crate::layers_error::{of_closure, of_locate};
use crate::locks::LocksError;
use crate::patched::PatchedError;
use crate::sources::SourceError;
use crate::suites::ArchivesError;

/// Why locking failed. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// The tree does not describe it.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// The present locks are in the way.
    #[error(transparent)]
    Locks(#[from] LocksError),
    /// The archives of the distribution cannot be read.
    #[error(transparent)]
    Archives(#[from] ArchivesError),
    /// A mirror has an older index than the one that the lock was made from.
    #[error(
        "{suite} is of {found}, and the lock was made from that of {locked}: the mirror is behind, or \
         somebody offers packages again that have been replaced.\n\
         hint: wait or name another mirror; `lock --allow-older` takes what is there"
    )]
    Older {
        /// The archive and the suite.
        suite: String,
        /// The date of the index.
        found: Epoch,
        /// The date of the index in the lock.
        locked: Epoch,
    },
    /// A locked package does not fit into the index.
    #[error("a locked package cannot be used again")]
    Packages(#[from] PackagesError),
    /// No set of packages will do.
    #[error("the packages of {what} cannot be chosen")]
    Solve {
        /// A base or a service.
        what: String,
        /// Why.
        source: SolveError,
    },
    /// The network may not be used, and something is missing.
    #[error("not all that is to be locked is in the store")]
    Missing(#[source] FetchError),
    /// A package cannot be fetched.
    #[error("cannot get the packages of the distribution")]
    Fetch(#[from] FetchError),
    /// A package cannot be read.
    #[error("a package of the distribution cannot be unpacked")]
    Deb(#[from] DebError),
    /// Maintainer scripts are not classified.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Scripts(Vec<ScriptFault>),
    /// The interpreter of the distribution is not in the base.
    #[error(
        "the base of {distro} has no package python{version}-minimal: add python3 to its packages"
    )]
    NoPython {
        /// The distribution.
        distro: DistroId,
        /// The version that its file states.
        version: String,
    },
    /// The interpreter's version is none.
    #[error("`{version}` is not a version of Python")]
    Python {
        /// The version.
        version: String,
        /// Why.
        source: VersionError,
    },
    /// The release does not support the interpreter of the distribution.
    #[error(
        "release {release} supports Python {wanted}, and {distro} has {version}: \
         choose another distro with --distro"
    )]
    Unsupported {
        /// The release.
        release: ReleaseId,
        /// What `release.toml` says.
        wanted: String,
        /// The distribution.
        distro: DistroId,
        /// Its interpreter.
        version: String,
    },
    /// The requirements cannot be met.
    #[error("the requirements of {service} {release} cannot be met:\n{source}")]
    Closure {
        /// The service.
        service: ServiceName,
        /// The release.
        release: ReleaseId,
        /// All that is wrong. Printed above, so not a cause.
        #[source]
        source: Box<ClosureErrors>,
    },
    /// The requirements of several services cannot be met.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Closures(Vec<LockError>),
    /// A component with patches needs its source archive, which cannot be had.
    #[error("{component} {release} has patches, and its source archive cannot be had")]
    Sdist {
        /// The component.
        component: String,
        /// The release.
        release: ReleaseId,
        /// Why.
        source: LocateError,
    },
    /// A source archive cannot be unpacked.
    #[error("a source archive cannot be unpacked")]
    UnpackSdist(#[from] SdistError),
    /// The version of a component is none.
    #[error("{component} {release}: `{version}` in source-refs.yaml is no version")]
    SourceVersion {
        /// The component.
        component: String,
        /// The release.
        release: ReleaseId,
        /// The version.
        version: String,
        /// Why.
        source: VersionError,
    },
    /// A source that is no release cannot be had.
    #[error("{component} {release} cannot be locked")]
    Source {
        /// The component.
        component: String,
        /// The release.
        release: ReleaseId,
        /// Why.
        source: Box<SourceError>,
    },
    /// A library is patched, and nothing says which version of it.
    #[error(
        "{place}: {release} pins no version of {project} here: pin it in overrides/{release}/constraints.txt, \
         or name its source in source-refs.yaml"
    )]
    NoPin {
        /// Where the patches are.
        place: Place,
        /// The library.
        project: PackageName,
        /// The release.
        release: ReleaseId,
    },
    /// The patches of a component do not apply, or leave a source that cannot be built.
    #[error("{component} {release} cannot be patched")]
    Patched {
        /// The component.
        component: String,
        /// The release.
        release: ReleaseId,
        /// Why.
        source: Box<PatchedError>,
    },
    /// A name to update is nowhere in the locks.
    #[error("nothing that is locked is called {name}: leave out --update to lock what is missing")]
    NotLocked {
        /// The name.
        name: String,
    },
    /// A lock cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The lock.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A script that stands in the way, and what it was when it was classified.
#[derive(Debug)]
pub struct ScriptFault {
    /// Which script, and why.
    pub error: ClassifyError,
    /// The lines in which it differs from the script of the version that was locked before.
    pub difference: Option<String>,
}

impl std::fmt::Display for ScriptFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.error, &self.difference) {
            (ClassifyError::Unknown(script), Some(difference)) => {
                let UnknownScript { package, version, kind, digest, .. } = &**script;
                write!(
                    f,
                    "{package} {version}: the {kind} has changed since it was classified (sha256 {}):\n\
                     {difference}",
                    digest.hex()
                )
            }
            (error, _) => error.fmt(f),
        }
    }
}

impl LockError {
    /// Who must act.
    pub fn blame(&self) -> Blame {
        match self {
            LockError::Archives(error) => error.blame(),
            LockError::Fetch(error) | LockError::Missing(error) => Blame::of_fetch(error),
            LockError::Deb(_) | LockError::UnpackSdist(_) | LockError::Older { .. } => {
                Blame::Verification
            }
            LockError::Sdist { source, .. } => of_locate(source),
            LockError::Source { source, .. } => source.blame(),
            LockError::Closure { source, .. } => of_closure(source),
            LockError::Closures(errors) => Blame::of_all(errors.iter().map(LockError::blame)),
            _ => Blame::Input,
        }
    }
}

/// One error for all of these; none where there are none.
pub(super) fn together(mut errors: Vec<LockError>) -> Option<LockError> {
    match errors.len() {
        0 | 1 => errors.pop(),
        _ => Some(LockError::Closures(errors)),
    }
}
