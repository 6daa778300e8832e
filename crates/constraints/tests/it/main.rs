//! Constraints, overrides and requirements as files have them.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and reads the files that it checks"
)]

mod hostile;
mod import;
mod mutations;
mod overrides;
mod packaging;
mod pins;
