//! `mirrors.toml`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use names::ArchiveName;
use serde::Deserialize;

use crate::address::{AddressError, check};

/// What `mirrors.toml` says of one archive. The format is described in `docs/formats/mirrors.md`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The addresses, in the order in which they are tried. At least one.
    pub urls: Vec<String>,
    /// Where files are that the archive no longer has.
    pub snapshot: Option<Snapshot>,
}

/// An address with `{time}` in it, which stands for the moment of which the archive's state is
/// wanted, written `20251115T083045Z`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
pub struct Snapshot(String);

impl Snapshot {
    const TIME: &str = "{time}";

    /// The base address of the archive as it was at `time`, a text such as `20251115T083045Z`.
    pub fn at(&self, time: &str) -> String {
        self.0.replace(Self::TIME, time)
    }
}

/// Why a `mirrors.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is there but cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not TOML of the right shape.
    #[error("{}: not a list of mirrors: see docs/formats/mirrors.md", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        source: Box<toml::de::Error>,
    },
    /// An archive has no addresses, or a wrong one.
    #[error("{}: {reason}", .path.display())]
    Address {
        /// The file.
        path: PathBuf,
        /// Which, and what is wrong with it.
        reason: String,
    },
}

/// Reads the text of the file `path`.
pub(crate) fn parse(text: &str, path: &Path) -> Result<BTreeMap<ArchiveName, Entry>, ConfigError> {
    let mut entries: BTreeMap<ArchiveName, Entry> = toml::from_str(text)
        .map_err(|error| ConfigError::Syntax { path: path.to_owned(), source: Box::new(error) })?;
    let wrong = |reason: String| ConfigError::Address { path: path.to_owned(), reason };
    for (archive, entry) in &mut entries {
        if entry.urls.is_empty() {
            return Err(wrong(format!("`{archive}` has no urls")));
        }
        let bad = |error: AddressError| wrong(error.to_string());
        for url in &mut entry.urls {
            *url = check(archive, url).map_err(bad)?;
        }
        if let Some(Snapshot(url)) = &mut entry.snapshot {
            *url = check(archive, url).map_err(bad)?;
            if !url.contains(Snapshot::TIME) {
                return Err(wrong(format!("the snapshot of `{archive}` lacks {}", Snapshot::TIME)));
            }
        }
    }
    Ok(entries)
}

/// Reads the file `path`; one that is not there is empty.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<ArchiveName, Entry>, ConfigError> {
    match fs_err::read_to_string(path) {
        Ok(text) => parse(&text, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
    }
}
