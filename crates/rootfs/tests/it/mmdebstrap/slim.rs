//! The slim base, in which no script could run: what it is made of is judged piece by piece.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use filetree::{Kind, Node, Tree, TreePath};
use names::Arch;
use store::Store;

use super::sets::{self, Set};
use super::{DISTROS, assembled, compare, distro_file, folder, reference, unpacked};

/// The slim base is a part of the full one, which mmdebstrap judges with its scripts run: the same files,
/// and of what is generated only lists of what is installed differ. Those are judged by the tools that
/// read them. That nothing is missing shows mmdebstrap by unpacking the same packages.
#[test]
#[ignore = "needs mmdebstrap, dpkg, ldconfig, curl and a Debian mirror; .ci/run runs it"]
fn slim_is_a_part_of_full_and_whole() {
    let (_guard, folder) = folder();
    let store = Store::open(&folder.join("store")).unwrap();
    for distro in DISTROS {
        let Set { name, requested, debs } = sets::locked(distro, Arch::Amd64).swap_remove(0);
        let place = sets::place(&folder, distro, Arch::Amd64, &name);
        let locked = debs;
        let debs = unpacked(&store, &reference::debs(&place, &locked));
        let file = distro_file(distro);
        let full = assembled(&file, Arch::Amd64, &debs, &requested);
        let asked = &file.base["slim"].packages;
        let locked = sets::slim(asked, &locked, &debs);
        let names: BTreeSet<&str> = locked.iter().map(|deb| deb.name.as_str()).collect();
        let mut few = debs.clone();
        few.retain(|deb| names.contains(deb.package.as_str()));
        let slim = assembled(&file, Arch::Amd64, &few, asked);
        part_of_full(&slim, &full);

        let place = sets::place(&folder, distro, Arch::Amd64, "slim");
        reference::debs(&place, &locked);
        let suite = &file.suites[0].suite;
        let root = reference::extracted(&place, suite, file.merged_usr, &names);
        let mut unpacked = Tree::new();
        for (path, node) in slim.iter().filter(|(path, _)| root.get(path).is_some()) {
            unpacked.insert_with_parents(path.clone(), node.clone()).unwrap();
        }
        let mut differences = compare::Differences::read("slim");
        differences.compare("slim", &unpacked, &root);
        let faults = differences.finish();
        assert!(
            faults.is_empty(),
            "{distro}: {} differences:\n{}",
            faults.len(),
            faults.join("\n")
        );
        lists_are_read(&place, &slim);
    }
}

fn part_of_full(slim: &Tree, full: &Tree) {
    // A directory has the time of the first package that has it.
    let same = |a: &Node, b: &Node| a.same_but_time(b) && (a.mtime == b.mtime || a.is_directory());
    let differ =
        |(path, node): &(&_, &Node)| !full.get(path).is_some_and(|other| same(node, other));
    // Lists of what is installed, and read by tools below; others are lists that other packages add to.
    let read = ["etc/ld.so.cache", "var/lib/dpkg/status", "var/lib/dpkg/triggers/File"];
    let added = ["etc/group", "etc/passwd", "var/lib/dpkg/diversions"];
    let text = |tree: &Tree, path: &TreePath| match &tree.get(path).unwrap().kind {
        Kind::File(content) => String::from_utf8(content.read().unwrap()).unwrap(),
        other => panic!("/{path}: {other:?}"),
    };
    for (path, _) in slim.iter().filter(differ) {
        if read.contains(&path.as_str()) {
            continue;
        }
        assert!(added.contains(&path.as_str()), "/{path}");
        // Passwords are elsewhere in the full base.
        let shadowed = |line: &str| line.replace(":*:", ":x:");
        let full: BTreeSet<String> = text(full, path).lines().map(shadowed).collect();
        for line in text(slim, path).lines() {
            assert!(full.contains(&shadowed(line)), "/{path}: {line}");
        }
    }
    assert!(slim.at("usr/bin/python3").is_some() && slim.at("usr/bin/sh").is_none());
    assert!(slim.at("etc/ssl/certs/ca-certificates.crt").is_some());
}

/// dpkg finds every package whole, and ldconfig the libraries that the cache names.
fn lists_are_read(place: &Path, slim: &Tree) {
    let root = place.join("tree");
    if !root.exists() {
        let mut tar = Vec::new();
        filetree::write_tar(slim.iter(), None, &mut tar).unwrap();
        std::fs::create_dir_all(&root).unwrap();
        let archive = place.join("slim.tar");
        std::fs::write(&archive, tar).unwrap();
        reference::run(Command::new("tar").arg("-xpf").arg(&archive).arg("-C").arg(&root));
    }
    let dpkg = |option: &str| {
        let option = Command::new("dpkg").arg("--root").arg(&root).arg(option).output().unwrap();
        assert!(option.status.success(), "{option:?}");
        String::from_utf8(option.stdout).unwrap()
    };
    assert_eq!(dpkg("--audit"), "");
    assert_eq!(dpkg("--verify"), "");
    let list = |cache: &str| {
        let text =
            reference::run(Command::new("ldconfig").arg("-p").arg("-C").arg(root.join(cache)));
        let text = String::from_utf8(text).unwrap();
        // The first line has the name of the file, the last that of the program that wrote it.
        let lines = text.lines().filter(|line| line.contains(" => ")).map(str::to_owned);
        lines.collect::<BTreeSet<String>>()
    };
    reference::run(Command::new("ldconfig").args(["-X", "-C", "/judged.cache", "-r"]).arg(&root));
    let ours = list("etc/ld.so.cache");
    assert!(ours.len() > 20);
    assert_eq!(ours, list("judged.cache"));
}
