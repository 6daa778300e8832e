//! Files of the store while they are written, and after.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use names::{Digest, Sha256};
use tempfile::NamedTempFile;

/// A blob that is in the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Blob {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Number of bytes.
    pub size: u64,
    /// Where it lies. Readers may open it; nobody may change it.
    pub path: PathBuf,
}

/// Why a file did not enter the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// Its digest is not the expected one.
    #[error("it hashes to {actual}, not to {expected}")]
    WrongDigest {
        /// What it should have been.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// The file could not be written or moved into place.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A blob being written. Dropped before `finish`, it leaves nothing behind.
#[derive(Debug)]
#[must_use = "a blob enters the store only through finish()"]
pub struct BlobWriter {
    pub(crate) file: NamedTempFile,
    pub(crate) hash: Sha256,
    pub(crate) size: u64,
    pub(crate) blobs: PathBuf,
}

impl BlobWriter {
    /// Number of bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of the bytes written so far.
    pub fn digest(&self) -> Digest {
        self.hash.clone().finalize()
    }

    /// Moves the blob into place under its digest. The only way to get a new [`Blob`].
    ///
    /// # Errors
    /// When the digest is not the `expected` one, or when the file cannot be moved.
    pub fn finish(self, expected: Option<&Digest>) -> Result<Blob, BlobError> {
        let digest = self.hash.finalize();
        if let Some(expected) = expected.filter(|expected| **expected != digest) {
            return Err(BlobError::WrongDigest { expected: *expected, actual: digest });
        }
        let path = blob_path(&self.blobs, &digest);
        persist(self.file, &path)?;
        Ok(Blob { digest, size: self.size, path })
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file made from blobs, being written. Dropped before `finish`, it leaves nothing behind.
#[derive(Debug)]
#[must_use = "a derived file enters the store only through finish()"]
pub struct DerivedWriter {
    pub(crate) file: NamedTempFile,
    pub(crate) path: PathBuf,
}

impl DerivedWriter {
    /// Moves the file into place under its key and returns its path.
    ///
    /// # Errors
    /// When the file cannot be moved.
    pub fn finish(self) -> Result<PathBuf, BlobError> {
        persist(self.file, &self.path)?;
        Ok(self.path)
    }
}

impl Write for DerivedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// `AB/CDEF...` below `blobs`: two levels keep folders small.
pub(crate) fn blob_path(blobs: &Path, digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    blobs.join(&hex[..2]).join(&hex[2..])
}

fn persist(file: NamedTempFile, path: &Path) -> Result<(), BlobError> {
    let failed = |source| BlobError::Write { path: path.to_owned(), source };
    let parent = path.parent().expect("a file of the store lies in a folder");
    fs_err::create_dir_all(parent).map_err(failed)?;
    // On disk before it is visible: after a power cut a name never stands for other bytes. For 250
    // small files this takes 0.1 s on a virtual disk (0.01 s without), so derived files, which could
    // be made again, get the same promise. The folder is not synchronised: a name that is lost is a
    // file to be fetched again.
    file.as_file().sync_data().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
