//! Packages of a service: the virtual environment of its image at a place of its own, with the files
//! that a distribution expects beside it.

mod control;
mod depends;
mod documents;
mod environment;
mod error;
mod files;
mod scripts;
mod unit;
mod write;

pub(crate) use environment::Environment;
pub use error::PackageError;
pub(crate) use write::{Task, deb};
