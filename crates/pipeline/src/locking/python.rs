//! The wheels of a service.

use std::collections::BTreeSet;

use constraints::{Environment, Requirement};
use names::{PackageName, ServiceName};
use release::{Release, Service};
use source_refs::Source;
use wheels::{Locator, LockedWheel, Root, Target};

use super::{LockError, Work};
use crate::Event;
use crate::describe::DescribeError;
use crate::lock::{LockedSource, ServiceList, SourceKind};
use crate::locks::Locks;
use crate::setting::Listener;

/// Locks the wheels of `service` in `locks`, whose packages of the distribution are locked already.
pub(super) fn lock(
    work: &Work<'_>,
    service: &ServiceName,
    locks: &mut Locks,
    tell: Listener<'_>,
) -> Result<(), LockError> {
    let Work { setting, request, description, arch, .. } = *work;
    let release = description.release(request.release)?;
    let service = description.service(service)?;
    tell(Event::LockingPython { service: service.name.clone(), release: release.id, arch });
    let target = target(work, service, release, locks)?;
    let reference = description.source(release, service)?;
    let Source::Release { version } = &reference.source else {
        return Err(
            DescribeError::NoSource { service: service.name.clone(), release: release.id }.into()
        );
    };
    let prefer: Vec<LockedWheel> = locks
        .release
        .wheels
        .iter()
        .filter(|wheel| request.keeps_project(&wheel.project))
        .cloned()
        .collect();
    let own = BTreeSet::from([service.project.clone()]);
    let closing = wheels::Request {
        roots: &roots(service, version, &reference.place),
        own: &own,
        constraints: &release.constraints,
        target: &target,
        cutoff: release.file.cutoff,
        prefer: &prefer,
    };
    let index = "pypi".parse().expect("pypi is the name of an archive");
    let locator = Locator::new(setting.outside, index);
    let closure = wheels::closure(&closing, setting.store, &locator).map_err(|source| {
        let (service, release) = (service.name.clone(), release.id);
        LockError::Closure { service, release, source: Box::new(source) }
    })?;
    // Also where another project asks for one exact version: it is the constraints that say what a
    // release was tested with.
    let is_open = |wheel: &LockedWheel| {
        let mut pins = release.constraints.pins(&wheel.project, &target.environment);
        wheel.project != service.project && pins.next().is_none()
    };
    for wheel in closure.wheels.values() {
        if is_open(&wheel.wheel) {
            let package = format!("{} {}", wheel.wheel.project, wheel.wheel.version);
            tell(Event::OpenPackage { package });
        }
        if let Some(reason) = &wheel.yanked {
            let LockedWheel { project, version, .. } = &wheel.wheel;
            let why = if reason.is_empty() { "without a reason" } else { reason };
            let text = format!("{project} {version} is pinned, and was withdrawn: {why}");
            tell(Event::Note { text });
        }
    }
    let wheels: Vec<LockedWheel> = closure
        .wheels
        .into_values()
        .map(|wheel| wheel.wheel)
        .map(|wheel| LockedWheel { open: is_open(&wheel), ..wheel })
        .collect();
    let of_service = wheels.iter().find(|wheel| wheel.project == service.project);
    let of_service = of_service.expect("the service is a root of its closure").clone();
    let source = LockedSource {
        component: service.name.to_string(),
        reference: version.clone(),
        kind: SourceKind::Wheel,
        version: of_service.version.clone(),
        wheel: of_service.file.clone(),
    };
    let python = target.environment.python().to_string();
    store_list(locks, work, service, &source, python, &wheels);
    for wheel in wheels {
        locks.release.wheels.retain(|old| old.file != wheel.file);
        locks.release.wheels.push(wheel);
    }
    locks.release.sources.retain(|old| old.key() != source.key());
    locks.release.sources.push(source);
    locks.sort();
    Ok(())
}

/// The interpreter and the C library of the distribution, checked against the release.
fn target(
    work: &Work<'_>,
    service: &Service,
    release: &Release,
    locks: &Locks,
) -> Result<Target, LockError> {
    let Work { request, description, arch, .. } = *work;
    let distro = &description.distro;
    let python = description.locked_python(locks, &service.base, &service.name, arch);
    let python = python.ok_or_else(|| {
        let version = distro.python.version.clone();
        LockError::NoPython { distro: request.distro.clone(), version }
    })?;
    let environment = Environment::linux(&python, arch)
        .map_err(|source| LockError::Python { version: python.clone(), source })?;
    if !release.file.python.contains(environment.python()) {
        return Err(LockError::Unsupported {
            release: release.id,
            wanted: release.file.python.to_string(),
            distro: request.distro.clone(),
            version: python,
        });
    }
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
    let mut parts = distro.glibc.split('.');
    let glibc = (number(parts.next()), number(parts.next()));
    Ok(Target { environment, glibc })
}

/// The service at its version with the recipe's extras, then what the recipe adds.
fn roots(service: &Service, version: &str, place: &names::Place) -> Vec<Root> {
    let extras: Vec<&str> = service.python.extras.iter().map(PackageName::as_str).collect();
    let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
    let own = format!("{}{extras}=={version}", service.project);
    let own = Requirement::parse(&own).expect("a name, extras and a version make a requirement");
    let added = service.python.packages.iter().cloned();
    let added = added.map(|requirement| Root { requirement, place: service.place.clone() });
    [Root { requirement: own, place: place.clone() }].into_iter().chain(added).collect()
}

/// Puts the list of a service in place of the one that is there; its packages stay.
fn store_list(
    locks: &mut Locks,
    work: &Work<'_>,
    service: &Service,
    source: &LockedSource,
    python: String,
    wheels: &[LockedWheel],
) {
    let files = wheels.iter().map(|wheel| wheel.file.clone()).collect();
    let list = locks.release.list_mut(&service.name, work.arch);
    *list = ServiceList {
        source: source.key(),
        python,
        requirements: work.description.requirements(service),
        wheels: files,
        ..list.clone()
    };
}
