//! A wheel's contents against its RECORD.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use filetree::{Content, TreePath};
use sha2::{Digest as _, Sha384, Sha512};
use wheels::{RecordHash, RecordLine};

/// What RECORD says of a wheel's files, and is not so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A file is not listed, or without a hash.
    #[error("RECORD has no hash for `{path}`: the wheel was changed after it was made")]
    NotRecorded {
        /// The file.
        path: String,
    },
    /// A listed file is not in the wheel.
    #[error("RECORD lists `{path}`, which the wheel does not have")]
    NotThere {
        /// The file.
        path: String,
    },
    /// A file is listed twice.
    #[error("RECORD lists `{path}` twice")]
    Twice {
        /// The file.
        path: String,
    },
    /// A file is not what RECORD says.
    #[error("`{path}` is not the file that RECORD lists: the wheel was changed after it was made")]
    Changed {
        /// The file.
        path: String,
    },
    /// A hash is of a kind that does not protect.
    #[error("RECORD lists `{path}` with the hash `{hash}`: want sha256, sha384 or sha512")]
    Algorithm {
        /// The file.
        path: String,
        /// The hash.
        hash: String,
    },
    /// A file cannot be read.
    #[error("cannot read `{path}` of the wheel")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// Checks that RECORD lists each file of a wheel with a right hash ("binary distribution format":
/// installation fails if a file is not both mentioned and correctly hashed), and no other. RECORD
/// itself and its signatures need no hash.
pub(crate) fn verify(
    files: &BTreeMap<&TreePath, &Content>,
    record_path: &str,
    lines: &[RecordLine],
) -> Result<(), VerifyError> {
    let free = |path: &str| {
        path.strip_prefix(record_path).is_some_and(|rest| matches!(rest, "" | ".jws" | ".p7s"))
    };
    let mut listed: BTreeMap<&str, &RecordLine> = BTreeMap::new();
    for line in lines {
        let path = line.path.clone();
        if listed.insert(line.path.as_str(), line).is_some() {
            return Err(VerifyError::Twice { path });
        }
    }
    for (path, content) in files {
        let line = listed.remove(path.as_str());
        let path = path.to_string();
        let Some(RecordLine { hash: Some(hash), size, .. }) = line else {
            if free(&path) {
                continue;
            }
            return Err(VerifyError::NotRecorded { path });
        };
        let right = match hash {
            RecordHash::Sha256(digest) => *digest == content.sha256,
            RecordHash::Other(hash) => other_is_right(&path, hash, content)?,
        };
        if !right || size.is_some_and(|size| size != content.size) {
            return Err(VerifyError::Changed { path });
        }
    }
    match listed.keys().find(|path| !free(path)) {
        Some(path) => Err(VerifyError::NotThere { path: (*path).to_owned() }),
        None => Ok(()),
    }
}

fn other_is_right(path: &str, hash: &str, content: &Content) -> Result<bool, VerifyError> {
    let read = |source| VerifyError::Read { path: path.to_owned(), source };
    let (algorithm, want) = hash.split_once('=').unwrap_or((hash, ""));
    let mut reader = content.reader().map_err(read)?;
    let found = match algorithm {
        "sha384" => {
            let mut hash = Sha384::new();
            io::copy(&mut reader, &mut Hashing(&mut hash)).map_err(read)?;
            URL_SAFE_NO_PAD.encode(hash.finalize())
        }
        "sha512" => {
            let mut hash = Sha512::new();
            io::copy(&mut reader, &mut Hashing(&mut hash)).map_err(read)?;
            URL_SAFE_NO_PAD.encode(hash.finalize())
        }
        _ => {
            let hash = hash.chars().take(40).collect();
            return Err(VerifyError::Algorithm { path: path.to_owned(), hash });
        }
    };
    Ok(found == want.trim_end_matches('='))
}

struct Hashing<'a, H>(&'a mut H);

impl<H: sha2::Digest> io::Write for Hashing<'_, H> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
