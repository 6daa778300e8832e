//! Whether the locks follow from the tree.

use std::path::Path;

use constraints::{Bound, Environment, parse_version};
use names::{Arch, ReleaseId};
use release::{Release, Service, Target};
use wheels::LockedWheel;

use crate::describe::Description;
use crate::lock::{LockedPatch, ServiceList};
use crate::locking::error::LockError;
use crate::locking::request::LockRequest;
use crate::locking::source_bindep::source_profiles;
use crate::locks::Locks;
use crate::parts::{Part, parts};
use crate::patch_files::PatchFile;

/// Why the locks do not follow from the tree at `root`, each reason a line; an empty list means that
/// they do. Offline: locking anew would take the same way when what it starts from is the same, which
/// is what is compared: the packages and requirements that are asked for, the source, the
/// interpreter, and the pin of every project in the lock.
///
/// # Errors
/// When the tree or the locks cannot be read.
pub fn stale(root: &Path, request: &LockRequest, host: Arch) -> Result<Vec<String>, LockError> {
    let description = Description::read(root, &request.distro)?;
    let locks = Locks::read(root, request.release, &request.distro)?;
    let services = request.services(&description, &locks)?;
    let arches = request.arches(&locks);
    let mut all = Vec::new();
    for part in parts(&description, request.release, &services, &arches, host)? {
        all.extend(reasons(&description, &locks, request.release, &part)?);
    }
    Ok(all)
}

/// As [`stale`], for what has been read already.
pub(crate) fn reasons(
    description: &Description,
    locks: &Locks,
    release: ReleaseId,
    part: &Part<'_>,
) -> Result<Vec<String>, LockError> {
    let Part { arch, services, ref bases, ref builds } = *part;
    let mut reasons = Vec::new();
    for base in bases {
        reasons.extend(of_base(description, locks, base, arch)?);
    }
    let release = description.release(release)?;
    let target = Target { distro: &locks.distro.distro, release: release.id, arch };
    for name in builds {
        let asked = description.build_packages(description.service(name)?, target)?.join(" ");
        let list = locks.release.build_list(name.as_str(), arch);
        let locked = list.map(|list| list.packages.join(" ")).unwrap_or_default();
        if asked != locked {
            let what = format!("the packages for the build of {name} {}", release.id);
            reasons.push(differs(&what, &asked, &locked));
        }
    }
    for name in services {
        let service = description.service(name)?;
        match locks.release.service(name, arch) {
            None => reasons.push(format!("{name} {} {arch} is not locked", release.id)),
            Some(list) => reasons.extend(of_service(description, locks, release, service, list)?),
        }
    }
    Ok(reasons)
}

fn of_base(
    description: &Description,
    locks: &Locks,
    name: &str,
    arch: Arch,
) -> Result<Option<String>, LockError> {
    let what = format!("the base {name} of {} {arch}", locks.distro.distro);
    let asked = &description.base(name)?.packages;
    Ok(match locks.distro.base(name, arch) {
        None => Some(format!("{what} is not locked")),
        Some(base) if base.packages != *asked => {
            Some(differs(&what, &asked.join(" "), &base.packages.join(" ")))
        }
        Some(_) => None,
    })
}

fn of_service(
    description: &Description,
    locks: &Locks,
    release: &Release,
    service: &Service,
    list: &ServiceList,
) -> Result<Vec<String>, LockError> {
    let what = |part: &str| format!("{} of {} {}", part, service.name, release.id);
    let mut reasons = Vec::new();
    let mut compare = |part: &str, tree: String, lock: String| {
        if tree != lock {
            reasons.push(differs(&what(part), &tree, &lock));
        }
    };
    compare("the base", service.base.clone(), list.base.clone());
    let target = Target { distro: &locks.distro.distro, release: release.id, arch: list.arch };
    let mut packages = description.system_packages(service, target, None)?;
    let profiles = source_profiles(service);
    compare("the profiles", profiles.join(" "), list.source_profiles.join(" "));
    if !profiles.is_empty() {
        packages.extend(list.source_packages.iter().cloned());
        packages.sort();
        packages.dedup();
    }
    compare("the packages", packages.join(" "), list.packages.join(" "));
    let requirements = description.requirements(service, target)?;
    compare("the requirements", requirements.join(", "), list.requirements.join(", "));
    let (version, _) = description.source_version(release, service)?;
    let source = locks.source(list)?;
    compare("the source", version.to_owned(), source.reference.clone());
    let shown = |patches: Vec<LockedPatch>| {
        let lines = patches.iter().map(|patch| format!("{} {}", patch.file, patch.sha256));
        lines.collect::<Vec<_>>().join(", ")
    };
    let patches = description.patches(&service.name, release.id)?;
    let patches = patches.iter().map(PatchFile::locked).collect();
    compare("the patches", shown(patches), shown(source.patches.clone()));
    let python = description.locked_python(locks, &service.base, &service.name, list.arch);
    if let Some(python) = python {
        compare("the interpreter", python, list.python.clone());
    }
    let environment = Environment::linux(&list.python, list.arch)
        .map_err(|source| LockError::Python { version: list.python.clone(), source })?;
    let build = locks.release.build_of(source).map(|(_, wheels)| wheels).unwrap_or_default();
    for wheel in locks.release.service_wheels(list).into_iter().chain(build) {
        if wheel.project != service.project {
            reasons.extend(of_pin(release, &environment, wheel));
        }
    }
    Ok(reasons)
}

fn of_pin(release: &Release, environment: &Environment, wheel: &LockedWheel) -> Option<String> {
    let LockedWheel { project, version, open, .. } = wheel;
    let pin = release.constraints.pins(project, environment).next().map(|entry| &entry.pin);
    let mut bounds = release.constraints.bounds_in(project, environment);
    let locked = parse_version(version).ok();
    let misses = |bound: &&Bound| {
        let specifiers = &bound.requirement.specifiers;
        bound.requirement.url.is_some()
            || !locked.as_ref().is_some_and(|locked| specifiers.contains(locked))
    };
    if let Some(Bound { place, requirement, .. }) = bounds.find(misses) {
        return Some(format!("{place}: `{}`, and the lock has {version}", requirement.text));
    }
    match pin {
        None if *open => None,
        None if release.constraints.all(project).is_empty()
            || release.constraints.is_excluded(project, environment) =>
        {
            Some(format!("{project}: no constraint pins it, and the lock has {version} for a pin"))
        }
        None => Some(format!("{project}: none of its pins counts for this target any more")),
        Some(pin) if *open => Some(format!(
            "{}: {project} is pinned to {}, and the lock has {version} as open",
            pin.place, pin.version
        )),
        Some(pin) => {
            let fits = locked.is_some_and(|locked| pin.specifier.contains(&locked));
            (!fits).then(|| {
                let (place, pinned) = (&pin.place, &pin.version);
                format!("{place}: {project} is pinned to {pinned}, and the lock has {version}")
            })
        }
    }
}

fn differs(what: &str, tree: &str, lock: &str) -> String {
    format!("{what}: the tree has `{tree}`, the lock `{lock}`")
}
