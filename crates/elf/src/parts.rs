//! Parts of a file, by their offsets.

use std::io::{self, Read, Seek, SeekFrom, Write};

use filetree::{Content, ContentReader};

/// No real library comes near these limits, in bytes.
pub(crate) const TABLE_LIMIT: u64 = 1 << 20;
const NAME_LIMIT: u64 = 4096;

/// `e_type` of programs and of libraries.
pub(crate) const ET_EXEC: u64 = 2;
pub(crate) const ET_DYN: u64 = 3;

pub(crate) const PT_LOAD: u32 = 1;
pub(crate) const PT_DYNAMIC: u32 = 2;
pub(crate) const PT_NOTE: u32 = 4;
pub(crate) const PT_PHDR: u32 = 6;

/// An entry of the program header.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) kind: u32,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) size: u64,
    pub(crate) align: u64,
}

impl Segment {
    pub(crate) fn parse(bytes: &[u8], wide: bool) -> Self {
        let kind = number(bytes, 0, 4) as u32;
        let [offset, address, size, align] = match wide {
            true => [8, 16, 32, 48].map(|at| number(bytes, at, 8)),
            false => [4, 8, 16, 28].map(|at| number(bytes, at, 4)),
        };
        Self { kind, offset, address, size, align }
    }
}

/// The little-endian number in `size` bytes (2, 4 or 8) at `at`; zero where they are not there.
pub(crate) fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    let mut wide = [0; 8];
    if let Some(found) = bytes.get(at..at + size) {
        wide[..size].copy_from_slice(found);
    }
    u64::from_le_bytes(wide)
}

/// Reads parts of a file without the rest: a library may be larger than the memory of a build.
pub(crate) struct Parts {
    reader: ContentReader,
    start: u64,
    size: u64,
}

impl Parts {
    pub(crate) fn open(content: &Content) -> io::Result<Self> {
        let mut reader = content.reader()?;
        let start = match &mut reader {
            ContentReader::Memory(_) => 0,
            ContentReader::Slice(slice) => slice.get_mut().stream_position()?,
        };
        Ok(Self { reader, start, size: content.size })
    }

    /// `size` bytes at `offset`; `None` when they are not all inside the file or are too many.
    pub(crate) fn read(&mut self, offset: u64, size: u64) -> io::Result<Option<Vec<u8>>> {
        let inside = offset.checked_add(size).is_some_and(|end| end <= self.size);
        if !inside || size > 4 * TABLE_LIMIT {
            return Ok(None);
        }
        self.seek(offset, size)?;
        let mut bytes = vec![0; size as usize];
        self.reader.read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Copies `size` bytes at `offset` to `out`. They must be inside the file.
    pub(crate) fn copy(
        &mut self,
        offset: u64,
        size: u64,
        out: &mut (impl Write + ?Sized),
    ) -> io::Result<()> {
        self.seek(offset, size)?;
        let copied = io::copy(&mut (&mut self.reader).take(size), out)?;
        if copied == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// The number of bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    fn seek(&mut self, offset: u64, size: u64) -> io::Result<()> {
        match &mut self.reader {
            ContentReader::Memory(bytes) => bytes.set_position(offset),
            ContentReader::Slice(slice) => {
                slice.get_mut().seek(SeekFrom::Start(self.start + offset))?;
                slice.set_limit(size);
            }
        }
        Ok(())
    }

    /// The bytes at `offset` up to a NUL.
    pub(crate) fn name(&mut self, offset: u64) -> io::Result<Option<Vec<u8>>> {
        let size = self.size.saturating_sub(offset).min(NAME_LIMIT);
        let Some(mut bytes) = self.read(offset, size)? else { return Ok(None) };
        Ok(bytes.iter().position(|byte| *byte == 0).map(|end| {
            bytes.truncate(end);
            bytes
        }))
    }
}
