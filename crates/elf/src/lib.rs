//! What a shared library or program needs and provides, read from its ELF file: never by loading it, and
//! for any architecture on any other.
//!
//! [`dynamic`] reads what the dynamic linker goes by (System V gABI, chapter 5; "Symbol Versioning" of the
//! LSB): SONAME, `NEEDED`, search paths, symbol versions. [`library`] reads what `ldconfig` goes by.
//! [`symbols`] takes what debuggers read out into a file of its own. Nothing of the file is held in memory but
//! tables.
//!
//! ```
//! use filetree::Content;
//!
//! let text = Content::from_bytes("#!/bin/sh\n");
//! assert_eq!(elf::dynamic(&text)?, None);
//! # Ok::<(), std::io::Error>(())
//! ```

mod dynamic;
mod library;
mod parts;
mod pieces;
mod sections;
mod stripped;
mod symbols;

pub use dynamic::{Dynamic, Machine, dynamic};
pub use library::{Library, library};
pub use symbols::{Symbols, symbols};
