//! The solver against apt, over the package sets of real images and random packages.

use std::collections::BTreeMap;
use std::path::Path;

use distro::{Index, Request, Suite, fetch_suites, solve};
use names::Arch;
use signer::Keyring;
use store::Store;

use crate::apt::Apt;
use crate::curl::Curl;

const KEYRINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../distros/keyrings");

/// The suites of a release of Debian.
fn suites(codename: &str) -> Vec<Suite> {
    let suite = |archive: &str, suite: &str| Suite {
        archive: archive.parse().unwrap(),
        suite: suite.to_owned(),
        components: vec!["main".to_owned()],
        arches: Vec::new(),
        keyring: format!("debian-archive-{codename}.gpg"),
    };
    vec![
        suite("debian", codename),
        suite("debian", &format!("{codename}-updates")),
        suite("debian-security", &format!("{codename}-security")),
    ]
}

pub(crate) fn index(codename: &str, arch: Arch) -> Index {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let suites = suites(codename);
    let name = &suites[0].keyring;
    let keyring = Keyring::parse(&std::fs::read(format!("{KEYRINGS}/{name}")).unwrap()).unwrap();
    let keyrings = BTreeMap::from([(name.clone(), keyring)]);
    let fetch = || fetch_suites(&Curl, &store, &suites, &keyrings, arch, None).unwrap();
    // From the lists, and then from the record of what was read: the second must do as the first.
    let (first, _) = fetch();
    let (index, locked) = fetch();
    assert_eq!(locked.len(), 3);
    assert_eq!(index.package_count(), first.package_count());
    assert!(index.package_count() > 50_000);
    index
}

/// The sets of the fixture: name, whether with all essential packages, and the packages.
pub(crate) fn sets() -> Vec<(String, bool, Vec<String>)> {
    let text = include_str!("fixtures/package-sets.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let set = |line: &str| {
        let (name, packages) = line.split_once(": ").unwrap_or((line, ""));
        let words: Vec<String> = packages.split_whitespace().map(str::to_owned).collect();
        let essential = words.first().is_some_and(|word| word == "*");
        (name.to_owned(), essential, words[usize::from(essential)..].to_vec())
    };
    lines.map(set).collect()
}

/// Sets of packages picked by a fixed seed (a linear congruential generator): the same on every
/// machine as long as the archive has them.
fn random_sets(index: &Index, count: usize, size: usize) -> Vec<(String, bool, Vec<String>)> {
    let names: Vec<&str> = index.names().collect();
    let mut seed: u64 = 20_261_121;
    let mut pick = |_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        names[(seed >> 33) as usize % names.len()].to_owned()
    };
    let mut set = |_| {
        let packages: Vec<String> = (0..size).map(&mut pick).collect();
        (format!("random {}", packages.join(" ")), false, packages)
    };
    (0..count).map(&mut set).collect()
}

#[expect(clippy::print_stdout, reason = "the figures are for whoever reads the log")]
fn differences(
    codename: &str,
    arch: Arch,
    recommends: bool,
    sets: &[(String, bool, Vec<String>)],
    index: &Index,
) -> Vec<String> {
    let apt = Apt::new(&suites(codename), Path::new(KEYRINGS), arch);
    let essential_names = apt.essential();
    assert!(essential_names.len() > 15);
    let known = apt.known();
    let mut differences = Vec::new();
    let (mut solved, mut all) = (0, 0);
    for (name, essential, packages) in sets {
        let mut packages = packages.clone();
        let asked = packages.len();
        packages.retain(|package| known.contains(package));
        if asked > 0 && packages.is_empty() {
            continue;
        }
        all += 1;
        let mut arguments = if *essential { essential_names.clone() } else { Vec::new() };
        arguments.extend(packages.iter().cloned());
        let theirs = apt.install(&arguments, recommends);
        let request = Request {
            packages: packages.clone(),
            essential: *essential,
            recommends,
            ..Request::default()
        };
        let ours = solve(index, &request).map(|solution| {
            let pair = |deb: distro::LockedDeb| (deb.name, deb.version.to_string());
            solution.debs.into_iter().map(pair).collect::<BTreeMap<_, _>>()
        });
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => {
                solved += 1;
                let only = |these: &BTreeMap<String, String>, those: &BTreeMap<String, String>| {
                    let missing =
                        |(name, version): &(&String, &String)| those.get(*name) != Some(*version);
                    let names = these.iter().filter(missing).map(|(n, v)| format!("{n}={v}"));
                    names.collect::<Vec<_>>().join(" ")
                };
                if theirs != ours {
                    let (theirs, ours) = (only(&theirs, &ours), only(&ours, &theirs));
                    differences.push(format!("{name}: only apt: {theirs}; only ours: {ours}"));
                }
            }
            (Err(_), Err(_)) => {}
            (Ok(theirs), Err(error)) => {
                differences.push(format!("{name}: apt has {} and we fail: {error}", theirs.len()));
            }
            (Err(output), Ok(ours)) => {
                differences.push(format!("{name}: we have {} and apt fails: {output}", ours.len()));
            }
        }
    }
    let different = differences.len();
    println!("{codename} {arch}: {} of {all} sets as apt, {solved} solved", all - different);
    assert!(all * 10 > sets.len() * 9, "{codename} has the packages of {all} sets alone");
    assert!(solved * 10 > all * 8, "only {solved} of {all} sets have a solution");
    differences
}

