//! Gzip (RFC 1952): one member, whose deflate blocks (RFC 1951) several threads make.

use std::io;

use flate2::{Compress, Crc, FlushCompress, Status};

use super::Matter;
use super::in_order::{self, Encoded};

/// One thread's compressor.
pub(super) struct Codec {
    deflate: Compress,
}

impl Codec {
    pub(super) fn new(level: u8) -> Self {
        Self { deflate: Compress::new(flate2::Compression::new(u32::from(level)), false) }
    }
}

impl in_order::Codec for Codec {
    const BLOCK: usize = 1 << 20;

    /// Deflates to a byte boundary, so that the next block can follow (`Z_SYNC_FLUSH` of zlib).
    fn compress(&mut self, block: &[u8], _: Matter) -> io::Result<Encoded> {
        self.deflate.reset();
        let mut plain = Crc::new();
        plain.update(block);
        let mut bytes = Vec::with_capacity(block.len() + (block.len() >> 8) + 1024);
        let status = self.deflate.compress_vec(block, &mut bytes, FlushCompress::Sync)?;
        let whole = self.deflate.total_in() == block.len() as u64;
        if status != Status::Ok || !whole || bytes.len() == bytes.capacity() {
            return Err(io::Error::other("a block became larger than deflate can make it"));
        }
        let unpadded = bytes.len() as u64;
        Ok(Encoded { bytes, unpadded, plain_size: block.len() as u64, plain })
    }
}

/// Header and trailer of the member: without name and time, operating system unknown.
#[derive(Default)]
pub(super) struct Container {
    plain: Crc,
}

impl in_order::Container for Container {
    fn begin(&mut self) -> Vec<u8> {
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    }

    fn note(&mut self, block: &Encoded) {
        self.plain.combine(&block.plain);
    }

    fn end(&mut self) -> Vec<u8> {
        // A last deflate block that holds nothing.
        let mut bytes = vec![3, 0];
        bytes.extend(self.plain.sum().to_le_bytes());
        bytes.extend(self.plain.amount().to_le_bytes());
        bytes
    }
}
