//! Work for several threads: on many things with [`for_each`], on those that are still to come with
//! [`for_each_coming`], on bytes that are with [`blocks`], and two different ones with [`both`].
//!
//! Results come in the order of the work, so that what is made of them does not depend on the number of threads or on
//! which of them is faster.
//!
//! ```
//! let lengths = parallel::for_each(&["oak", "staves"], 2, |word| Ok::<_, ()>(word.len()));
//! assert_eq!(lengths, Ok(vec![3, 6]));
//! ```

pub mod blocks;
mod both;
mod coming;
mod each;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use both::both;
pub use coming::for_each_coming;
pub use each::for_each;

/// Results, as they come, with the numbers of what they were made of.
type Done<R, E> = Mutex<Vec<(usize, Result<R, E>)>>;

/// The results in order, or the first error in that order.
fn in_order<R, E>(done: Done<R, E>) -> Result<Vec<R>, E> {
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
