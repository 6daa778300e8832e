//! The names of the files of a store.

use std::fmt;
use std::str::FromStr;

use names::Digest;

/// Longest name of a kind, in bytes.
const LONGEST_KIND: usize = 40;

/// What a file of the store is called: as text `sha256:HEX` for a blob and `KIND/HEX` for a file that
/// was made from others.
///
/// ```
/// let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// let key: store::StoreKey = format!("deb-1/{hex}").parse()?;
/// assert_eq!(key.kind(), "deb-1");
/// assert_eq!(key.to_string(), format!("deb-1/{hex}"));
/// assert!(format!("../{hex}").parse::<store::StoreKey>().is_err());
/// # Ok::<(), store::KeyError>(())
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum StoreKey {
    /// A blob, by the digest of its bytes.
    Blob(Digest),
    /// A file made from others, by the digest of all its inputs.
    Derived {
        /// What kind of file it is, with the format level of its writer: `deb-1`.
        kind: String,
        /// The digest of its inputs.
        key: Digest,
    },
}

/// Why a text does not name a file of the store.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` names no file of a store: want sha256:HEX or KIND/HEX, such as deb-1/e3b0...b855")]
pub struct KeyError(String);

impl StoreKey {
    /// `blob`, or the kind of the derived file.
    pub fn kind(&self) -> &str {
        match self {
            StoreKey::Blob(_) => "blob",
            StoreKey::Derived { kind, .. } => kind,
        }
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreKey::Blob(digest) => digest.fmt(f),
            StoreKey::Derived { kind, key } => write!(f, "{kind}/{}", key.hex()),
        }
    }
}

impl FromStr for StoreKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bad = || KeyError(text.chars().take(120).collect());
        match text.split_once('/') {
            None => text.parse().map(StoreKey::Blob).map_err(|_| bad()),
            Some((kind, hex)) if is_kind(kind) => {
                let key = format!("sha256:{hex}").parse().map_err(|_| bad())?;
                Ok(StoreKey::Derived { kind: kind.to_owned(), key })
            }
            Some(_) => Err(bad()),
        }
    }
}

/// Whether a text may be the name of a kind, and so of a folder: `deb-1`, `layer-1`.
pub(crate) fn is_kind(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST_KIND).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && text != "blob"
}
