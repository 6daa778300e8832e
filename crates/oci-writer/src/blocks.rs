//! Compression in blocks, by several threads, with the same bytes for any number of them.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use fs_err::File;
use libdeflater::{CompressionLvl, Compressor};
use names::Sha256;

use crate::Compression;
use crate::remembered::{self, Known, Slice};

/// Bytes of input in one block. Part of the format: other values give other digests.
const fn block_size(compression: Compression) -> usize {
    match compression {
        Compression::Gzip { .. } => 1 << 20,
        // Its window reaches further back, so larger blocks save more.
        Compression::Zstd { .. } => 4 << 20,
    }
}

/// One block on its way to a thread, and where its compressed form is awaited.
struct Job {
    block: Vec<u8>,
    /// Where it was compressed before.
    known: Option<(Arc<File>, Slice)>,
    done: SyncSender<io::Result<Compressed>>,
}

/// A compressed block, with the buffer that held the input, for the next one.
struct Compressed {
    bytes: Vec<u8>,
    /// What and how large they are; where, is not known yet.
    slice: Slice,
    is_new: bool,
    buffer: Vec<u8>,
}

/// What has become of the blocks of a group.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Where they are in the output.
    pub(crate) blocks: Vec<Slice>,
    /// Whether one of them was compressed just now.
    pub(crate) is_new: bool,
}

/// Runs `produce` with a writer; what is written there goes to `out` in blocks that `jobs` threads
/// compress: as gzip each a member of its own (RFC 1952 section 2.2: a file is a series of members),
/// without name and time and with the operating system "unknown"; as zstd each a frame with its size
/// and a checksum (RFC 8878 section 3: so are frames). Holds about `jobs` + 2 blocks. Returns what
/// `produce` does, and what has become of each group that it has begun.
///
/// The writer fails only when `out` does.
pub(crate) fn compress<T>(
    out: &mut impl Write,
    compression: Compression,
    jobs: usize,
    produce: impl FnOnce(&mut BlockWriter<'_>) -> T,
) -> io::Result<(T, Vec<Written>)> {
    let jobs = jobs.max(1);
    let (queue, waiting) = mpsc::channel::<Job>();
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| work(&waiting, compression));
        }
        let mut writer = BlockWriter {
            out,
            size: block_size(compression),
            block: Vec::new(),
            spare: Vec::new(),
            queue,
            started: VecDeque::new(),
            limit: jobs + 1,
            known: None,
            written: vec![Written::default()],
            offset: 0,
        };
        let value = produce(&mut writer);
        // Dropping the writer closes the queue, which ends the threads.
        Ok((value, writer.finish()?))
    })
}

/// Compresses blocks until the queue is closed.
fn work(waiting: &Mutex<Receiver<Job>>, compression: Compression) {
    let mut codec = Codec::new(compression);
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { block, known, done }) = next else { return };
        let plain_size = block.len();
        let known = known.and_then(|(layer, slice)| {
            Some((remembered::read(&layer, &slice, plain_size)?, slice))
        });
        let result = match known {
            Some((bytes, slice)) => Ok(Compressed { bytes, slice, is_new: false, buffer: block }),
            None => codec.compress(&block).map(|bytes| {
                let sha256 = Sha256::digest(&bytes);
                let slice = Slice { offset: 0, size: bytes.len(), plain_size, sha256 };
                Compressed { bytes, slice, is_new: true, buffer: block }
            }),
        };
        // The other end is gone when the output has failed: nobody waits for this block.
        let _ = done.send(result);
    }
}

/// One thread's compressor.
enum Codec {
    Gzip { compressor: Compressor, buffer: Vec<u8> },
    Zstd(io::Result<zstd::bulk::Compressor<'static>>),
}

impl Codec {
    fn new(compression: Compression) -> Self {
        match compression {
            Compression::Gzip { level } => {
                let level = CompressionLvl::new(i32::from(level.clamp(1, 12)))
                    .expect("libdeflate takes the levels 0 to 12");
                let mut compressor = Compressor::new(level);
                let bound = compressor.gzip_compress_bound(block_size(compression));
                Self::Gzip { compressor, buffer: vec![0; bound] }
            }
            Compression::Zstd { level } => {
                let made = zstd::bulk::Compressor::new(i32::from(level.clamp(1, 19)));
                Self::Zstd(made.and_then(|mut compressor| {
                    compressor.include_checksum(true)?;
                    Ok(compressor)
                }))
            }
        }
    }

