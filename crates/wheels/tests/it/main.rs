//! Tests of the whole crate: closures over small indexes made in memory, damaged input, and the
//! real tools as judges.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod closures;
mod damage;
mod forms;
mod locating;
mod packaging;
mod uv;
mod world;
