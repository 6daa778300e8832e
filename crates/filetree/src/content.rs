//! The bytes of a file, wherever they lie.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Take, Write};
use std::path::Path;
use std::sync::Arc;

use fs_err::File;
use names::{Digest, Sha256};

/// Bytes of a file that were changed since their digest was taken; the inner error of an [`io::Error`].
#[derive(Clone, Debug, thiserror::Error)]
#[error("{place} does not hold the bytes of {sha256}: delete the file and run again")]
pub struct DamagedContent {
    /// The file, and where in it.
    pub place: String,
    /// What the bytes should have.
    pub sha256: Digest,
}

/// The bytes of a regular file: their number, their SHA-256, and where they lie.
/// Two contents are equal when their digests are, wherever they lie.
#[derive(Clone, Debug)]
pub struct Content {
    /// Number of bytes.
    pub size: u64,
    /// SHA-256 of the bytes. Writers check it again while they copy.
    pub sha256: Digest,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Origin {
    Memory(Arc<[u8]>),
    Slice { file: Arc<Path>, offset: u64 },
}

impl Content {
    /// Holds `bytes` in memory: for small, generated files.
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        Self {
            size: bytes.len() as u64,
            sha256: Sha256::digest(bytes),
            origin: Origin::Memory(bytes.into()),
        }
    }

    /// Names `size` bytes at `offset` of `file`, whose SHA-256 the caller knows.
    pub fn from_slice(file: Arc<Path>, offset: u64, size: u64, sha256: Digest) -> Self {
        Self { size, sha256, origin: Origin::Slice { file, offset } }
    }

    /// Opens the bytes for reading.
    ///
    /// # Errors
    /// When the file that holds them cannot be opened.
    pub fn reader(&self) -> io::Result<ContentReader> {
        match &self.origin {
            Origin::Memory(bytes) => Ok(ContentReader::Memory(Cursor::new(Arc::clone(bytes)))),
            Origin::Slice { file, offset } => {
                let mut reader = File::open(file.as_ref())?;
                reader.seek(SeekFrom::Start(*offset))?;
                Ok(ContentReader::Slice(reader.take(self.size)))
            }
        }
    }

    /// Reads all bytes into memory and checks their digest: for small files alone.
    ///
    /// # Errors
    /// When they cannot be read or are not what the digest says.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader()?.read_to_end(&mut bytes)?;
        if Sha256::digest(&bytes) != self.sha256 {
            return Err(self.damaged());
        }
        Ok(bytes)
    }

    /// Copies all bytes to `out` and checks their digest.
    ///
    /// # Errors
    /// When they cannot be read or written, or are not what the digest says; `out` has some of them
    /// then.
    pub fn copy_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut reader = self.reader()?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    hash.update(&buffer[..count]);
                    out.write_all(&buffer[..count])?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if hash.finalize() != self.sha256 {
            return Err(self.damaged());
        }
        Ok(())
    }

    /// The error for bytes that are not what the digest says: [`DamagedContent`].
    pub(crate) fn damaged(&self) -> io::Error {
        let place = match &self.origin {
            Origin::Memory(_) => "memory".to_owned(),
            Origin::Slice { file, offset } => format!("{} at byte {offset}", file.display()),
        };
        let damaged = DamagedContent { place, sha256: self.sha256 };
        io::Error::new(io::ErrorKind::InvalidData, damaged)
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.sha256 == other.sha256
    }
}

impl Eq for Content {}

/// Reads the bytes of a [`Content`].
#[derive(Debug)]
pub enum ContentReader {
    /// Bytes in memory.
    Memory(Cursor<Arc<[u8]>>),
    /// A part of a file.
    Slice(Take<File>),
}

impl Read for ContentReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            ContentReader::Memory(bytes) => bytes.read(buffer),
            ContentReader::Slice(slice) => slice.read(buffer),
        }
    }
}
