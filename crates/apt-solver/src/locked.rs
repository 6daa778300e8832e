//! A package as the indexes and locks name it.

use names::{ArchiveName, Digest};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Version;

/// A .deb file as a lock names it.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedDeb {
    /// The name of the package.
    #[serde(deserialize_with = "package_name")]
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Its architecture in Debian's words, such as `amd64`; `all` if it fits every one.
    #[serde(deserialize_with = "archive_path")]
    pub arch: String,
    /// The archive that has it.
    pub archive: ArchiveName,
    /// Its path below the archive's base, such as `pool/main/a/apt/apt_3.0.3_amd64.deb`.
    #[serde(deserialize_with = "archive_path")]
    pub path: String,
    /// Number of bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

/// Whether `text` is a clean relative path in an archive: segments of printable ASCII other than
/// `.` and `..`, no backslash, no `%`, `?` or `#` (they mean something else in an address).
pub fn is_archive_path(text: &str) -> bool {
    let printable = |byte: u8| byte.is_ascii_graphic() && !b"\\%?#\"<>".contains(&byte);
    !text.is_empty()
        && text.len() <= 1024
        && text.bytes().all(printable)
        && text.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Whether `text` is a package name (Debian Policy 5.6.7): at least two lower-case letters, digits,
/// `+`, `-`, `.`, a letter or digit first.
pub fn is_package_name(text: &str) -> bool {
    let inner =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    (2..=128).contains(&text.len())
        && text.bytes().all(inner)
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
}

/// For `serde(deserialize_with)`: a text for which [`is_archive_path`] holds.
///
/// # Errors
/// Where it does not.
pub fn archive_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_archive_path(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom(format!("`{text}` is not a clean relative path")))
    }
}

fn package_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_package_name(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom(format!("`{text}` is not the name of a Debian package")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEB: &str = r#"name = "apt"
version = "3.0.3"
arch = "amd64"
archive = "debian"
path = "pool/main/a/apt/apt_3.0.3_amd64.deb"
size = 1462012
sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"#;

    #[test]
    fn a_lock_is_written_as_it_is_read() {
        let deb: LockedDeb = toml::from_str(DEB).unwrap();
        assert_eq!(toml::to_string(&deb).unwrap(), DEB);
    }

    #[test]
    fn a_lock_cannot_point_out_of_the_archive() {
        for (good, bad) in [
            ("pool/main", "../main"),
            ("pool/main", "/pool"),
            ("pool/main", "pool//main"),
            ("pool/main", "pool/%2e%2e/main"),
            ("\"apt\"", "\"../apt\""),
            ("\"amd64\"", "\"amd 64\""),
            ("3.0.3\"", "3 0 3\""),
            ("size", "length"),
        ] {
            let text = DEB.replacen(good, bad, 1);
            assert!(toml::from_str::<LockedDeb>(&text).is_err(), "{text}");
        }
    }
}
