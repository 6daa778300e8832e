//! `cooperage bench`.

use std::process::Command;

use super::root;
use crate::args::{Bench, Global};
use crate::failure::Failure;
use crate::surroundings::Surroundings;

/// Runs the races of `benches/`, which belong to a checkout of Cooperage and not to every tree.
#[expect(clippy::disallowed_methods, reason = "nothing of a build: the races are a script")]
pub(crate) fn run(
    bench: &Bench,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let races = root(global, surroundings)?.join("benches/races");
    let mut command = Command::new(&races);
    command.args(&bench.race);
    if let Some(runs) = bench.runs {
        command.env("COOPERAGE_RUNS", runs.to_string());
    }
    let status = command.status().map_err(|source| Failure::NoRaces { races, source })?;
    if status.success() { Ok(()) } else { Err(Failure::Races(status)) }
}
