//! The maintainer scripts of the packages of real images: what of them is understood.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use distro::{DistroFile, LockedDeb, Request, ScriptKind, UnpackedDeb, normalise, solve};
use names::Arch;
use testkit::tool;

use crate::curl::mirror;
use crate::debs::{Room, ar, tar};
use crate::solver::{index, sets};

/// How much of a .deb is read first: most control archives end before.
const START: usize = 32 << 10;

/// The first `length` bytes of .debs, in their order.
fn starts(folder: &Path, debs: &[(&LockedDeb, usize)]) -> Vec<Vec<u8>> {
    let mut config = String::new();
    for (number, (deb, length)) in debs.iter().enumerate() {
        let url = format!("{}/{}", mirror(deb.archive.as_str()), deb.path);
        let range = length.min(&(deb.size as usize)) - 1;
        let out = folder.join(number.to_string());
        let head = if number == 0 { "" } else { "next\n" };
        write!(
            config,
            "{head}url = \"{url}\"\noutput = \"{}\"\nrange = \"0-{range}\"\n\
             fail\nlocation\nsilent\nshow-error\nretry = 3\n",
            out.display()
        )
        .unwrap();
    }
    tool("curl")
        .args(["--parallel", "--parallel-max", "8", "-K", "-"])
        .input(config.as_bytes())
        .run();
    let read = |(number, (_, length)): (usize, &(&LockedDeb, usize))| {
        let mut bytes = std::fs::read(folder.join(number.to_string())).unwrap();
        // A server may not know ranges.
        bytes.truncate(*length);
        bytes
    };
    debs.iter().enumerate().map(read).collect()
}

/// Where the control archive of a .deb begins and ends, from its first bytes.
fn control(start: &[u8]) -> (String, usize, usize) {
    // ar(5): eight bytes, a head of 60 bytes, `2.0\n`, the next head: its name and its size.
    let head = &start[72..132];
    let text = |range: std::ops::Range<usize>| {
        std::str::from_utf8(&head[range]).unwrap().trim_end().trim_end_matches('/').to_owned()
    };
    (text(0..16), 132, 132 + text(48..58).parse::<usize>().unwrap())
}

/// Packages as they are, without their files.
fn without_files(room: &Room, debs: &[LockedDeb]) -> Vec<UnpackedDeb> {
    let folder = room.folder.path().join("starts");
    std::fs::create_dir_all(&folder).unwrap();
    let wanted: Vec<_> = debs.iter().map(|deb| (deb, START)).collect();
    let mut found = starts(&folder, &wanted);
    let long: Vec<usize> = (0..debs.len()).filter(|at| control(&found[*at]).2 > START).collect();
    let wanted: Vec<_> = long.iter().map(|at| (&debs[*at], control(&found[*at]).2)).collect();
    for (at, bytes) in long.iter().zip(starts(&folder, &wanted)) {
        found[*at] = bytes;
    }
    let unpack = |start: &Vec<u8>| {
        let (name, begin, end) = control(start);
        let members: [(&str, &[u8]); 3] =
            [("debian-binary", b"2.0\n"), (&name, &start[begin..end]), ("data.tar", &tar(&[]))];
        room.unpack(&ar(&members)).unwrap()
    };
    found.iter().map(unpack).collect()
}

fn pair((name, deb): (&String, &LockedDeb)) -> (String, LockedDeb) {
    (name.clone(), deb.clone())
}

/// What is known of the scripts of some packages.
#[derive(Debug, Default, PartialEq)]
struct Count {
    packages: usize,
    scripts: usize,
    /// Nothing is in them but what tools have generated, and that is understood.
    generated: usize,
    /// A person has read them.
    read: usize,
    /// Each with its package.
    unknown: BTreeSet<String>,
}

