//! Which wheels share a layer.

use std::collections::{BTreeMap, BTreeSet};

use names::{Arch, ServiceName};

use crate::lock::{LockedSource, ReleaseLock, ServiceList};

/// An image of a release: a service for an architecture.
pub(crate) type ImageName = (ServiceName, Arch);

/// What a layer that several services share has to hold: the bytes of its wheels. For less than that a layer
/// is not worth it, and a tree of many services would have more of them than a container engine takes (127
/// in the overlay of Linux).
const SHARED_AT_LEAST: u64 = 1_000_000;

/// Wheels that exactly the same images use, and those of a service that others use too and that are too few
/// for a layer of their own: one layer, in each of the images.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Group {
    /// The images.
    pub(crate) images: BTreeSet<ImageName>,
    /// The wheels, by file name, in order.
    pub(crate) wheels: BTreeSet<String>,
}

/// The groups that make up the dependencies of `service`, those that most images share first.
/// A service's own wheel is in none. The first group is the one of all images, even if it is empty:
/// it holds the virtual environment itself. What is shared with other services and smaller than
/// [`SHARED_AT_LEAST`] is with what is shared with none, in each of them.
pub(crate) fn groups(lock: &ReleaseLock, service: &ServiceList) -> Vec<Group> {
    let all: BTreeSet<ImageName> = lock.services.iter().map(name).collect();
    let sizes = lock.wheels.iter().map(|wheel| (&wheel.file, wheel.size.unwrap_or_default()));
    let sizes: BTreeMap<&String, u64> = sizes.collect();
    let mut groups = BTreeMap::from([(all.clone(), BTreeSet::new())]);
    for (images, wheels) in shared(lock, service) {
        let own: BTreeSet<ImageName> =
            images.iter().filter(|(name, _)| *name == service.name).cloned().collect();
        let size: u64 = wheels.iter().filter_map(|wheel| sizes.get(wheel)).sum();
        let images = if images == all || size >= SHARED_AT_LEAST { images } else { own };
        groups.entry(images).or_default().extend(wheels);
    }
    let mut groups: Vec<Group> =
        groups.into_iter().map(|(images, wheels)| Group { images, wheels }).collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.images.len()), group.images.clone()));
    groups
}

/// The wheels of `service` by the images that use them.
fn shared(
    lock: &ReleaseLock,
    service: &ServiceList,
) -> BTreeMap<BTreeSet<ImageName>, BTreeSet<String>> {
    let mut users: BTreeMap<&str, BTreeSet<ImageName>> = BTreeMap::new();
    for list in &lock.services {
        let own = lock.source(list).and_then(LockedSource::wheel);
        // What stands for a library that is built is the name of its source.
        let all = list.wheels.iter().chain(&list.libraries).map(String::as_str);
        for wheel in all.filter(|wheel| Some(*wheel) != own) {
            users.entry(wheel).or_default().insert(name(list));
        }
    }
    let mut shared: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (wheel, users) in users {
        if users.contains(&name(service)) {
            shared.entry(users).or_default().insert(wheel.to_owned());
        }
    }
    shared
}

fn name(list: &ServiceList) -> ImageName {
    (list.name.clone(), list.arch)
}

/// The groups whose layer lies below that of `group` in every image that has it: those of its proper
/// supersets.
pub(crate) fn below<'a>(groups: &'a [Group], group: &'a Group) -> impl Iterator<Item = &'a Group> {
    groups
        .iter()
        .filter(|other| other.images != group.images && other.images.is_superset(&group.images))
}

#[cfg(test)]
mod tests {
    use names::Sha256;
    use wheels::LockedWheel;

    use super::*;
    use crate::lock::SourceKind;

