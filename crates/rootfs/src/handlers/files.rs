//! Small files of a tree: read whole, replaced whole.

use std::io;

use filetree::{Content, Kind, Node, PathError, Tree, TreeError, TreePath};
use names::Epoch;

/// No configuration file that a handler reads is larger, in bytes.
const LIMIT: u64 = 16 << 20;

/// Why a file of the tree could not be read or put in place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The bytes are not to be had.
    #[error("/{path}: its content cannot be read: delete the unpacked package and run again")]
    Read {
        /// The file.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// It should be there.
    #[error("/{path}: there is no such file: add the package that ships it")]
    Missing {
        /// The file.
        path: TreePath,
    },
    /// A directory stands where a file should be.
    #[error("/{path}: is not a regular file: look which package puts it there")]
    NotFile {
        /// What it is called.
        path: TreePath,
    },
    /// Too large for what it should be.
    #[error("/{path}: {size} bytes are too many for a configuration file: look into it")]
    TooLarge {
        /// The file.
        path: TreePath,
        /// Its size in bytes.
        size: u64,
    },
    /// Not UTF-8.
    #[error("/{path}: is not UTF-8 text: look into it")]
    NotText {
        /// The file.
        path: TreePath,
    },
    /// The tree does not take the entry.
    #[error("a generated file does not fit into the tree: look which package is in its way")]
    Place {
        /// Which, and why.
        #[from]
        source: TreeError,
    },
    /// A name that would leave the tree.
    #[error("a generated file has a name that no tree takes: look which package asks for it")]
    Name {
        /// Which, and why.
        #[from]
        source: PathError,
    },
}

/// The regular file that `path` leads to, links followed: where it is, and its content.
pub(super) fn find<'a>(
    tree: &'a Tree,
    path: &TreePath,
) -> Result<Option<(TreePath, &'a Content)>, FileError> {
    let place = tree.resolve(path)?;
    match tree.get(&place).map(|node| &node.kind) {
        None => Ok(None),
        Some(Kind::File(content)) => Ok(Some((place, content))),
        Some(Kind::HardLink(target)) => match tree.get(target).map(|node| &node.kind) {
            Some(Kind::File(content)) => Ok(Some((target.clone(), content))),
            _ => Err(FileError::NotFile { path: place }),
        },
        Some(Kind::Directory | Kind::Symlink(_)) => Err(FileError::NotFile { path: place }),
    }
}

/// The bytes of the file at `path`, links followed; `None` where there is none.
pub(super) fn bytes(tree: &Tree, path: &TreePath) -> Result<Option<Vec<u8>>, FileError> {
    let Some((place, content)) = find(tree, path)? else { return Ok(None) };
    if content.size > LIMIT {
        return Err(FileError::TooLarge { path: place, size: content.size });
    }
    content.read().map(Some).map_err(|source| FileError::Read { path: place, source })
}

/// The text of the file at `path`, links followed; `None` where there is none.
pub(super) fn text(tree: &Tree, path: &str) -> Result<Option<String>, FileError> {
    let path = TreePath::from_member(path)?;
    let Some(bytes) = bytes(tree, &path)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| FileError::NotText { path })
}

/// The text of the file at `path`, which must be there.
pub(crate) fn required_text(tree: &Tree, path: &str) -> Result<String, FileError> {
    match text(tree, path)? {
        Some(text) => Ok(text),
        None => Err(FileError::Missing { path: TreePath::from_member(path)? }),
    }
}

/// Puts a file of root's at `path`, links above it followed, in place of what was there.
pub(super) fn write(
    tree: &mut Tree,
    path: &str,
    mode: u32,
    time: Epoch,
    text: impl AsRef<[u8]>,
) -> Result<(), FileError> {
    let path = tree.resolve_parent(&TreePath::from_member(path)?)?;
    tree.insert_with_parents(path, Node::file(mode, time, Content::from_bytes(text)))?;
    Ok(())
}

/// Writes new text into the file at `path`, which keeps its mode and owner; a new file gets `mode`
/// and `gid`.
pub(crate) fn rewrite(
    tree: &mut Tree,
    path: &str,
    (mode, gid): (u32, u32),
    time: Epoch,
    text: &str,
) -> Result<(), FileError> {
    let path = tree.resolve(&TreePath::from_member(path)?)?;
    let kind = Kind::File(Content::from_bytes(text));
    let node = match tree.get(&path) {
        Some(old) => Node { mtime: time, kind, ..old.clone() },
        None => Node::of_root(mode, time, kind).owned_by(0, gid),
    };
    tree.insert_with_parents(path, node)?;
    Ok(())
}

/// Puts a symbolic link at `path`, links above it followed, in place of what was there.
pub(super) fn link(
    tree: &mut Tree,
    path: &TreePath,
    target: &str,
    time: Epoch,
) -> Result<(), FileError> {
    let path = tree.resolve_parent(path)?;
    tree.insert_with_parents(path, Node::symlink(target, time))?;
    Ok(())
}

/// Names directly in the directory that `path` leads to, in byte order.
pub(super) fn children(tree: &Tree, path: &TreePath) -> Result<Vec<String>, FileError> {
    let place = tree.resolve(path)?;
    let mut names: Vec<String> = tree
        .below(&place)
        .filter_map(|(inner, _)| inner.strip_prefix(&place))
        .filter(|inner| !inner.as_str().contains('/'))
        .map(|inner| inner.to_string())
        .collect();
    names.sort();
    Ok(names)
}
