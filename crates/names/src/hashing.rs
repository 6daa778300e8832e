//! Hashing what passes through a reader or a writer.

use std::io::{self, Read, Write};

use crate::{Digest, Sha256};

/// Hashes and counts the bytes that are read or written through it.
///
/// ```
/// use std::io::Write as _;
///
/// let mut out = names::Hashing::new(Vec::new());
/// out.write_all(b"abc")?;
/// assert_eq!(out.finish(), (names::Sha256::digest("abc"), 3));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Hashing<T> {
    inner: T,
    hash: Sha256,
    size: u64,
}

impl<T> Hashing<T> {
    /// Nothing has passed yet.
    pub fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new(), size: 0 }
    }

    /// SHA-256 and number of the bytes that have passed.
    pub fn finish(self) -> (Digest, u64) {
        (self.hash.finalize(), self.size)
    }

    /// What is inside, and the SHA-256 of the bytes that have passed.
    pub fn into_parts(self) -> (T, Digest) {
        (self.inner, self.hash.finalize())
    }

    /// What is inside: nothing that is done with it is hashed.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    fn pass(&mut self, bytes: &[u8]) -> usize {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        bytes.len()
    }
}

impl<T: Read> Hashing<T> {
    /// Reads to the end; SHA-256 and number of all bytes that have passed.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn finish_reading(mut self) -> io::Result<(Digest, u64)> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(self.finish()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        Ok(self.pass(&buffer[..read]))
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        Ok(self.pass(&bytes[..written]))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
