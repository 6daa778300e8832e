//! Which files and folders a tree may have, and the names that they carry.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use names::{Fault, PackageName, ReleaseId, ServiceName};

use super::overrides::is_of;
use super::{Release, UnknownName};
use crate::Service;
use crate::folder::{Folder, fault};

/// How the entries of a folder carry their names.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Shape {
    /// `NAME/`
    Folder,
    /// `NAME.toml`
    Toml,
}

/// The names in a folder. Whatever has another form is a fault.
pub(super) fn names_of<N: FromStr<Err = names::NameError>>(
    folder: &Folder,
    path: &str,
    shape: Shape,
    faults: &mut Vec<Fault>,
) -> Vec<N> {
    let mut found = Vec::new();
    for entry in folder.list(Path::new(path), faults) {
        let place = Path::new(path).join(&entry.name);
        // Which of them belong here is told when the recipes are read.
        if shape == Shape::Toml && entry.name.ends_with(".txt") && !entry.is_folder {
            continue;
        }
        let name = match shape {
            Shape::Folder if entry.is_folder => Some(entry.name.as_str()),
            Shape::Toml if !entry.is_folder => entry.name.strip_suffix(".toml"),
            _ => None,
        };
        match name.map(str::parse::<N>) {
            Some(Ok(name)) => found.push(name),
            Some(Err(error)) => {
                faults.push(fault(&place, format!("its name is not {}", error.want), "rename it"));
            }
            None => {
                let hint = match shape {
                    Shape::Folder => "there is a folder for each release here, and nothing else",
                    Shape::Toml => "there is a file NAME.toml for each service, and nothing else",
                };
                faults.push(fault(&place, "it does not belong here", hint));
            }
        }
    }
    found
}

/// Checks the names in `overrides`; what the files say is read with each release.
pub(super) fn check_overrides(folder: &Folder, ids: &[ReleaseId], faults: &mut Vec<Fault>) {
    for id in names_of::<ReleaseId>(folder, "overrides", Shape::Folder, faults) {
        let home = Path::new("overrides").join(id.to_string());
        check_release(&home, id, ids, faults);
        for entry in folder.list(&home, faults) {
            let known = ["constraints", "build-constraints"];
            if entry.is_folder || !known.iter().any(|kind| is_of(kind, &entry.name)) {
                let hint = "overrides of a release stand in constraints.txt, constraints-*.txt and \
                            build-constraints.txt";
                faults.push(fault(&home.join(&entry.name), "it does not belong here", hint));
            }
        }
    }
}

/// Checks the names in `patches`: `<component>/<release>/NNNN-slug.patch`.
pub(super) fn check_patches(
    folder: &Folder,
    ids: &[ReleaseId],
    releases: &BTreeMap<ReleaseId, Release>,
    services: &BTreeMap<ServiceName, Service>,
    faults: &mut Vec<Fault>,
) {
    // Its faults are those of the names; libraries are called as their projects write them.
    names_of::<PackageName>(folder, "patches", Shape::Folder, faults);
    for entry in folder.list(Path::new("patches"), &mut Vec::new()) {
        let component = entry.name;
        let home = Path::new("patches").join(&component);
        let (true, Ok(project)) = (entry.is_folder, component.parse::<PackageName>()) else {
            continue;
        };
        let meant = project.as_str().parse::<ServiceName>();
        if let Some(name) = meant.ok().filter(|name| services.contains_key(name))
            && name.as_str() != component
        {
            let message = format!("its name is not that of the service {name}");
            faults.push(fault(&home, message, format!("rename it to {name}")));
            continue;
        }
        let is_service = component.parse().is_ok_and(|name| services.contains_key(&name));
        let known = |release: &Release| is_service || has_library(release, &project);
        if !releases.is_empty() && !releases.values().any(known) {
            // Better no image than one without the patch that somebody counts on.
            let message = format!(
                "there is no service {component}, and no release pins a library of this name"
            );
            let unknown = UnknownName::new("service", &component, services.keys());
            faults.push(fault(&home, message, unknown.hint()));
            continue;
        }
        let Some(home) = home.to_str() else { continue };
        for id in names_of::<ReleaseId>(folder, home, Shape::Folder, faults) {
            let home = Path::new(home).join(id.to_string());
            check_release(&home, id, ids, faults);
            if releases.get(&id).is_some_and(|release| !known(release)) {
                let message = format!("release {id} does not pin {component}");
                faults.push(fault(&home, message, "remove the folder, or pin the library"));
            }
            for entry in folder.list(&home, faults) {
                if entry.is_folder || !is_patch_name(&entry.name) {
                    let hint = "patches are called NNNN-slug.patch, such as 0001-fix-login.patch";
                    faults.push(fault(&home.join(&entry.name), "it is not a patch", hint));
                }
            }
        }
    }
}

/// Whether a release says which version of a library it takes, or where its source is.
fn has_library(release: &Release, project: &PackageName) -> bool {
    let named = |name: &ServiceName| name.as_str() == project.as_str();
    !release.constraints.all(project).is_empty()
        || !release.constraints.bounds(project).is_empty()
        || release.sources.iter().any(|(name, _)| named(name))
}

fn check_release(home: &Path, id: ReleaseId, ids: &[ReleaseId], faults: &mut Vec<Fault>) {
    if !ids.contains(&id) {
        let unknown = UnknownName::new("release", &id.to_string(), ids.iter());
        let message = format!("there is no release {id}");
        faults.push(fault(home, message, unknown.hint()));
    }
}

fn is_patch_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".patch") else { return false };
    let (number, slug) = stem.split_at_checked(4).unwrap_or(("", ""));
    number.len() == 4
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && slug.starts_with('-')
        && slug.len() > 1
}
