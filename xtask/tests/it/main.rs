//! The command as its users meet it: builds of real images, judged by the tools that will run them.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and starts the tools that judge"
)]

mod bench;
mod bytecode;
mod debs;
mod engines;
mod flipped;
mod golden;
mod hardships;
mod learnt;
mod library;
mod linters;
mod machine;
mod meta;
mod offline;
mod packages;
mod patch_status;
mod patched;
mod refusals;
mod repository;
mod reproducible;
mod rpms;
mod runs;
mod secrets;
mod services;
mod several;
mod shell;
mod side_by_side;
mod source_history;
mod sources;
mod sources_refused;
mod split;
mod symbols;
mod terminal;
mod unprivileged;
mod variants;
mod whole_release;
