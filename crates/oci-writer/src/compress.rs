//! Compression in blocks, by several threads, with the same bytes for any number of them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use fs_err::File;
use libdeflater::{CompressionLvl, Compressor};
use names::Sha256;
use parallel::blocks::{self, Blocks, Plan, Worker};
use zstd::zstd_safe::CParameter;

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

/// The size of the table in which Zstandard looks for what it has seen, as a power of two: half of what level 9 has
/// by itself: two threads take 13 MB less, and images are 0.1 % larger. Part of the format.
const ZSTD_HASH_LOG: u32 = 20;

/// Where a block was compressed before.
type Remembered = Option<(Arc<File>, Slice)>;

/// A compressed block of a group.
struct Compressed {
    group: usize,
    bytes: Vec<u8>,
    /// What and how large they are; where, is not known yet.
    slice: Slice,
    is_new: bool,
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
/// and a checksum (RFC 8878 section 3: so are frames). Holds `jobs` + 1 blocks, or one more where they
/// are small. Returns what `produce` does, and what has become of each group that it has begun.
///
/// The writer fails only when `out` does.
pub(crate) fn compress<T>(
    out: &mut impl Write,
    codecs: &mut Codecs,
    jobs: usize,
    produce: impl FnOnce(&mut BlockWriter<'_>) -> T,
) -> io::Result<(T, Vec<Written>)> {
    let (mut written, mut offset) = (vec![Written::default()], 0);
    let mut take = |Compressed { group, bytes, slice, is_new }: Compressed| {
        if written.len() <= group {
            written.resize_with(group + 1, Written::default);
        }
        written[group].blocks.push(Slice { offset, ..slice });
        written[group].is_new |= is_new;
        offset += bytes.len() as u64;
        out.write_all(&bytes)
    };
    let (jobs, compression) = (jobs.max(1), codecs.compression);
    let ahead = match compression {
        Compression::Gzip { .. } => jobs + 1,
        Compression::Zstd { .. } => jobs,
    };
    let plan = Plan { size: block_size(compression), threads: jobs, ahead };
    let (value, groups) = blocks::run(
        &plan,
        &mut codecs.buffers,
        || lend(&codecs.idle, compression),
        &mut take,
        |blocks| {
            let mut writer = BlockWriter { blocks, known: None, group: 0 };
            let value = produce(&mut writer);
            writer.finish().map(|groups| (value, groups))
        },
    )?;
    // The last of them may have no block.
    written.resize_with(groups, Written::default);
    Ok((value, written))
}

/// What compresses a layer, kept for the next one: megabytes for each thread, which an allocator that has an area for
/// each does not give back.
pub(crate) struct Codecs {
    compression: Compression,
    /// Those that no thread has.
    idle: Mutex<Vec<Codec>>,
    /// Of blocks.
    buffers: Vec<Vec<u8>>,
}

impl Codecs {
    pub(crate) fn new(compression: Compression) -> Self {
        Self { compression, idle: Mutex::default(), buffers: Vec::new() }
    }

    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }
}

fn lend(idle: &Mutex<Vec<Codec>>, compression: Compression) -> Lent<'_> {
    let codec = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    Lent { idle, codec: Some(codec.unwrap_or_else(|| Codec::new(compression))) }
}

/// A compressor that a thread works with, and gives back.
struct Lent<'a> {
    idle: &'a Mutex<Vec<Codec>>,
    /// There until it is given back.
    codec: Option<Codec>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.codec.take());
    }
}

impl Worker for Lent<'_> {
    type Note = (usize, Remembered);
    type Output = Compressed;

    fn work(&mut self, block: &[u8], (group, known): Self::Note) -> io::Result<Compressed> {
        let plain_size = block.len();
        let known = known.and_then(|(layer, slice)| {
            Some((remembered::read(&layer, &slice, plain_size)?, slice))
        });
        if let Some((bytes, slice)) = known {
            return Ok(Compressed { group, bytes, slice, is_new: false });
        }
        let codec = self.codec.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let bytes = codec.compress(block)?;
        let sha256 = Sha256::digest(&bytes);
        let slice = Slice { offset: 0, size: bytes.len(), plain_size, sha256 };
        Ok(Compressed { group, bytes, slice, is_new: true })
    }
}

/// One thread's compressor.
enum Codec {
    Gzip { compressor: Compressor, buffer: Vec<u8> },
    Zstd { compressor: io::Result<zstd::bulk::Compressor<'static>>, buffer: Vec<u8> },
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
                let compressor = made.and_then(|mut compressor| {
                    compressor.include_checksum(true)?;
                    compressor.set_parameter(CParameter::HashLog(ZSTD_HASH_LOG))?;
                    Ok(compressor)
                });
                let bound = zstd::zstd_safe::compress_bound(block_size(compression));
                Self::Zstd { compressor, buffer: vec![0; bound] }
            }
        }
    }

    fn compress(&mut self, block: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip { compressor, buffer } => {
                let size = compressor.gzip_compress(block, buffer).map_err(io::Error::other)?;
                Ok(buffer[..size].to_vec())
            }
            Self::Zstd { compressor: Ok(compressor), buffer } => {
                let size = compressor.compress_to_buffer(block, &mut buffer[..])?;
                Ok(buffer[..size].to_vec())
            }
            Self::Zstd { compressor: Err(error), .. } => {
                Err(io::Error::new(error.kind(), error.to_string()))
            }
        }
    }
}

/// Takes bytes and hands them on in blocks.
pub(crate) struct BlockWriter<'a> {
    blocks: Blocks<'a, (usize, Remembered), Compressed>,
    /// What is known of the blocks to come of this group.
    known: Option<Known>,
    /// The number of this group; the first is what comes before any.
    group: usize,
}

impl BlockWriter<'_> {
    /// Begins a group: what follows shares no block with what came before. Its blocks are taken from
    /// `known` as long as they are there.
    pub(crate) fn begin_group(&mut self, known: Option<Known>) -> io::Result<()> {
        self.end_block()?;
        self.known = known;
        self.group += 1;
        Ok(())
    }

    fn end_block(&mut self) -> io::Result<()> {
        if self.blocks.is_empty() {
            return Ok(());
        }
        let known = self
            .known
            .as_mut()
            .and_then(|known| Some((Arc::clone(&known.layer), known.blocks.pop_front()?)));
        self.blocks.start((self.group, known))
    }

    /// Ends the last block, and returns the number of groups.
    fn finish(mut self) -> io::Result<usize> {
        self.end_block()?;
        self.blocks.finish()?;
        Ok(self.group + 1)
    }
}

impl Write for BlockWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.blocks.fill(bytes);
        if self.blocks.is_full() {
            self.end_block()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use testkit::FullDisk;

    use super::*;

    const BOTH: [Compression; 2] = [Compression::gzip(), Compression::zstd()];

    fn compressed(input: &[u8], compression: Compression, jobs: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let (result, _) = compress(&mut out, &mut Codecs::new(compression), jobs, |writer| {
            writer.write_all(input)
        })
        .unwrap();
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
        for compression in BOTH {
            let input = text(9 * block_size(compression));
            let mut codecs = Codecs::new(compression);
            let result = compress(&mut FullDisk, &mut codecs, 2, |writer| writer.write_all(&input));
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
    }
}
