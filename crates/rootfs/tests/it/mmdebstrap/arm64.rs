//! Roots for arm64, of which nothing can run here: dpkg-deb judges what is unpacked, and what is done besides
//! is what is done for amd64, whose roots mmdebstrap judges.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use distro::DistroFile;
use filetree::{Kind, Node, Tree, write_tar};
use names::Arch;
use store::Store;
use testkit::{check_library_cache, check_machine};

use super::compare::What;
use super::sets::{self, Set};
use super::{assembled, compare, debs_in, distro_file, folder, reference, unpacked};

/// The distro that is locked for both architectures.
const DISTRO: &str = "debian-trixie";

/// What names packages or lists libraries, and differs as these do. The cache is judged by ldconfig.
const LISTS: [&str; 3] = ["var/lib/dpkg/status", "var/lib/dpkg/info/", "etc/ld.so.cache"];

#[test]
#[ignore = "needs curl, dpkg-deb, ldconfig, tar and a Debian mirror, as root; .ci/full runs it"]
fn arm64_is_amd64_but_for_what_packages_bring() {
    let (_guard, folder) = folder();
    let store = Store::open(&folder.join("store")).unwrap();
    let file = distro_file(DISTRO);
    let [amd64, arm64] =
        [Arch::Amd64, Arch::Arm64].map(|arch| effects(arch, &file, &store, &folder));
    println!("{DISTRO}: {}", arm64.keys().cloned().collect::<Vec<_>>().join(" "));
    assert!(arm64.len() > 5);
    for (name, arm64) in arm64 {
        let amd64 = &amd64[&name];
        assert!(arm64.len() > 100, "{name}: only {} effects", arm64.len());
        let only = |of: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
            of.difference(other).cloned().collect()
        };
        let differences = (only(amd64, &arm64), only(&arm64, amd64));
        assert_eq!(differences, (vec![], vec![]), "{name}: for amd64 alone, and for arm64 alone");
    }
}

/// What differs between each root and what its packages bring, in words that are the same for every
/// architecture.
fn effects(
    arch: Arch,
    file: &DistroFile,
    store: &Store,
    folder: &Path,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut sets = sets::locked(DISTRO, arch);
    sets.extend(sets::solved(DISTRO, arch, file, store, folder, &sets));
    let of_set = |Set { name, requested, debs }: Set| {
        let place = sets::place(folder, DISTRO, arch, &name);
        let debs = reference::debs(&place, &debs);
        let tree = assembled(file, arch, &unpacked(store, &debs), &requested);
        if arch == Arch::Arm64 {
            is_for_arm64(&place, &tree);
        }
        let brought = brought(&debs, &tree);
        let found = compare::differences(&tree, &brought);
        let found = found
            .into_iter()
            .filter(|(path, ..)| !LISTS.iter().any(|list| path.as_str().starts_with(list)));
        let said = found.map(|(path, what, text)| {
            let text = match (tree.get(path), brought.get(path)) {
                (Some(made), None) => words(made),
                (Some(ours), Some(theirs)) if what == What::Meta => {
                    format!("{} and not {}", attributes(ours), attributes(theirs))
                }
                _ => text,
            };
            let text = general(&text, arch);
            let text = match path.as_str() {
                "var/lib/dpkg/diversions" => diversions(&text),
                "var/lib/dpkg/triggers/File" => text.replace("/usr/lib64 base-files/noawait\n", ""),
                _ => text,
            };
            format!("{}: {what:?} {text}", general(path.as_str(), arch))
        });
        (name, said.collect())
    };
    sets.into_iter().map(of_set).collect()
}

/// What dpkg-deb unpacks of all packages, at the places where the links of the root lead.
fn brought(debs: &Path, root: &Tree) -> Tree {
    let mut all = Tree::new();
    for path in debs_in(debs) {
        let archive = reference::run(Command::new("dpkg-deb").arg("--fsys-tarfile").arg(&path));
        for (path, node) in &reference::read(archive.as_slice()) {
            let path = root.resolve_parent(path).unwrap_or_else(|_| path.clone());
            // The first package that has a folder says what it is like.
            if all.get(&path).is_none() {
                all.insert_with_parents(path, node.clone()).unwrap();
            }
        }
    }
    all
}

fn attributes(node: &Node) -> String {
    let kind = if node.is_directory() { "d" } else { "-" };
    format!("{kind}{:04o} {}:{} {:?}", node.mode, node.uid, node.gid, node.attributes)
}

/// A node that no package brings: a file with its text.
fn words(node: &Node) -> String {
    let meta = attributes(node);
    match &node.kind {
        Kind::File(content) => {
            format!("{meta}\n{}", String::from_utf8_lossy(&content.read().unwrap()))
        }
        Kind::Symlink(target) => format!("{meta} to {target}"),
        _ => meta,
    }
}

/// Without the names of the architecture.
fn general(text: &str, arch: Arch) -> String {
    let loader = match arch {
        Arch::Amd64 => "ld-linux-x86-64.so.2",
        Arch::Arm64 => "ld-linux-aarch64.so.1",
    };
    let text = text.replace(arch.triplet(), "TRIPLET").replace(loader, "LOADER");
    text.replace(arch.debian(), "ARCH")
}

/// The diversions in order, each with its target and package. On amd64 the loader lies in `lib64`, which is
/// base-files' own folder there; on others base-files diverts that one with those of other libraries.
fn diversions(text: &str) -> String {
    let (meta, text) = text.split_once('\n').unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut entries: Vec<String> = lines
        .chunks(3)
        .map(|entry| entry.join(" ").replace("/lib64/LOADER", "/lib/LOADER"))
        .filter(|entry| !entry.starts_with("/lib64 "))
        .collect();
    entries.sort();
    format!("{meta}\n{}", entries.join("\n"))
}

/// The programs and libraries of a root are for arm64, and `ldconfig` finds the latter.
fn is_for_arm64(place: &Path, tree: &Tree) {
    let (archive, root) = (place.join("root.tar"), place.join("root"));
    write_tar(tree.iter(), None, &mut std::fs::File::create(&archive).unwrap()).unwrap();
    std::fs::create_dir_all(&root).unwrap();
    reference::run(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&root));
    assert!(check_machine(&root, 183) > 300);
    assert!(check_library_cache(&root, "AArch64") > 50);
    std::fs::remove_dir_all(&root).unwrap();
    std::fs::remove_file(&archive).unwrap();
}
