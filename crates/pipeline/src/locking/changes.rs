//! What a lock gains and loses.

use std::collections::{BTreeMap, BTreeSet};

use distro::LockedDeb;

use crate::lock::ReleaseLock;
use crate::locks::Locks;

/// The difference of both locks, a line for each package, by name.
pub(crate) fn between(before: &Locks, after: &Locks) -> Vec<String> {
    let debs = |locks: &Locks| {
        let mut sorted = locks.clone();
        sorted.sort();
        let all = sorted.distro.debs.iter().chain(&sorted.release.debs);
        versions(all.map(deb))
    };
    let mut lines = difference(&debs(before), &debs(after));
    lines.extend(difference(&wheels(before), &wheels(after)));
    lines.extend(difference(&sources(before), &sources(after)));
    lines
}

/// The difference of the packages of a release's lock.
pub(super) fn of_packages(before: &ReleaseLock, after: &ReleaseLock) -> Vec<String> {
    let debs = |lock: &ReleaseLock| versions(lock.debs.iter().map(deb));
    difference(&debs(before), &debs(after))
}

type Versions = BTreeMap<String, BTreeSet<String>>;

fn deb(deb: &LockedDeb) -> (String, String) {
    (deb.name.clone(), deb.version.to_string())
}

fn wheels(locks: &Locks) -> Versions {
    let wheels = locks.release.wheels.iter();
    versions(wheels.map(|wheel| (wheel.project.to_string(), wheel.version.clone())))
}

/// What is built here, with the commit that it is built from.
fn sources(locks: &Locks) -> Versions {
    let built = locks.release.sources.iter().filter(|source| source.is_built());
    versions(built.map(|source| {
        let commit = source.commit.map(|commit| format!(" ({})", &commit.to_string()[..12]));
        let version = format!("{}{}", source.version, commit.unwrap_or_default());
        (format!("source of {}", source.component), version)
    }))
}

fn versions(packages: impl Iterator<Item = (String, String)>) -> Versions {
    let mut versions = Versions::new();
    for (name, version) in packages {
        versions.entry(name).or_default().insert(version);
    }
    versions
}

fn difference(before: &Versions, after: &Versions) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let shown = |versions: &BTreeSet<String>| {
        versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    names
        .into_iter()
        .filter_map(|name| match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old == new => None,
            (Some(old), Some(new)) => Some(format!("~ {name} {} -> {}", shown(old), shown(new))),
            (Some(old), None) => Some(format!("- {name} {}", shown(old))),
            (None, Some(new)) => Some(format!("+ {name} {}", shown(new))),
            (None, None) => None,
        })
        .collect()
}
