//! Each handler on trees written in the test, and against the tool whose work it does.

mod certificates;
mod folder;
mod ld_cache;
mod real_root;
