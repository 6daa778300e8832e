//! What PBR makes of a repository, without running it.

mod authors;
mod change_log;
mod history;
mod local;
mod pkg_info;
mod semantic;
mod version;

pub use authors::authors;
pub use change_log::{ChangeLogError, change_log};
pub(crate) use history::Log;
pub use history::{Annotation, Commit, Commits, Tag, UnreadableCommit, WalkError};
pub use local::patched_version;
pub use pkg_info::version_from_pkg_info;
pub use semantic::SemanticVersion;
pub use version::{VersionError, version};
