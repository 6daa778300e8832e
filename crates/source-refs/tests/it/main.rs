//! Source references as files have them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod long;
mod mutations;
mod refs;
