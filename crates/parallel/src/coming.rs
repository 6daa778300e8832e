//! The same work on things that are still to come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};

use crate::{Done, in_order, lock};

/// Runs `produce` in this thread, and meanwhile `work` in `jobs` others, one at least, on each thing that `produce`
/// gives, in the order of the numbers that come with them.
///
/// # Errors
/// That of `produce`, or else one of those that occurred in `work`, the one of the lowest number that has one; work that
/// had not begun by then is left.
pub fn for_each_coming<T: Send, R: Send, E: Send>(
    jobs: usize,
    produce: impl FnOnce(&mut dyn FnMut(usize, T)) -> Result<(), E>,
    work: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    let failed = AtomicBool::new(false);
    let done: Done<R, E> = Mutex::default();
    let worker = || {
        loop {
            // Who waits for the lock waits for the same.
            let Ok((index, thing)) = lock(&receiver).recv() else { return };
            if failed.load(Ordering::Relaxed) {
                return;
            }
            let result = work(thing);
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            lock(&done).push((index, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(worker);
        }
        // It ends the workers when it goes, and so it does when `produce` panics.
        let sender = sender;
        let produced = produce(&mut |index, thing| {
            // The receiver is there as long as this function is.
            let _ = sender.send((index, thing));
        });
        if produced.is_err() {
            failed.store(true, Ordering::Relaxed);
        }
        produced
    })?;
    in_order(done)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_begins_before_all_has_come() {
        for jobs in [0, 1, 3] {
            let (began, begun) = mpsc::channel();
            let began = Mutex::new(began);
            let lengths: Result<_, ()> = for_each_coming(
                jobs,
                |give| {
                    give(2, "staves");
                    // The second one comes when work on the first has begun.
                    begun.recv().map_err(|_| ())?;
                    give(1, "oak");
                    Ok(())
                },
                |word: &str| {
                    let _ = lock(&began).send(());
                    Ok(word.len())
                },
            );
            assert_eq!(lengths, Ok(vec![3, 6]), "{jobs} jobs");
        }
    }

    #[test]
    fn the_failure_of_what_produces_comes_first() {
        let produce = |give: &mut dyn FnMut(usize, u32)| {
            give(0, 7);
            Err(1)
        };
        assert_eq!(for_each_coming(2, produce, Err::<(), u32>), Err(1));
    }

    #[test]
    fn a_failure_ends_the_work() {
        let produce = |give: &mut dyn FnMut(usize, u32)| {
            (0..100).for_each(|number| give(number as usize, number));
            Ok(())
        };
        let result =
            for_each_coming(4, produce, |thing| if thing < 5 { Ok(()) } else { Err(thing) });
        assert!(result.unwrap_err() >= 5);
        let all = for_each_coming(4, produce, Ok::<_, u32>);
        assert_eq!(all, Ok((0..100).collect()));
    }
}
