//! A disk without room.

use std::io::{self, Write};

/// A writer that takes nothing: a disk without room.
#[derive(Clone, Copy, Debug)]
pub struct FullDisk;

impl Write for FullDisk {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
