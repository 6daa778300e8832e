//! Packages for dpkg and rpm from trees of files, without dpkg and rpm.
//!
//! A [`filetree::Tree`] and plain metadata go in, the bytes of a package come out. Equal input gives
//! equal bytes, whatever the number of threads, the place or the day. Files are streamed: memory does
//! not grow with the tree.
//!
//! [`version`] makes versions of packages from those of Python projects. The example
//! `folder_to_package` is a whole tool in a few lines.
//!
//! ```
//! use filetree::{Content, Node, Tree};
//! use names::Epoch;
//! use pkg_writer::{Accounts, Compression, Options, deb, rpm};
//!
//! let mut tree = Tree::new();
//! let script = Content::from_bytes("#!/bin/sh\necho hello\n");
//! tree.insert_with_parents("usr/bin/hello".parse()?, Node::file(0o755, Epoch(0), script))?;
//!
//! let folder = tempfile::tempdir()?;
//! let options = Options {
//!     compression: Compression::zstd(),
//!     jobs: 2,
//!     epoch: Epoch(1_795_228_558),
//!     scratch: folder.path().to_owned(),
//!     check_contents: true,
//!     accounts: Accounts::default(),
//! };
//! let package = deb::Package {
//!     name: "hello".to_owned(),
//!     version: "1.0-1".to_owned(),
//!     architecture: "all".to_owned(),
//!     maintainer: "Jane Doe <jane@example.org>".to_owned(),
//!     description: "says hello".to_owned(),
//!     ..deb::Package::default()
//! };
//! deb::save(&tree, &package, &options, &folder.path().join(package.file_name()))?;
//!
//! let package = rpm::Package {
//!     name: "hello".to_owned(),
//!     version: "1.0".to_owned(),
//!     release: "1".to_owned(),
//!     architecture: "noarch".to_owned(),
//!     summary: "says hello".to_owned(),
//!     license: "Apache-2.0".to_owned(),
//!     left_out: ["usr".parse()?, "usr/bin".parse()?].into(),
//!     ..rpm::Package::default()
//! };
//! let mut prepared = rpm::prepare(&tree, &package, &options)?;
//! // A signer would sign `prepared.header()` here.
//! prepared.save(&folder.path().join(package.file_name()), &rpm::Signatures::default())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compress;
pub mod deb;
mod entries;
mod options;
pub mod rpm;
mod spool;
pub mod version;

pub use compress::Compression;
pub use entries::DanglingHardLink;
pub use options::{Accounts, Options};
