//! The judge: what mmdebstrap makes of exactly the same .debs.

mod compare;
mod reference;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use distro::{DistroFile, LockedDeb, UnpackedDeb};
use filetree::{Node, Tree, TreePath, changes};
use names::{Arch, Epoch};
use rootfs::{Request, assemble};
use serde::Deserialize;
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

fn unpacked(store: &Store, folder: &Path) -> Vec<UnpackedDeb> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    paths.sort();
    let unpack = |path: &PathBuf| {
        let mut writer = store.blob_writer().unwrap();
        std::io::copy(&mut std::fs::File::open(path).unwrap(), &mut writer).unwrap();
        let blob = writer.finish(None).unwrap();
        match distro::unpack_deb(store, &blob) {
            Ok(deb) => deb,
            Err(error) => panic!("{}: {}", path.display(), chain(&error)),
        }
    };
    paths.iter().map(unpack).collect()
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(chain);
    cause.map_or(error.to_string(), |cause| format!("{error}: {cause}"))
}

fn assembled(file: &DistroFile, debs: &[UnpackedDeb], requested: &[String]) -> Tree {
    let request =
        Request { arch: Arch::Amd64, distro: file, debs, requested, time: Epoch(1_795_228_558) };
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

/// The part of a lock that counts here.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    base: Vec<Selection>,
    #[serde(default)]
    service: Vec<Selection>,
    deb: Vec<LockedDeb>,
}

/// What one base or service is made from.
#[derive(Deserialize)]
struct Selection {
    name: String,
    arch: Arch,
    packages: Vec<String>,
    debs: Vec<String>,
}

/// What was asked for, and all packages that are needed for it.
struct Set {
    name: String,
    requested: Vec<String>,
    debs: Vec<LockedDeb>,
}

/// The locked base, and for each service that needs more the base with that.
fn sets(distro: &str) -> Vec<Set> {
    let read = |path: &str| -> Lock {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let chosen = |lock: &Lock, selections: &[Selection], name: &str| {
        let mut found = selections.iter();
        let found = found.find(|one| one.name == name && one.arch == Arch::Amd64).unwrap();
        let named = |deb: &&LockedDeb| {
            let arch = deb.arch == "all" || deb.arch == Arch::Amd64.debian();
            arch && found.debs.contains(&format!("{}={}", deb.name, deb.version.as_str()))
        };
        let debs: Vec<LockedDeb> = lock.deb.iter().filter(named).cloned().collect();
        assert_eq!(debs.len(), found.debs.len(), "{name}: a package is not in the lock");
        (found.packages.clone(), debs)
    };
    let lock = read(&format!("distros/{distro}.lock"));
    let (base_requested, base) = chosen(&lock, &lock.base, "full");
    let release = read(&format!("releases/2025.2/{distro}.lock"));
    let with = |service: &Selection| {
        let (requested, debs) = chosen(&release, &release.service, &service.name);
        let requested = [base_requested.as_slice(), &requested].concat();
        let debs = [base.as_slice(), &debs].concat();
        Set { name: service.name.clone(), requested, debs }
    };
    let needy = |service: &&Selection| service.arch == Arch::Amd64 && !service.debs.is_empty();
    let services = release.service.iter().filter(needy).map(with);
    let base =
        Set { name: "base".to_owned(), requested: base_requested.clone(), debs: base.clone() };
    [base].into_iter().chain(services).collect()
}

/// The base is part of every other set: alone it is compared in `.ci/full`.
#[test]
#[ignore = "needs mmdebstrap, apt-ftparchive, curl and a Debian mirror; .ci/run runs it"]
fn the_trees_are_those_that_mmdebstrap_makes() {
    let full = std::env::var("COOPERAGE_CI").is_ok_and(|tier| tier == "full");
    let (_guard, folder) = folder();
    let store = Store::open(&folder.join("store")).unwrap();
    for distro in DISTROS {
        let file = distro_file(distro);
        let mut differences = compare::Differences::read(distro);
        let mut trees = BTreeMap::new();
        for Set { name, requested, debs } in sets(distro) {
            let folder = folder.join(distro).join(&name);
            let debs = unpacked(&store, &reference::debs(&folder, &debs));
            let tree = assembled(&file, &debs, &requested);
            if full || name != "base" {
                let suite = &file.suites[0].suite;
                let root = reference::root(&folder, suite, file.merged_usr, &requested);
                differences.compare(&name, &tree, &root);
            }
            trees.insert(name, (debs, tree));
        }
        differences.finish();
        upper_layer(&trees["base"], &trees["keystone"]);
    }
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

/// The names of `roots` and of what they depend on, among `debs`; of alternatives the first that is
/// there.
fn needed(debs: &[UnpackedDeb], roots: &[String]) -> BTreeSet<String> {
    let names: BTreeMap<&str, &UnpackedDeb> =
        debs.iter().map(|deb| (deb.package.as_str(), deb)).collect();
    let mut found = BTreeSet::new();
    let mut left: Vec<&str> = roots.iter().map(String::as_str).collect();
    while let Some(name) = left.pop() {
        if !found.insert(name.to_owned()) {
            continue;
        }
        for field in ["Depends", "Pre-Depends"] {
            let field = names[name].stanza.get(field).unwrap_or_default();
            for alternatives in field.split(',') {
                let mut bare = alternatives
                    .split('|')
                    .filter_map(|one| one.trim().split([' ', ':', '(']).next());
                left.extend(bare.find(|name| names.contains_key(name)));
            }
        }
    }
    found
}

/// The slim base is a part of the full one: the same files, and of what is generated only lists of
/// what is installed differ.
#[test]
#[ignore = "needs curl and a Debian mirror; .ci/run runs it"]
fn what_slim_has_is_as_in_full() {
    let (_guard, folder) = folder();
    let store = Store::open(&folder.join("store")).unwrap();
    let (distro, mut sets) = ("debian-trixie", sets("debian-trixie"));
    let Set { name, requested, debs } = sets.swap_remove(0);
    let debs = unpacked(&store, &reference::debs(&folder.join(distro).join(name), &debs));
    let file = distro_file(distro);
    let full = assembled(&file, &debs, &requested);
    let asked = &file.base["slim"].packages;
    let names = needed(&debs, asked);
    let mut few = debs.clone();
    few.retain(|deb| names.contains(&deb.package));
    let slim = assembled(&file, &few, asked);

    // A directory has the time of the first package that has it.
    let same = |a: &Node, b: &Node| {
        let Node { mode, uid, gid, mtime, kind } = a;
        let meta = (*mode, *uid, *gid, kind) == (b.mode, b.uid, b.gid, &b.kind);
        meta && (*mtime == b.mtime || a.is_directory())
    };
    let differ =
        |(path, node): &(&TreePath, &Node)| !full.get(path).is_some_and(|other| same(node, other));
    let differing: Vec<&str> = slim.iter().filter(differ).map(|(path, _)| path.as_str()).collect();
    let want = ["etc/ld.so.cache", "var/lib/dpkg/status", "var/lib/dpkg/triggers/File"];
    assert_eq!(differing, want);
    assert!(slim.at("usr/bin/python3").is_some() && slim.at("usr/bin/sh").is_none());
    assert!(slim.at("etc/ssl/certs/ca-certificates.crt").is_some());
}
