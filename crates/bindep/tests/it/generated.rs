//! Files that nobody wrote, right and wrong ones.

use std::path::Path;

use bindep::{BindepFile, Grammar};
use testkit::Random;

use super::{bindep, check, ours, systems};

const PROFILES: &[&str] = &[
    "test",
    "default",
    "keystone",
    "ldap",
    "platform:dpkg",
    "platform:rpm",
    "platform:debian-trixie",
    "platform:ubuntu-24.04",
    "platform:redhat",
    "platform:base-py3",
    "!test",
    "!default",
    "!platform:dpkg",
    "!platform:suse",
    "!keystone",
    "platform:rocky-blue",
    "nova",
    "a.b",
];
const VERSIONS: &[&str] = &["1", "1.2", "1:2.0-3", "2-1-2", "1.0~rc1-2+b1", "0:1:2"];
const RELATIONS: &[&str] = &["<", "<=", "==", "!=", ">=", ">"];

fn line(random: &mut Random) -> String {
    let mut line = random.pick(&["git", "lib-x.1", "/usr/bin/x", "g++", "py_x", "0ad"]).to_owned();
    if random.below(4) > 0 {
        line += random.pick(&[" [", "    ["]);
        for _ in 0..random.below(4) {
            if random.below(3) == 0 {
                let group: Vec<&str> =
                    (0..random.below(4)).map(|_| random.pick(PROFILES)).collect();
                line += &format!("({})", group.join(" "));
            } else {
                line += random.pick(PROFILES);
            }
            line += random.pick(&[" ", " ", "  "]);
        }
        line += "]";
    }
    if random.below(4) == 0 {
        let version =
            |random: &mut Random| random.pick(RELATIONS).to_owned() + random.pick(VERSIONS);
        let versions: Vec<String> = (0..=random.below(3)).map(|_| version(random)).collect();
        line += &format!(" {}", versions.join(","));
    }
    line + random.pick(&["", "", "", " # why", "#"])
}

fn files() -> Vec<(String, String)> {
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    let spice: Vec<char> = " \t[]()!<>=,#-:.~+_/aZ1é²٣中\r\n".chars().collect();
    let mut file = |number: usize| {
        let mut text = String::new();
        for _ in 0..1 + random.below(6) {
            let line = match random.below(8) {
                0 => random.pick(&["", "# note", "  # note", "   "]).to_owned(),
                _ => line(&mut random),
            };
            text += &line;
            text += random.pick(&["\n", "\n", "\n", "\r\n"]);
        }
        if random.below(3) == 0 {
            let at = random.below(text.chars().count());
            let mut letters: Vec<char> = text.chars().collect();
            match random.below(3) {
                0 => letters.insert(at, spice[random.below(spice.len())]),
                1 => _ = letters.remove(at),
                _ => letters[at] = spice[random.below(spice.len())],
            }
            text = letters.into_iter().collect();
        }
        if random.below(4) == 0 {
            text.pop();
        }
        (format!("file-{number}"), text)
    };
    (0..2000).map(&mut file).collect()
}

#[test]
#[ignore = "needs python3 with bindep; .ci/run runs it"]
fn bindep_agrees_on_generated_files() {
    let (systems, files) = (systems(), files());
    let theirs = bindep(&systems, &files);
    check(&theirs, &ours(&systems, &files, Grammar::Compatible));
    let refused = theirs.lines().filter(|line| line.starts_with("refused")).count();
    println!(
        "bindep: {} files on {} systems, {refused} refused, {} answers",
        files.len(),
        systems.len(),
        theirs.lines().count()
    );
    assert!(refused > 100 && refused < 1000, "{refused} refused");
}

#[test]
#[ignore = "needs python3 with bindep; .ci/run runs it"]
fn bindep_agrees_on_every_platform_that_it_knows() {
    let ids = "debian ubuntu pop amzn amazonami centos rhel redhatenterpriseserver \
               redhatenterpriseworkstation fedora opensuseproject opensuse opensuse-leap \
               opensuse-tumbleweed sles suselinux SUSE\\ LINUX ol oracle rocky almalinux gentoo arch \
               manjaro alpine darwin Debian";
    let versions =
        ["7", "8.10", "9", "15.10", "16.04", "22", "23", "24.04.1", "13_beta", "edge", ""];
    let codes = [
        "",
        "VERSION_CODENAME=",
        "VERSION_CODENAME='Blue Onyx'",
        "UBUNTU_CODENAME=noble",
        "VERSION='1, Final'",
        "VERSION='1 (Red (Hat))'\nVERSION_CODENAME=x",
    ];
    let names = ["", "NAME='Red Hat Server'", "NAME=\"A Workstation\"  # why"];
    let mut systems = std::collections::BTreeMap::new();
    for id in ids.replace("\\ ", "\u{a0}").split_ascii_whitespace() {
        let id = id.replace('\u{a0}', "\\ ");
        for (version, code) in
            versions.iter().flat_map(|one| codes.iter().map(move |code| (one, code)))
        {
            for name in names {
                let text = format!("ID={id}\nVERSION_ID=\"{version}\"\n{code}\n{name}\n");
                systems.insert(format!("system-{}", systems.len()), text);
            }
        }
    }
    let theirs = bindep(&systems, &[]);
    check(&theirs, &ours(&systems, &[], Grammar::Compatible));
    let none = theirs.lines().filter(|line| line.ends_with(" !")).count();
    println!("bindep: {} os-releases, {none} of them without a platform", systems.len());
    assert!(none > 10 && none < systems.len() / 2);
}

#[test]
fn strictness_refuses_what_it_names_and_changes_nothing_else() {
    let strict_alone = [
        "`()` is always met",
        "is wanted and excluded at once",
        "no space in front of a profile",
        "found `",
    ];
    let mut refused = [0; 4];
    for (name, text) in files() {
        let path = Path::new(&name);
        let compatible = BindepFile::parse_as(&text, path, Grammar::Compatible);
        match (BindepFile::parse(&text, path), compatible) {
            (Ok(strict), compatible) => assert_eq!(Ok(strict), compatible, "{text:?}"),
            (Err(faults), Ok(_)) => {
                for fault in faults {
                    let kind = strict_alone.iter().position(|kind| fault.message.contains(kind));
                    let kind = kind.unwrap_or_else(|| panic!("{text:?}: {fault}"));
                    assert!(kind < 3 || !text.is_ascii(), "{text:?}: {fault}");
                    refused[kind] += 1;
                }
            }
            (Err(_), Err(_)) => {}
        }
    }
    println!("strictness: {refused:?} refused");
    assert!(refused.iter().all(|count| *count > 0), "{refused:?}");
}

#[test]
fn damaged_files_are_read_without_panic() {
    for (_, text) in files() {
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)).step_by(7) {
            let _ = BindepFile::parse(&text[at..], Path::new("bindep.txt"));
            let _ = ::bindep::OsRelease::parse(&text[..at]);
        }
    }
}
