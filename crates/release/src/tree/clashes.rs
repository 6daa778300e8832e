//! What services of one tree must not share, and what releases say of them.

use std::collections::BTreeMap;

use names::{Fault, ServiceName};

use super::UnknownName;
use crate::{Service, Tree};

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
