//! Blocks that several threads compress and one writes, in their order.

use std::io::{self, Write};

use parallel::blocks::{self, Blocks, Plan, Worker};

use super::{Compressor, Matter};

/// One thread's compressor. Its blocks do not know each other, so that no number of threads shows.
pub(super) trait Codec {
    /// Bytes of input in one block. Part of the format: other values give other bytes.
    const BLOCK: usize;

    /// Compresses one block.
    fn compress(&mut self, block: &[u8], matter: Matter) -> io::Result<Encoded>;
}

/// A compressed block.
pub(super) struct Encoded {
    /// The compressed bytes.
    pub(super) bytes: Vec<u8>,
    /// Their number without padding, which some containers write down.
    pub(super) unpadded: u64,
    /// Number of bytes before compression.
    pub(super) plain_size: u64,
    /// CRC-32 of the bytes before compression.
    pub(super) plain: flate2::Crc,
}

/// What holds the blocks together. Runs in one thread.
pub(super) trait Container {
    /// The bytes before the first block.
    fn begin(&mut self) -> Vec<u8>;
    /// Notes a block that comes next.
    fn note(&mut self, block: &Encoded);
    /// The bytes after the last block.
    fn end(&mut self) -> Vec<u8>;
}

/// A codec as a thread has it.
struct Thread<C>(C);

impl<C: Codec> Worker for Thread<C> {
    type Note = Matter;
    type Output = Encoded;

    fn work(&mut self, block: &[u8], matter: Matter) -> io::Result<Encoded> {
        self.0.compress(block, matter)
    }
}

/// Runs `produce` with a writer whose bytes go to `out` in blocks that `jobs` threads compress.
/// Holds about `jobs` + 1 blocks besides what the codecs need.
pub(super) fn compress<C: Codec, W: Write, T>(
    out: &mut W,
    mut container: impl Container,
    jobs: usize,
    codec: impl Fn() -> C + Sync,
    produce: impl FnOnce(&mut Compressor<'_, W>) -> T,
) -> io::Result<T> {
    out.write_all(&container.begin())?;
    let plan = Plan { size: C::BLOCK, threads: jobs, ahead: jobs };
    let mut take = |encoded: Encoded| {
        container.note(&encoded);
        out.write_all(&encoded.bytes)
    };
    let value = blocks::run(
        &plan,
        &mut Vec::new(),
        || Thread(codec()),
        &mut take,
        |blocks| {
            let mut compressor = Compressor::Blocks(BlockWriter { blocks, matter: Matter::Text });
            let value = produce(&mut compressor);
            match compressor {
                Compressor::Blocks(writer) => writer.finish().map(|()| value),
                Compressor::Stream(_) => Ok(value),
            }
        },
    )?;
    out.write_all(&container.end())?;
    Ok(value)
}

/// Takes bytes and hands them on in blocks.
pub(crate) struct BlockWriter<'a> {
    blocks: Blocks<'a, Matter, Encoded>,
    matter: Matter,
}

impl BlockWriter<'_> {
    /// Ends the block when what follows is something else.
    pub(super) fn set_matter(&mut self, matter: Matter) -> io::Result<()> {
        if matter != self.matter && !self.blocks.is_empty() {
            self.blocks.start(self.matter)?;
        }
        self.matter = matter;
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        if !self.blocks.is_empty() {
            self.blocks.start(self.matter)?;
        }
        self.blocks.finish()
    }
}

impl Write for BlockWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.blocks.fill(bytes);
        if self.blocks.is_full() {
            self.blocks.start(self.matter)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
