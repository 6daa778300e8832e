//! Each target over its corpus, and over damaged forms of it: the short run of what `.ci/fuzz` does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mutate;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutate::mutated;
use testkit::Random;

/// Damaged inputs for each target, and the time after which there are enough of them.
const ROUNDS: usize = 400;
const ENOUGH: Duration = Duration::from_secs(4);
/// No input of this size may take longer than that, even where nothing is optimised.
const LONGEST: Duration = Duration::from_secs(20);

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The inputs of a target, by name.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs_err::read_dir(corpus().join(target)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs_err::read(path).unwrap())).collect()
}

/// Runs a target; where it panics, the input is kept and named.
fn run(target: &fuzz::Target, what: &str, input: &[u8]) {
    let start = Instant::now();
    let done = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let slow = start.elapsed() > LONGEST;
    if done.is_err() || slow {
        let place = std::env::temp_dir().join(format!("cooperage-finding-{}", target.name));
        fs_err::write(&place, input).unwrap();
        let how = if slow { "takes too long" } else { "breaks a promise" };
        panic!("{}: {what} {how}: the input is in {}", target.name, place.display());
    }
}

#[test]
fn every_target_has_a_small_corpus() {
    let targets: BTreeSet<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
    let folders = fs_err::read_dir(corpus()).unwrap();
    let folders: BTreeSet<String> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders.iter().map(String::as_str).collect::<BTreeSet<_>>(), targets);
    let all = targets.iter().flat_map(|target| inputs(target));
    assert!(all.map(|(_, bytes)| bytes.len()).sum::<usize>() < 1 << 20);
}

#[test]
fn the_corpus_breaks_no_promise() {
    for target in fuzz::TARGETS {
        run(target, "nothing", b"");
        for (name, bytes) in inputs(target.name) {
            run(target, &name, &bytes);
        }
    }
}

#[test]
fn damaged_inputs_break_no_promise() {
    for target in fuzz::TARGETS {
        let seeds = inputs(target.name);
        let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
        let start = Instant::now();
        for round in 0..ROUNDS {
            let (name, seed) = &seeds[round % seeds.len()];
            let other = &seeds[random.below(seeds.len())].1;
            let input = mutated(&mut random, seed, other);
            run(target, &format!("round {round}, from {name},"), &input);
            if start.elapsed() > ENOUGH && round > seeds.len() {
                break;
            }
        }
    }
}
