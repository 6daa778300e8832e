//! Whether the locks follow from the tree.

use std::path::Path;

use constraints::{Bound, Environment, parse_version};
use names::{Arch, ReleaseId};
use release::{Release, Service, Target};
use wheels::LockedWheel;

use crate::components::{From, Library};
use crate::describe::Description;
use crate::lock::{LockedPatch, LockedSource, ServiceList};
use crate::locking::error::LockError;
use crate::locking::request::LockRequest;
use crate::locking::source_bindep::source_profiles;
use crate::locks::Locks;
use crate::parts::{Part, parts};
use crate::patch_files::PatchFile;
use crate::sources::Reference;

/// Why the locks do not follow from the tree at `root`, each reason a line; an empty list means that
/// they do. Offline: locking anew would take the same way when what it starts from is the same, which
/// is what is compared: the packages and requirements that are asked for, the source, the
/// interpreter, and the pin of every project in the lock.
///
/// # Errors
/// When the tree or the locks cannot be read.
pub fn stale(root: &Path, request: &LockRequest, host: Arch) -> Result<Vec<String>, LockError> {
    let description = Description::read(root, &request.distro)?;
    let locks = Locks::of(&description, root, request.release)?;
    let wanted = request.wanted(&locks.release);
    let mut all = Vec::new();
    for part in parts(&description, request.release, &wanted, host)? {
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

/// Whether sources that are folders are all that there is to lock anew, and their `bindep.txt` does not
/// count.
pub(crate) fn only_folders(
    description: &Description,
    locks: &Locks,
    release: ReleaseId,
    part: &Part<'_>,
) -> Result<bool, LockError> {
    let of_tree = description.release(release)?;
    let target = Target { distro: &locks.distro.distro, release, arch: part.arch };
    let mut folders = !part.services.is_empty();
    for name in part.services {
        let service = description.service(name)?;
        let Some(list) = locks.release.service(name, part.arch) else { return Ok(false) };
        let folder = description.source(of_tree, name)?.0.is_folder();
        let packages = description.system_packages(service, target, None)?;
        folders &= folder
            && !service.bindep.source
            && list.source_profiles.is_empty()
            && list.packages == packages
            && list.base == description.base_of(service);
    }
    if !folders {
        return Ok(false);
    }
    for base in &part.bases {
        folders &= of_base(description, locks, base, part.arch)?.is_none();
    }
    for name in &part.builds {
        let asked = description.build_packages(description.service(name)?, target)?;
        let list = locks.release.build_list(name.as_str(), part.arch);
        folders &= list.map(|list| &list.packages[..]).unwrap_or_default() == asked;
    }
    Ok(folders)
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
    compare("the base", description.base_of(service).to_owned(), list.base.clone());
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
    let (from, place) = description.source(release, &service.name)?;
    let source = locks.source(list)?;
    if !from.is(source) {
        compare("the source", from.text(), Reference::locked(source).text());
    }
    let patches = description.patches(&service.name, release.id)?;
    compare("the patches", shown(&of_files(&patches)), shown(&source.patches));
    let python = description.locked_python(locks, &service.base, &service.name, list.arch);
    if let Some(python) = python {
        compare("the interpreter", python, list.python.clone());
    }
    let environment = Environment::linux(&list.python, list.arch)
        .map_err(|source| LockError::Python { version: list.python.clone(), source })?;
    if from.is_folder() {
        let name = &service.name;
        reasons
            .push(format!("{place}: {name} comes from a folder, which may be another each time"));
    }
    let sources = [source].into_iter().chain(locks.release.libraries(list));
    let builds = sources.filter_map(|source| locks.release.build_of(source));
    let build: Vec<&LockedWheel> = builds.flat_map(|(_, wheels)| wheels).collect();
    let libraries = description.libraries(release)?;
    let of_libraries = of_libraries(locks, release, &libraries, &environment, list);
    reasons.extend(of_libraries);
    for wheel in locks.release.service_wheels(list).into_iter().chain(build) {
        if wheel.project != service.project {
            reasons.extend(of_pin(release, &environment, wheel));
        }
    }
    Ok(reasons)
}

/// The libraries that are built from source, against those that the tree wants to be.
fn of_libraries(
    locks: &Locks,
    release: &Release,
    libraries: &[Library],
    environment: &Environment,
    list: &ServiceList,
) -> Vec<String> {
    let mut reasons = Vec::new();
    let locked = locks.release.libraries(list);
    let project_of = |source: &LockedSource| {
        locks.release.build_of(source).map(|(sdist, _)| sdist.project.clone())
    };
    let wheels = locks.release.service_wheels(list);
    for library in libraries.iter().filter(|library| library.counts(environment)) {
        let Library { project, place, .. } = library;
        let mut sources = locked.iter();
        let Some(source) =
            sources.find(|source| project_of(source).is_some_and(|name| name == *project))
        else {
            if wheels.iter().any(|wheel| wheel.project == *project) {
                reasons.push(format!(
                    "{place}: {project} is built from source, and the lock of {} {} has its wheel",
                    list.name, release.id
                ));
            }
            continue;
        };
        let from = library.source(release, environment);
        let text = from.as_ref().map(From::text).unwrap_or_default();
        if !from.as_ref().is_some_and(|from| from.is(source)) {
            let what = format!("the source of {project} {}", release.id);
            reasons.push(differs(&what, &text, &Reference::locked(source).text()));
        }
        let (tree, lock) = (shown(&of_files(&library.patches)), shown(&source.patches));
        if tree != lock {
            let what = format!("the patches of {project} {}", release.id);
            reasons.push(differs(&what, &tree, &lock));
        }
        if from.is_some_and(|from| from.is_folder()) {
            let text = "comes from a folder, which may be another each time";
            reasons.push(format!("{place}: {project} {text}"));
        }
    }
    for source in locked {
        let project = project_of(source);
        let wanted = |library: &Library| {
            project.as_ref() == Some(&library.project) && library.counts(environment)
        };
        if !libraries.iter().any(wanted) {
            let (component, version) = (&source.component, &source.version);
            reasons.push(format!(
                "{component} {version} is built from source for {} {}, and nothing in the tree says so",
                list.name, release.id
            ));
        }
    }
    reasons
}

fn of_files(patches: &[PatchFile]) -> Vec<LockedPatch> {
    patches.iter().map(PatchFile::locked).collect()
}

fn shown(patches: &[LockedPatch]) -> String {
    let lines = patches.iter().map(|patch| format!("{} {}", patch.file, patch.sha256));
    lines.collect::<Vec<_>>().join(", ")
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
