//! The same work on many things, several at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Done, in_order, lock};

/// Runs `work` on each of `items` in `jobs` threads; results are in the order of the items.
///
/// # Errors
/// One of the errors that occurred, the one of the first item that has one; work that had not begun
/// by then is left.
pub fn for_each<T: Sync, R: Send, E: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = Mutex::new(0..items.len());
    let failed = AtomicBool::new(false);
    let done: Done<R, E> = Mutex::default();
    let worker = || {
        while !failed.load(Ordering::Relaxed) {
            let Some(index) = lock(&next).next() else { return };
            let result = work(&items[index]);
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            lock(&done).push((index, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.min(items.len()) {
            scope.spawn(worker);
        }
        worker();
    });
    in_order(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u32> = (0..100).collect();
        for jobs in [0, 1, 3, 200] {
            let doubled = for_each(&items, jobs, |item| Ok::<_, ()>(item * 2));
            assert_eq!(doubled, Ok(items.iter().map(|item| item * 2).collect()));
        }
    }

    #[test]
    fn a_failure_ends_the_work() {
        let items: Vec<u32> = (0..100).collect();
        let result = for_each(&items, 4, |item| if *item >= 5 { Err(*item) } else { Ok(()) });
        assert!(result.unwrap_err() >= 5);
    }
}
