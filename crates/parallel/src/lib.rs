//! Work for several threads: on many things with [`for_each`], on bytes that are still to come with [`blocks`].
//!
//! Results come in the order of the work, so that what is made of them does not depend on the number of threads or on
//! which of them is faster.
//!
//! ```
//! let lengths = parallel::for_each(&["oak", "staves"], 2, |word| Ok::<_, ()>(word.len()));
//! assert_eq!(lengths, Ok(vec![3, 6]));
//! ```

pub mod blocks;
mod each;

pub use each::for_each;
