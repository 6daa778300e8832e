//! bindep files against bindep itself.
//!
//! `fixtures` holds bindep files of OpenStack services and of LOCI, as their repositories have them
//! (Apache-2.0; the name says the release), and os-release files of many systems. `bindep/judge.py`
//! asks bindep 2.14.0 about them; `bindep/answers.txt` holds what it said.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking and reads the files that it checks"
)]

mod faults;
mod generated;
mod platforms;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bindep::{BindepFile, Grammar, OsRelease, Platform, Relation};

/// Sets of profiles: what LOCI gives for services, what no service asks for, and the default.
const PROFILES: &[&str] = &[
    "default",
    "test",
    "keystone,ldap,apache,trixie",
    "nova,noble,ceph,linuxbridge,configdrive,qemu",
    "requirements,jammy",
    "neutron,openvswitch,default,python3,doc,pdf-docs",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), fs_err::read_to_string(&path).unwrap())).collect()
}

fn systems() -> BTreeMap<String, String> {
    texts(&folder().join("fixtures/os-release"))
}

fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::Less => "<",
        Relation::LessOrEqual => "<=",
        Relation::Equal => "==",
        Relation::NotEqual => "!=",
        Relation::GreaterOrEqual => ">=",
        Relation::Greater => ">",
    }
}

/// What `judge.py` would print, said by us.
fn ours(
    systems: &BTreeMap<String, String>,
    files: &[(String, String)],
    grammar: Grammar,
) -> String {
    let mut out = String::new();
    let mut platforms = Vec::new();
    for (name, text) in systems {
        match Platform::new(&OsRelease::parse(text)) {
            Ok(platform) => {
                let atoms: Vec<&str> = platform.atoms.iter().map(String::as_str).collect();
                writeln!(out, "platform {name} {}", atoms.join(" ")).unwrap();
                platforms.push((name, platform));
            }
            Err(_) => writeln!(out, "platform {name} !").unwrap(),
        }
    }
    for (name, text) in files {
        let Ok(file) = BindepFile::parse_as(text, Path::new(name), grammar) else {
            writeln!(out, "refused {name}").unwrap();
            continue;
        };
        let line = |word: &str, items: Vec<String>| {
            let items: String = items.iter().map(|item| format!(" {item}")).collect();
            format!("{word} {name}{items}\n")
        };
        out += &line("names", file.rules.iter().map(|rule| rule.name.clone()).collect());
        let versions = file.rules.iter().flat_map(|rule| &rule.versions);
        let version = |version: &bindep::VersionConstraint| {
            format!("{}{}", sign(version.relation), version.version)
        };
        out += &line("versions", versions.map(version).collect());
        out += &line("configuration", file.profiles().into_iter().collect());
        for (system, platform) in &platforms {
            for profiles in PROFILES {
                // The command line's default is the crate's, too.
                let given = profiles.split(',').filter(|_| *profiles != "default");
                let given: BTreeSet<String> = given.map(str::to_owned).collect();
                let wanted: Vec<*const bindep::Rule> =
                    file.packages(platform, &given).map(std::ptr::from_ref).collect();
                let bit = |rule| if wanted.contains(&std::ptr::from_ref(rule)) { '1' } else { '0' };
                let bits: String = file.rules.iter().map(bit).collect();
                writeln!(out, "active {name} {system} {profiles} {bits}").unwrap();
            }
        }
    }
    out
}

/// What `judge.py` prints.
fn bindep(systems: &BTreeMap<String, String>, files: &[(String, String)]) -> String {
    let mut input = String::new();
    for (name, text) in systems {
        write!(input, "system\x1f{name}\x1f{text}\x1f\x1e").unwrap();
    }
    for profiles in PROFILES {
        write!(input, "profiles\x1f{}\x1f\x1e", profiles.replace(',', " ")).unwrap();
    }
    for (name, text) in files {
        write!(input, "file\x1f{name}\x1f{text}\x1f\x1e").unwrap();
    }
    let script = folder().join("bindep/judge.py");
    testkit::tool("python3").arg(script).input(input.as_bytes()).text()
}

/// Compares line by line, and shows the first that differ.
#[track_caller]
fn check(theirs: &str, ours: &str) {
    let pairs = theirs.lines().zip(ours.lines()).filter(|(theirs, ours)| theirs != ours);
    let wrong: Vec<String> =
        pairs.map(|(theirs, ours)| format!("bindep: {theirs}\nwe:     {ours}")).collect();
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(9)].join("\n")
    );
    assert_eq!(theirs.lines().count(), ours.lines().count());
}

#[test]
fn real_files_are_answered_as_bindep_does() {
    let files: Vec<_> = texts(&folder().join("fixtures")).into_iter().collect();
    let answers = fs_err::read_to_string(folder().join("bindep/answers.txt")).unwrap();
    check(&answers, &ours(&systems(), &files, Grammar::Strict));
    check(&answers, &ours(&systems(), &files, Grammar::Compatible));
    assert!(answers.lines().count() > 2000, "the answers are too few");
}

#[test]
#[ignore = "needs python3 with bindep; .ci/run runs it"]
fn the_answers_are_what_bindep_says_today() {
    let files: Vec<_> = texts(&folder().join("fixtures")).into_iter().collect();
    let answers = fs_err::read_to_string(folder().join("bindep/answers.txt")).unwrap();
    assert!(bindep(&systems(), &files) == answers, "bindep says something else by now");
}