fn count<'a>(debs: impl Iterator<Item = &'a UnpackedDeb>, file: &DistroFile) -> Count {
    let mut count = Count::default();
    for deb in debs {
        count.packages += 1;
        for kind in [ScriptKind::Preinst, ScriptKind::Postinst] {
            let Some(script) = deb.scripts.get(&kind) else { continue };
            count.scripts += 1;
            let normal = normalise(script, deb.version.as_str());
            let known = file.scripts.iter().any(|entry| {
                let here = (&entry.package, entry.kind) == (&deb.package, kind);
                here && entry.sha256.contains(&normal.digest)
            });
            if normal.is_empty() {
                count.generated += 1;
            } else if known {
                count.read += 1;
            } else {
                count.unknown.insert(format!("{} {kind}", deb.package));
            }
        }
    }
    count
}

/// Tools whose sections are not understood, at least not all.
const LEFT_OVER: [&str; 6] = [
    "dh_apache2",         // enables modules with a program of apache2
    "dh_installinit",     // with arguments of a person, `update-rc.d NAME defaults-disabled`
    "dh_installsysusers", // accounts without a number
    "dh_installxmlcatalogs",
    "dh_runit",
    "dh_usrlocal", // a program of its own
];

/// The tools that have left generated sections that are not understood.
fn left_over(debs: &[UnpackedDeb]) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for deb in debs {
        for kind in [ScriptKind::Preinst, ScriptKind::Postinst] {
            let Some(script) = deb.scripts.get(&kind) else { continue };
            let normal = normalise(script, deb.version.as_str());
            let heads = normal.text.lines();
            let tools =
                heads.filter_map(|line| line.trim().strip_prefix("# Automatically added by "));
            left.extend(tools.map(str::to_owned));
        }
    }
    left
}

#[test]
#[ignore = "needs curl and a Debian mirror; .ci/run runs it"]
fn scripts_of_real_images_are_counted() {
    for codename in ["trixie", "bookworm"] {
        let path = format!("distros/debian-{codename}.toml");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = std::fs::read_to_string(root.join(&path)).unwrap();
        let file = DistroFile::parse(&text, Path::new(&path)).unwrap();
        let index = index(codename, Arch::Amd64);
        // By what they are for: the images of this tree, and those of others.
        let mut groups: BTreeMap<&str, BTreeMap<String, LockedDeb>> = BTreeMap::new();
        for (name, essential, mut packages) in sets() {
            let group = match name.split('-').next() {
                Some("recipe") => {
                    packages.splice(0..0, file.base["full"].packages.clone());
                    "ours"
                }
                Some("kolla") => "kolla",
                Some("loci") => "loci",
                _ => continue,
            };
            packages.retain(|package| index.newest(package).is_some());
            let request = Request { packages, essential, ..Request::default() };
            let Ok(solution) = solve(&index, &request) else { continue };
            let debs = solution.debs.into_iter().map(|deb| (deb.name.clone(), deb));
            groups.entry(group).or_default().extend(debs);
        }
        let all: BTreeMap<String, LockedDeb> = groups.values().flatten().map(pair).collect();
        let room = Room::new();
        let debs = without_files(&room, &all.into_values().collect::<Vec<_>>());
        for (group, members) in &groups {
            let members = debs.iter().filter(|deb| members.contains_key(&deb.package));
            let count = count(members, &file);
            println!(
                "{codename} {group}: {} packages, {} scripts: {} generated, {} read, {} unknown",
                count.packages,
                count.scripts,
                count.generated,
                count.read,
                count.unknown.len()
            );
            match *group {
                "ours" => assert_eq!(count.unknown, BTreeSet::new(), "{codename}"),
                // What nobody has read must be less than what is understood.
                _ => assert!(count.unknown.len() * 2 < count.scripts, "{count:?}"),
            }
            assert!(count.packages > 150 && count.generated > 10);
        }
        let tools: Vec<String> = left_over(&debs).into_iter().collect();
        println!("{codename}: sections of {} are not understood", tools.join(", "));
        for tool in &tools {
            assert!(LEFT_OVER.contains(&tool.as_str()), "{tool} in {codename}");
        }
    }
}
