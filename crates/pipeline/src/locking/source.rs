//! The source of a patched service, and what it is built with.

use std::collections::BTreeMap;

use constraints::Requirement;
use names::{PackageName, Place};
use release::Service;
use wheels::{Given, Locator, LockedWheel, Root};

use super::python::{Closing, target_of};
use super::{LockError, Work};
use crate::Event;
use crate::fetching;
use crate::lock::{LockedSource, SourceKind};
use crate::locks::Locks;
use crate::parts::BUILD;
use crate::patch_files::{self, PatchFile};
use crate::patched::{Patched, patched};
use crate::setting::Listener;

/// A service that is built from source.
pub(super) struct Built {
    pub(super) source: LockedSource,
    pub(super) sdist: LockedWheel,
    pub(super) wheels: Vec<LockedWheel>,
    pub(super) given: Given,
}

/// Locks the source archive of `service` at `version`, and the wheels that it is built with once
/// `patches` are applied.
pub(super) fn lock(
    work: &Work<'_>,
    service: &Service,
    version: &str,
    patches: &[PatchFile],
    locator: &Locator<'_>,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<Built, LockError> {
    let Work { setting, request, description, .. } = *work;
    let named = || (service.name.clone(), request.release);
    let locate = |source| {
        let (service, release) = named();
        LockError::Sdist { service, release, source }
    };
    let upstream = constraints::parse_version(version).map_err(|source| {
        let (service, release) = named();
        LockError::SourceVersion { service, release, version: version.to_owned(), source }
    })?;
    let held = locks.release.sdists.iter().find(|sdist| {
        let same = sdist.project == service.project && sdist.version == upstream.to_string();
        same && request.keeps_project(&service.project)
    });
    let mut sdist = match held {
        Some(sdist) => sdist.clone(),
        None => locator.sdist(&service.project, &upstream).map_err(locate)?,
    };
    let blob = fetching::wheel(setting, &sdist, tell).map_err(locate)?;
    sdist.size = Some(blob.size);
    let pack = wheels::unpack_sdist(setting.store, &blob)?;
    let local = patch_files::version(version, patches);
    let failed = |source| {
        let (service, release) = named();
        LockError::Patched { service, release, source: Box::new(source) }
    };
    let Patched { metadata, build_system, notes, .. } =
        patched(&sdist.file, &pack, patches, service.fuzz).map_err(failed)?;
    for text in notes {
        tell(Event::Note { text });
    }

    let release = description.release(request.release)?;
    let python = description.python_of_base(locks, BUILD, setting.host);
    let target = target_of(work, python, setting.host)?;
    let given = BTreeMap::new();
    let sources = locks.release.sources.iter().filter_map(|source| locks.release.build_of(source));
    let prefer: Vec<LockedWheel> = sources.flat_map(|(_, wheels)| wheels).cloned().collect();
    let (target, given) = (&target, &given);
    let closing = Closing { work, service, release, target, given, prefer: &prefer };
    let place = |file: &str| Place { file: file.into(), ..Place::default() };
    let root =
        |requirement: &Requirement, place: Place| Root { requirement: requirement.clone(), place };
    let in_source = place(&format!("{}/pyproject.toml", sdist.file));
    let mut roots: Vec<Root> =
        build_system.requires.iter().map(|one| root(one, in_source.clone())).collect();
    let in_release = place(&format!("releases/{}/release.toml", request.release));
    let mut pending: Vec<&Requirement> = release.file.build_constraints.iter().collect();
    // A build constraint counts for what is installed, and installs nothing by itself.
    let wheels = loop {
        let wheels = closing.wheels(&roots, locator, &mut |_| {})?;
        let installed = |name: &PackageName| wheels.iter().any(|wheel| wheel.project == *name);
        let counts = |one: &&Requirement| installed(&one.name);
        let (met, rest): (Vec<_>, Vec<_>) = pending.into_iter().partition(counts);
        if met.is_empty() {
            break wheels;
        }
        roots.extend(met.into_iter().map(|one| root(one, in_release.clone())));
        pending = rest;
    };
    let source = LockedSource {
        component: service.name.to_string(),
        reference: version.to_owned(),
        kind: SourceKind::Sdist,
        version: local,
        file: sdist.file.clone(),
        patches: patches.iter().map(PatchFile::locked).collect(),
        build: wheels.iter().map(|wheel| wheel.file.clone()).collect(),
    };
    let given = Given { file: sdist.file.clone(), metadata };
    Ok(Built { source, sdist, wheels, given })
}
