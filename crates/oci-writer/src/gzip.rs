//! Gzip in blocks, by several threads, with the same bytes for any number of them.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use libdeflater::{CompressionLvl, Compressor};

/// Bytes of input in one block. Part of the format: another value gives other digests.
const BLOCK: usize = 1 << 20;

/// One block on its way to a thread, and where its compressed form is awaited.
struct Job {
    block: Vec<u8>,
    done: SyncSender<Result<Compressed, Unreachable>>,
}

/// A compressed block, with the buffer that held the input, for the next one.
struct Compressed {
    bytes: Vec<u8>,
    buffer: Vec<u8>,
}

/// libdeflate wrote more than its own upper bound.
struct Unreachable;

/// Runs `produce` with a writer; what is written there goes to `out` as gzip: each mebibyte a member
/// of its own (RFC 1952 section 2.2: a file is a series of members), without name and time and with
/// the operating system "unknown", compressed by `jobs` threads. Holds about `jobs` + 2 blocks.
///
/// The writer fails only when `out` does.
pub(crate) fn compress<T>(
    out: &mut impl Write,
    level: CompressionLvl,
    jobs: usize,
    produce: impl FnOnce(&mut BlockWriter<'_>) -> T,
) -> io::Result<T> {
    let jobs = jobs.max(1);
    let (queue, waiting) = mpsc::channel::<Job>();
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| work(&waiting, level));
        }
        let mut writer = BlockWriter {
            out,
            block: Vec::with_capacity(BLOCK),
            spare: Vec::new(),
            queue,
            started: VecDeque::new(),
            limit: jobs + 1,
        };
        let value = produce(&mut writer);
        // Dropping the writer closes the queue, which ends the threads.
        writer.finish()?;
        Ok(value)
    })
}

/// Compresses blocks until the queue is closed.
fn work(waiting: &Mutex<Receiver<Job>>, level: CompressionLvl) {
    let mut compressor = Compressor::new(level);
    let mut buffer = vec![0; compressor.gzip_compress_bound(BLOCK)];
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { block, done }) = next else { return };
        let result = compressor.gzip_compress(&block, &mut buffer).map_err(|_| Unreachable);
        let result =
            result.map(|size| Compressed { bytes: buffer[..size].to_vec(), buffer: block });
        // The other end is gone when the output has failed: nobody waits for this block.
        let _ = done.send(result);
    }
}

/// Takes bytes, hands them on in blocks, and writes the compressed blocks in order.
pub(crate) struct BlockWriter<'a> {
    out: &'a mut dyn Write,
    block: Vec<u8>,
    spare: Vec<Vec<u8>>,
    queue: Sender<Job>,
    started: VecDeque<Receiver<Result<Compressed, Unreachable>>>,
    limit: usize,
}

impl BlockWriter<'_> {
    fn start_block(&mut self) -> io::Result<()> {
        if self.started.len() >= self.limit {
            self.write_oldest()?;
        }
        let next = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(BLOCK));
        let block = std::mem::replace(&mut self.block, next);
        let (done, result) = mpsc::sync_channel(1);
        self.queue.send(Job { block, done }).map_err(|_| stopped())?;
        self.started.push_back(result);
        Ok(())
    }

    fn write_oldest(&mut self) -> io::Result<()> {
        let Some(result) = self.started.pop_front() else { return Ok(()) };
        let Ok(Ok(Compressed { bytes, mut buffer })) = result.recv() else { return Err(stopped()) };
        buffer.clear();
        self.spare.push(buffer);
        self.out.write_all(&bytes)
    }

    fn finish(mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.start_block()?;
        }
        while !self.started.is_empty() {
            self.write_oldest()?;
        }
        Ok(())
    }
}

impl Write for BlockWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK {
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

    fn gzip(input: &[u8], jobs: usize) -> Vec<u8> {
        let level = CompressionLvl::new(6).unwrap();
        let mut out = Vec::new();
        compress(&mut out, level, jobs, |writer| writer.write_all(input)).unwrap().unwrap();
        out
    }

    /// Text that compresses, with no two blocks alike.
    fn text(size: usize) -> Vec<u8> {
        (0_u64..).flat_map(|number| number.to_string().into_bytes()).take(size).collect()
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        for size in [1, BLOCK - 1, BLOCK, BLOCK + 1, 7 * BLOCK + 5] {
            let input = text(size);
            let one = gzip(&input, 1);
            for jobs in [0, 2, 3, 9] {
                assert_eq!(gzip(&input, jobs), one, "{size} bytes by {jobs} threads");
            }
            let mut back = Vec::new();
            flate2::read::MultiGzDecoder::new(&one[..]).read_to_end(&mut back).unwrap();
            assert_eq!(back, input);
            // No flags, no time, operating system unknown (RFC 1952 section 2.3).
            assert_eq!(one[..4], [0x1f, 0x8b, 8, 0]);
            assert_eq!(one[4..8], [0; 4]);
            assert_eq!(one[9], 255);
        }
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
        let level = CompressionLvl::new(1).unwrap();
        let input = text(9 * BLOCK);
        let result = compress(&mut Full, level, 2, |writer| writer.write_all(&input));
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
