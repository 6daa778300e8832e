//! Small indexes whose choices are known, and dpkg as the judge of versions.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the judge is a process")]

mod choices;
mod packages;
mod versions;
