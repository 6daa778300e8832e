//! From the tree to the locks.

mod changes;
mod packages;
mod python;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use constraints::VersionError;
use distro::{ClassifyError, DebError, PackagesError, SolveError, SuiteError, UnknownScript};
use names::{Arch, DistroId, PackageName, ReleaseId, ServiceName};
use signer::KeyringError;
use store::FetchError;
use wheels::ClosureErrors;

use crate::Event;
use crate::assemble::of_locate;
use crate::blame::Blame;
use crate::describe::{DescribeError, Description};
use crate::files::write_file;
use crate::lock::{DistroLock, LockFile, ReleaseLock};
use crate::locks::{Locks, LocksError};
use crate::setting::{Listener, Setting};
use crate::stale;

/// What to lock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LockRequest {
    /// The release.
    pub release: ReleaseId,
    /// The services; none stands for those that are locked already.
    pub services: Vec<ServiceName>,
    /// The distribution.
    pub distro: DistroId,
    /// The architecture.
    pub arch: Arch,
    /// What may move.
    pub update: Update,
    /// Whether to write.
    pub mode: LockMode,
}

/// What may move though it is locked and still right.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Update {
    /// Nothing: what is locked stays.
    Nothing,
    /// Only what is on no mirror any more.
    Gone,
    /// These packages of the distribution and Python projects.
    Named(BTreeSet<String>),
    /// Everything.
    Everything,
}

/// Whether to write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LockMode {
    /// The locks are written where they change.
    Write,
    /// Only the difference is told.
    Compare,
}

/// What locking did, or would do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LockReport {
    /// The difference, a line for each package: `+ name version`, `- name version`,
    /// `~ name old -> new`.
    pub changes: Vec<String>,
}

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
    /// A keyring of the distribution is none.
    #[error("distros/keyrings/{keyring} cannot be used")]
    Keyring {
        /// The file.
        keyring: String,
        /// Why.
        source: KeyringError,
    },
    /// The archives' indexes cannot be had or trusted.
    #[error("the archives of {distro} cannot be read")]
    Suites {
        /// The distribution.
        distro: DistroId,
        /// Why.
        source: SuiteError,
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
            LockError::Suites { source, .. } => match source {
                SuiteError::Fetch { source, .. } => Blame::of_fetch(source),
                SuiteError::NoKeyring { .. } | SuiteError::NoComponent { .. } => Blame::Input,
                _ => Blame::Verification,
            },
            LockError::Fetch(error) => Blame::of_fetch(error),
            LockError::Deb(_) => Blame::Verification,
            LockError::Closure { source, .. } => of_closure(source),
            _ => Blame::Input,
        }
    }
}

/// The network is to blame only where nothing else is.
fn of_closure(errors: &ClosureErrors) -> Blame {
    let blames = errors.0.iter().map(|error| match error {
        wheels::ClosureError::Locate { source, .. } => of_locate(source),
        wheels::ClosureError::Metadata { source, .. } => match source {
            wheels::WheelMetadataError::Fetch { source, .. } => Blame::of_fetch(source),
            _ => Blame::Verification,
        },
        _ => Blame::Input,
    });
    let blames: BTreeSet<Blame> = blames.collect();
    if blames.contains(&Blame::Input) {
        return Blame::Input;
    }
    blames.last().copied().unwrap_or(Blame::Input)
}

impl LockRequest {
    /// The services that are meant: those that are named, else those that are locked already.
    pub(crate) fn services(
        &self,
        description: &Description,
        locks: &Locks,
    ) -> Result<Vec<ServiceName>, DescribeError> {
        for name in &self.services {
            description.service(name)?;
        }
        if !self.services.is_empty() {
            return Ok(self.services.clone());
        }
        let lists = locks.release.services.iter().filter(|list| list.arch == self.arch);
        Ok(lists.map(|list| list.name.clone()).collect())
    }

    /// Whether a locked package may stay.
    fn keeps(&self, name: &str) -> bool {
        match &self.update {
            Update::Nothing | Update::Gone => true,
            Update::Named(names) => !names.contains(name),
            Update::Everything => false,
        }
    }

    /// Whether a locked project may stay.
    fn keeps_project(&self, project: &PackageName) -> bool {
        match &self.update {
            Update::Named(names) => !names.iter().any(|name| stale::is_named(project, name)),
            Update::Nothing | Update::Gone => true,
            Update::Everything => false,
        }
    }
}

/// Locks the services of a release on a distribution: chooses every package by digest, and writes
/// both locks where they change. What is locked and still right stays, but for what may be updated.
///
/// The base is shared by all releases on the distribution. Where it moves, the packages of every
/// locked service on it are chosen anew.
///
/// # Errors
/// [`LockError`]; nothing was written then.
pub fn lock(
    setting: &Setting<'_>,
    request: &LockRequest,
    tell: Listener<'_>,
) -> Result<LockReport, LockError> {
    let description = Description::read(setting.root, &request.distro)?;
    description.release(request.release)?;
    let before = Locks::read(setting.root, request.release, &request.distro)?;
    let services = request.services(&description, &before)?;
    known(request, &before)?;
    let current = stale::reasons(&description, &before, request.release, &services, request.arch)?;
    if current.is_empty() && request.update == Update::Nothing {
        return Ok(LockReport::default());
    }

    let mut after = before.clone();
    let others = packages::lock(setting, request, &description, &services, &mut after, tell)?;
    for service in &services {
        python::lock(setting, request, &description, service, &mut after, tell)?;
    }
    let mut report = LockReport { changes: changes::between(&before, &after) };
    report.changes.extend(others.iter().flat_map(|other| other.changes.clone()));
    for change in &report.changes {
        if request.mode == LockMode::Write {
            tell(Event::LockChanged { change: change.clone() });
        }
    }
    if request.mode == LockMode::Compare {
        return Ok(report);
    }
    let mut files = vec![
        (DistroLock::path(&request.distro), after.distro.render()),
        (ReleaseLock::path(request.release, &request.distro), after.release.render()),
    ];
    files.extend(others.into_iter().map(|other| (other.path, other.text)));
    for (path, text) in files {
        let place = setting.root.join(&path);
        if fs_err::read_to_string(&place).is_ok_and(|old| old == text) {
            continue;
        }
        write_file(&place, &text)
            .map_err(|source| LockError::Write { path: path.clone(), source })?;
        tell(Event::LockWritten { path: path.display().to_string() });
    }
    Ok(report)
}

/// A name to update must be in the locks: a misspelt one would update nothing in silence.
fn known(request: &LockRequest, locks: &Locks) -> Result<(), LockError> {
    let Update::Named(names) = &request.update else { return Ok(()) };
    let debs = locks.distro.debs.iter().chain(&locks.release.debs);
    let debs: BTreeSet<&str> = debs.map(|deb| deb.name.as_str()).collect();
    for name in names {
        let wheel = |wheel: &wheels::LockedWheel| stale::is_named(&wheel.project, name);
        if !debs.contains(name.as_str()) && !locks.release.wheels.iter().any(wheel) {
            return Err(LockError::NotLocked { name: name.clone() });
        }
    }
    Ok(())
}
