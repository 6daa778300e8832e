//! Why an RPM package could not be written.

use std::io;
use std::path::PathBuf;

use filetree::TreePath;

use crate::DanglingHardLink;

/// Why an RPM package could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpmError {
    /// A field breaks its rule.
    #[error("{field} `{}` is not right: want {want}", .value.escape_debug())]
    Field {
        /// The field.
        field: &'static str,
        /// What it holds, cut to 80 characters.
        value: String,
        /// What is wanted.
        want: &'static str,
    },
    /// A dependency cannot be read.
    #[error(
        "`{}` is no dependency: want a name, a name with a comparison and a version, or a condition \
         in parentheses",
        .text.escape_debug()
    )]
    Dependency {
        /// The dependency, cut to 80 characters.
        text: String,
    },
    /// The changelog is not sorted.
    #[error("the changelog is not sorted: put its newest entry first")]
    ChangelogOrder,
    /// Something is said of a file that is not in the package.
    #[error("/{path} is marked or left out, and the tree has no such entry")]
    NoEntry {
        /// The file.
        path: TreePath,
    },
    /// A file's owner has no name.
    #[error("/{path}: {kind} {number} has no name: give one in the accounts")]
    Account {
        /// The file.
        path: TreePath,
        /// `user` or `group`.
        kind: &'static str,
        /// The number of the owner.
        number: u32,
    },
    /// A hard link has no file.
    #[error(transparent)]
    HardLink(#[from] DanglingHardLink),
    /// A hard link and its file are not treated alike.
    #[error("/{path}: names of one file are all in the package or none is, and not as ghosts")]
    HardLinkApart {
        /// One of the names.
        path: TreePath,
    },
    /// A file's bytes could not be read, or are not what its digest says.
    #[error("cannot read the content of /{path}")]
    Content {
        /// The file.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// The metadata are more than a header can hold.
    #[error("the header has {size} bytes: rpm reads at most 268,435,455")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// The files could not be compressed into the scratch folder.
    #[error("cannot compress the files in {}", .folder.display())]
    Scratch {
        /// The scratch folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A signature is not one that rpm reads.
    #[error("the signature of the {covers} is no binary OpenPGP signature packet of version 4")]
    Signature {
        /// What it covers.
        covers: &'static str,
    },
    /// The output could not be written.
    #[error("cannot write the package")]
    Write(#[source] io::Error),
    /// The file could not be written.
    #[error("cannot write the package {}", .path.display())]
    Save {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
