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
use pipeline::Blame;

use crate::args::Cli;
use crate::failure::Failure;
use crate::surroundings::Surroundings;

fn main() -> ExitCode {
    // The sandbox is made by this program, started anew.
    sandbox::reenter();
    let cli = Cli::parse();
    // A panic has told its place already; unwinding removes what is half-written.
    let outcome = std::panic::catch_unwind(|| {
        Surroundings::read()
            .map_err(Failure::Surroundings)
            .and_then(|surroundings| commands::run(&cli, &surroundings))
    });
    match outcome {
        Err(_) => ExitCode::from(Blame::Bug as u8),
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            speech::say(&speech::chain(&failure));
            ExitCode::from(failure.blame() as u8)
        }
    }
}
