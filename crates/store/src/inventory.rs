//! What a store holds.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use names::Epoch;

use crate::blob::blob_path;
use crate::key::is_kind;
use crate::{Store, StoreKey};

/// All files of a store.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Inventory {
    /// The files, by their names.
    pub files: BTreeMap<StoreKey, StoredFile>,
    /// What lies in the folders of the store and is no file of it, in order.
    pub strays: Vec<PathBuf>,
}

/// A file of a store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Number of bytes.
    pub size: u64,
    /// When it was last made or asked for.
    pub used: Epoch,
}

/// Number and bytes of the files of a kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// How many files.
    pub files: u64,
    /// Number of bytes of all of them.
    pub bytes: u64,
}

/// A folder of the store that cannot be read, or a file that cannot be removed.
#[derive(Debug, thiserror::Error)]
#[error("cannot go through the store: {}", .path.display())]
pub struct InventoryError {
    /// The folder or file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Inventory {
    /// Lists the files of `store`. What comes or goes meanwhile may be in the list or not.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn read(store: &Store) -> Result<Self, InventoryError> {
        let mut inventory = Self::default();
        let blobs = store.root().join("blobs");
        inventory.add_folder(&blobs, &|hex| format!("sha256:{hex}").parse().ok())?;
        for entry in list(&store.root().join("derived"))? {
            let kind = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if is_kind(kind) && entry.is_dir() {
                inventory.add_folder(&entry, &|hex| format!("{kind}/{hex}").parse().ok())?;
            } else {
                inventory.strays.push(entry);
            }
        }
        inventory.strays.sort();
        Ok(inventory)
    }

    /// Number and bytes of the files of each kind; those of blobs under `blob`.
    pub fn tallies(&self) -> BTreeMap<&str, Tally> {
        let mut tallies = BTreeMap::<&str, Tally>::new();
        for (key, file) in &self.files {
            let tally = tallies.entry(key.kind()).or_default();
            tally.files += 1;
            tally.bytes += file.size;
        }
        tallies
    }

    /// Adds the files of a folder with two levels; `name` reads the digits of both.
    fn add_folder(
        &mut self,
        folder: &Path,
        name: &dyn Fn(&str) -> Option<StoreKey>,
    ) -> Result<(), InventoryError> {
        for outer in list(folder)? {
            if !outer.is_dir() {
                self.strays.push(outer);
                continue;
            }
            for path in list(&outer)? {
                let part = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
                let hex = part(&outer).zip(part(&path)).map(|(first, rest)| first + &rest);
                let key = hex.and_then(|hex| name(&hex));
                let Ok(meta) = fs_err::symlink_metadata(&path) else { continue };
                match key {
                    Some(key) if meta.is_file() && path == place(folder, &key) => {
                        let used = Epoch(meta.mtime().try_into().unwrap_or(0));
                        self.files.insert(key, StoredFile { path, size: meta.len(), used });
                    }
                    _ => self.strays.push(path),
                }
            }
        }
        Ok(())
    }
}

/// Where the file `key` lies in the folder of its kind.
fn place(folder: &Path, key: &StoreKey) -> PathBuf {
    let (StoreKey::Blob(digest) | StoreKey::Derived { key: digest, .. }) = key;
    blob_path(folder, digest)
}

/// The entries of a folder, in order; none where it is not there.
fn list(folder: &Path) -> Result<Vec<PathBuf>, InventoryError> {
    let failed = |source| InventoryError { path: folder.to_owned(), source };
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}
