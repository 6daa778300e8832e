//! Packages as a repository knows them.

use std::cmp::Ordering;
use std::fmt;

use names::Digest;

/// The kind of a package.
#[derive(
    Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    /// A Debian package.
    Deb,
    /// A package of Debian's installer.
    Udeb,
    /// An rpm package.
    Rpm,
}

/// A package in a repository. No field holds white space.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Its version: that of deb-version(7), or `[EPOCH:]VERSION-RELEASE` of an rpm.
    pub version: String,
    /// Its architecture: `amd64`, `all`; `x86_64`, `noarch`, `src`.
    pub architecture: String,
    /// Its kind.
    pub kind: PackageKind,
    /// The source package that made it.
    pub source: String,
    /// The version of the source package.
    pub source_version: String,
    /// The component of an apt suite that it is in; `-` in a yum repository.
    pub component: String,
    /// The digest of its file.
    pub sha256: Digest,
    /// The size of its file in bytes.
    pub size: u64,
    /// Where its file is, from the root of the repository.
    pub path: String,
}

impl Record {
    /// The key in the list of a channel.
    pub(crate) fn key(&self) -> String {
        format!("{} {} {}", self.name, self.architecture, self.version)
    }

    /// The entry in the list of a channel.
    pub(crate) fn line(&self) -> String {
        let kind = match self.kind {
            PackageKind::Deb => "deb",
            PackageKind::Udeb => "udeb",
            PackageKind::Rpm => "rpm",
        };
        format!(
            "{} {} {} {kind} {} {} {} {} {} {}\n",
            self.name,
            self.version,
            self.architecture,
            self.source,
            self.source_version,
            self.component,
            self.sha256.hex(),
            self.size,
            self.path
        )
    }

    /// Reads an entry of the list of a channel.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.trim_end().split(' ').map(str::to_owned);
        let record = Self {
            name: words.next()?,
            version: words.next()?,
            architecture: words.next()?,
            kind: match words.next()?.as_str() {
                "deb" => PackageKind::Deb,
                "udeb" => PackageKind::Udeb,
                "rpm" => PackageKind::Rpm,
                _ => return None,
            },
            source: words.next()?,
            source_version: words.next()?,
            component: words.next()?,
            sha256: words.next()?.parse().ok()?,
            size: words.next()?.parse().ok()?,
            path: words.next()?,
        };
        words.next().is_none().then_some(record)
    }

    /// Compares versions of packages of this kind.
    pub(crate) fn compare(&self, left: &str, right: &str) -> Ordering {
        match self.kind {
            PackageKind::Deb | PackageKind::Udeb => distro::compare_versions(left, right),
            PackageKind::Rpm => crate::rpm_version::compare_rpm_versions(left, right),
        }
    }
}

/// `NAME VERSION (ARCHITECTURE), sha256:DIGEST`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({}), {}", self.name, self.version, self.architecture, self.sha256)
    }
}

/// Where the pool has the file of a package: `pool/w/web_1.0_all.0123456789abcdef.deb`. The digest is part of
/// the name, so two packages never want the same place; a folder of its own for each would take longer to make
/// than the file.
pub(crate) fn pool_path(name: &str, stem: &str, suffix: &str, sha256: &Digest) -> String {
    let prefix = match name.strip_prefix("lib") {
        Some(rest) => format!("lib{}", rest.chars().next().unwrap_or('-')),
        None => name.chars().next().map(String::from).unwrap_or_default(),
    };
    format!("pool/{prefix}/{stem}.{}.{suffix}", &sha256.hex()[..16])
}
