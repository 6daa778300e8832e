//! A folder of the disk as a tree.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use names::{Digest, Epoch, Hashing};

use crate::{Content, Node, PathError, Tree, TreeError, TreePath};

/// Why a folder cannot be a tree.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something in it cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// A name, or the target of a symbolic link, that no archive of ours can hold.
    #[error("{}: {what} is not UTF-8: rename it, or leave it out", .path.display())]
    NotUtf8 {
        /// What has the name, or is the link.
        path: PathBuf,
        /// `its name`, or `its target`.
        what: &'static str,
    },
    /// A name that is no path inside of a tree.
    #[error("{}: {source}", .path.display())]
    Path {
        /// What has it.
        path: PathBuf,
        /// Why it is none.
        source: PathError,
    },
    /// A socket, a named pipe or a device.
    #[error("{}: neither a file nor a directory nor a symbolic link: leave it out", .0.display())]
    Special(PathBuf),
    /// The tree has something else there.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Adds what is in `folder` to `tree`, below `at`, which is there already or is the root. Contents stay where they are,
/// and must not change as long as the tree is used; their digests are taken by `jobs` threads.
///
/// Modes and times are the disk's, with times before 1970 as 1970; owner and group are root, whoever has unpacked the
/// folder. A file with several names becomes a file for each.
///
/// # Errors
/// When something cannot be read, is not what a tree can hold, or does not fit into the tree, which may have some of the
/// folder then.
pub fn read_folder(
    tree: &mut Tree,
    at: &TreePath,
    folder: &Path,
    jobs: usize,
) -> Result<(), FolderError> {
    let mut files = Vec::new();
    walk(tree, at, folder, &mut files)?;
    let digest = |file: &Found| -> io::Result<Digest> {
        Ok(Hashing::new(fs::File::open(&file.place)?).finish_reading()?.0)
    };
    let digests = parallel::for_each(&files, jobs, digest)?;
    for (file, sha256) in files.into_iter().zip(digests) {
        let content = Content::from_slice(file.place.into(), 0, file.size, sha256);
        tree.insert(file.path, Node::file(file.mode, file.mtime, content))?;
    }
    Ok(())
}

/// A file whose digest is still to be taken.
struct Found {
    path: TreePath,
    place: PathBuf,
    size: u64,
    mode: u32,
    mtime: Epoch,
}

fn walk(
    tree: &mut Tree,
    at: &TreePath,
    folder: &Path,
    files: &mut Vec<Found>,
) -> Result<(), FolderError> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let place = entry.path();
        let name = entry.file_name();
        let name = name
            .to_str()
            .ok_or_else(|| FolderError::NotUtf8 { path: place.clone(), what: "its name" })?;
        let path =
            at.join(name).map_err(|source| FolderError::Path { path: place.clone(), source })?;
        let meta = entry.metadata()?;
        let mode = meta.permissions().mode() & 0o7777;
        let mtime = Epoch(u64::try_from(meta.mtime()).unwrap_or(0));
        if meta.is_dir() {
            tree.insert(path.clone(), Node::directory(mode, mtime))?;
            walk(tree, &path, &place, files)?;
        } else if meta.is_symlink() {
            let target = fs::read_link(&place)?.into_os_string().into_string();
            let target = target
                .map_err(|_| FolderError::NotUtf8 { path: place.clone(), what: "its target" })?;
            tree.insert(path, Node::symlink(target, mtime))?;
        } else if meta.is_file() {
            files.push(Found { path, place, size: meta.len(), mode, mtime });
        } else {
            return Err(FolderError::Special(place));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn listing(folder: &Path, jobs: usize) -> Result<String, FolderError> {
        let mut tree = Tree::new();
        let at: TreePath = "opt/x".parse().unwrap();
        tree.insert_with_parents(at.clone(), Node::directory(0o755, Epoch(0))).unwrap();
        read_folder(&mut tree, &at, folder, jobs)?;
        Ok(tree.below(&at).map(|(path, node)| format!("{path} {:o}\n", node.mode)).collect())
    }

    #[test]
    fn what_is_there_is_in_the_tree_by_any_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::create_dir(inside("d")).unwrap();
        fs::write(inside("d/run"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(inside("d/run"), std::fs::Permissions::from_mode(0o4755)).unwrap();
        fs::hard_link(inside("d/run"), inside("d/same")).unwrap();
        std::os::unix::fs::symlink("nowhere", inside("link")).unwrap();
        fs::set_permissions(inside("d"), std::fs::Permissions::from_mode(0o750)).unwrap();
        let want = "opt/x/d 750\nopt/x/d/run 4755\nopt/x/d/same 4755\nopt/x/link 777\n";
        for jobs in [0, 1, 3] {
            assert_eq!(listing(folder.path(), jobs).unwrap(), want);
        }
        let mut tree = Tree::new();
        read_folder(&mut tree, &TreePath::root(), folder.path(), 2).unwrap();
        let Some(Node { kind: crate::Kind::File(content), .. }) = tree.at("d/run") else {
            panic!()
        };
        assert_eq!(content.read().unwrap(), b"#!/bin/sh\n");
    }

    #[test]
    fn what_a_tree_cannot_hold_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let told = || listing(folder.path(), 1).unwrap_err().to_string();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        assert!(
            told().ends_with(
                "socket: neither a file nor a directory nor a symbolic link: leave it out"
            )
        );
        drop(listener);
        fs::remove_file(socket).unwrap();
        let odd = folder.path().join(OsStr::from_bytes(b"\xff"));
        std::os::unix::fs::symlink("x", &odd).unwrap();
        assert!(
            told().ends_with("its name is not UTF-8: rename it, or leave it out"),
            "{}",
            told()
        );
        fs::remove_file(odd).unwrap();
        std::os::unix::fs::symlink(OsStr::from_bytes(b"\xff"), folder.path().join("a")).unwrap();
        assert!(told().ends_with("a: its target is not UTF-8: rename it, or leave it out"));
    }
}
