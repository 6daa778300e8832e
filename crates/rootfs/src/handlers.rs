//! Effects of maintainer scripts, computed: each handler is a function over a tree.

pub mod accounts;
pub mod alternatives;
pub mod capabilities;
pub mod certificates;
pub mod ld_cache;
pub mod pam;
pub mod runlevels;
pub mod shells;
pub mod systemd;

pub(crate) mod files;

pub use files::FileError;
