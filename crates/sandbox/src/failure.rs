//! A failed step inside a stage.

use std::io;
use std::path::Path;

use crate::spec::{Report, Start};

/// A step that failed: what is sent to the starter.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Report);

/// Names what failed, and on what.
pub(crate) trait Step<T> {
    /// As a step of the set-up: the call, and what it was about.
    fn step(self, call: &str, subject: impl AsRef<Path>) -> Result<T, Failure>;
    /// As the start of the command.
    fn start(self, action: Start, subject: impl AsRef<Path>) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> Step<T> for Result<T, E> {
    fn step(self, call: &str, subject: impl AsRef<Path>) -> Result<T, Failure> {
        self.map_err(|error| {
            let subject = subject.as_ref().display().to_string();
            Failure(Report::SetUp { call: call.to_owned(), subject, errno: number(error.into()) })
        })
    }

    fn start(self, action: Start, subject: impl AsRef<Path>) -> Result<T, Failure> {
        self.map_err(|error| {
            let subject = subject.as_ref().display().to_string();
            Failure(Report::Start { action, subject, errno: number(error.into()) })
        })
    }
}

/// The error number; `EIO` for what is no error of the kernel.
fn number(error: io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}
