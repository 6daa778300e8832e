//! The wheels of a service.

use std::collections::{BTreeMap, BTreeSet};

use constraints::{Environment, Requirement};
use names::{Arch, PackageName, ServiceName};
use release::{Release, Service};
use wheels::{ClosureError, LockedWheel, Root, Target};

use super::source::{self, Built, Component};
use super::{LockError, Work};
use crate::Event;
use crate::components::{From, Library};
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
    let Work { request, description, part, .. } = *work;
    let release = description.release(request.release)?;
    let service = description.service(service)?;
    tell(Event::LockingPython {
        service: service.name.clone(),
        release: release.id,
        arch: part.arch,
    });
    let target = target(work, service, release, locks)?;
    let (from, place) = description.source(release, &service.name)?;
    let patches = description.patches(&service.name, release.id)?;
    let own = Component {
        name: service.name.as_str(),
        project: &service.project,
        from: &from,
        patches: &patches,
        fuzz: service.fuzz,
    };
    let (built, version) = match &from {
        From::Release(version) if patches.is_empty() => (None, version.clone()),
        From::Release(version) => {
            (Some(source::lock(work, service, &own, locks, tell)?), version.clone())
        }
        From::Origin(_) => {
            let built = source::lock(work, service, &own, locks, tell)?;
            let version = built.sdist.version.clone();
            (Some(built), version)
        }
    };
    let mut given = BTreeMap::new();
    if let Some(built) = &built {
        given.insert(service.project.clone(), built.given.clone());
    }
    // What this service has first, then what others have; what sources are built with is another matter.
    let release_lock = &locks.release;
    let listed = |list: &&ServiceList| list.name == service.name && list.arch == part.arch;
    let (own, others): (Vec<_>, Vec<_>) = release_lock.services.iter().partition(listed);
    let prefer = own.into_iter().chain(others).flat_map(|list| release_lock.service_wheels(list));
    let prefer: Vec<LockedWheel> = prefer.cloned().collect();
    let asked = release::Target { distro: &request.distro, release: release.id, arch: part.arch };
    let own_roots = roots(service, &version, &place, asked)?;
    let mut wanted = description.libraries(release)?;
    wanted.retain(|library| library.counts(&target.environment));
    let mut libraries = Vec::new();
    let wheels = loop {
        let (prefer, target) = (&prefer, &target);
        let closing = Closing { work, service, release, target, given: &given, prefer };
        let needed = match closing.wheels(&own_roots, tell) {
            Ok(wheels) => {
                let in_use =
                    |library: &Library| wheels.iter().any(|wheel| wheel.project == library.project);
                let (more, rest): (Vec<_>, Vec<_>) = wanted.into_iter().partition(in_use);
                wanted = rest;
                if more.is_empty() {
                    break wheels;
                }
                more
            }
            Err(error) => {
                let named = addresses(&error);
                let is_named = |library: &Library| named.contains(&library.project);
                let (more, rest): (Vec<_>, Vec<_>) = wanted.into_iter().partition(is_named);
                wanted = rest;
                if more.is_empty() {
                    return Err(error);
                }
                more
            }
        };
        for library in needed {
            let built = library_of(work, service, release, &library, target, locks, tell)?;
            libraries.push((library.project, built));
        }
        given.extend(
            libraries.iter().map(|(project, built)| (project.clone(), built.given.clone())),
        );
    };
    if !work.missing.borrow().is_empty() {
        return Ok(());
    }
    let source = match &built {
        Some(built) => built.source.clone(),
        None => {
            let own = wheels.iter().find(|wheel| wheel.project == service.project);
            let own = own.expect("the service is a root of its closure");
            let (component, kind) = (service.name.to_string(), SourceKind::Wheel);
            let (own_version, file) = (own.version.clone(), own.file.clone());
            LockedSource::of_index(component, kind, version, own_version, file)
        }
    };
    let python = target.environment.python().to_string();
    let requirements = description.requirements(service, asked)?;
    libraries.sort_by(|one, other| one.0.cmp(&other.0));
    let list = locks.release.list_mut(&service.name, part.arch);
    // Its packages stay.
    *list = ServiceList {
        source: source.key(),
        python,
        requirements,
        wheels: wheels.iter().map(|wheel| wheel.file.clone()).collect(),
        libraries: libraries.iter().map(|(_, built)| built.source.key()).collect(),
        ..list.clone()
    };
    let built: Vec<Built> =
        built.into_iter().chain(libraries.into_iter().map(|(_, built)| built)).collect();
    let of_build = built.iter().flat_map(|built| &built.wheels).cloned();
    for wheel in wheels.into_iter().chain(of_build) {
        locks.release.wheels.retain(|old| old.file != wheel.file);
        locks.release.wheels.push(wheel);
    }
    let mut sources = vec![source];
    for Built { sdist, source, .. } in built {
        locks.release.sdists.retain(|old| old.file != sdist.file);
        locks.release.sdists.push(sdist);
        sources.push(source);
    }
    for source in sources {
        locks.release.sources.retain(|old| old.key() != source.key());
        locks.release.sources.push(source);
    }
    locks.sort();
    Ok(())
}

