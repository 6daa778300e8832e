//! How much was read of a member.

use std::io::{self, Read};

/// Counts the bytes that are read.
pub(crate) struct Counting<R> {
    pub(crate) inner: R,
    pub(crate) read: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}
