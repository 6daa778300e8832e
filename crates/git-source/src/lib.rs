//! Source trees out of git: resolve, fetch one commit, list its files, and the version that PBR gives
//! it.

mod cache;
mod connection;
mod credentials;
mod error;
mod pbr;
mod resolve;
mod settings;
mod stored;
mod tree;

pub use cache::GitCache;
pub use error::GitError;
pub use pbr::{
    Annotation, Commit, Commits, SemanticVersion, Tag, UnreadableCommit, VersionError, WalkError,
    patched_version, version, version_from_pkg_info,
};
pub use resolve::Resolved;
pub use settings::{Helpers, Limits, Network, Settings};
pub use source_refs::{CommitId, GitReference, GitUrl};
pub use tree::{FileEntry, FileMode};
