//! Damaged files: nothing panics, and every fault has a hint.

use std::path::Path;

use release::{ReleaseFile, Service};

const RELEASE: &str = "series = \"flamingo\"\nreleased = 2025-10-01\nend-of-life = 2027-04-28\n\
                       python = \">=3.10\"\nbuild-constraints = [\"setuptools<82\"]\n\
                       cutoff = 2026-09-30T12:00:00Z\n";

/// Gives `check` many damaged forms of `seed`; `check` tells whether the file was taken.
fn damage(seed: &str, rounds: usize, check: impl Fn(&str) -> bool) {
    let pieces =
        ["=", "[", "]]", "\"", "'", "{", ".", "\n", "é", "\\", "\u{0}", "0", "\"\"\"", "[a]\n"];
    let mut state: u64 = 0x5eed;
    // A small generator of numbers (xorshift), so that every run tries the same.
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit.max(1) as u64).unwrap()
    };
    let mut taken = 0;
    for _ in 0..rounds {
        let mut letters: Vec<char> = seed.chars().collect();
        for _ in 0..=below(3) {
            let at = below(letters.len());
            match below(8) {
                0 => letters.truncate(at),
                1..=4 if !letters.is_empty() => drop(letters.remove(at)),
                _ => drop(letters.splice(at..at, pieces[below(pieces.len())].chars())),
            }
        }
        taken += usize::from(check(&letters.into_iter().collect::<String>()));
    }
    assert!(taken > 0 && taken < rounds, "{taken} of {rounds} taken");
}

#[test]
fn releases_do_not_panic() {
    damage(RELEASE, 1_000, |text| match ReleaseFile::parse(text, Path::new("release.toml")) {
        Ok(_) => true,
        Err(faults) => {
            assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.hint.is_empty()));
            false
        }
    });
}

#[test]
fn recipes_do_not_panic() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let recipe = std::fs::read_to_string(root.join("services/keystone.toml")).unwrap();
    let lines = recipe.lines().filter(|line| !line.starts_with('#'));
    let recipe = lines.collect::<Vec<_>>().join("\n");
    let name = "keystone".parse().unwrap();
    damage(&recipe, 300, |text| match Service::parse(&name, text, Path::new("keystone.toml")) {
        Ok(_) => true,
        Err(faults) => {
            assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.hint.is_empty()));
            false
        }
    });
}
