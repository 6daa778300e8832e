//! A tree of files on the disk, as an ordinary user can have it.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use filetree::{Kind, Node, Tree, TreePath};
use fs_err as fs;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

/// Why a tree could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteTreeError {
    /// The folder must be empty, or not be there yet.
    #[error("{folder} is not empty")]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// A hard link points at nothing, or at something that is no regular file.
    #[error("/{path}: a hard link to /{target}, which is no file of the tree")]
    DanglingHardLink {
        /// The link.
        path: TreePath,
        /// Where it points.
        target: TreePath,
    },
    /// A file's bytes could not be read or written.
    #[error("cannot write /{path} to {folder}")]
    Write {
        /// The entry.
        path: TreePath,
        /// Where the tree goes.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes `tree` into `folder`, which is made where it is not there, as the user who calls.
///
/// Owners are left out, and so are set-user-ID and set-group-ID bits. Files get the owner's right
/// to read and write, folders to search too, so that the user can work with them; other bits and
/// times are kept, and so are links of both kinds.
///
/// # Errors
/// When the folder holds something, a hard link dangles, or reading or writing fails. What was
/// written until then is left.
pub fn write_tree(tree: &Tree, folder: &Path) -> Result<(), WriteTreeError> {
    let at = |path: &TreePath| folder.join(path.as_str());
    let failed = |path: &TreePath| {
        let (path, folder) = (path.clone(), folder.to_owned());
        move |source| WriteTreeError::Write { path, folder, source }
    };
    let root = TreePath::root();
    fs::create_dir_all(folder).map_err(failed(&root))?;
    if fs::read_dir(folder).map_err(failed(&root))?.next().is_some() {
        return Err(WriteTreeError::NotEmpty { folder: folder.to_owned() });
    }
    for (path, node) in tree.iter().filter(|(path, _)| !path.is_root()) {
        write_node(&at(path), node).map_err(failed(path))?;
    }
    // A link may come before its file.
    for (path, node) in tree {
        let Kind::HardLink(target) = &node.kind else { continue };
        if !matches!(tree.get(target), Some(Node { kind: Kind::File(_), .. })) {
            let (path, target) = (path.clone(), target.clone());
            return Err(WriteTreeError::DanglingHardLink { path, target });
        }
        fs::hard_link(at(target), at(path)).map_err(failed(path))?;
    }
    // Last, and from below: each entry changes the time of the folder around it.
    for (path, node) in tree.iter().rev().filter(|(_, node)| node.is_directory()) {
        finish_folder(&at(path), node).map_err(failed(path))?;
    }
    Ok(())
}

fn write_node(path: &Path, node: &Node) -> io::Result<()> {
    match &node.kind {
        Kind::Directory => fs::create_dir(path),
        Kind::File(content) => {
            let mut file = fs::File::create_new(path)?;
            content.copy_to(&mut file)?;
            file.set_permissions(Permissions::from_mode(node.mode & 0o1777 | 0o600))?;
            set_time(path, node)
        }
        Kind::Symlink(target) => {
            symlink(target, path)?;
            set_time(path, node)
        }
        Kind::HardLink(_) => Ok(()),
    }
}

fn finish_folder(path: &Path, node: &Node) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(node.mode & 0o1777 | 0o700))?;
    set_time(path, node)
}

fn set_time(path: &Path, node: &Node) -> io::Result<()> {
    let seconds = i64::try_from(node.mtime.0).map_err(io::Error::other)?;
    let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
