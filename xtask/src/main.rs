//! The command: `cargo xtask build keystone 2025.2`. It parses, calls once, prints, exits.

mod args;
mod commands;
mod failure;
mod speech;
mod surroundings;
#[cfg(test)]
mod tidy;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::failure::Failure;
use crate::surroundings::Surroundings;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Surroundings::read()
        .map_err(Failure::Surroundings)
        .and_then(|surroundings| commands::run(&cli, &surroundings));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            speech::say(&speech::chain(&failure));
            ExitCode::from(failure.blame() as u8)
        }
    }
}
