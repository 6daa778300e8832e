//! Trees on disk and their files, as users write them.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and makes the files that it needs"
)]

mod committed;
mod layout;
mod mutations;
mod release_file;
mod service_file;
mod shared;
mod tree;
