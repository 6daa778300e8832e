//! `packaging`, the library that pip is built on, as the judge of requirements and markers.
//!
//! `packaging/cases.tsv` holds requirements of real wheels and constructed ones, each with what
//! `packaging` makes of it; `packaging/make.py` writes it and describes its columns.

use std::collections::BTreeSet;

use constraints::{Environment, Requirement, Specifier, parse_version};
use names::{Arch, PackageName};

const CASES: &str = include_str!("packaging/cases.tsv");

fn environments() -> Vec<Environment> {
    let pythons = ["3.11.2", "3.12.3", "3.13.5", "3.14.0rc1"];
    let environment = |python| Arch::ALL.map(|arch| Environment::linux(python, arch).unwrap());
    pythons.into_iter().flat_map(environment).collect()
}

/// No extra, and the first two that the text compares with, as `make.py` finds them.
fn extras(text: &str) -> Vec<BTreeSet<PackageName>> {
    let mut found: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices("extra") {
        let rest = text[at + 5..].trim_start();
        let after = rest.trim_start_matches(['=', '!']);
        let operator = &rest[..rest.len() - after.len()];
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let named = quote.and_then(|_| after[1..].split(['\'', '"']).next());
        if let Some(name) = named.filter(|_| operator.len() > 1 && operator[1..].contains('=')) {
            let right =
                !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
            if !found.contains(&name) && right {
                found.push(name);
            }
        }
    }
    let one = |name: &&str| BTreeSet::from([PackageName::new(name).unwrap()]);
    std::iter::once(BTreeSet::new()).chain(found.iter().take(2).map(one)).collect()
}

/// A row as `make.py` writes it.
fn row(text: &str) -> String {
    let Ok(requirement) = Requirement::parse(text) else { return format!("{text}\terror") };
    let join = |texts: BTreeSet<String>| texts.into_iter().collect::<Vec<_>>().join(",");
    let letter = |environment: &Environment, extras: &BTreeSet<PackageName>| {
        if requirement.applies(environment, extras) { '1' } else { '0' }
    };
    let mut columns = vec![
        text.to_owned(),
        requirement.name.to_string(),
        join(requirement.extras.iter().map(PackageName::to_string).collect()),
        join(requirement.specifiers.iter().map(ToString::to_string).collect()),
        requirement.url.clone().unwrap_or_default(),
    ];
    let sets = extras(text);
    for environment in environments() {
        columns.push(sets.iter().map(|set| letter(&environment, set)).collect());
    }
    columns.join("\t")
}

/// Compares rows with those of `packaging`. What it can read but not evaluate, we do not read.
#[track_caller]
fn check(table: &str, least: usize) {
    let mut wrong = Vec::new();
    for expect in table.lines() {
        let mut columns = expect.split('\t');
        let text = columns.next().unwrap();
        let undefined = columns.skip(4).any(|letters| letters.contains('!'));
        let expect = if undefined { format!("{text}\terror") } else { expect.to_owned() };
        let found = row(text);
        if found != expect {
            wrong.push(format!("packaging: {expect}\nwe:        {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(table.lines().count() >= least, "{} rows are too few", table.lines().count());
}

#[test]
fn requirements_are_read_and_evaluated_as_packaging_does() {
    check(CASES, 400);
}

#[test]
fn requirements_keep_their_text() {
    for text in CASES.lines().filter_map(|line| line.split('\t').next()) {
        if let Ok(requirement) = Requirement::parse(text) {
            assert_eq!(requirement.to_string(), text.trim());
        }
    }
}

#[test]
fn versions_are_contained_as_packaging_has_it() {
    let table = include_str!("packaging/specifiers.tsv");
    let (head, rows) = table.split_once('\n').unwrap();
    let versions: Vec<&str> = head.split('\t').collect();
    let mut wrong = Vec::new();
    for row in rows.lines() {
        let (text, letters) = row.split_once('\t').unwrap();
        let specifier: Specifier = text.parse().unwrap();
        for (version, letter) in versions.iter().zip(letters.chars()) {
            if specifier.contains(&parse_version(version).unwrap()) != (letter == '1') {
                wrong.push(format!("{version} in {text}: {letter}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ from packaging: {}", wrong.len(), wrong.join(", "));
    assert!(rows.lines().count() > 800 && versions.len() > 100);
}

#[test]
#[ignore = "needs python3 with packaging; .ci/run runs it"]
fn the_tables_are_what_packaging_says_today() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/packaging/make.py");
    let texts: String =
        CASES.lines().map(|line| format!("{}\n", line.split('\t').next().unwrap())).collect();
    let said = testkit::tool("python3").args([script, "--stdin"]).input(texts.as_bytes()).text();
    assert_eq!(said, CASES);
    let said = testkit::tool("python3").args([script, "--specifiers"]).text();
    assert_eq!(said, include_str!("packaging/specifiers.tsv"));
}
