//! Bytes in blocks: several threads work on them, and the results come in order.
//!
//! What comes out depends on where the blocks end, and never on the number of threads or on which of them is faster.
//!
//! ```
//! use std::io;
//!
//! /// Counts the bytes of a block.
//! struct Counter;
//!
//! impl parallel::blocks::Worker for Counter {
//!     type Note = ();
//!     type Output = usize;
//!
//!     fn work(&mut self, block: &[u8], (): ()) -> io::Result<usize> {
//!         Ok(block.len())
//!     }
//! }
//!
//! let mut sizes = Vec::new();
//! let mut take = |size| -> io::Result<()> {
//!     sizes.push(size);
//!     Ok(())
//! };
//! let plan = parallel::blocks::Plan { size: 4, threads: 2, ahead: 3 };
//! parallel::blocks::run(&plan, &mut Vec::new(), || Counter, &mut take, |mut blocks| {
//!     let mut bytes: &[u8] = b"cooperage";
//!     while !bytes.is_empty() {
//!         let taken = blocks.fill(bytes);
//!         bytes = &bytes[taken..];
//!         if blocks.is_full() {
//!             blocks.start(())?;
//!         }
//!     }
//!     blocks.start(())?;
//!     blocks.finish()
//! })?;
//! assert_eq!(sizes, [4, 4, 1]);
//! # Ok::<(), io::Error>(())
//! ```

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Works on blocks, in a thread of its own. Blocks do not know each other, so that no number of threads shows.
pub trait Worker {
    /// What it is told of a block besides the bytes.
    type Note: Send;
    /// What it makes of a block.
    type Output: Send;

    /// Works on one block.
    ///
    /// # Errors
    /// Whatever stops the work: it ends with the first error, in the order of the blocks.
    fn work(&mut self, block: &[u8], note: Self::Note) -> io::Result<Self::Output>;
}

/// How blocks are worked on.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Bytes of a whole block.
    pub size: usize,
    /// The number of threads; at least one is started.
    pub threads: usize,
    /// How many blocks may be at work or waiting; with the one that is being filled all are held in memory.
    pub ahead: usize,
}

/// Takes what becomes of a block, in order.
type Take<'a, O> = dyn FnMut(O) -> io::Result<()> + 'a;

/// The block that is being filled, and those that are at work.
pub struct Blocks<'a, N, O> {
    plan: Plan,
    block: Vec<u8>,
    /// Buffers of blocks that are done, for the next ones.
    spare: &'a mut Vec<Vec<u8>>,
    queue: Sender<Job<N, O>>,
    started: VecDeque<Receiver<io::Result<Done<O>>>>,
    take: &'a mut Take<'a, O>,
}

/// One block on its way to a thread, and where its result is awaited.
struct Job<N, O> {
    block: Vec<u8>,
    note: N,
    done: SyncSender<io::Result<Done<O>>>,
}

/// What has become of a block, with its buffer.
struct Done<O> {
    output: O,
    buffer: Vec<u8>,
}

/// Runs `produce` with blocks to be filled. Each that it starts is given to one of the threads, each of which has a
/// worker of its own; `take` gets the results in the order of the blocks, in the thread of the caller: all of them once
/// `produce` has called [`Blocks::finish`]. Buffers for the blocks are taken from `spare` as long as it has some, and
/// left there for the next run.
pub fn run<'a, W: Worker, T>(
    plan: &Plan,
    spare: &'a mut Vec<Vec<u8>>,
    worker: impl Fn() -> W + Sync,
    take: &'a mut Take<'a, W::Output>,
    produce: impl FnOnce(Blocks<'a, W::Note, W::Output>) -> T,
) -> T {
    let (queue, waiting) = mpsc::channel();
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..plan.threads.max(1) {
            scope.spawn(|| work(&waiting, worker()));
        }
        // When the blocks are dropped the queue is closed, which ends the threads.
        produce(Blocks {
            plan: *plan,
            block: spare.pop().unwrap_or_default(),
            spare,
            queue,
            started: VecDeque::new(),
            take,
        })
    })
}

/// Works on blocks until the queue is closed.
fn work<W: Worker>(waiting: &Mutex<Receiver<Job<W::Note, W::Output>>>, mut worker: W) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { block, note, done }) = next else { return };
        let result = worker.work(&block, note);
        // The other end is gone when `take` has failed: nobody waits for this block.
        let _ = done.send(result.map(|output| Done { output, buffer: block }));
    }
}