fn compare(
    codename: &str,
    arch: Arch,
    recommends: bool,
    sets: &[(String, bool, Vec<String>)],
    index: &Index,
) {
    let differences = differences(codename, arch, recommends, sets, index);
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
#[ignore = "needs apt-get, curl and a Debian mirror; .ci/run runs it"]
fn apt_chooses_the_same_packages_on_amd64() {
    let index = index("trixie", Arch::Amd64);
    let mut sets = sets();
    sets.extend(random_sets(&index, 30, 1));
    assert!(sets.len() >= 60);
    compare("trixie", Arch::Amd64, false, &sets, &index);
}

#[test]
#[ignore = "needs apt-get, curl and a Debian mirror; .ci/run runs it"]
fn apt_chooses_the_same_packages_on_arm64() {
    let index = index("trixie", Arch::Arm64);
    let sets: Vec<_> = sets().into_iter().take(20).chain(random_sets(&index, 10, 1)).collect();
    compare("trixie", Arch::Arm64, false, &sets, &index);
}

#[test]
#[ignore = "needs apt-get, curl and a Debian mirror; .ci/run runs it"]
fn apt_chooses_the_same_packages_with_recommended_ones() {
    let index = index("trixie", Arch::Amd64);
    let sets: Vec<_> = sets().into_iter().step_by(5).chain(random_sets(&index, 10, 1)).collect();
    compare("trixie", Arch::Amd64, true, &sets, &index);
}

#[test]
#[ignore = "needs apt-get, curl and a Debian mirror; .ci/run runs it"]
fn apt_chooses_the_same_packages_for_unrelated_ones_together() {
    let index = index("trixie", Arch::Amd64);
    compare("trixie", Arch::Amd64, false, &random_sets(&index, 10, 5), &index);
}

#[test]
#[ignore = "needs apt-get, curl and a Debian mirror; .ci/run runs it"]
fn apt_chooses_the_same_packages_on_bookworm() {
    let index = index("bookworm", Arch::Amd64);
    let sets = sets().into_iter().step_by(6).chain(random_sets(&index, 10, 1));
    compare("bookworm", Arch::Amd64, false, &Vec::from_iter(sets), &index);
}

/// All sets of the fixture, and random ones of one to three packages.
#[test]
#[ignore = "takes half an hour; needs apt-get, curl and a Debian mirror; .ci/full runs it"]
fn apt_chooses_the_same_packages_in_200_sets() {
    let mut all = Vec::new();
    for codename in ["trixie", "bookworm"] {
        for arch in [Arch::Amd64, Arch::Arm64] {
            let index = index(codename, arch);
            let mut sets = sets();
            for size in [3, 2] {
                sets.extend(random_sets(&index, 30, size));
            }
            sets.extend(random_sets(&index, 200 - sets.len(), 1));
            assert_eq!(sets.len(), 200);
            let found = differences(codename, arch, false, &sets, &index);
            all.extend(found.into_iter().map(|one| format!("{codename} {arch} {one}")));
        }
    }
    assert!(all.is_empty(), "{} differ:\n{}", all.len(), all.join("\n"));
}
