//! How files of a folder come to their place: written beside it, and linked once they are whole.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

use super::Folder;
use crate::storage::{Incoming, StorageError};

/// A file in `partial/`.
pub(super) struct Partial<'a> {
    pub(super) folder: &'a Folder,
    pub(super) file: NamedTempFile,
}

impl io::Write for Partial<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Incoming for Partial<'_> {
    fn put(self: Box<Self>, path: &str) -> Result<(), StorageError> {
        let place = self.folder.at(path)?;
        persist(self.file, &place).map_err(|source| StorageError::Io {
            action: "write",
            path: place,
            source,
        })
    }
}

/// Gives a file its path, unless there is one.
pub(super) fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    let result = match file.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::NotFound => {
            fs_err::create_dir_all(parent(path))?;
            error.file.persist_noclobber(path)
        }
        result => result,
    };
    allow_present(result.map(drop).map_err(|error| error.error))
}

/// The folder that a file lies in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Somebody else may have written the same.
pub(super) fn allow_present(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}
