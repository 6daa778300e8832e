//! Single answers: each library by itself, over the tree, the machine's mirrors and the store.

mod closure;
mod error;
mod locked;
mod mirrors;
mod packages;
mod patch_status;
mod pins;
mod plan;
mod soundness;
mod source;

pub use closure::{ClosureRequest, closure};
pub use error::QueryError;
pub use locked::{files_of_locks, files_of_service};
pub use mirrors::{Answer, MirrorReport, mirrors};
pub use packages::{PackagesRequest, packages};
pub use patch_status::{PatchFate, PatchReport, patch_status, refresh_patches};
pub use pins::{LockedVersions, ShownPin, locked_versions, overridden, pins, releases};
pub use plan::{PlanReport, PlannedStep, planned};
pub use soundness::fault_of_derived;
pub use source::{ResolvedSource, resolve_source, source_version};
