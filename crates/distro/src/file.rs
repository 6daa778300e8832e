//! The file of a distro: `distros/<id>.toml`.

mod check;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use names::{Digest, Fault, Place};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) use check::check_rpm;

use crate::Suite;
use crate::scripts::{Effect, ScriptKind};

/// A distro: where its packages come from, what its base image holds, and what its maintainer scripts
/// do. The format is described in `docs/formats/distro.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DistroFile {
    /// Its name for people: `Debian 13 (trixie)`.
    pub name: String,
    /// The version of the GNU C library, which decides about wheels: `2.41`.
    pub glibc: String,
    /// The text by which `ldconfig` names itself in the cache that it writes, where `@VERSION@` stands
    /// for the version of libc-bin.
    pub ldconfig: String,
    /// The file of the package `apt` that becomes the root's list of sources; none by default. It names
    /// public addresses, so that images are equal on every machine.
    #[serde(default)]
    pub sources: Option<String>,
    /// Whether `/bin`, `/sbin` and `/lib` are links into `/usr` before the first package is unpacked. In
    /// later distros the package base-files has the links.
    #[serde(default)]
    pub merged_usr: bool,
    /// Why nobody has shown that its images are right; none where they have been compared with what its
    /// own tools make.
    #[serde(default)]
    pub unproven: Option<String>,
    /// What versions of packages for it end with: `deb13`; nothing by default.
    #[serde(default)]
    pub suffix: String,
    /// Its Python.
    pub python: Python,
    /// The suites that packages come from.
    #[serde(rename = "suite")]
    pub suites: Vec<Suite>,
    /// The bases that images can start from, by name.
    pub base: BTreeMap<String, Base>,
    /// Numbers of the users that packages make.
    #[serde(default)]
    pub users: BTreeMap<String, u32>,
    /// Numbers of the groups that packages make.
    #[serde(default)]
    pub groups: BTreeMap<String, u32>,
    /// What the maintainer scripts do.
    #[serde(default, rename = "script")]
    pub scripts: Vec<ScriptEntry>,
}

/// The Python of a distro.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Python {
    /// Its version, as markers and wheel tags need it: `3.13`.
    pub version: String,
    /// The interpreter: `/usr/bin/python3.13`.
    pub path: String,
}

/// A base that images can start from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Base {
    /// Whether it holds all packages that are `Essential: yes`.
    pub essential: bool,
    /// The other packages that it holds; what they depend on comes by itself.
    pub packages: Vec<String>,
}

/// What a maintainer script does to a fresh root.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScriptEntry {
    /// The package.
    pub package: String,
    /// The script.
    pub kind: ScriptKind,
    /// Digests of the normal forms that this is true of.
    pub sha256: Vec<Digest>,
    /// What is done with it.
    pub class: ScriptClass,
    /// Why, in a few words: what the script does, and why that is all.
    #[serde(default)]
    pub reason: String,
    /// What it does, in this order.
    #[serde(default)]
    pub effects: Vec<Effect>,
}

/// What is done with a script.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptClass {
    /// It does nothing on a fresh root.
    Nothing,
    /// Its effects are done natively.
    Effects,
    /// It has to be run.
    Sandbox,
}

impl DistroFile {
    /// Reads the text of a distro's file; `file` is its name in faults.
    ///
    /// # Errors
    /// With all faults: first of the format, then, where that is right, of what the values say.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        parsed(text, file, check::check)
    }

    /// The version of the GNU C library, such as (2, 41).
    pub fn glibc(&self) -> (u32, u32) {
        numbers(&self.glibc)
    }
}

/// A version of two numbers.
pub(crate) fn numbers(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or_default());
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default())
}

/// Reads a file of `distros/` in the format `F`, and asks `check` what else is wrong with it.
pub(crate) fn parsed<F: DeserializeOwned>(
    text: &str,
    file: &Path,
    check: impl Fn(&F, &str, &Path) -> Vec<Fault>,
) -> Result<F, Vec<Fault>> {
    let parsed: F = toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(
            || Place { file: file.to_owned(), ..Place::default() },
            |span| Place::of_offset(file, text, span.start),
        );
        let hint = "the keys are listed in docs/formats/distro.md".to_owned();
        vec![Fault { place, message: error.message().trim_end().to_owned(), hint }]
    })?;
    let faults = check(&parsed, text, file);
    if faults.is_empty() { Ok(parsed) } else { Err(faults) }
}
