//! The judge: what mmdebstrap makes of exactly the same .debs.

mod arm64;
mod compare;
mod reference;
mod sets;
mod slim;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use distro::{DistroFile, UnpackedDeb};
use filetree::{Tree, TreePath, changes};
use names::{Arch, Epoch};
use rootfs::{Request, assemble};
use sets::Set;
use store::Store;

/// The distros that are judged.
const DISTROS: [&str; 2] = ["debian-trixie", "debian-bookworm"];

fn distro_file(distro: &str) -> DistroFile {
    let name = format!("distros/{distro}.toml");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&name);
    let text = std::fs::read_to_string(&path).unwrap();
    match DistroFile::parse(&text, Path::new(&name)) {
        Ok(file) => file,
        Err(faults) => panic!("{}", names::render_faults(&faults)),
    }
}

/// The .debs of a folder, by name.
fn debs_in(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    paths.sort();
    paths
}

fn unpacked(store: &Store, folder: &Path) -> Vec<UnpackedDeb> {
    let unpack = |path: &PathBuf| {
        let mut writer = store.blob_writer().unwrap();
        std::io::copy(&mut std::fs::File::open(path).unwrap(), &mut writer).unwrap();
        let blob = writer.finish(None).unwrap();
        match distro::unpack_deb(store, &blob) {
            Ok(deb) => deb,
            Err(error) => panic!("{}: {}", path.display(), chain(&error)),
        }
    };
    debs_in(folder).iter().map(unpack).collect()
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(chain);
    cause.map_or(error.to_string(), |cause| format!("{error}: {cause}"))
}

fn assembled(file: &DistroFile, arch: Arch, debs: &[UnpackedDeb], requested: &[String]) -> Tree {
    let debs = &debs.iter().collect::<Vec<_>>();
    let request = Request { arch, distro: file, debs, requested, time: Epoch(1_795_228_558) };
    match assemble(&request) {
        Ok(tree) => tree,
        Err(error) => panic!("{}", chain(&error)),
    }
}

/// The folder for .debs and references: a new one, or the one that COOPERAGE_ORACLE names, whose
/// content is used again.
fn folder() -> (Option<tempfile::TempDir>, PathBuf) {
    match std::env::var_os("COOPERAGE_ORACLE") {
        Some(folder) => (None, folder.into()),
        None => {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().to_owned();
            (Some(folder), path)
        }
    }
}

/// Whether all is to be done, and not a sample.
fn full() -> bool {
    std::env::var("COOPERAGE_CI").is_ok_and(|tier| tier == "full")
}

/// The locked sets; in `.ci/full` those of all recipes. The base is part of every other set: alone it is
/// compared in `.ci/full`.
#[test]
#[ignore = "needs mmdebstrap, apt-ftparchive, curl and a Debian mirror; .ci/run runs it"]
fn the_trees_are_those_that_mmdebstrap_makes() {
    let (_guard, folder) = folder();
    let store = Store::open(&folder.join("store")).unwrap();
    let mut faults = Vec::new();
    for distro in DISTROS {
        let file = distro_file(distro);
        let mut differences = compare::Differences::read(distro);
        let mut trees = BTreeMap::new();
        let mut sets = sets::locked(distro, Arch::Amd64);
        if full() {
            sets.extend(sets::solved(distro, Arch::Amd64, &file, &store, &folder, &sets));
        }
        for Set { name, requested, debs } in sets {
            let folder = sets::place(&folder, distro, Arch::Amd64, &name);
            let debs = unpacked(&store, &reference::debs(&folder, &debs));
            let tree = assembled(&file, Arch::Amd64, &debs, &requested);
            if full() || name != "base" {
                let suite = &file.suites[0].suite;
                let root = reference::root(&folder, suite, file.merged_usr, &requested);
                differences.compare(&name, &tree, &root);
            }
            trees.insert(name, (debs, tree));
        }
        println!("{distro}: {}", trees.keys().cloned().collect::<Vec<_>>().join(" "));
        faults.extend(differences.finish().into_iter().map(|fault| format!("{distro}: {fault}")));
        upper_layer(&trees["base"], &trees["keystone"]);
    }
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
}

/// The upper layer has the files of its packages, and few others.
fn upper_layer((below, base): &(Vec<UnpackedDeb>, Tree), (debs, full): &(Vec<UnpackedDeb>, Tree)) {
    let new = debs.iter().filter(|deb| !below.iter().any(|other| other.package == deb.package));
    let owned: BTreeSet<&TreePath> =
        new.flat_map(|deb| deb.pack.entries.iter().map(|(path, _)| path)).collect();
    let changed = changes(base, full, Epoch(0));
    let rest: Vec<&str> = changed
        .keys()
        .filter(|path| !owned.contains(path))
        .map(TreePath::as_str)
        .filter(|path| !path.starts_with("var/lib/dpkg/info/"))
        .collect();
    let want = ["etc/ld.so.cache", "var/lib/apt/extended_states", "var/lib/dpkg/status"];
    assert_eq!(rest, want);
}
