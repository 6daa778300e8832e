//! What a Debian package says about itself.

use std::collections::{BTreeMap, BTreeSet};

use filetree::TreePath;

/// The metadata of a binary package, as `deb-control(5)` has them. The writer adds Installed-Size.
///
/// `Package { name, version, architecture, maintainer, description, ..Package::default() }` is the
/// least that there must be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Package {
    /// Package: lower-case letters, digits, `+`, `-`, `.`; at least two (Debian Policy 5.6.7).
    pub name: String,
    /// Version: `[epoch:]upstream[-revision]` (Debian Policy 5.6.12).
    pub version: String,
    /// Architecture: `amd64`, `all`.
    pub architecture: String,
    /// Maintainer: `Name <address>`.
    pub maintainer: String,
    /// Description: the first line is the summary, what follows is free text in paragraphs
    /// (Debian Policy 5.6.13). The writer escapes empty lines.
    pub description: String,
    /// Source, where it is another name than that of the package.
    pub source: Option<String>,
    /// Section: `python`, `net`.
    pub section: Option<String>,
    /// Priority: mostly `optional`.
    pub priority: Option<String>,
    /// Multi-Arch: `same`, `foreign`, `allowed`.
    pub multi_arch: Option<String>,
    /// Homepage.
    pub homepage: Option<String>,
    /// What it has to do with other packages.
    pub relations: Relations,
    /// Other fields by their names, after the ones above.
    pub other_fields: BTreeMap<String, String>,
    /// What dpkg runs.
    pub scripts: Scripts,
    /// Files that an administrator may change and dpkg then keeps (Debian Policy 10.7.3).
    pub conffiles: BTreeSet<TreePath>,
    /// Files that were conffiles and are to be removed when they are unchanged (`deb-conffiles(5)`).
    pub removed_conffiles: BTreeSet<TreePath>,
    /// Lines of `triggers` (`deb-triggers(5)`): `activate-noawait ldconfig`.
    pub triggers: Vec<String>,
    /// Other members of the control archive by their names: `templates`, `shlibs`.
    pub other_members: BTreeMap<String, String>,
}

/// Relations to other packages (Debian Policy chapter 7). Each text stands between two commas:
/// `python3 (>= 3.13)`, `default-mta | mail-transport-agent`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Relations {
    /// Pre-Depends.
    pub pre_depends: Vec<String>,
    /// Depends.
    pub depends: Vec<String>,
    /// Recommends.
    pub recommends: Vec<String>,
    /// Suggests.
    pub suggests: Vec<String>,
    /// Enhances.
    pub enhances: Vec<String>,
    /// Conflicts.
    pub conflicts: Vec<String>,
    /// Breaks.
    pub breaks: Vec<String>,
    /// Replaces.
    pub replaces: Vec<String>,
    /// Provides.
    pub provides: Vec<String>,
}

/// Maintainer scripts (Debian Policy chapter 6), each beginning with `#!`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scripts {
    /// Before the files are unpacked.
    pub preinst: Option<String>,
    /// After they are.
    pub postinst: Option<String>,
    /// Before they are removed.
    pub prerm: Option<String>,
    /// After they are.
    pub postrm: Option<String>,
    /// Asks questions (`debconf-devel(7)`).
    pub config: Option<String>,
}

impl Package {
    /// The name that archives give the file: `NAME_VERSION_ARCHITECTURE.deb`, the version without its
    /// epoch.
    pub fn file_name(&self) -> String {
        let version = self.version.split_once(':').map_or(&*self.version, |(_, version)| version);
        format!("{}_{version}_{}.deb", self.name, self.architecture)
    }
}
