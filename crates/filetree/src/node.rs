//! One entry of a tree.

use std::collections::BTreeMap;

use names::Epoch;

use crate::{Content, TreePath};

/// One entry of a tree. Owner and group are numbers: names belong to `/etc/passwd` in the tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    /// Permission bits with setuid, setgid and sticky: `0o7777` at most.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Time of the last change.
    pub mtime: Epoch,
    /// Extended attributes (xattr(7)) by their whole names, `security.capability`; most entries have
    /// none.
    pub attributes: BTreeMap<String, Vec<u8>>,
    /// What it is.
    pub kind: Kind,
}

/// What an entry of a tree is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File(Content),
    /// A symbolic link and its target, as it is written (often relative, sometimes dangling).
    Symlink(String),
    /// Another name of the regular file at this path of the same tree.
    HardLink(TreePath),
}

impl Node {
    /// An entry of root's without extended attributes.
    pub fn of_root(mode: u32, mtime: Epoch, kind: Kind) -> Self {
        Self { mode, uid: 0, gid: 0, mtime, attributes: BTreeMap::new(), kind }
    }

    /// A directory of root's.
    pub fn directory(mode: u32, mtime: Epoch) -> Self {
        Self::of_root(mode, mtime, Kind::Directory)
    }

    /// A regular file of root's.
    pub fn file(mode: u32, mtime: Epoch, content: Content) -> Self {
        Self::of_root(mode, mtime, Kind::File(content))
    }

    /// A symbolic link of root's. Its mode is 0777, as Linux shows every link.
    pub fn symlink(target: impl Into<String>, mtime: Epoch) -> Self {
        Self::of_root(0o777, mtime, Kind::Symlink(target.into()))
    }

    /// The same entry with another owner and group.
    #[must_use]
    pub fn owned_by(self, uid: u32, gid: u32) -> Self {
        Self { uid, gid, ..self }
    }

    /// Whether this is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind == Kind::Directory
    }

    /// Whether both are the same but for their times.
    pub fn same_but_time(&self, other: &Node) -> bool {
        let meta = |node: &Node| (node.mode, node.uid, node.gid);
        meta(self) == meta(other) && self.attributes == other.attributes && self.kind == other.kind
    }
}
