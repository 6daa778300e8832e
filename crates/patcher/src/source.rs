//! Where the files come from.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::FileKind;
use crate::limits::MAX_FILE_BYTES;
use crate::path::parents;

/// A file of a tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Its content; where it points, for a symbolic link.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: FileKind,
}

/// A tree of files that can be patched.
///
/// Promises: paths are relative to its top and clean, and nothing is read through a symbolic link;
/// whoever asks looks at the folders above a path first, by asking for them too. The tree does not
/// change while it is used.
pub trait Source {
    /// The file or link of this path; `None` where there is none, or a folder.
    ///
    /// # Errors
    /// When it is there and cannot be read, or is a device, socket or pipe.
    fn read(&self, path: &str) -> io::Result<Option<File>>;

    /// Whether there is a folder of this path. A tree that knows files alone may say `false`.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn is_folder(&self, path: &str) -> io::Result<bool> {
        let _ = path;
        Ok(false)
    }
}

/// Files in memory, by their paths.
impl Source for BTreeMap<String, File> {
    fn read(&self, path: &str) -> io::Result<Option<File>> {
        Ok(self.get(path).cloned())
    }

    fn is_folder(&self, path: &str) -> io::Result<bool> {
        let below = format!("{path}/");
        Ok(self.range(below.clone()..).next().is_some_and(|(other, _)| other.starts_with(&below)))
    }
}

/// A folder on disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Folder {
    /// Its path, absolute.
    pub path: PathBuf,
}

impl Folder {
    fn metadata(&self, path: &str) -> io::Result<Option<std::fs::Metadata>> {
        for parent in parents(path) {
            match fs_err::symlink_metadata(self.path.join(parent)) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Ok(None),
                Err(error) if absent(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        match fs_err::symlink_metadata(self.path.join(path)) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

pub(crate) fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl Source for Folder {
    fn read(&self, path: &str) -> io::Result<Option<File>> {
        let full = self.path.join(path);
        let Some(metadata) = self.metadata(path)? else { return Ok(None) };
        let wrong = |message: &str| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{} {message}", full.display()))
        };
        if metadata.is_dir() {
            return Ok(None);
        }
        if metadata.is_symlink() {
            let bytes = fs_err::read_link(&full)?.into_os_string().into_vec();
            return Ok(Some(File { bytes, kind: FileKind::Link }));
        }
        if !metadata.is_file() {
            return Err(wrong("is neither a file nor a link"));
        }
        if metadata.len() > MAX_FILE_BYTES as u64 {
            return Err(wrong("is larger than what is patched"));
        }
        let executable = metadata.permissions().mode() & 0o100 != 0;
        let kind = if executable { FileKind::Executable } else { FileKind::Plain };
        Ok(Some(File { bytes: fs_err::read(&full)?, kind }))
    }

    fn is_folder(&self, path: &str) -> io::Result<bool> {
        Ok(self.metadata(path)?.is_some_and(|metadata| metadata.is_dir()))
    }
}
