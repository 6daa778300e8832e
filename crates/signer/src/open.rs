//! Opening the keys that `signing.toml` names.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{
    AgentError, AgentKey, ImageKey, ImageKeyError, KeyEntry, KeyFileError, KeySource, OpenPgpKey,
    OpenPgpKeyFile, PassphraseSource, Secret,
};

/// Why a key of `signing.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the key `{name}` of signing.toml cannot be used")]
pub struct OpenKeyError {
    /// The key.
    pub name: String,
    /// Why.
    pub source: OpenKeyFault,
}

/// What is wrong with a key of `signing.toml`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenKeyFault {
    /// A file cannot be read.
    #[error("cannot read its file")]
    Read(#[source] io::Error),
    /// The variable for its passphrase is not set.
    #[error("the environment variable `{0}`, which `passphrase-env` names, is not set")]
    NoVariable(String),
    /// It is in a PEM file, which is for images.
    #[error("it is in a PEM file: packages and repositories need an OpenPGP key")]
    NotOpenPgp,
    /// It is an OpenPGP key, and images need another one.
    #[error("it is an OpenPGP key: images are signed with a `pem-file`")]
    NotPem,
    /// The key file is not one.
    #[error("{}: not a key to sign with", .path.display())]
    OpenPgp {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// The PEM file is not one.
    #[error("{}: not a key to sign images with", .path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ImageKeyError,
    },
    /// The agent does not have it.
    #[error("gpg-agent cannot be used")]
    Agent(#[source] AgentError),
}

/// Opens an OpenPGP key. `folder` is that of `signing.toml`; `variable` gives the value of an
/// environment variable, which only the caller may read.
///
/// # Errors
/// See [`OpenKeyFault`]. No error holds a part of a key or a passphrase.
pub fn open_key(
    entry: &KeyEntry,
    folder: &Path,
    variable: &dyn Fn(&str) -> Option<Secret>,
) -> Result<Box<dyn OpenPgpKey>, OpenKeyError> {
    let open = || -> Result<Box<dyn OpenPgpKey>, OpenKeyFault> {
        match &entry.source {
            KeySource::OpenPgpFile(path) => {
                let passphrase = passphrase(entry, folder, variable)?;
                let path = folder.join(path);
                let bytes = Zeroizing::new(fs_err::read(&path).map_err(OpenKeyFault::Read)?);
                let key = OpenPgpKeyFile::parse(&bytes, passphrase.as_ref());
                Ok(Box::new(key.map_err(|source| OpenKeyFault::OpenPgp { path, source })?))
            }
            KeySource::Agent(fingerprint) => {
                let key = AgentKey::find("gpg".into(), None, fingerprint);
                Ok(Box::new(key.map_err(OpenKeyFault::Agent)?))
            }
            KeySource::Pem(_) => Err(OpenKeyFault::NotOpenPgp),
        }
    };
    open().map_err(|source| OpenKeyError { name: entry.name.clone(), source })
}

/// Opens a key for images, as [`open_key`] does.
///
/// # Errors
/// See [`OpenKeyFault`].
pub fn open_image_key(
    entry: &KeyEntry,
    folder: &Path,
    variable: &dyn Fn(&str) -> Option<Secret>,
) -> Result<ImageKey, OpenKeyError> {
    let open = || {
        let KeySource::Pem(path) = &entry.source else { return Err(OpenKeyFault::NotPem) };
        let passphrase = passphrase(entry, folder, variable)?;
        let path = folder.join(path);
        let bytes = Zeroizing::new(fs_err::read(&path).map_err(OpenKeyFault::Read)?);
        ImageKey::parse(&bytes, passphrase.as_ref())
            .map_err(|source| OpenKeyFault::Pem { path, source })
    };
    open().map_err(|source| OpenKeyError { name: entry.name.clone(), source })
}

fn passphrase(
    entry: &KeyEntry,
    folder: &Path,
    variable: &dyn Fn(&str) -> Option<Secret>,
) -> Result<Option<Secret>, OpenKeyFault> {
    match &entry.passphrase {
        PassphraseSource::None => Ok(None),
        PassphraseSource::File(path) => {
            Secret::read(&folder.join(path)).map(Some).map_err(OpenKeyFault::Read)
        }
        PassphraseSource::Variable(name) => {
            variable(name).map(Some).ok_or_else(|| OpenKeyFault::NoVariable(name.clone()))
        }
    }
}
