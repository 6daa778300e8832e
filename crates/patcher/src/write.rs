//! Writes the result of a series to disk: all of it or nothing.

use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::path::{check_path, parents};
use crate::source::absent;
use crate::{Applied, File, FileKind};

/// Why the result could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The system refused something. All is as it was.
    #[error("cannot {what} {}: nothing was changed", .path.display())]
    Refused {
        /// What was tried: "write", "move", "copy".
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something, and then to put back what was changed before.
    #[error(
        "cannot {what} {}, and cannot undo what was done: take the files of {} back by hand",
        .path.display(), .saved.display()
    )]
    Stuck {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Where the files before lie.
        saved: PathBuf,
        /// What the system said at first.
        source: io::Error,
    },
    /// A folder above a changed file is a link, or a file: the tree is not the one that was patched.
    #[error("{} is no folder: the tree has changed since the patches were applied", .path.display())]
    NotFolder {
        /// What should be a folder.
        path: PathBuf,
    },
    /// The path of a file leads out of the tree.
    #[error("`{}` is no path inside the tree: {reason}", .path.escape_debug())]
    Outside {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The new folder would be a part of what is copied to it.
    #[error("{} is inside the tree that is copied: choose a folder outside of it", .path.display())]
    Inside {
        /// The new folder.
        path: PathBuf,
    },
    /// The new folder is there already.
    #[error("{} is there already: choose another folder, or remove it", .path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
}

fn refused(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |source| WriteError::Refused { what, path, source }
}

