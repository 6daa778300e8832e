//! The source of what is built, and what it is built with.

use std::collections::BTreeMap;

use constraints::Requirement;
use names::{PackageName, Place};
use release::Service;
use wheels::{Given, LockedWheel, Root, Target};

use super::python::{Closing, target_of};
use super::{LockError, Work};
use crate::Event;
use crate::components::From;
use crate::fetching;
use crate::lock::{LockedSource, SourceKind};
use crate::locks::Locks;
use crate::parts::BUILD;
use crate::patch_files::{self, PatchFile};
use crate::patched::{BuildSystem, Patched, patched};
use crate::setting::Listener;
use crate::sources::{self, Held, Made, Wanted};

/// What is built from source: a service, or a library that it needs.
pub(super) struct Component<'a> {
    /// What its patches and its repository are called.
    pub(super) name: &'a str,
    pub(super) project: &'a PackageName,
    pub(super) from: &'a From,
    pub(super) patches: &'a [PatchFile],
    pub(super) fuzz: usize,
}

/// A component that is built from source.
#[derive(Clone)]
pub(super) struct Built {
    pub(super) source: LockedSource,
    pub(super) sdist: LockedWheel,
    pub(super) wheels: Vec<LockedWheel>,
    pub(super) given: Given,
}

/// Locks the source archive of `component`, and the wheels that it is built with once its patches are
/// applied; for `service`.
pub(super) fn lock(
    work: &Work<'_>,
    service: &Service,
    component: &Component<'_>,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<Built, LockError> {
    let Work { setting, request, description, built, .. } = *work;
    let Component { name, patches, fuzz, .. } = *component;
    let key = (name.to_owned(), fuzz);
    if let Some(built) = built.borrow().get(&key) {
        return Ok(built.clone());
    }
    let (distro, _) = description.builder(name, request.release)?;
    let Made { source: found, sdist, blob } = made(work, component, locks, tell)?;
    let pack = wheels::unpack_sdist(setting.store, &blob)?;
    let local = patch_files::version(&found.version, patches);
    let failed = |source| {
        let (component, release) = (name.to_owned(), request.release);
        LockError::Patched { component, release, source: Box::new(source) }
    };
    let Patched { metadata, build_system, notes, .. } =
        patched(&sdist.file, &pack, patches, fuzz).map_err(failed)?;
    for text in notes {
        tell(Event::Note { text });
    }

    let wheels = match description.python_of_base(locks, distro, BUILD, setting.host) {
        // The base of builds could not be chosen.
        None if !work.missing.borrow().is_empty() => Vec::new(),
        python => {
            locks.build_base(BUILD, setting.host)?;
            let target = target_of(work, python, setting.host)?;
            let target = Target { glibc: distro.glibc(), ..target };
            build_wheels(work, service, &target, &sdist.file, &build_system, locks)?
        }
    };
    let source = LockedSource {
        version: local,
        patches: patches.iter().map(PatchFile::locked).collect(),
        build: wheels.iter().map(|wheel| wheel.file.clone()).collect(),
        ..found
    };
    let given = Given { file: sdist.file.clone(), metadata };
    let done = Built { source, sdist, wheels, given };
    built.borrow_mut().insert(key, done.clone());
    Ok(done)
}

/// The wheels that the source archive `file` is built with.
fn build_wheels(
    work: &Work<'_>,
    service: &Service,
    target: &Target,
    file: &str,
    build_system: &BuildSystem,
    locks: &Locks,
) -> Result<Vec<LockedWheel>, LockError> {
    let Work { request, description, .. } = *work;
    let release = description.release(request.release)?;
    let given = BTreeMap::new();
    let sources = locks.release.sources.iter().filter_map(|source| locks.release.build_of(source));
    let prefer: Vec<LockedWheel> = sources.flat_map(|(_, wheels)| wheels).cloned().collect();
    let given = &given;
    let closing = Closing { work, service, release, target, given, prefer: &prefer };
    let place = |file: &str| Place { file: file.into(), ..Place::default() };
    let root =
        |requirement: &Requirement, place: Place| Root { requirement: requirement.clone(), place };
    let in_source = place(&format!("{file}/pyproject.toml"));
    let mut roots: Vec<Root> =
        build_system.requires.iter().map(|one| root(one, in_source.clone())).collect();
    let in_release = place(&format!("releases/{}/release.toml", request.release));
    let mut pending: Vec<&Requirement> = release.file.build_constraints.iter().collect();
    // A build constraint counts for what is installed, and installs nothing by itself.
    loop {
        let wheels = closing.wheels(&roots, &mut |_| {})?;
        let installed = |name: &PackageName| wheels.iter().any(|wheel| wheel.project == *name);
        let counts = |one: &&Requirement| installed(&one.name);
        let (met, rest): (Vec<_>, Vec<_>) = pending.into_iter().partition(counts);
        if met.is_empty() {
            return Ok(wheels);
        }
        roots.extend(met.into_iter().map(|one| root(one, in_release.clone())));
        pending = rest;
    }
}

/// The source archive of a component: that of the version on the index, or one that is made here.
pub(super) fn made(
    work: &Work<'_>,
    component: &Component<'_>,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<Made, LockError> {
    let Work { setting, request, made: known, .. } = *work;
    let Component { name, project, from, .. } = *component;
    let origin = match from {
        From::Release(version) => return of_index(work, component, version, locks, tell),
        From::Origin(origin) => origin,
    };
    // Once for all architectures: a branch may move meanwhile.
    if let Some(made) = known.borrow().get(name) {
        return Ok(made.clone());
    }
    let lock = &locks.release;
    let sources = lock.sources.iter().filter(|source| source.component == name);
    let held = sources.filter_map(|source| Some((source, lock.build_of(source)?.0)));
    let held: Vec<_> = held.collect();
    let stays = request.keeps(name) && request.keeps_project(project);
    let same = |held: &&(&LockedSource, &LockedWheel)| from.is(held.0);
    let held = held.iter().find(same).map(|(source, sdist)| Held { source, sdist, stays });
    let wanted = Wanted { component: name, project, origin };
    let made = sources::make(setting, wanted, held, tell).map_err(|source| {
        let (component, release) = (name.to_owned(), request.release);
        LockError::Source { component, release, source: Box::new(source) }
    })?;
    known.borrow_mut().insert(name.to_owned(), made.clone());
    Ok(made)
}

fn of_index(
    work: &Work<'_>,
    component: &Component<'_>,
    version: &str,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<Made, LockError> {
    let Work { setting, request, locator, .. } = *work;
    let Component { name, project, .. } = *component;
    let named = || (name.to_owned(), request.release);
    let locate = |source| {
        let (component, release) = named();
        LockError::Sdist { component, release, source }
    };
    let upstream = constraints::parse_version(version).map_err(|source| {
        let (component, release) = named();
        LockError::SourceVersion { component, release, version: version.to_owned(), source }
    })?;
    let held = locks.release.sdists.iter().find(|sdist| {
        let same = sdist.project == *project && sdist.version == upstream.to_string();
        same && request.keeps_project(project)
    });
    let mut sdist = match held {
        Some(sdist) => sdist.clone(),
        None => locator.sdist(project, &upstream).map_err(locate)?,
    };
    let blob = fetching::wheel(setting, &sdist, tell).map_err(locate)?;
    sdist.size = Some(blob.size);
    let (kind, reference) = (SourceKind::Sdist, version.to_owned());
    let (component, file) = (name.to_owned(), sdist.file.clone());
    let source = LockedSource::of_index(component, kind, reference.clone(), reference, file);
    Ok(Made { source, sdist, blob })
}
