//! Small debs, wheels and repositories for tests, a server that misbehaves on demand, and the one
//! place where tests start other tools.
//!
//! All of it is made in memory and panics when something goes wrong: it is for tests alone.
//!
//! ```
//! use store::{Address, Fetcher as _};
//!
//! let deb = testkit::DebBuilder::new("hello", "1.0-1").file("usr/bin/hello", b"#!/bin/sh\n").build();
//! let shelf = testkit::Shelf::new();
//! let address = Address::in_archive(&"debian".parse()?, "pool/hello_1.0-1_all.deb");
//! shelf.put(&address, "", &deb);
//! assert_eq!(shelf.document(&address, "*/*", 1 << 20)?.bytes, deb);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apt_repo;
mod deb;
mod dnf;
mod foreign;
mod full_disk;
mod promises;
mod random;
mod server;
mod shelf;
mod simple_index;
mod tool;
mod wheel;

pub use apt_repo::{AptRepo, SigningKey};
pub use deb::{Compression, DebBuilder};
pub use dnf::dnf;
pub use foreign::{check_library_cache, check_machine};
pub use full_disk::FullDisk;
pub use promises::{ARCHIVE, Given, check_promises};
pub use random::Random;
pub use server::{Fault, Request, Server};
pub use shelf::Shelf;
pub use simple_index::{IndexFile, SimpleIndex};
pub use tool::{Tool, tool};
pub use wheel::WheelBuilder;

/// The SHA-256 digest of `bytes`.
pub fn sha256(bytes: &[u8]) -> names::Digest {
    names::Sha256::digest(bytes)
}
