//! The archive's own files and tools are the judges: apt for choices, dpkg for versions.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the judges are processes, and mirrors are named in the environment"
)]

mod apt;
mod curl;
mod debs;
mod images;
mod lies;
mod scripts;
mod solver;
mod suites;
