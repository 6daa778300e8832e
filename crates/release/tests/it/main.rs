//! Trees on disk, as their users write them.

mod committed;
