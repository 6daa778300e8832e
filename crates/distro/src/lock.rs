//! What the files of a distro and its locks say about archives.

use apt_solver::archive_path;
use names::{Arch, ArchiveName, Digest, Epoch};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A suite that packages may come from.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Suite {
    /// The archive that has it, such as `debian-security`.
    pub archive: ArchiveName,
    /// Its folder below `dists/`, such as `trixie-security`: a codename or a suite name.
    #[serde(deserialize_with = "archive_path")]
    pub suite: String,
    /// The components to read, such as `main`.
    pub components: Vec<String>,
    /// The architectures that it is read for; all, where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arches: Vec<Arch>,
    /// The file below `distros/keyrings/` with the keys that may sign it.
    #[serde(deserialize_with = "archive_path")]
    pub keyring: String,
}

impl Suite {
    /// Whether packages for `arch` may come from it.
    pub fn serves(&self, arch: Arch) -> bool {
        self.arches.is_empty() || self.arches.contains(&arch)
    }
}

/// The state of a suite that a lock was made from.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedSuite {
    /// The archive that has it.
    pub archive: ArchiveName,
    /// Its folder below `dists/`.
    #[serde(deserialize_with = "archive_path")]
    pub suite: String,
    /// The `Date` of its Release file; written as RFC 3339.
    #[serde(with = "rfc3339")]
    pub date: Epoch,
    /// SHA-256 of its InRelease file.
    pub in_release: Digest,
}

/// A time as RFC 3339 text.
mod rfc3339 {
    use super::*;

    pub(super) fn serialize<S: Serializer>(time: &Epoch, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Epoch, D::Error> {
        let text = String::deserialize(from)?;
        let want = || format!("`{text}` is not a time such as 2026-09-12T07:55:41Z");
        Epoch::from_rfc3339(&text).ok_or_else(|| D::Error::custom(want()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_written_as_it_is_read() {
        let text = "archive = \"debian\"\nsuite = \"trixie\"\ndate = \"2026-09-12T07:55:41Z\"\n\
            in-release = \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n";
        let suite: LockedSuite = toml::from_str(text).unwrap();
        assert_eq!(toml::to_string(&suite).unwrap(), text);
    }
}
