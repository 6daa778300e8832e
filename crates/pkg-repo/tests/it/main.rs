//! Repositories, with apt, dnf and the tools that make them as judges.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apt;
mod care;
mod channels;
mod gate;
mod in_place;
mod mend;
mod room;
mod rpms;
mod serve;
mod writers;
mod yum;
