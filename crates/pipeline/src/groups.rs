//! Which wheels share a layer.

use std::collections::{BTreeMap, BTreeSet};

use names::ServiceName;

use crate::lock::{ReleaseLock, ServiceList};

/// Wheels that exactly the same services use: one layer, in each of their images.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Group {
    /// The services.
    pub(crate) services: BTreeSet<ServiceName>,
    /// The wheels, by file name, in order.
    pub(crate) wheels: BTreeSet<String>,
}

/// The groups that make up the dependencies of `service`, those that most services share first.
/// A service's own wheel is in none. The first group is the one of all services, even if it is empty:
/// it holds the virtual environment itself.
pub(crate) fn groups(lock: &ReleaseLock, service: &ServiceList) -> Vec<Group> {
    let lists: Vec<&ServiceList> =
        lock.services.iter().filter(|list| list.arch == service.arch).collect();
    let mut users: BTreeMap<&str, BTreeSet<ServiceName>> = BTreeMap::new();
    for list in &lists {
        let own = lock.source(list).map(|source| source.wheel.as_str());
        for wheel in list.wheels.iter().map(String::as_str).filter(|wheel| Some(*wheel) != own) {
            users.entry(wheel).or_default().insert(list.name.clone());
        }
    }
    let all: BTreeSet<ServiceName> = lists.iter().map(|list| list.name.clone()).collect();
    let mut groups: BTreeMap<BTreeSet<ServiceName>, BTreeSet<String>> = BTreeMap::new();
    groups.insert(all, BTreeSet::new());
    for (wheel, users) in users {
        if users.contains(&service.name) {
            groups.entry(users).or_default().insert(wheel.to_owned());
        }
    }
    let mut groups: Vec<Group> =
        groups.into_iter().map(|(services, wheels)| Group { services, wheels }).collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.services.len()), group.services.clone()));
    groups
}

/// The groups whose layer lies below that of `group` in every image that has it: those of its proper
/// supersets.
pub(crate) fn below<'a>(groups: &'a [Group], group: &'a Group) -> impl Iterator<Item = &'a Group> {
    groups.iter().filter(|other| {
        other.services != group.services && other.services.is_superset(&group.services)
    })
}

#[cfg(test)]
mod tests {
    use names::Arch;

    use super::*;
    use crate::lock::LockedSource;

    fn lock(services: &[(&str, &[&str])]) -> ReleaseLock {
        let mut lock =
            ReleaseLock::new("2025.2".parse().unwrap(), "debian-trixie".parse().unwrap());
        for (name, wheels) in services {
            lock.sources.push(LockedSource {
                component: (*name).to_owned(),
                reference: "1".to_owned(),
                kind: crate::lock::SourceKind::Wheel,
                version: "1".to_owned(),
                wheel: format!("{name}.whl"),
            });
            lock.services.push(ServiceList {
                name: name.parse().unwrap(),
                arch: Arch::Amd64,
                source: format!("{name}=1"),
                python: "3.13.5".to_owned(),
                packages: vec![],
                requirements: vec![],
                debs: vec![],
                wheels: wheels.iter().map(|wheel| format!("{wheel}.whl")).collect(),
            });
        }
        lock
    }

    fn shown(lock: &ReleaseLock, service: usize) -> Vec<String> {
        groups(lock, &lock.services[service])
            .iter()
            .map(|group| {
                let services: Vec<&str> = group.services.iter().map(ServiceName::as_str).collect();
                let wheels: Vec<&str> = group.wheels.iter().map(String::as_str).collect();
                format!("{}: {}", services.join(" "), wheels.join(" "))
            })
            .collect()
    }

    #[test]
    fn wheels_are_grouped_by_the_services_that_use_them() {
        let lock = lock(&[
            ("a", &["a", "x", "y", "z"]),
            ("b", &["b", "x", "y"]),
            ("c", &["c", "x", "w", "z"]),
        ]);
        assert_eq!(shown(&lock, 0), ["a b c: x.whl", "a b: y.whl", "a c: z.whl"]);
        assert_eq!(shown(&lock, 2), ["a b c: x.whl", "a c: z.whl", "c: w.whl"]);
        let groups = groups(&lock, &lock.services[0]);
        assert_eq!(below(&groups, &groups[1]).count(), 1);
    }

    #[test]
    fn services_that_share_nothing_share_the_environment() {
        let lock = lock(&[("a", &["a", "x"]), ("b", &["b", "y"])]);
        assert_eq!(shown(&lock, 0), ["a b: ", "a: x.whl"]);
        let lock = self::lock(&[("a", &["a", "x"])]);
        assert_eq!(shown(&lock, 0), ["a: x.whl"]);
    }
}
