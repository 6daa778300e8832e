//! A file of the index in a lock.

use names::{Digest, PackageName};

use crate::index::is_hint;

/// A wheel, or a source archive, as a lock holds it: an exact file, wherever it is served from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedWheel {
    /// The project.
    pub project: PackageName,
    /// Its version, in the normal form of PEP 440.
    pub version: String,
    /// The file's name.
    pub file: String,
    /// The file's SHA-256.
    pub sha256: Digest,
    /// The file's size in bytes, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The versions of Python that it is for, as its METADATA says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_python: Option<String>,
    /// Where it is below the index's host of files: `packages/XX/YY/.../FILE`. Absent where the
    /// index has another layout.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "hint")]
    pub hint: Option<String>,
    /// Whether no constraint pins the project, so that its version is a choice of the lock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// A lock may come from elsewhere: nothing but a path of the known layout is joined to an address.
fn hint<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = serde::Deserialize::deserialize(deserializer)?;
    match text {
        Some(text) if !is_hint(&text) => Err(serde::de::Error::custom(format!(
            "`{text}` is not the hint of a file: want packages/XX/YY/ and 60 digits, then the file"
        ))),
        text => Ok(text),
    }
}
