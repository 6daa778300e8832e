//! What an RPM package says about itself.

use std::collections::{BTreeMap, BTreeSet};

use filetree::TreePath;
use names::Epoch;

use super::Dependency;

/// The metadata of a binary package, as a spec file would have them.
///
/// The writer adds what rpmbuild adds: the package provides its own name, with and without the
/// architecture, requires the interpreters of its scriptlets and the features of rpm that it uses, and
/// provides and requires `config(NAME)` where it has configuration.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Package {
    /// Name: letters, digits, `-`, `_`, `.`, `+`.
    pub name: String,
    /// Epoch.
    pub epoch: Option<u32>,
    /// Version: letters, digits, `.`, `_`, `+`, `~`, `^`.
    pub version: String,
    /// Release, in the same letters.
    pub release: String,
    /// Architecture: `x86_64`, `aarch64`, `noarch`.
    pub architecture: String,
    /// Summary: one line.
    pub summary: String,
    /// Description: free text.
    pub description: String,
    /// License: an SPDX expression.
    pub license: String,
    /// URL.
    pub url: Option<String>,
    /// Vendor.
    pub vendor: Option<String>,
    /// Packager: `Name <address>`.
    pub packager: Option<String>,
    /// Group: `Unspecified` where there is none.
    pub group: Option<String>,
    /// The machine that it was built on, as far as it shall be known; `localhost` where it shall not.
    pub build_host: Option<String>,
    /// The source package, `NAME-VERSION-RELEASE.src.rpm` where there is none. rpm takes a package that
    /// names no source for a source itself.
    pub source: Option<String>,
    /// What it has to do with other packages.
    pub relations: Relations,
    /// What rpm runs.
    pub scripts: Scripts,
    /// The newest entry first.
    pub changelog: Vec<ChangelogEntry>,
    /// What files are besides files.
    pub marks: BTreeMap<TreePath, Mark>,
    /// Entries of the tree that are not part of the package: folders above its own ones, which belong to
    /// others. Each alone, not what is below it.
    pub left_out: BTreeSet<TreePath>,
}

/// Relations to other packages.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Relations {
    /// Requires.
    pub requires: Vec<Dependency>,
    /// Provides.
    pub provides: Vec<Dependency>,
    /// Conflicts.
    pub conflicts: Vec<Dependency>,
    /// Obsoletes.
    pub obsoletes: Vec<Dependency>,
    /// Recommends.
    pub recommends: Vec<Dependency>,
    /// Suggests.
    pub suggests: Vec<Dependency>,
    /// Supplements.
    pub supplements: Vec<Dependency>,
    /// Enhances.
    pub enhances: Vec<Dependency>,
}

/// Scriptlets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scripts {
    /// Before the files are unpacked.
    pub pre: Option<Script>,
    /// After they are.
    pub post: Option<Script>,
    /// Before they are removed.
    pub preun: Option<Script>,
    /// After they are.
    pub postun: Option<Script>,
    /// Before the whole transaction.
    pub pretrans: Option<Script>,
    /// After it.
    pub posttrans: Option<Script>,
}

/// A scriptlet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Script {
    /// What runs it: `/bin/sh`, or `<lua>` for rpm itself.
    pub interpreter: String,
    /// Its text, without a `#!` line.
    pub body: String,
}

impl Script {
    /// A scriptlet for `/bin/sh`.
    pub fn shell(body: impl Into<String>) -> Self {
        Self { interpreter: "/bin/sh".to_owned(), body: body.into() }
    }
}

/// One entry of the changelog.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangelogEntry {
    /// When. rpmbuild has noon of the day.
    pub time: Epoch,
    /// Who, and for which version: `Jane Doe <jane@example.org> - 1.0-1`.
    pub author: String,
    /// What: lines that begin with `- `.
    pub text: String,
}

/// What a file is besides a file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Mark {
    /// `%config`: a changed one is kept aside as `.rpmsave`.
    Config,
    /// `%config(noreplace)`: a changed one is kept, and the new one put beside it as `.rpmnew`.
    ConfigNoReplace,
    /// `%doc`.
    Doc,
    /// `%license`.
    License,
    /// `%ghost`: belongs to the package and is not in it.
    Ghost,
}

impl Mark {
    /// `rpmfileAttrs` (`rpmfiles.h`).
    pub(super) fn flags(self) -> u32 {
        match self {
            Mark::Config => 1,
            Mark::ConfigNoReplace => 1 | 1 << 4,
            Mark::Doc => 1 << 1,
            Mark::License => 1 << 7,
            Mark::Ghost => 1 << 6,
        }
    }
}

impl Package {
    /// The name that repositories give the file: `NAME-VERSION-RELEASE.ARCHITECTURE.rpm`.
    pub fn file_name(&self) -> String {
        let Self { name, version, release, architecture, .. } = self;
        format!("{name}-{version}-{release}.{architecture}.rpm")
    }

    /// `[epoch:]version-release`.
    pub fn evr(&self) -> String {
        let epoch = self.epoch.map_or(String::new(), |epoch| format!("{epoch}:"));
        format!("{epoch}{}-{}", self.version, self.release)
    }
}
