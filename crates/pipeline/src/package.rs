//! Packages of a service: the virtual environment of its image at a place of its own, with the files
//! that a distribution expects beside it.

mod alternative;
mod deb;
mod documents;
mod environment;
mod error;
mod files;
mod rpm;
mod task;
mod unit;

pub(crate) use deb::deb;
pub(crate) use environment::Environment;
pub use error::PackageError;
pub(crate) use rpm::rpm;
pub(crate) use task::Task;
