//! Documents and keys made by GnuPG, and the archive's own: see `fixtures/make.sh`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the judge, gpgv, is a process; mirrors are named in the environment"
)]

mod archive;
mod fixtures;
mod image;
mod signing;
mod signing_file;