/// Changes the files in `folder`, an absolute path, into what `applied` says.
///
/// New contents are written beside the files first and then moved into place; when that fails midway,
/// what was moved is moved back. A changed file keeps its permissions, but for those to execute it
/// when the patch changes these; a new one gets 0644 or 0755. Folders that a deletion leaves empty
/// are removed. Nothing is written through symbolic links.
///
/// # Errors
/// When the system refuses. Then nothing has changed, unless the error says so.
pub fn write(folder: &Path, applied: &Applied) -> Result<(), WriteError> {
    check(folder, applied)?;
    let stage = tempfile::Builder::new()
        .prefix(".patcher-")
        .tempdir_in(folder)
        .map_err(refused("write in", folder))?;
    let (new, saved) = (stage.path().join("new"), stage.path().join("saved"));
    for place in [&new, &saved] {
        fs_err::create_dir(place).map_err(refused("write", place))?;
    }
    let files: Vec<(&String, &Option<File>)> = applied.files.iter().collect();
    for (index, (path, file)) in files.iter().enumerate() {
        if let Some(file) = file {
            let target = folder.join(path);
            make(&new.join(index.to_string()), file, mode(&target, file)?)?;
        }
    }
    let mut journal = Journal { moves: Vec::new(), folders: Vec::new() };
    match exchange(folder, &files, &new, &saved, &mut journal) {
        Ok(()) => {}
        Err((what, path, source)) if journal.undo().is_ok() => {
            return Err(WriteError::Refused { what, path, source });
        }
        Err((what, path, source)) => {
            let saved = stage.keep();
            return Err(WriteError::Stuck { what, path, saved, source });
        }
    }
    for (path, _) in files.iter().filter(|(_, file)| file.is_none()) {
        let above: Vec<&str> = parents(path).collect();
        for parent in above.iter().rev() {
            // Fails where something is left in it, which then stays.
            if fs_err::remove_dir(folder.join(parent)).is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Copies the tree in `from` to `to`, both absolute, with the changes of `applied`. The copy appears
/// under its name when it is complete. Permissions, times and links are those of `from`.
///
/// # Errors
/// When `to` is there already or inside `from`, or the system refuses. Then there is no `to`.
pub fn write_copy(from: &Path, to: &Path, applied: &Applied) -> Result<(), WriteError> {
    if fs_err::symlink_metadata(to).is_ok() {
        return Err(WriteError::Exists { path: to.to_owned() });
    }
    check(from, applied)?;
    let parent = to.parent().unwrap_or(Path::new("/"));
    let real = |path: &Path| fs_err::canonicalize(path).map_err(refused("read", path));
    if real(parent)?.starts_with(real(from)?) {
        return Err(WriteError::Inside { path: to.to_owned() });
    }
    let stage = tempfile::Builder::new()
        .prefix(".patcher-")
        .tempdir_in(parent)
        .map_err(refused("write in", parent))?;
    let tree = stage.path().join("tree");
    copy(from, &tree)?;
    write(&tree, applied)?;
    fs_err::rename(&tree, to).map_err(refused("move", to))
}

/// Checks that all changed files are inside `folder`.
fn check(folder: &Path, applied: &Applied) -> Result<(), WriteError> {
    for path in applied.files.keys() {
        check_path(path).map_err(|reason| WriteError::Outside { path: path.clone(), reason })?;
        for parent in parents(path) {
            let parent_path = folder.join(parent);
            match fs_err::symlink_metadata(&parent_path) {
                Ok(metadata) if metadata.is_dir() => {}
                // A link or file in the way may be one that the series removes.
                Ok(_) if applied.files.get(parent).is_some_and(Option::is_none) => break,
                Ok(_) => return Err(WriteError::NotFolder { path: parent_path }),
                Err(error) if absent(&error) => break,
                Err(source) => return Err(refused("read", &parent_path)(source)),
            }
        }
    }
    Ok(())
}

/// The permissions of the new file.
fn mode(target: &Path, file: &File) -> Result<u32, WriteError> {
    let executable = file.kind == FileKind::Executable;
    let mode = match fs_err::symlink_metadata(target) {
        Ok(metadata) if metadata.is_file() => metadata.permissions().mode() & 0o7777,
        Ok(_) => 0o644,
        Err(error) if absent(&error) => 0o644,
        Err(source) => return Err(refused("read", target)(source)),
    };
    Ok(match executable {
        true if mode & 0o100 != 0 => mode,
        // Whoever may read it may run it, as Git has it.
        true => mode | (mode & 0o444) >> 2,
        false => mode & !0o111,
    })
}

fn make(path: &Path, file: &File, mode: u32) -> Result<(), WriteError> {
    if file.kind == FileKind::Link {
        let target = std::ffi::OsStr::from_bytes(&file.bytes);
        return fs_err::os::unix::fs::symlink(target, path).map_err(refused("write", path));
    }
    let write = || -> io::Result<()> {
        let mut out = fs_err::File::create_new(path)?;
        out.write_all(&file.bytes)?;
        out.set_permissions(std::fs::Permissions::from_mode(mode))
    };
    write().map_err(refused("write", path))
}

/// What was done, to be undone in reverse.
struct Journal {
    /// From where to where.
    moves: Vec<(PathBuf, PathBuf)>,
    /// Folders that were made.
    folders: Vec<PathBuf>,
}

impl Journal {
    fn rename(
        &mut self,
        from: PathBuf,
        to: PathBuf,
    ) -> Result<(), (&'static str, PathBuf, io::Error)> {
        match fs_err::rename(&from, &to) {
            Ok(()) => {
                self.moves.push((from, to));
                Ok(())
            }
            Err(error) => Err(("move", from, error)),
        }
    }

    fn undo(&self) -> io::Result<()> {
        let mut outcome = Ok(());
        for (from, to) in self.moves.iter().rev() {
            outcome = outcome.and(fs_err::rename(to, from));
        }
        for folder in self.folders.iter().rev() {
            outcome = outcome.and(fs_err::remove_dir(folder));
        }
        outcome
    }
}

type Failed = (&'static str, PathBuf, io::Error);

/// Moves what is there to `saved` and what is new into its place.
fn exchange(
    folder: &Path,
    files: &[(&String, &Option<File>)],
    new: &Path,
    saved: &Path,
    journal: &mut Journal,
) -> Result<(), Failed> {
    for (index, (path, _)) in files.iter().enumerate() {
        let target = folder.join(path);
        match fs_err::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_dir() => {
                let error = io::Error::from(io::ErrorKind::IsADirectory);
                return Err(("replace", target, error));
            }
            Ok(_) => journal.rename(target, saved.join(index.to_string()))?,
            Err(error) if absent(&error) => {}
            Err(error) => return Err(("read", target, error)),
        }
    }
    for (index, (path, file)) in files.iter().enumerate() {
        if file.is_none() {
            continue;
        }
        for parent in parents(path).map(|parent| folder.join(parent)) {
            match fs_err::create_dir(&parent) {
                Ok(()) => journal.folders.push(parent),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(("write", parent, error)),
            }
        }
        journal.rename(new.join(index.to_string()), folder.join(path))?;
    }
    Ok(())
}

/// Copies a tree.
fn copy(from: &Path, to: &Path) -> Result<(), WriteError> {
    fs_err::create_dir(to).map_err(refused("write", to))?;
    let entries = fs_err::read_dir(from).map_err(refused("read", from))?;
    for entry in entries {
        let entry = entry.map_err(refused("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let metadata = fs_err::symlink_metadata(&source).map_err(refused("read", &source))?;
        if metadata.is_dir() {
            copy(&source, &target)?;
        } else if metadata.is_symlink() {
            let link = fs_err::read_link(&source).map_err(refused("read", &source))?;
            fs_err::os::unix::fs::symlink(link, &target).map_err(refused("write", &target))?;
        } else if metadata.is_file() {
            fs_err::copy(&source, &target).map_err(refused("copy", &source))?;
            let time = metadata.modified().and_then(|time| {
                let file = fs_err::OpenOptions::new().append(true).open(&target)?;
                file.set_modified(time)
            });
            // A read-only copy keeps the time of copying.
            drop(time);
        } else {
            let error = io::Error::new(io::ErrorKind::Unsupported, "neither file, link nor folder");
            return Err(refused("copy", &source)(error));
        }
    }
    let permissions = fs_err::metadata(from).map_err(refused("read", from))?.permissions();
    fs_err::set_permissions(to, permissions).map_err(refused("write", to))
}
