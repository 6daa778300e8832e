//! From the tree to the locks.

mod changes;
pub(crate) mod error;
pub(crate) mod offline;
mod older;
mod packages;
mod python;
pub(crate) mod request;
mod source;
pub(crate) mod source_bindep;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use distro::Distro;
use names::PackageName;
use wheels::Locator;

pub use error::{LockError, ScriptFault};
pub use request::{LockMode, LockReport, LockRequest, Older, Update};

use crate::Event;
use crate::describe::Description;
use crate::files::write_file;
use crate::lock::{DistroLock, LockFile, LockedSource, ReleaseLock};
use crate::locks::Locks;
use crate::needs::none_missing;
use crate::parts::{Part, parts};
use crate::setting::{Listener, Setting};
use crate::sources::Made;
use crate::stale;
use source::Built;

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
    let Drafted { before, after, others_before, others, worked } =
        work_out(setting, request, tell)?;
    if !worked {
        return Ok(LockReport::default());
    }
    let mut report = LockReport { changes: changes::between(&before, &after) };
    for (before, after) in others_before.iter().zip(&others) {
        report.changes.extend(changes::of_packages(before, after));
    }
    for change in &report.changes {
        if request.mode == LockMode::Write {
            tell(Event::LockChanged { change: change.clone() });
        }
    }
    if request.mode == LockMode::Compare || !request.folders.is_empty() {
        return Ok(report);
    }
    write(setting, request, &after, &others, tell)?;
    Ok(report)
}

/// As [`lock()`], without writing: gives the locks that would be written, and what changes.
pub(crate) fn draft(
    setting: &Setting<'_>,
    request: &LockRequest,
    tell: Listener<'_>,
) -> Result<(Locks, Vec<String>), LockError> {
    let Drafted { before, after, .. } = work_out(setting, request, tell)?;
    let changes = changes::between(&before, &after);
    offline::keep(setting, request, &before, &after);
    Ok((after, changes))
}

/// The locks before and after.
struct Drafted {
    before: Locks,
    after: Locks,
    others_before: Vec<ReleaseLock>,
    others: Vec<ReleaseLock>,
    /// Whether there was anything to do.
    worked: bool,
}

/// Locks in memory.
fn work_out(
    setting: &Setting<'_>,
    request: &LockRequest,
    tell: Listener<'_>,
) -> Result<Drafted, LockError> {
    let description = Description::read(setting.root, &request.distro)?;
    let description = description.with_folders(&request.folders);
    description.release(request.release)?;
    description.warn(tell);
    let before = Locks::of(&description, setting.root, request.release)?;
    let before = offline::begin(setting, request, before);
    let wanted = request.wanted(&before.release);
    known(request, &before)?;
    let mut after = before.clone();
    let others_before = packages::others(setting, request, &description)?;
    let mut others = others_before.clone();
    let (made, built) = (RefCell::new(BTreeMap::new()), RefCell::new(BTreeMap::new()));
    let missing = RefCell::new(BTreeSet::new());
    let locator = setting.locator();
    let parts = parts(&description, request.release, &wanted, setting.host)?;
    let note = |done| offline::note(&mut missing.borrow_mut(), &description, done);
    let mut works = Vec::new();
    for part in &parts {
        let current = stale::reasons(&description, &after, request.release, part)?;
        if current.is_empty() && request.update == Update::Nothing {
            continue;
        }
        let (description, locator, missing) = (&description, &locator, &missing);
        let (made, built) = (&made, &built);
        let work = Work { setting, request, description, part, locator, made, built, missing };
        // What is not there is told before the archives of the distribution are read.
        for service in part.services {
            note(python::source(&work, service, &after, tell))?;
        }
        // A folder is read anew each time, and says nothing of the distribution.
        let packages = request.update == Update::Nothing
            && stale::only_folders(description, &after, request.release, part)?;
        match description.distro {
            Distro::Rpm(_) => packages::name(&work, &mut after, tell)?,
            Distro::Debian(_) if packages => {}
            Distro::Debian(_) => note(packages::lock(&work, &mut after, &mut others, tell))?,
        }
        works.push(work);
    }
    // What an index of packages takes is free by now, and pages of the Python index serve all that is left.
    for work in &works {
        let mut unmet = Vec::new();
        for service in work.part.services {
            let done = python::lock(work, service, &mut after, tell);
            match note(done) {
                // The others may have faults of their own: a person wants to see all of them.
                Err(error @ LockError::Closure { .. }) => unmet.push(error),
                done => done?,
            }
        }
        if let Some(error) = error::together(unmet) {
            return Err(error);
        }
    }
    let worked = !works.is_empty();
    drop(works);
    let mut missing = missing.into_inner();
    if !missing.is_empty() {
        for part in &parts {
            missing.extend(offline::locked(setting, &description, &before, part)?);
        }
        none_missing(missing).map_err(LockError::Missing)?;
    }
    if worked {
        after.release.drop_builds();
    }
    Ok(Drafted { before, after, others_before, others, worked })
}

