//! Where a repository lies: a seam with two operations that matter, put if absent and swap if
//! unchanged.

use std::io;
use std::path::PathBuf;

/// Files by path, and pointers to snapshots.
///
/// Paths are relative, with `/` between clean segments. An implementation promises:
///
/// - A file is there as a whole or not at all, and never changes once it is there. Two writers who
///   put the same path at once both succeed, and one of their contents is kept.
/// - [`Storage::swap`] changes a pointer only if it is what the caller believes it to be, in one step
///   that every later reader sees, also when the process is killed at any moment.
/// - The paths that [`Storage::swap`] was told to serve lead to the files of that name in whatever
///   snapshot the pointer names.
pub trait Storage: Sync {
    /// The bytes of a file; `None` if it is not there.
    ///
    /// # Errors
    /// When it cannot be read, or is larger than `limit`.
    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, StorageError>;

    /// A file to be read from its start; `None` if it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    fn open(&self, path: &str) -> Result<Option<Box<dyn io::Read + '_>>, StorageError>;

    /// The size of a file; `None` if it is not there.
    ///
    /// # Errors
    /// When the storage does not answer.
    fn size(&self, path: &str) -> Result<Option<u64>, StorageError>;

    /// Writes a file, unless there is one.
    ///
    /// # Errors
    /// When it cannot be written.
    fn put(&self, path: &str, content: Content<'_>) -> Result<(), StorageError>;

    /// Starts a file whose path is known only when all its bytes are, such as a package.
    ///
    /// # Errors
    /// When it cannot be written.
    fn incoming(&self) -> Result<Box<dyn Incoming + '_>, StorageError>;

    /// The snapshot that a pointer names; `None` if there is no such pointer.
    ///
    /// # Errors
    /// When it cannot be read.
    fn pointer(&self, name: &str) -> Result<Option<String>, StorageError>;

    /// Makes the pointer `change.name` name `change.to`, if it names `change.from`. Returns whether
    /// it did.
    ///
    /// # Errors
    /// When the storage refuses for another reason than that.
    fn swap(&self, change: &PointerChange<'_>) -> Result<bool, StorageError>;

    /// Waits for its turn to change a pointer, as far as the storage can arrange that, until what is
    /// returned is dropped. It saves writers work that they would do in vain, and promises nothing:
    /// what counts is [`Storage::swap`].
    ///
    /// # Errors
    /// When the storage does not answer.
    fn turn(&self, name: &str) -> Result<Box<dyn Send>, StorageError>;

    /// The names of all pointers, sorted.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn pointers(&self) -> Result<Vec<String>, StorageError>;

    /// The paths of all files below a folder, sorted; empty if there is none.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn list(&self, folder: &str) -> Result<Vec<String>, StorageError>;

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, path: &str) -> Result<(), StorageError>;
}

/// What to write.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// The bytes of a file of the storage.
    Same(&'a str),
}

/// A file that is being written, and that nobody sees before it has its path. Dropped, it is gone.
pub trait Incoming: io::Write {
    /// Puts the file at a path, unless there is one.
    ///
    /// # Errors
    /// When it cannot be put there.
    fn put(self: Box<Self>, path: &str) -> Result<(), StorageError>;
}

/// How a pointer shall change.
#[derive(Clone, Copy, Debug)]
pub struct PointerChange<'a> {
    /// The pointer, such as `dists/trixie`; its snapshots are below `snapshots/` and this name.
    pub name: &'a str,
    /// The snapshot that it names now; `None` if there is no such pointer.
    pub from: Option<&'a str>,
    /// The snapshot that it shall name; `None` to remove the pointer.
    pub to: Option<&'a str>,
    /// The files of the snapshot that are served below the pointer's name: `InRelease` becomes
    /// `dists/trixie/InRelease`.
    pub serve: &'a [String],
}

/// Why the storage did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A file cannot be read or written.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried: "read".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is larger than it can be.
    #[error("{path} of the repository has more than {limit} bytes: it is damaged")]
    TooLarge {
        /// The file.
        path: String,
        /// The most bytes.
        limit: u64,
    },
    /// A path is not a clean relative one.
    #[error("`{path}` is no path in a repository")]
    Path {
        /// The path.
        path: String,
    },
    /// A later version has written the repository.
    #[error(
        "the repository {} has format {found}, and this version knows format 1: use a newer \
         cooperage",
        .path.display()
    )]
    Format {
        /// Its folder.
        path: PathBuf,
        /// The format that it has.
        found: String,
    },
}
