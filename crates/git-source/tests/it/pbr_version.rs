//! Versions against PBR itself.

use std::fmt::Write as _;

use git_source::{CommitId, SemanticVersion, version};
use testkit::tool;

use crate::history::{Made, generate};
use testkit::Random;

/// What we say of the commits of a history, a line for each; and what PBR is asked.
fn questions(made: &Made, ids: &[CommitId], folder: &std::path::Path, target: &str) -> [String; 2] {
    let (commits, tags) = made.data(ids);
    let mut ours = String::new();
    let mut questions = String::new();
    for id in ids {
        let target = Some(target).filter(|target| !target.is_empty());
        let line = version(&commits, &tags, *id, target).unwrap_or_else(|_| "refused".to_owned());
        writeln!(ours, "{line}").unwrap();
        writeln!(questions, "{}\t{id}\t{}", folder.display(), target.unwrap_or("")).unwrap();
    }
    [ours, questions]
}

#[test]
#[ignore = "needs git and python3 with pbr 7; .ci/run runs it"]
fn versions_are_those_of_pbr() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ours, mut asked) = (String::new(), String::new());
    for seed in 0..24 {
        let made = generate(seed, 32);
        let repository = folder.path().join(seed.to_string());
        let ids = made.write(&repository);
        let targets = ["", "", "", "2.0.0", "9.0.0.0b1", "not-a-version"];
        let target = targets[usize::try_from(seed).unwrap() % targets.len()];
        let [versions, questions] = questions(&made, &ids, &repository, target);
        ours += &versions;
        asked += &questions;
    }
    let script = include_str!("pbr_version.py");
    let theirs = tool("python3").args(["-c", script]).input(asked.as_bytes()).text();
    let mut equal = 0;
    let mut kinds = std::collections::BTreeMap::<&str, usize>::new();
    for ((question, ours), theirs) in asked.lines().zip(ours.lines()).zip(theirs.lines()) {
        let short = if theirs.starts_with("refused") { "refused" } else { theirs };
        assert_eq!(ours, short, "{question} ({theirs})");
        equal += 1;
        for kind in ["refused", ".dev", "rc", ".0b", ".0a", "+"] {
            *kinds.entry(kind).or_default() += usize::from(theirs.contains(kind));
        }
    }
    assert_eq!(equal, asked.lines().count());
    assert!(equal >= 300 && kinds.values().all(|count| *count > 0), "{kinds:?}");
    println!("{equal} commits have the version that PBR gives them: {kinds:?}");
}

#[test]
#[ignore = "needs python3 with pbr 7; .ci/run runs it"]
fn versions_are_read_as_pbr_reads_them() {
    let pieces: [&str; 26] = [
        "1", "0", "12", "007", ".", ".", ".", ".", "a", "b", "rc", "dev", "post", "0rc1", "dev3",
        "+", "g1a2b", "v", "1_0", "_", "post4", "alpha", "r", "0b2", "2024", "x",
    ];
    let mut random = Random::new(7);
    let mut texts: Vec<String> = (0..6_000)
        .map(|_| {
            let start = ["1.", "1.2.", "1.2.3", "v1.2.3.", "1.2.3.0"][random.below(5)].to_owned();
            (0..random.below(6)).fold(start, |text, _| text + random.pick(&pieces))
        })
        .collect();
    texts.sort();
    texts.dedup();
    let input = texts.join("\n") + "\n";
    let script = include_str!("pbr_parse.py");
    let theirs = tool("python3").args(["-c", script]).input(input.as_bytes()).text();
    let mut taken = 0;
    for (text, theirs) in texts.iter().zip(theirs.lines()) {
        let ours = SemanticVersion::parse(text).map(|version| version.to_string());
        assert_eq!(ours.as_deref().unwrap_or("refused"), theirs, "{text}");
        taken += usize::from(ours.is_some());
    }
    assert!(taken > 500 && theirs.lines().count() == texts.len(), "{taken}");
    println!("{} versions are read as PBR reads them, {taken} taken", texts.len());
}
