//! Work for several threads: on many things with [`for_each`], on those that are still to come with
//! [`for_each_coming`], on bytes that are with [`blocks`].
//!
//! Results come in the order of the work, so that what is made of them does not depend on the number of threads or on
//! which of them is faster.
//!
//! ```
//! let lengths = parallel::for_each(&["oak", "staves"], 2, |word| Ok::<_, ()>(word.len()));
//! assert_eq!(lengths, Ok(vec![3, 6]));
//! ```

pub mod blocks;
mod coming;
mod each;

pub use coming::for_each_coming;
pub use each::for_each;

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
