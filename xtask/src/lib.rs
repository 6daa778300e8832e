//! The command: `cargo xtask build keystone 2025.2`. It parses, calls once, prints, exits.
//!
//! A library, so that cargo compiles it while it still compiles what it calls.

mod args;
mod commands;
mod failure;
mod interrupt;
mod speech;
mod surroundings;
#[cfg(test)]
mod tidy;

use std::process::ExitCode;

use clap::Parser as _;
use pipeline::Blame;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::speech::{Color, Manner};
use crate::surroundings::Surroundings;

/// The command, with the arguments and the environment of this process. The exit codes are those of
/// `docs/exit-codes.md`.
pub fn main() -> ExitCode {
    // The sandbox is made by this program, started anew.
    sandbox::reenter();
    let cli = Cli::parse();
    // What repositories do needs little memory, and the same again for each package.
    if !matches!(cli.command, Command::Repo(_)) {
        sandbox::return_freed_memory();
    }
    let surroundings = match Surroundings::read() {
        Ok(surroundings) => surroundings,
        Err(error) => return fail(&Failure::Surroundings(error), Color::No),
    };
    let manner = Manner::here(&surroundings.variables, cli.global.quiet);
    if manner.bars {
        interrupt::watch();
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            speech::clear();
            tell(panic);
        }));
    }
    // A panic has told its place already; unwinding removes what is half-written.
    let outcome = std::panic::catch_unwind(|| commands::run(&cli, &surroundings, manner));
    match outcome {
        Err(_) => ExitCode::from(Blame::Bug as u8),
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => fail(&failure, manner.color),
    }
}

/// Tells why, and gives the exit code of whoever must act.
fn fail(failure: &Failure, color: Color) -> ExitCode {
    speech::say(&speech::chain(failure, color));
    ExitCode::from(failure.blame() as u8)
}