/// Writes the locks that differ from those in the tree.
fn write(
    setting: &Setting<'_>,
    request: &LockRequest,
    after: &Locks,
    others: &[ReleaseLock],
    tell: Listener<'_>,
) -> Result<(), LockError> {
    let mut files = Vec::new();
    // Where rpms are made for, no packages of the system are locked.
    if !after.distro.bases.is_empty() {
        files.push((DistroLock::path(&request.distro), after.distro.render()));
    }
    files.push((ReleaseLock::path(request.release, &request.distro), after.release.render()));
    let path = |other: &ReleaseLock| ReleaseLock::path(other.release, &request.distro);
    files.extend(others.iter().map(|other| (path(other), other.render())));
    for (path, text) in files {
        let place = setting.root.join(&path);
        if fs_err::read_to_string(&place).is_ok_and(|old| old == text) {
            continue;
        }
        write_file(&place, &text)
            .map_err(|source| LockError::Write { path: path.clone(), source })?;
        tell(Event::LockWritten { path: path.display().to_string() });
    }
    Ok(())
}

/// What locking for one architecture works with.
struct Work<'a> {
    setting: &'a Setting<'a>,
    request: &'a LockRequest,
    description: &'a Description,
    part: &'a Part<'a>,
    /// Asks for each page of the Python index once.
    locator: &'a Locator<'a>,
    /// Sources that were found out already, by component.
    made: &'a RefCell<BTreeMap<String, Made>>,
    /// Components that are built from source and were locked already, by name and the fuzz of their
    /// patches: they are built once for all architectures.
    built: &'a RefCell<BTreeMap<(String, usize), Built>>,
    /// What is missing because the network may not be used. Locking goes on to find all of it, and fails
    /// in the end.
    missing: &'a RefCell<BTreeSet<String>>,
}

/// A name to update must be in the locks: a misspelt one would update nothing in silence.
fn known(request: &LockRequest, locks: &Locks) -> Result<(), LockError> {
    let Update::Named(names) = &request.update else { return Ok(()) };
    let debs = locks.distro.debs.iter().chain(&locks.release.debs);
    let debs: BTreeSet<&str> = debs.map(|deb| deb.name.as_str()).collect();
    for name in names {
        let wheel = |wheel: &wheels::LockedWheel| request::is_named(&wheel.project, name);
        let source = |source: &LockedSource| {
            source.is_built()
                && (source.component == *name
                    || PackageName::new(&source.component)
                        .is_ok_and(|project| request::is_named(&project, name)))
        };
        if !debs.contains(name.as_str())
            && !locks.release.wheels.iter().any(wheel)
            && !locks.release.sources.iter().any(source)
        {
            return Err(LockError::NotLocked { name: name.clone() });
        }
    }
    Ok(())
}
