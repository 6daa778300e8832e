//! What services of one tree must not share, and what releases say of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use names::{Fault, Place, ServiceName};

use super::UnknownName;
use crate::{Names, Service, Tree};

/// Finds services that share a user id, a group id or the name of one. Images of one tree are run
/// side by side and share volumes, so that a number must mean one account.
pub(super) fn accounts(services: &BTreeMap<ServiceName, Service>) -> Vec<Fault> {
    let mut taken: BTreeMap<(&str, String), &Service> = BTreeMap::new();
    let mut faults = Vec::new();
    for service in services.values() {
        let user = &service.user;
        for (kind, value) in [
            ("uid", user.uid.to_string()),
            ("gid", user.gid.to_string()),
            ("user", user.name.clone()),
            ("group", user.group.clone()),
        ] {
            let Some(other) = taken.get(&(kind, value.clone())) else {
                taken.insert((kind, value), service);
                continue;
            };
            faults.push(Fault {
                place: service.place.clone(),
                message: format!("the {kind} {value} belongs to {} already", other.name),
                hint: format!("see {}; give each service its own", other.place),
            });
        }
    }
    faults
}

/// Finds services in meta packages that the tree does not have, or that have no packages.
pub(super) fn meta_packages(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    let files = tree.releases.values().map(|release| &release.file);
    for (name, place) in
        files.filter_map(|file| file.meta_package.as_ref()).flat_map(|m| &m.services)
    {
        let (message, hint) = match tree.service(name) {
            Ok(Service { package: Some(_), .. }) => continue,
            Ok(_) => {
                let hint = format!("add [package] to services/{name}.toml, or take {name} out");
                (format!("{name} has no packages that could be brought in"), hint)
            }
            Err(error @ UnknownName { .. }) => {
                (format!("there is no service {name}"), error.hint())
            }
        };
        faults.push(Fault { place: place.clone(), message, hint });
    }
    faults
}

/// Finds packages of two services, or of a service and a release, that are called the same: one of the two
/// could not be installed beside the other, and a repository would take the newer for both.
pub(super) fn packages(tree: &Tree) -> Vec<Fault> {
    let mut faults = BTreeSet::new();
    for (id, release) in &tree.releases {
        let id = id.to_string();
        let mut taken: BTreeMap<String, &Service> = BTreeMap::new();
        for service in tree.services.values() {
            // Names with a version clash where two have the same one: that is taken for possible.
            let names = Names { service: service.name.as_str(), version: "1", release: &id };
            let package = service.package.iter();
            for template in
                package.flat_map(|p| p.parts.iter().map(|part| &part.name).chain([&p.name]))
            {
                let name = template.render(names);
                let other = *taken.entry(name.clone()).or_insert(service);
                if other.name != service.name {
                    faults.insert(Fault {
                        place: service.place.clone(),
                        message: format!("a package of {} is called {name} already", other.name),
                        hint: format!("see {}; call this one otherwise", other.place),
                    });
                }
            }
        }
        let Some(meta) = &release.file.meta_package else { continue };
        let name = meta.name.render(Names { service: "", version: "", release: &id });
        if let Some(service) = taken.get(&name) {
            let file = Path::new("releases").join(&id).join("release.toml");
            faults.insert(Fault {
                place: Place { file, ..Place::default() },
                message: format!(
                    "the meta package is called {name}, as a package of {} is",
                    service.name
                ),
                hint: "write another `name` into [meta-package]".to_owned(),
            });
        }
    }
    faults.into_iter().collect()
}
