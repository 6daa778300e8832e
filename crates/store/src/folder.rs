//! The folder of a store.

use std::fs::TryLockError;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use names::{Digest, Sha256};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};
use tempfile::{Builder, NamedTempFile};

use crate::blob::blob_path;
use crate::{Blob, BlobError, BlobWriter, DerivedWriter};

/// The version of the folder's layout, in the file `format`.
const FORMAT: &str = "1\n";

/// How long [`Store::open_alone`] waits, and how long before it looks again: a build may be about to end, and a process
/// that this one starts has all of its locks until it becomes another program (flock(2), execve(2)).
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(10);

/// A content-addressed store: `blobs/` by digest, `derived/KIND/` by the digest of all inputs,
/// `partial/` for files being written, and `lock`, which every process that uses the store holds.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    /// Held as long as the store is open, so that nobody sweeps while files are being written.
    _lock: Arc<fs_err::File>,
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
    /// Files are to be removed, and another process uses them.
    #[error("the store {} is in use: wait until the other cooperage has ended", .path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

/// A store that nobody else uses: the only one that files are removed from. The lock is held until it
/// and all clones of the store in it are dropped.
#[derive(Debug)]
pub struct SoleStore(Store);

impl SoleStore {
    /// The store.
    pub fn store(&self) -> &Store {
        &self.0
    }
}

impl Store {
    /// Opens the store at `root`, which is made if need be, and removes what killed processes have
    /// left half-written.
    ///
    /// # Errors
    /// When the folder cannot be made or written, or has a format of a later version.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Folder { path: root.to_owned(), source };
        let lock = prepare(root)?;
        if lock.file().try_lock().is_ok() {
            check_format(root)?;
            sweep(&root.join("partial")).map_err(failed)?;
            lock.file().unlock().map_err(failed)?;
        }
        lock.file().lock_shared().map_err(failed)?;
        check_format(root)?;
        Ok(Self { root: root.to_owned(), _lock: Arc::new(lock) })
    }

    /// Opens the store at `root` as [`Store::open`] does, for a process that will remove files from
    /// it: nobody else may use it meanwhile, and whoever wants to waits until it is dropped.
    ///
    /// # Errors
    /// As [`Store::open`], and when another process uses the store for longer than a second.
    pub fn open_alone(root: &Path) -> Result<SoleStore, StoreError> {
        let failed = |source| StoreError::Folder { path: root.to_owned(), source };
        let lock = prepare(root)?;
        let mut waited = Duration::ZERO;
        while let Err(error) = lock.file().try_lock() {
            match error {
                TryLockError::WouldBlock if waited < PATIENCE => {
                    std::thread::sleep(STEP);
                    waited += STEP;
                }
                TryLockError::WouldBlock => {
                    return Err(StoreError::InUse { path: root.to_owned() });
                }
                TryLockError::Error(source) => return Err(failed(source)),
            }
        }
        check_format(root)?;
        sweep(&root.join("partial")).map_err(failed)?;
        Ok(SoleStore(Self { root: root.to_owned(), _lock: Arc::new(lock) }))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The version of the folder's layout.
    pub fn format(&self) -> &'static str {
        FORMAT.trim_ascii()
    }

    /// The bytes that still fit on its file system, for users without privileges.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let status = rustix::fs::statvfs(&self.root)?;
        Ok(status.f_bavail.saturating_mul(status.f_frsize))
    }

    /// The blob with this digest, if it is here. That it was asked for is noted: see [`crate::collect`].
    pub fn blob(&self, digest: &Digest) -> Option<Blob> {
        let path = blob_path(&self.root.join("blobs"), digest);
        let size = fs_err::metadata(&path).ok().filter(std::fs::Metadata::is_file)?.len();
        note_use(&path);
        Some(Blob { digest: *digest, size, path })
    }

    /// Starts a new blob.
    ///
    /// # Errors
    /// When no file can be made in the store.
    pub fn blob_writer(&self) -> Result<BlobWriter, BlobError> {
        let file = self.partial().map_err(|source| self.unwritable(source))?;
        Ok(BlobWriter { file, hash: Sha256::new(), size: 0, blobs: self.root.join("blobs") })
    }

    /// The file of this kind that was made from inputs with the digest `key`, if it is here; that it
    /// was asked for is noted. The kind carries the format level of its writer, such as `deb-1`.
    pub fn derived(&self, kind: &str, key: &Digest) -> Option<PathBuf> {
        let path = blob_path(&self.root.join("derived").join(kind), key);
        path.is_file().then(|| {
            note_use(&path);
            path
        })
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

    fn partial(&self) -> io::Result<NamedTempFile> {
        // Readable for all that the umask allows, so that users may share a store.
        let mode = std::fs::Permissions::from_mode(0o644);
        let mut builder = Builder::new();
        builder.prefix("").suffix(".part").permissions(mode);
        builder.tempfile_in(self.root.join("partial"))
    }
}

/// Makes the folders of a store, and opens its lock. One of another format is left as it is: what a
/// later version has there is its own matter.
fn prepare(root: &Path) -> Result<fs_err::File, StoreError> {
    let failed = |source| StoreError::Folder { path: root.to_owned(), source };
    if root.join("format").exists() {
        check_format(root)?;
    }
    for folder in ["blobs", "derived", "partial"] {
        fs_err::create_dir_all(root.join(folder)).map_err(failed)?;
    }
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(false).open(root.join("lock")).map_err(failed)
}

/// Sets the time of a file that is used. Nothing but [`crate::collect`] looks at it, and a store that
/// may only be read is as good.
fn note_use(path: &Path) {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let stays = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let times = Timestamps { last_access: stays, last_modification: now };
    let _ = utimensat(CWD, path, &times, AtFlags::empty());
}

/// Reads the folder's format; writes it where the folder is new.
fn check_format(root: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Folder { path: root.to_owned(), source };
    let path = root.join("format");
    match fs_err::read_to_string(&path) {
        Ok(text) if text == FORMAT => Ok(()),
        Ok(text) => {
            let found = text.trim().chars().take(20).collect();
            Err(StoreError::Format { path: root.to_owned(), found })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut file = NamedTempFile::new_in(root.join("partial")).map_err(failed)?;
            file.write_all(FORMAT.as_bytes()).map_err(failed)?;
            file.persist(&path).map_err(|error| failed(error.error))?;
            Ok(())
        }
        Err(error) => Err(failed(error)),
    }
}

/// Removes what killed processes have left half-written. The caller holds the lock alone.
fn sweep(partial: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(partial)? {
        fs_err::remove_file(entry?.path())?;
    }
    Ok(())
}
