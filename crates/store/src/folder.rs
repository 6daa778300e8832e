//! The folder of a store.

use std::io;
use std::path::{Path, PathBuf};

use names::Digest;
use sha2::Sha256;
use tempfile::{Builder, NamedTempFile};

use crate::blob::blob_path;
use crate::{Blob, BlobError, BlobWriter, DerivedWriter};

/// The version of the folder's layout, in the file `format`.
const FORMAT: &str = "1\n";

/// A content-addressed store: `blobs/` by digest, `derived/KIND/` by the digest of all inputs,
/// `partial/` for files being written.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder cannot be made or written.
    #[error("cannot use {} as the store: name another folder with --store", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A later version has written it.
    #[error(
        "the store {} has format {found}, and this version knows format {}: \
         use a newer cooperage, or another folder with --store",
        .path.display(), FORMAT.trim()
    )]
    Format {
        /// The folder.
        path: PathBuf,
        /// The format that it has.
        found: String,
    },
}

impl Store {
    /// Opens the store at `root`, which is made if need be, and removes what killed processes have
    /// left half-written.
    ///
    /// # Errors
    /// When the folder cannot be made or written, or has a format of a later version.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Folder { path: root.to_owned(), source };
        for folder in ["blobs", "derived", "partial"] {
            fs_err::create_dir_all(root.join(folder)).map_err(failed)?;
        }
        let store = Self { root: root.to_owned() };
        let format = root.join("format");
        match fs_err::read_to_string(&format) {
            Ok(text) if text == FORMAT => {}
            Ok(text) => {
                let found = text.trim().chars().take(20).collect();
                return Err(StoreError::Format { path: root.to_owned(), found });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = store.partial().map_err(failed)?;
                fs_err::write(file.path(), FORMAT).map_err(failed)?;
                file.persist(&format).map_err(|error| failed(error.error))?;
            }
            Err(error) => return Err(failed(error)),
        }
        store.sweep().map_err(failed)?;
        Ok(store)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The blob with this digest, if it is here.
    pub fn blob(&self, digest: &Digest) -> Option<Blob> {
        let path = blob_path(&self.root.join("blobs"), digest);
        let size = fs_err::metadata(&path).ok().filter(std::fs::Metadata::is_file)?.len();
        Some(Blob { digest: *digest, size, path })
    }

    /// Starts a new blob.
    ///
    /// # Errors
    /// When no file can be made in the store.
    pub fn blob_writer(&self) -> Result<BlobWriter, BlobError> {
        use sha2::Digest as _;
        let file = self.partial().map_err(|source| self.unwritable(source))?;
        Ok(BlobWriter { file, hash: Sha256::new(), size: 0, blobs: self.root.join("blobs") })
    }

    /// The file of this kind that was made from inputs with the digest `key`, if it is here. The
    /// kind carries the format level of its writer, such as `deb-1`.
    pub fn derived(&self, kind: &str, key: &Digest) -> Option<PathBuf> {
        let path = blob_path(&self.root.join("derived").join(kind), key);
        path.is_file().then_some(path)
    }

    /// Starts a file of this kind for inputs with the digest `key`.
    ///
    /// # Errors
    /// When no file can be made in the store.
    pub fn derived_writer(&self, kind: &str, key: &Digest) -> Result<DerivedWriter, BlobError> {
        let file = self.partial().map_err(|source| self.unwritable(source))?;
        Ok(DerivedWriter { file, path: blob_path(&self.root.join("derived").join(kind), key) })
    }

    fn unwritable(&self, source: io::Error) -> BlobError {
        BlobError::Write { path: self.root.join("partial"), source }
    }

    /// A new file in `partial/`, locked as long as it is open.
    fn partial(&self) -> io::Result<NamedTempFile> {
        let file =
            Builder::new().prefix("").suffix(".part").tempfile_in(self.root.join("partial"))?;
        file.as_file().lock_shared()?;
        Ok(file)
    }

    /// Removes the files in `partial/` that no living process holds.
    #[expect(clippy::disallowed_types, reason = "the path of a file that vanishes is of no use")]
    fn sweep(&self) -> io::Result<()> {
        for entry in fs_err::read_dir(self.root.join("partial"))? {
            let path = entry?.path();
            // Another process may finish or remove the file at any moment: that is no error.
            if let Ok(file) = std::fs::File::open(&path)
                && file.try_lock().is_ok()
            {
                let _ = std::fs::remove_file(&path);
            }
        }
        Ok(())
    }
}
