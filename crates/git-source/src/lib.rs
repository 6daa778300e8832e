//! Source trees out of git: resolve, fetch one commit, list its files, and the version that PBR gives
//! it.

mod pbr;

pub use pbr::{
    Annotation, Commit, Commits, SemanticVersion, Tag, UnreadableCommit, VersionError, WalkError,
    patched_version, version, version_from_pkg_info,
};
pub use source_refs::CommitId;
