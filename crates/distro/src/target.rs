//! What a file of `distros/` describes: a distro of .debs, or a system that packages are made for as rpms.

use std::path::Path;

use names::{DistroId, Fault};
use serde::Deserialize;

use crate::file::{self, DistroFile, Python};

/// What a file of `distros/` describes. The format is described in `docs/formats/distro.md`.
#[derive(Clone, Debug)]
pub enum Distro {
    /// A distro of .debs, whose packages images are made of.
    Debian(DistroFile),
    /// A system that rpms are made for. There are no images of it.
    Rpm(RpmTarget),
}

/// A system that rpms are made for: the interpreter and the C library that it has, and no packages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RpmTarget {
    /// What tells it from a distro of .debs.
    pub packages: PackageKind,
    /// Its name for people: `Fedora Linux 42`.
    pub name: String,
    /// What releases of packages for it end with, without the dot: `fc42` (`%{?dist}` of rpm).
    pub suffix: String,
    /// The version of the GNU C library, which decides about wheels: `2.41`.
    pub glibc: String,
    /// The distro of .debs on which components are built from source; where there is none, nothing is.
    #[serde(default)]
    pub builder: Option<DistroId>,
    /// Its Python.
    pub python: Python,
}

/// What a distro's packages are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PackageKind {
    /// RPM packages.
    Rpm,
}

/// The key that tells the two formats apart; all others are passed over.
#[derive(Deserialize)]
struct Told {
    packages: Option<toml::Value>,
}

impl Distro {
    /// Reads the text of a distro's file; `file` is its name in faults. A file that has the key
    /// `packages` is one of an [`RpmTarget`], any other one of a [`DistroFile`].
    ///
    /// # Errors
    /// With all faults: first of the format, then, where that is right, of what the values say.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        // A file that is not TOML is told of by the reader of the format.
        let told = toml::from_str::<Told>(text);
        if told.is_ok_and(|told| told.packages.is_some()) {
            return file::parsed(text, file, file::check_rpm).map(Self::Rpm);
        }
        DistroFile::parse(text, file).map(Self::Debian)
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Debian(distro) => &distro.name,
            Self::Rpm(target) => &target.name,
        }
    }

    /// Its Python.
    pub fn python(&self) -> &Python {
        match self {
            Self::Debian(distro) => &distro.python,
            Self::Rpm(target) => &target.python,
        }
    }

    /// The version of the GNU C library, such as (2, 41).
    pub fn glibc(&self) -> (u32, u32) {
        match self {
            Self::Debian(distro) => distro.glibc(),
            Self::Rpm(target) => file::numbers(&target.glibc),
        }
    }

    /// What versions of packages for it end with.
    pub fn suffix(&self) -> &str {
        match self {
            Self::Debian(distro) => &distro.suffix,
            Self::Rpm(target) => &target.suffix,
        }
    }
}

#[cfg(test)]
mod tests {
    use names::render_faults;

    use super::*;

    const FEDORA: &str = "packages = \"rpm\"\nname = \"Fedora Linux 42\"\nsuffix = \"fc42\"\n\
        glibc = \"2.41\"\n[python]\nversion = \"3.13\"\npath = \"/usr/bin/python3.13\"\n";

    fn parse(text: &str) -> Result<Distro, String> {
        Distro::parse(text, Path::new("d.toml")).map_err(|faults| render_faults(&faults))
    }

    #[test]
    fn a_target_of_rpms_is_told_by_its_packages() {
        let fedora = parse(FEDORA).unwrap();
        assert!(matches!(fedora, Distro::Rpm(_)));
        assert_eq!((fedora.glibc(), fedora.suffix()), ((2, 41), "fc42"));
        assert_eq!(fedora.python().version, "3.13");
        let error = parse(&FEDORA.replace("packages = \"rpm\"\n", "")).unwrap_err();
        assert!(error.contains("missing field `ldconfig`"), "{error}");
    }

    #[test]
    fn every_fault_of_a_target_has_its_place() {
        for (good, bad, want) in [
            ("\"rpm\"", "\"deb\"", "d.toml:1:12: unknown variant `deb`, expected `rpm`"),
            ("\"rpm\"", "7", "d.toml:1:12: wanted string or table"),
            ("suffix = \"fc42\"\n", "", "missing field `suffix`"),
            ("\"fc42\"", "\"\"", "d.toml:3:1: the suffix is empty"),
            ("suffix =", "ldconfig =", "unknown field `ldconfig`"),
            ("\"2.41\"", "\"2\"", "d.toml:4:9: glibc is not a version"),
            ("\"3.13\"", "\"3.13.2\"", "d.toml:6:11: the python version is not one"),
            ("\"/usr", "\"usr", "d.toml:7:9: the python path is not absolute"),
            ("[python]", "[[suite]]\n[python]", "unknown field `suite`"),
            ("name =", "builder = \"Trixie\"\nname =", "d.toml:2:11: "),
            ("name =", "name", "d.toml:2"),
        ] {
            assert!(FEDORA.contains(good), "{good}");
            let error = parse(&FEDORA.replacen(good, bad, 1)).unwrap_err();
            assert!(error.contains(want), "{bad}: {error}");
        }
    }
}