    fn lock(images: &[(&str, Arch, &[&str])]) -> ReleaseLock {
        let mut lock =
            ReleaseLock::new("2025.2".parse().unwrap(), "debian-trixie".parse().unwrap());
        for (name, arch, wheels) in images {
            let (one, file) = ("1".to_owned(), format!("{name}.whl"));
            let kind = SourceKind::Wheel;
            let source = LockedSource::of_index((*name).to_owned(), kind, one.clone(), one, file);
            lock.sources.push(source);
            let list = lock.list_mut(&name.parse().unwrap(), *arch);
            list.source = format!("{name}=1");
            list.wheels = wheels.iter().map(|wheel| format!("{wheel}.whl")).collect();
            lock.wheels.extend(wheels.iter().map(|wheel| LockedWheel {
                project: "x".parse().unwrap(),
                version: "1".to_owned(),
                file: format!("{wheel}.whl"),
                sha256: Sha256::digest(b""),
                size: Some(if wheel.starts_with("small") { 1_000 } else { SHARED_AT_LEAST }),
                requires_python: None,
                hint: None,
                open: false,
            }));
        }
        lock
    }

    fn shown(lock: &ReleaseLock, service: usize) -> Vec<String> {
        groups(lock, &lock.services[service])
            .iter()
            .map(|group| {
                let images: Vec<String> =
                    group.images.iter().map(|(name, arch)| format!("{name}/{arch}")).collect();
                let wheels: Vec<&str> = group.wheels.iter().map(String::as_str).collect();
                format!("{}: {}", images.join(" "), wheels.join(" "))
            })
            .collect()
    }

    #[test]
    fn wheels_are_grouped_by_the_services_that_use_them() {
        let amd64 = Arch::Amd64;
        let lock = lock(&[
            ("a", amd64, &["a", "x", "y", "z"]),
            ("b", amd64, &["b", "x", "y"]),
            ("c", amd64, &["c", "x", "w", "z"]),
        ]);
        let all = "a/amd64 b/amd64 c/amd64: x.whl";
        assert_eq!(shown(&lock, 0), [all, "a/amd64 b/amd64: y.whl", "a/amd64 c/amd64: z.whl"]);
        assert_eq!(shown(&lock, 2), [all, "a/amd64 c/amd64: z.whl", "c/amd64: w.whl"]);
        let groups = groups(&lock, &lock.services[0]);
        assert_eq!(below(&groups, &groups[1]).count(), 1);
    }

    #[test]
    fn what_is_too_small_is_shared_by_the_architectures_alone() {
        let lock = lock(&[
            ("a", Arch::Amd64, &["a", "x", "small-1", "small-2"]),
            ("a", Arch::Arm64, &["a", "x", "small-1"]),
            ("b", Arch::Amd64, &["b", "x", "small-1", "small-2", "small-3"]),
            ("c", Arch::Amd64, &["c", "x", "small-3"]),
        ]);
        let all = "a/amd64 a/arm64 b/amd64 c/amd64: x.whl";
        let small = "a/amd64 a/arm64: small-1.whl";
        assert_eq!(shown(&lock, 0), [all, small, "a/amd64: small-2.whl"]);
        assert_eq!(shown(&lock, 1), [all, small]);
        assert_eq!(shown(&lock, 2), [all, "b/amd64: small-1.whl small-2.whl small-3.whl"]);
    }

    #[test]
    fn architectures_share_the_wheels_that_are_for_both() {
        let lock = lock(&[
            ("a", Arch::Amd64, &["a", "pure", "compiled_x86_64"]),
            ("a", Arch::Arm64, &["a", "pure", "compiled_aarch64"]),
        ]);
        assert_eq!(shown(&lock, 0), ["a/amd64 a/arm64: pure.whl", "a/amd64: compiled_x86_64.whl"]);
        assert_eq!(shown(&lock, 1), ["a/amd64 a/arm64: pure.whl", "a/arm64: compiled_aarch64.whl"]);
    }

    #[test]
    fn services_that_share_nothing_share_the_environment() {
        let lock = lock(&[("a", Arch::Amd64, &["a", "x"]), ("b", Arch::Amd64, &["b", "y"])]);
        assert_eq!(shown(&lock, 0), ["a/amd64 b/amd64: ", "a/amd64: x.whl"]);
        let lock = self::lock(&[("a", Arch::Amd64, &["a", "x"])]);
        assert_eq!(shown(&lock, 0), ["a/amd64: x.whl"]);
    }
}
