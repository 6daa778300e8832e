//! Blocks that several threads compress and one writes, in their order.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

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

/// One block on its way to a thread, and where its compressed form is awaited.
struct Job {
    block: Vec<u8>,
    matter: Matter,
    done: SyncSender<io::Result<Done>>,
}

/// A compressed block, with the buffer that held the input, for the next one.
struct Done {
    encoded: Encoded,
    buffer: Vec<u8>,
}

/// Runs `produce` with a writer whose bytes go to `out` in blocks that `jobs` threads compress.
/// Holds about `jobs` + 1 blocks besides what the codecs need.
pub(super) fn compress<C: Codec, W: Write, T>(
    out: &mut W,
    container: Box<dyn Container>,
    jobs: usize,
    codec: impl Fn() -> C + Sync,
    produce: impl FnOnce(&mut Compressor<'_, W>) -> T,
) -> io::Result<T> {
    let (queue, waiting) = mpsc::channel::<Job>();
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| work(&waiting, codec()));
        }
        let mut writer = BlockWriter {
            out,
            container,
            size: C::BLOCK,
            matter: Matter::Text,
            block: Vec::new(),
            spare: Vec::new(),
            queue,
            started: VecDeque::new(),
            limit: jobs,
        };
        writer.out.write_all(&writer.container.begin())?;
        let mut compressor = Compressor::Blocks(writer);
        let value = produce(&mut compressor);
        // Dropping the writer closes the queue, which ends the threads.
        if let Compressor::Blocks(writer) = compressor {
            writer.finish()?;
        }
        Ok(value)
    })
}

/// Compresses blocks until the queue is closed.
fn work<C: Codec>(waiting: &Mutex<Receiver<Job>>, mut codec: C) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { block, matter, done }) = next else { return };
        let result = codec.compress(&block, matter);
        // The other end is gone when the output has failed: nobody waits for this block.
        let _ = done.send(result.map(|encoded| Done { encoded, buffer: block }));
    }
}

/// Takes bytes, hands them on in blocks, and writes the compressed blocks in order.
pub(crate) struct BlockWriter<'a, W: Write> {
    out: &'a mut W,
    container: Box<dyn Container>,
    /// Bytes of a whole block.
    size: usize,
    matter: Matter,
    block: Vec<u8>,
    spare: Vec<Vec<u8>>,
    queue: Sender<Job>,
    started: VecDeque<Receiver<io::Result<Done>>>,
    limit: usize,
}

impl<W: Write> BlockWriter<'_, W> {
    /// Ends the block when what follows is something else.
    pub(super) fn set_matter(&mut self, matter: Matter) -> io::Result<()> {
        if matter != self.matter && !self.block.is_empty() {
            self.start_block()?;
        }
        self.matter = matter;
        Ok(())
    }

    fn start_block(&mut self) -> io::Result<()> {
        if self.started.len() >= self.limit {
            self.write_oldest()?;
        }
        let next = self.spare.pop().unwrap_or_default();
        let block = std::mem::replace(&mut self.block, next);
        let (done, result) = mpsc::sync_channel(1);
        let job = Job { block, matter: self.matter, done };
        self.queue.send(job).map_err(|_| stopped())?;
        self.started.push_back(result);
        Ok(())
    }

    fn write_oldest(&mut self) -> io::Result<()> {
        let Some(result) = self.started.pop_front() else { return Ok(()) };
        let Done { encoded, mut buffer } = result.recv().map_err(|_| stopped())??;
        buffer.clear();
        self.spare.push(buffer);
        self.container.note(&encoded);
        self.out.write_all(&encoded.bytes)
    }

    fn finish(mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.start_block()?;
        }
        while !self.started.is_empty() {
            self.write_oldest()?;
        }
        self.out.write_all(&self.container.end())
    }
}

impl<W: Write> Write for BlockWriter<'_, W> {
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
