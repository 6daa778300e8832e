//! A tree of files with mode, owner and content, its pack file on disk, and the one deterministic
//! tar writer.
//!
//! Makers (of root file systems, of virtual environments) give a [`Tree`]; writers (of OCI layers,
//! of packages) take one. A file's bytes stay where they are, in a pack file of the store or in
//! memory, until a writer streams them: a tree of a gigabyte takes a few megabytes.
//!
//! ```
//! use filetree::{Content, Node, Tree, TreePath};
//! use names::Epoch;
//!
//! let mut tree = Tree::new();
//! let path: TreePath = "etc/motd".parse()?;
//! tree.insert_with_parents(path, Node::file(0o644, Epoch(0), Content::from_bytes("hello\n")))?;
//!
//! let mut tar = Vec::new();
//! filetree::write_tar(tree.iter(), None, &mut tar)?;
//! assert_eq!(tree.listing(), "dir 0755 0:0 etc\nfile 0644 0:0 etc/motd 5891b5b5\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod changes;
mod content;
mod folder;
mod node;
mod pack;
mod path;
mod tar_writer;
mod tree;

pub use changes::changes;
pub use content::{Content, ContentReader, DamagedContent};
pub use folder::{FolderError, read_folder};
pub use node::{Kind, Node};
pub use pack::{FileMeta, Pack, PackError, PackWriter};
pub use path::{PathError, TreePath};
pub use tar_writer::{Member, TAR_END, TarError, tar_members, write_tar};
pub use tree::{Tree, TreeError};
