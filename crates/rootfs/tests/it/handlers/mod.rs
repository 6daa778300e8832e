//! Each handler on trees written in the test, and against the tool whose work it does.

mod accounts;
mod alternatives;
mod certificates;
mod folder;
mod hostile;
mod ld_cache;
mod pam;
mod real_root;
mod shells;
mod written;
