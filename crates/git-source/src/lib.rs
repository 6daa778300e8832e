//! Source trees out of git: resolve, fetch one commit, list its files, and the version that PBR gives
//! it.

mod cache;
mod connection;
mod credentials;
mod error;
mod folder;
mod pbr;
mod resolve;
mod sdist;
mod settings;
mod stored;
mod submodules;
mod tree;

pub use cache::GitCache;
pub use error::GitError;
pub use folder::{
    FolderState, LocalFile, LocalFolder, LocalFolderError, local_folder, local_version,
};
pub use pbr::{
    Annotation, ChangeLogError, Commit, Commits, SemanticVersion, Tag, UnreadableCommit,
    VersionError, WalkError, authors, change_log, patched_version, version, version_from_pkg_info,
};
pub use resolve::Resolved;
pub use sdist::{Generated, SdistFile, sdist_files};
pub use settings::{Helpers, Limits, Network, Settings};
pub use source_refs::{CommitId, GitReference, GitUrl};
pub use submodules::Part;
pub use tree::{FileEntry, FileMode};