    fn compress(&mut self, block: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip { compressor, buffer } => {
                let size = compressor.gzip_compress(block, buffer).map_err(io::Error::other)?;
                Ok(buffer[..size].to_vec())
            }
            Self::Zstd(Ok(compressor)) => compressor.compress(block),
            Self::Zstd(Err(error)) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

/// Takes bytes, hands them on in blocks, and writes the compressed blocks in order.
pub(crate) struct BlockWriter<'a> {
    out: &'a mut dyn Write,
    /// Bytes of a whole block.
    size: usize,
    block: Vec<u8>,
    spare: Vec<Vec<u8>>,
    queue: Sender<Job>,
    /// Blocks that are being compressed, with the index of their group.
    started: VecDeque<(usize, Receiver<io::Result<Compressed>>)>,
    limit: usize,
    /// What is known of the blocks to come of this group.
    known: Option<Known>,
    /// The groups up to this one; the first is what comes before any.
    written: Vec<Written>,
    /// Number of bytes that were written to `out`.
    offset: u64,
}

impl BlockWriter<'_> {
    /// Begins a group: what follows shares no block with what came before. Its blocks are taken from
    /// `known` as long as they are there.
    pub(crate) fn begin_group(&mut self, known: Option<Known>) -> io::Result<()> {
        if !self.block.is_empty() {
            self.start_block()?;
        }
        self.known = known;
        self.written.push(Written::default());
        Ok(())
    }

    fn start_block(&mut self) -> io::Result<()> {
        if self.started.len() >= self.limit {
            self.write_oldest()?;
        }
        let next = self.spare.pop().unwrap_or_default();
        let block = std::mem::replace(&mut self.block, next);
        let (done, result) = mpsc::sync_channel(1);
        let known = self
            .known
            .as_mut()
            .and_then(|known| Some((Arc::clone(&known.layer), known.blocks.pop_front()?)));
        self.queue.send(Job { block, known, done }).map_err(|_| stopped())?;
        self.started.push_back((self.written.len() - 1, result));
        Ok(())
    }

    fn write_oldest(&mut self) -> io::Result<()> {
        let Some((group, result)) = self.started.pop_front() else { return Ok(()) };
        let done = result.recv().map_err(|_| stopped())??;
        let Compressed { bytes, slice, is_new, mut buffer } = done;
        buffer.clear();
        self.spare.push(buffer);
        let written = &mut self.written[group];
        written.blocks.push(Slice { offset: self.offset, ..slice });
        written.is_new |= is_new;
        self.offset += bytes.len() as u64;
        self.out.write_all(&bytes)
    }

    fn finish(mut self) -> io::Result<Vec<Written>> {
        if !self.block.is_empty() {
            self.start_block()?;
        }
        while !self.started.is_empty() {
            self.write_oldest()?;
        }
        Ok(self.written)
    }
}

impl Write for BlockWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.size - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == self.size {
            self.start_block()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn stopped() -> io::Error {
    io::Error::other("a thread that compresses has stopped")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const BOTH: [Compression; 2] = [Compression::gzip(), Compression::zstd()];

    fn compressed(input: &[u8], compression: Compression, jobs: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let (result, _) =
            compress(&mut out, compression, jobs, |writer| writer.write_all(input)).unwrap();
        result.unwrap();
        out
    }

    fn back(bytes: &[u8], compression: Compression) -> Vec<u8> {
        let mut back = Vec::new();
        match compression {
            Compression::Gzip { .. } => {
                flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut back).unwrap()
            }
            Compression::Zstd { .. } => {
                zstd::Decoder::new(bytes).unwrap().read_to_end(&mut back).unwrap()
            }
        };
        back
    }

    /// Text that compresses, with no two blocks alike.
    fn text(size: usize) -> Vec<u8> {
        (0_u64..).flat_map(|number| number.to_string().into_bytes()).take(size).collect()
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        for compression in BOTH {
            let block = block_size(compression);
            for size in [1, block - 1, block, block + 1, 3 * block + 5] {
                let input = text(size);
                let one = compressed(&input, compression, 1);
                for jobs in [0, 2, 3, 9] {
                    let other = compressed(&input, compression, jobs);
                    assert_eq!(other, one, "{size} bytes by {jobs} threads");
                }
                assert_eq!(back(&one, compression), input);
            }
        }
    }

    #[test]
    fn gzip_says_nothing_of_time_and_place() {
        let one = compressed(&text(1), Compression::gzip(), 1);
        // No flags, no time, operating system unknown (RFC 1952 section 2.3).
        assert_eq!(one[..4], [0x1f, 0x8b, 8, 0]);
        assert_eq!(one[4..8], [0; 4]);
        assert_eq!(one[9], 255);
    }

    #[test]
    fn a_failing_output_ends_the_threads() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for compression in BOTH {
            let input = text(9 * block_size(compression));
            let result = compress(&mut Full, compression, 2, |writer| writer.write_all(&input));
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
    }
}
