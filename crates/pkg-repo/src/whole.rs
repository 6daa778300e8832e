//! Files that are what their names, or the indexes, say that they are. A damaged one is of no use to anybody: it gives
//! way to the same file, whole.

use std::io;

use names::{Digest, Sha256};

use crate::RepoError;
use crate::storage::{Content, Storage, StorageError};

/// The digest of a file, which may be large; `None` if it is not there.
pub(crate) fn digest_of(storage: &dyn Storage, path: &str) -> Result<Option<Digest>, RepoError> {
    let Some(mut file) = storage.open(path)? else { return Ok(None) };
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash).map_err(|source| {
        let path = path.into();
        StorageError::Io { action: "read", path, source }
    })?;
    Ok(Some(hash.finalize()))
}

/// Makes way for the file with this digest, unless it is there.
pub(crate) fn remove_damaged(
    storage: &dyn Storage,
    path: &str,
    sha256: &Digest,
) -> Result<(), RepoError> {
    if digest_of(storage, path)?.is_some_and(|there| there != *sha256) {
        storage.remove(path)?;
    }
    Ok(())
}

/// Puts the file with this digest, also in the place of a damaged one.
pub(crate) fn put_whole(
    storage: &dyn Storage,
    path: &str,
    content: Content<'_>,
    sha256: &Digest,
) -> Result<(), RepoError> {
    remove_damaged(storage, path, sha256)?;
    Ok(storage.put(path, content)?)
}
