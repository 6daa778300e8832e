//! What services of one tree must not share.

use std::collections::BTreeMap;

use names::{Fault, ServiceName};

use crate::Service;

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
