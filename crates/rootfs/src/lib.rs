//! Locked .debs to a root file system tree, with the effects of maintainer scripts done natively.
//!
//! [`assemble`] takes unpacked packages (`distro::unpack_deb`) and gives the tree that dpkg would
//! leave behind: their files through the links of merged `/usr`, what their scripts do to a fresh
//! root, and dpkg's and apt's databases, so that `apt-get install` works in an image made on top.
//! No script is run. Which script does what stands in the distro's file; how it is done, in
//! [`handlers`]. The tree is compared with mmdebstrap's in this crate's tests.
//!
//! What it leaves out, because each image gets its own or needs none: `/etc/machine-id`,
//! `/etc/hostname`, `/etc/resolv.conf`, the contents of `/dev` and `/proc`, log files, the package
//! lists and caches of apt, debconf's database, and byte code.
//!
//! ```
//! # use std::{io::Write as _, path::Path};
//! use distro::{DistroFile, unpack_deb};
//! use names::{Arch, Epoch};
//! use rootfs::{Request, assemble};
//! use store::Store;
//!
//! let text = r#"
//!     name = "Debian 13 (trixie)"
//!     glibc = "2.41"
//!     ldconfig = "ldconfig (Debian GLIBC @VERSION@) stable release version 2.41"
//!     python = { version = "3.13", path = "/usr/bin/python3.13" }
//!     base.full = { essential = true, packages = ["python3"] }
//!     [[suite]]
//!     archive = "debian"
//!     suite = "trixie"
//!     components = ["main"]
//!     keyring = "debian-archive-trixie.gpg"
//! "#;
//! let distro = DistroFile::parse(text, Path::new("distros/debian-trixie.toml")).unwrap();
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::open(folder.path())?;
//! # let package = testkit::DebBuilder::new("hello", "1.0").file("usr/bin/hello", b"");
//! # let mut writer = store.blob_writer()?;
//! # writer.write_all(&package.build())?;
//! # let blob = writer.finish(None)?;
//! let deb = unpack_deb(&store, &blob)?;
//! let requested = ["hello".to_owned()];
//! let time = Epoch(1_750_000_000);
//! let request =
//!     Request { arch: Arch::Amd64, distro: &distro, debs: &[&deb], requested: &requested, time };
//! let tree = assemble(&request)?;
//! assert!(tree.at("/usr/bin/hello").is_some() && tree.at("/var/lib/dpkg/status").is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod handlers;

mod accounts;
mod apt_state;
mod assemble;
mod contents;
mod database;
mod effects;
mod md5;
mod merge;
mod relations;

pub use assemble::{AssembleError, Request, assemble};
