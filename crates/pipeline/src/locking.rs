//! From the tree to the locks.

mod changes;
pub(crate) mod error;
mod packages;
mod python;
pub(crate) mod request;

use std::collections::BTreeSet;

pub use error::{LockError, ScriptFault};
pub use request::{LockMode, LockReport, LockRequest, Update};

use crate::Event;
use crate::describe::Description;
use crate::files::write_file;
use crate::lock::{DistroLock, LockFile, ReleaseLock};
use crate::locks::Locks;
use crate::setting::{Listener, Setting};
use crate::stale;

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
        let wheel = |wheel: &wheels::LockedWheel| request::is_named(&wheel.project, name);
        if !debs.contains(name.as_str()) && !locks.release.wheels.iter().any(wheel) {
            return Err(LockError::NotLocked { name: name.clone() });
        }
    }
    Ok(())
}