impl<N, O> Blocks<'_, N, O> {
    /// Appends bytes to the block, as many as it still holds, and returns their number.
    pub fn fill(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.plan.size - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        taken
    }

    /// Whether the block has no bytes yet.
    pub fn is_empty(&self) -> bool {
        self.block.is_empty()
    }

    /// Whether the block holds no more bytes.
    pub fn is_full(&self) -> bool {
        self.block.len() >= self.plan.size
    }

    /// Ends the block and has it worked on; the next one is empty.
    ///
    /// # Errors
    /// What came of a block before it.
    pub fn start(&mut self, note: N) -> io::Result<()> {
        if self.started.len() >= self.plan.ahead.max(1) {
            self.take_oldest()?;
        }
        let next = self.spare.pop().unwrap_or_default();
        let block = std::mem::replace(&mut self.block, next);
        let (done, result) = mpsc::sync_channel(1);
        self.queue.send(Job { block, note, done }).map_err(|_| stopped())?;
        self.started.push_back(result);
        Ok(())
    }

    /// Waits for all blocks that were started. A block that was not is lost.
    ///
    /// # Errors
    /// What came of one of them.
    pub fn finish(mut self) -> io::Result<()> {
        while !self.started.is_empty() {
            self.take_oldest()?;
        }
        self.block.clear();
        self.spare.push(self.block);
        Ok(())
    }

    fn take_oldest(&mut self) -> io::Result<()> {
        let Some(result) = self.started.pop_front() else { return Ok(()) };
        let Done { output, mut buffer } = result.recv().map_err(|_| stopped())??;
        buffer.clear();
        self.spare.push(buffer);
        (self.take)(output)
    }
}

impl<N, O> std::fmt::Debug for Blocks<'_, N, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (plan, started) = (&self.plan, self.started.len());
        f.debug_struct("Blocks")
            .field("plan", plan)
            .field("started", &started)
            .finish_non_exhaustive()
    }
}

fn stopped() -> io::Error {
    io::Error::other("a thread that works on blocks has stopped")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives blocks back, the first ones last.
    struct Slow;

    impl Worker for Slow {
        type Note = usize;
        type Output = (usize, Vec<u8>);

        fn work(&mut self, block: &[u8], note: usize) -> io::Result<Self::Output> {
            thread::sleep(std::time::Duration::from_millis(note as u64 * 7 % 5));
            match block.first() {
                Some(b'!') => Err(io::ErrorKind::InvalidData.into()),
                _ => Ok((note, block.to_vec())),
            }
        }
    }

    fn run_slow(
        plan: Plan,
        mut bytes: &[u8],
        take: &mut dyn FnMut((usize, Vec<u8>)) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut take = |output| take(output);
        run(
            &plan,
            &mut Vec::new(),
            || Slow,
            &mut take,
            |mut blocks| {
                let mut count = 0;
                while !bytes.is_empty() {
                    bytes = &bytes[blocks.fill(bytes)..];
                    if blocks.is_full() || bytes.is_empty() {
                        blocks.start(count)?;
                        count += 1;
                    }
                }
                blocks.finish()
            },
        )
    }

    #[test]
    fn results_come_in_order_from_any_number_of_threads() {
        let text: Vec<u8> = (b'a'..=b'z').collect();
        for threads in [0, 1, 2, 5] {
            for ahead in [0, 1, 3] {
                let mut taken = Vec::new();
                run_slow(Plan { size: 3, threads, ahead }, &text, &mut |output| {
                    taken.push(output);
                    Ok(())
                })
                .unwrap();
                assert_eq!(taken.len(), 9);
                assert!(taken.iter().enumerate().all(|(index, (number, _))| index == *number));
                let back: Vec<u8> = taken.into_iter().flat_map(|(_, block)| block).collect();
                assert_eq!(back, text);
            }
        }
    }

    #[test]
    fn errors_end_the_threads() {
        let plan = Plan { size: 1, threads: 2, ahead: 2 };
        let mut taken = 0;
        let failed = run_slow(plan, b"ab!cdefghij", &mut |_| {
            taken += 1;
            Ok(())
        });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(taken, 2, "what came before");
        let full = run_slow(plan, b"abcdefghij", &mut |_| Err(io::ErrorKind::StorageFull.into()));
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
