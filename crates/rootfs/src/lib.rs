//! Locked .debs to a root file system tree, with the effects of maintainer scripts done natively.

pub mod handlers;

mod accounts;
mod apt_state;
mod assemble;
mod database;
mod effects;
mod md5;
mod merge;
mod relations;

pub use assemble::{AssembleError, Request, assemble};
