//! Files that users write, and the lists and locks that stand beside them.

use std::collections::BTreeSet;
use std::path::Path;

use ::bindep::{BindepFile, OsRelease, Platform};
use ::constraints::{
    Constraints, Environment, Marker, Overrides, Provenance, Requirement, Specifiers, apply,
    parse_version,
};
use distro::Distro;
use names::{Arch, Fault, PackageName};
use pipeline::{DistroLock, LockFile, ReleaseLock};
use release::{ReleaseFile, Service};
use source_refs::SourceRefs;

/// Faults tell what to do, and no more than fits on a screen or two.
fn check_faults<T>(read: Result<T, Vec<Fault>>) -> Option<T> {
    read.map_err(|faults| {
        assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.hint.is_empty()));
        let shown = names::render_faults(&faults);
        assert!(!shown.contains('\u{1b}'), "control characters reach the terminal: {shown:?}");
    })
    .ok()
}

/// `bindep.txt`, and `os-release`.
pub(crate) fn bindep(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(file) = check_faults(BindepFile::parse(text, Path::new("bindep.txt"))) {
        let platform = Platform::of_distro(&"debian-trixie".parse().unwrap()).unwrap();
        let profiles = file.profiles();
        let wanted = file.packages(&platform, &profiles).count();
        assert!(wanted <= file.rules.len());
    }
    let _ = Platform::new(&OsRelease::parse(text));
}

/// Constraints and overrides, together and for themselves.
pub(crate) fn constraints(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let file = Path::new("upper-constraints.txt");
    let overrides = check_faults(Overrides::parse(text, file));
    if let Some(constraints) = check_faults(Constraints::parse(text, file)) {
        let written = constraints.to_string();
        let again = Constraints::parse(&written, file).unwrap();
        assert_eq!(again.to_string(), written);
        let applied = apply(&constraints, &overrides.unwrap_or_default());
        let _ = applied.effective.iter().count();
    }
    let provenance = Provenance::of(text).unwrap_or_default();
    check_faults(::constraints::import(text, file, &provenance));
}

/// A requirement, a marker, a specifier, a version.
pub(crate) fn requirement(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let environment = Environment::linux("3.13.5", Arch::Amd64).unwrap();
    if let Ok(requirement) = Requirement::parse(text) {
        let written = requirement.to_string();
        let again = Requirement::parse(&written);
        let again = again.unwrap_or_else(|error| panic!("{text:?} became {written:?}: {error}"));
        assert_eq!(again.to_string(), written);
    }
    if let Ok(marker) = Marker::parse(text) {
        marker.evaluate(&environment, &BTreeSet::new());
        let extras: BTreeSet<PackageName> = [PackageName::new("x").unwrap()].into();
        marker.evaluate(&environment, &extras);
    }
    let _ = text.parse::<Specifiers>();
    if let Ok(version) = parse_version(text) {
        assert_eq!(parse_version(&version.to_string()).unwrap(), version);
    }
}

/// Every file in TOML: releases, recipes, distributions, locks.
pub(crate) fn toml(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let file = Path::new("a.toml");
    check_faults(ReleaseFile::parse(text, file));
    check_faults(Service::parse(&"keystone".parse().unwrap(), text, file));
    check_faults(Distro::parse(text, file));
    if let Some(lock) = check_faults(DistroLock::parse(text, file).map_err(|fault| vec![fault])) {
        let written = lock.render();
        assert_eq!(DistroLock::parse(&written, file).unwrap().render(), written);
    }
    if let Some(lock) = check_faults(ReleaseLock::parse(text, file).map_err(|fault| vec![fault])) {
        let written = lock.render();
        assert_eq!(ReleaseLock::parse(&written, file).unwrap().render(), written);
    }
}

/// `source-refs.yaml`.
pub(crate) fn yaml(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    check_faults(SourceRefs::parse(text, Path::new("source-refs.yaml")));
}