/// Finds out what the source of a service is, where that is no release.
pub(super) fn source(
    work: &Work<'_>,
    service: &ServiceName,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<(), LockError> {
    let Work { request, description, .. } = *work;
    let (from, _) = description.source(description.release(request.release)?, service)?;
    if matches!(from, From::Origin(_)) {
        let (name, project) = (service.as_str(), &description.service(service)?.project);
        let component = Component { name, project, from: &from, patches: &[], fuzz: 0 };
        source::made(work, &component, locks, tell)?;
    }
    Ok(())
}

/// Locks the source of a library that `service` needs.
fn library_of(
    work: &Work<'_>,
    service: &Service,
    release: &Release,
    library: &Library,
    target: &Target,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<Built, LockError> {
    let Library { project, place, .. } = library;
    let from = library.source(release, &target.environment);
    let from = from.ok_or_else(|| LockError::NoPin {
        place: place.clone(),
        project: project.clone(),
        release: release.id,
    })?;
    let component = Component {
        name: &library.component,
        project,
        from: &from,
        patches: &library.patches,
        fuzz: 0,
    };
    source::lock(work, service, &component, locks, tell)
}

/// The projects that could not be chosen because overrides give them an address.
fn addresses(error: &LockError) -> BTreeSet<PackageName> {
    let LockError::Closure { source, .. } = error else { return BTreeSet::new() };
    let project = |error: &ClosureError| match error {
        ClosureError::Source { project, .. } => Some(project.clone()),
        _ => None,
    };
    source.0.iter().filter_map(project).collect()
}

/// What closures of one service have in common.
pub(super) struct Closing<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) service: &'a Service,
    pub(super) release: &'a Release,
    pub(super) target: &'a Target,
    pub(super) given: &'a BTreeMap<PackageName, wheels::Given>,
    /// What is locked: the first of each project stays, if it may.
    pub(super) prefer: &'a [LockedWheel],
}

impl Closing<'_> {
    /// The wheels that `roots` need, those that no constraint pins marked as open. None where the network
    /// may not be used and something is missing, which is noted.
    pub(super) fn wheels(
        &self,
        roots: &[Root],
        tell: Listener<'_>,
    ) -> Result<Vec<LockedWheel>, LockError> {
        let Self { work, service, release, target, given, prefer } = *self;
        let request = work.request;
        let keeps = |wheel: &&LockedWheel| request.keeps_project(&wheel.project);
        let prefer: Vec<LockedWheel> = prefer.iter().filter(keeps).cloned().collect();
        // What is built is what it is, whatever is pinned.
        let own = [&service.project].into_iter().chain(given.keys()).cloned().collect();
        let closing = wheels::Request {
            roots,
            own: &own,
            constraints: &release.constraints,
            target,
            cutoff: release.file.cutoff,
            given,
            prefer: &prefer,
        };
        let closure = match wheels::closure(&closing, work.setting.store, work.locator) {
            Ok(closure) => closure,
            Err(source) => {
                let missing = source.offline();
                if !missing.is_empty() {
                    work.missing.borrow_mut().extend(missing);
                    return Ok(Vec::new());
                }
                let (service, release) = (service.name.clone(), release.id);
                return Err(LockError::Closure { service, release, source: Box::new(source) });
            }
        };
        // Also where another project asks for one exact version: it is the constraints that say what
        // a release was tested with.
        let is_open = |wheel: &LockedWheel| {
            let mut pins = release.constraints.pins(&wheel.project, &target.environment);
            wheel.project != service.project && pins.next().is_none()
        };
        for wheel in closure.wheels.values() {
            let LockedWheel { project, version, .. } = &wheel.wheel;
            if is_open(&wheel.wheel) {
                tell(Event::OpenPackage { package: format!("{project} {version}") });
            }
            if let Some(reason) = &wheel.yanked {
                let why = if reason.is_empty() { "without a reason" } else { reason };
                let text = format!("{project} {version} is pinned, and was withdrawn: {why}");
                tell(Event::Note { text });
            }
        }
        let wheels = closure.wheels.into_values().map(|wheel| wheel.wheel);
        Ok(wheels.map(|wheel| LockedWheel { open: is_open(&wheel), ..wheel }).collect())
    }
}

/// The interpreter and the C library of the distribution, checked against the release.
fn target(
    work: &Work<'_>,
    service: &Service,
    release: &Release,
    locks: &Locks,
) -> Result<Target, LockError> {
    let Work { request, description, part, .. } = *work;
    let python = description.locked_python(locks, &service.base, &service.name, part.arch);
    let target = target_of(work, python, part.arch)?;
    let python = target.environment.python();
    if !release.file.python.contains(python) {
        return Err(LockError::Unsupported {
            release: release.id,
            wanted: release.file.python.to_string(),
            distro: request.distro.clone(),
            version: python.to_string(),
        });
    }
    Ok(target)
}

/// The interpreter `python` and the C library of the distribution.
pub(super) fn target_of(
    work: &Work<'_>,
    python: Option<String>,
    arch: Arch,
) -> Result<Target, LockError> {
    let distro = &work.description.distro;
    let python = python.ok_or_else(|| {
        let version = distro.python().version.clone();
        LockError::NoPython { distro: work.request.distro.clone(), version }
    })?;
    let environment = Environment::linux(&python, arch)
        .map_err(|source| LockError::Python { version: python.clone(), source })?;
    Ok(Target { environment, glibc: distro.glibc() })
}

/// The service at its version with the recipe's extras, then what the recipe adds.
fn roots(
    service: &Service,
    version: &str,
    place: &names::Place,
    target: release::Target<'_>,
) -> Result<Vec<Root>, LockError> {
    let extras: Vec<&str> = service.python.extras.iter().map(PackageName::as_str).collect();
    let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
    let own = format!("{}{extras}=={version}", service.project);
    let own = Requirement::parse(&own).expect("a name, extras and a version make a requirement");
    let added = service.requirements(target).map_err(DescribeError::Platform)?;
    let added = added.into_iter().map(|(requirement, place)| Root { requirement, place });
    Ok([Root { requirement: own, place: place.clone() }].into_iter().chain(added).collect())
}
