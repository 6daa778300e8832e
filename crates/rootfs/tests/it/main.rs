//! Root file systems as their users see them.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test fails by panicking and asks the real tools"
)]

mod assembly;
mod handlers;
mod mmdebstrap;
