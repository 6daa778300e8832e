//! Sources out of real repositories, judged by git and by PBR.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod folders;
mod history;
mod login;
mod pbr_version;
mod plain;
mod sdists;
mod servers;
mod submodules;
mod transports;
