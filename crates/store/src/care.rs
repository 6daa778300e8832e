//! Verifying the files of a store, and removing those that nobody needs.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use names::{Digest, Epoch, Hashing};

use crate::inventory::{Inventory, InventoryError, Tally};
use crate::{SoleStore, Store, StoreKey};

/// A file that is not what its name says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DamagedFile {
    /// Its name.
    pub key: StoreKey,
    /// Where it lies.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// What [`verify`] has found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verified {
    /// Number and bytes of the files that were read.
    pub read: Tally,
    /// Those that are damaged, by name.
    pub damaged: Vec<DamagedFile>,
    /// What lies in the folders of the store and is no file of it.
    pub strays: Vec<PathBuf>,
}

/// Reads every file of `store` again: a blob must hash to its name, and of a derived file `check`
/// (which gets its kind and its path) must say that it is sound, by `None`, or what is wrong with it.
/// `tell` is told the bytes of each file that was read, and of how many in all.
///
/// # Errors
/// When a folder of the store cannot be read. A file that cannot be read is damaged.
pub fn verify(
    store: &Store,
    check: &dyn Fn(&str, &Path) -> Option<String>,
    tell: &mut dyn FnMut(u64, Tally),
) -> Result<Verified, InventoryError> {
    let inventory = Inventory::read(store)?;
    let mut total = Tally::default();
    for tally in inventory.tallies().values() {
        total.files += tally.files;
        total.bytes += tally.bytes;
    }
    let mut verified = Verified { strays: inventory.strays, ..Verified::default() };
    for (key, file) in inventory.files {
        let reason = match &key {
            StoreKey::Blob(digest) => match hash(&file.path) {
                Ok((actual, _)) if actual == *digest => None,
                Ok((actual, _)) => Some(format!("it hashes to {actual}")),
                Err(error) => Some(error.to_string()),
            },
            StoreKey::Derived { kind, .. } => check(kind, &file.path),
        };
        if let Some(reason) = reason {
            verified.damaged.push(DamagedFile { key, path: file.path, reason });
        }
        verified.read.files += 1;
        verified.read.bytes += file.size;
        tell(file.size, total);
    }
    Ok(verified)
}

/// Removes damaged files, which are of no use to whoever else uses the store either. They are fetched
/// or made again when a build next needs them.
///
/// # Errors
/// When one cannot be removed.
pub fn remove_damaged(_store: &Store, damaged: &[DamagedFile]) -> Result<(), InventoryError> {
    damaged.iter().try_for_each(|file| remove(&file.path))
}

/// What [`collect`] has removed, and what stays.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Collected {
    /// The files that were removed.
    pub removed: Tally,
    /// The files that stay.
    pub kept: Tally,
}

/// Removes the files that were neither made nor asked for since `unused_since`, but for those whose
/// digest is in `keep`: blobs, and what was made of them alone.
///
/// # Errors
/// When the store cannot be read, or a file cannot be removed; those before it are gone then, each as
/// a whole.
pub fn collect(
    alone: &SoleStore,
    unused_since: Epoch,
    keep: &BTreeSet<Digest>,
) -> Result<Collected, InventoryError> {
    let mut collected = Collected::default();
    for (key, file) in Inventory::read(alone.store())?.files {
        let (StoreKey::Blob(digest) | StoreKey::Derived { key: digest, .. }) = key;
        let stays = keep.contains(&digest) || file.used >= unused_since;
        let tally = if stays { &mut collected.kept } else { &mut collected.removed };
        tally.files += 1;
        tally.bytes += file.size;
        if !stays {
            remove(&file.path)?;
        }
    }
    Ok(collected)
}

fn remove(path: &Path) -> Result<(), InventoryError> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(|source| InventoryError { path: path.to_owned(), source }),
    }
}

/// SHA-256 and number of the bytes of a file.
pub(crate) fn hash(path: &Path) -> io::Result<(Digest, u64)> {
    Hashing::new(fs_err::File::open(path)?).finish_reading()
}
