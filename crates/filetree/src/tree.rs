//! The tree itself.

use std::collections::BTreeMap;
use std::collections::btree_map;

use names::Epoch;

use crate::{Kind, Node, TreePath};

/// A tree of files as it will appear in an image or a package.
///
/// Invariant: every parent is present and is a directory; the root itself need not be, it is a
/// directory all the same.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    nodes: BTreeMap<TreePath, Node>,
}

/// Why an entry cannot be put into a tree.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// The directory that should hold it is not there.
    #[error("/{path}: the directory above it is missing")]
    NoParent {
        /// The entry.
        path: TreePath,
    },
    /// What should hold it is a file or a link.
    #[error("/{path}: /{parent} is not a directory")]
    ParentNotDirectory {
        /// The entry.
        path: TreePath,
        /// What stands in its way.
        parent: TreePath,
    },
    /// A directory with entries cannot become something else, and the root stays a directory.
    #[error("/{path}: a directory cannot be replaced by something else")]
    ReplacesDirectory {
        /// The directory.
        path: TreePath,
    },
    /// Symbolic links lead round in a circle.
    #[error("/{path}: too many symbolic links")]
    LinkLoop {
        /// The path that was looked up.
        path: TreePath,
    },
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The entry at `path`; links are not followed.
    pub fn get(&self, path: &TreePath) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// The entry at `path`, to change its mode, owner or time.
    pub fn get_mut(&mut self, path: &TreePath) -> Option<&mut Node> {
        self.nodes.get_mut(path)
    }

    /// The entry at a path written as text (`etc/passwd` or `/etc/passwd`).
    pub fn at(&self, path: &str) -> Option<&Node> {
        self.nodes.get(&TreePath::from_member(path).ok()?)
    }

    /// Entries in path order, parents first: the order every writer must use.
    pub fn iter(&self) -> btree_map::Iter<'_, TreePath, Node> {
        self.nodes.iter()
    }

    /// Entries below the directory `path`, itself not included, in path order.
    pub fn below<'a>(
        &'a self,
        path: &'a TreePath,
    ) -> impl Iterator<Item = (&'a TreePath, &'a Node)> {
        // "a.b" sorts between "a" and "a/b", so those that merely share the prefix are skipped.
        self.nodes
            .range(path.clone()..)
            .skip_while(move |(inner, _)| *inner == path)
            .take_while(move |(inner, _)| inner.as_str().starts_with(path.as_str()))
            .filter(move |(inner, _)| inner.strip_prefix(path).is_some())
    }

    /// Puts `node` at `path`, in place of what was there.
    ///
    /// # Errors
    /// When the parent is missing or no directory, or when a directory would become something else.
    pub fn insert(&mut self, path: TreePath, node: Node) -> Result<Option<Node>, TreeError> {
        if path.is_root() && !node.is_directory() {
            return Err(TreeError::ReplacesDirectory { path });
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.is_root()) {
            match self.nodes.get(&parent) {
                None => return Err(TreeError::NoParent { path }),
                Some(node) if !node.is_directory() => {
                    return Err(TreeError::ParentNotDirectory { path, parent });
                }
                Some(_) => {}
            }
        }
        let was_directory = self.nodes.get(&path).is_some_and(Node::is_directory);
        if was_directory && !node.is_directory() && self.below(&path).next().is_some() {
            return Err(TreeError::ReplacesDirectory { path });
        }
        Ok(self.nodes.insert(path, node))
    }

    /// Puts `node` at `path`; directories that are missing above it are made, of root's, with mode
    /// 0755 and the time of `node`.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn insert_with_parents(
        &mut self,
        path: TreePath,
        node: Node,
    ) -> Result<Option<Node>, TreeError> {
        let mut missing = Vec::new();
        let mut above = path.parent();
        while let Some(parent) = above.filter(|parent| !parent.is_root()) {
            if self.nodes.contains_key(&parent) {
                break;
            }
            above = parent.parent();
            missing.push(parent);
        }
        for parent in missing.into_iter().rev() {
            self.insert(parent, Node::directory(0o755, node.mtime))?;
        }
        self.insert(path, node)
    }

    /// Takes out the entry at `path` and all below it; returns the entry.
    pub fn remove(&mut self, path: &TreePath) -> Option<Node> {
        let below: Vec<TreePath> = self.below(path).map(|(path, _)| path.clone()).collect();
        for path in below {
            self.nodes.remove(&path);
        }
        self.nodes.remove(path)
    }

    /// Lays `upper` over this tree, as a container runtime lays layers: its entries take the place of
    /// those that are here, directories keep what is in them.
    ///
    /// # Errors
    /// As [`Tree::insert`]; entries before the one that does not fit are in the tree then.
    pub fn overlay(&mut self, upper: &Tree) -> Result<(), TreeError> {
        for (path, node) in upper {
            self.insert(path.clone(), node.clone())?;
        }
        Ok(())
    }

    /// Where `path` leads when every symbolic link on the way is followed inside the tree, the last
    /// component not included: what `lstat` would look at. Missing parts stay as they are written;
    /// `..` in a link stops at the root, as in a chroot.
    ///
    /// # Errors
    /// [`TreeError::LinkLoop`] after 40 links, the limit of Linux.
    pub fn resolve_parent(&self, path: &TreePath) -> Result<TreePath, TreeError> {
        match path.parent() {
            None => Ok(path.clone()),
            Some(parent) => Ok(child(&self.resolve(&parent)?, path.file_name())),
        }
    }

    /// Where `path` leads when every symbolic link is followed inside the tree: what `stat` would
    /// look at. Otherwise as [`Tree::resolve_parent`].
    ///
    /// # Errors
    /// [`TreeError::LinkLoop`] after 40 links.
    pub fn resolve(&self, path: &TreePath) -> Result<TreePath, TreeError> {
        let mut left: Vec<String> = path.as_str().split('/').rev().map(str::to_owned).collect();
        let mut done = TreePath::root();
        let mut links = 0;
        while let Some(component) = left.pop() {
            match component.as_str() {
                "" | "." => continue,
                ".." => {
                    done = done.parent().unwrap_or_default();
                    continue;
                }
                name => done = child(&done, name),
            }
            if let Some(Node { kind: Kind::Symlink(target), .. }) = self.nodes.get(&done) {
                links += 1;
                if links > 40 {
                    return Err(TreeError::LinkLoop { path: path.clone() });
                }
                done = if target.starts_with('/') {
                    TreePath::root()
                } else {
                    done.parent().unwrap_or_default()
                };
                left.extend(target.split('/').rev().map(str::to_owned));
            }
        }
        Ok(done)
    }

    /// The newest time of all entries; the epoch itself for an empty tree.
    pub fn newest(&self) -> Epoch {
        self.nodes.values().map(|node| node.mtime).max().unwrap_or_default()
    }

    /// One line an entry, for tests and for people: `file 0644 0:0 etc/motd 5891b5b5` with the
    /// first digits of the content's digest, `dir`, `link ... -> target`, `hard ... => path`; behind it extended
    /// attributes, in hexadecimal digits.
    pub fn listing(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        for (path, node) in &self.nodes {
            let Node { mode, uid, gid, .. } = node;
            match &node.kind {
                Kind::Directory => write!(text, "dir {mode:04o} {uid}:{gid} {path}"),
                Kind::File(content) => {
                    let digest = &content.sha256.hex()[..8];
                    write!(text, "file {mode:04o} {uid}:{gid} {path} {digest}")
                }
                Kind::Symlink(target) => write!(text, "link {uid}:{gid} {path} -> {target}"),
                Kind::HardLink(target) => write!(text, "hard {path} => {target}"),
            }
            .expect("a String takes every write");
            for (name, value) in &node.attributes {
                text.push_str(&format!(" {name}="));
                text.extend(value.iter().map(|byte| format!("{byte:02x}")));
            }
            text.push('\n');
        }
        text
    }
}

impl<'a> IntoIterator for &'a Tree {
    type Item = (&'a TreePath, &'a Node);
    type IntoIter = btree_map::Iter<'a, TreePath, Node>;
    fn into_iter(self) -> Self::IntoIter {
        self.nodes.iter()
    }
}

/// `name` may come from a link target, which nobody has checked.
fn child(parent: &TreePath, name: &str) -> TreePath {
    parent.join(name).unwrap_or_else(|_| parent.clone())
}
