//! Read apt archives and .deb files, solve dependencies, classify maintainer scripts.

mod lock;
mod version;

pub use lock::{LockedDeb, LockedSuite, Suite};
pub use version::{Version, VersionError, compare_versions};
