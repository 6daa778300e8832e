//! The judge: what mmdebstrap makes of exactly the same .debs.

mod compare;
mod reference;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use distro::{DistroFile, UnpackedDeb};
use filetree::{Tree, TreePath, changes};
use names::{Arch, Epoch};
use rootfs::{Request, assemble};
use store::Store;

fn distro_file() -> DistroFile {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../distros/debian-trixie.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    match DistroFile::parse(&text, Path::new("distros/debian-trixie.toml")) {
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

fn assembled(debs: &[UnpackedDeb], requested: &[String]) -> Tree {
    let file = distro_file();
    let request =
        Request { arch: Arch::Amd64, distro: &file, debs, requested, time: Epoch(1_795_228_558) };
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

/// The base of the distro's file, and what keystone needs beside it.
fn sets() -> [(&'static str, Vec<String>); 2] {
    let base = distro_file().base["full"].packages.clone();
    let service = ["libldap2", "libsasl2-2", "xmlsec1"].map(str::to_owned);
    let both = [base.as_slice(), &service].concat();
    [("base", base), ("full", both)]
}

#[test]
#[ignore = "needs mmdebstrap, apt and a Debian mirror; .ci/run runs it"]
fn the_trees_are_those_that_mmdebstrap_makes() {
    let (_guard, folder) = folder();
    let store = Store::open(&folder.join("store")).unwrap();
    let trees = sets().map(|(name, requested)| {
        let folder = folder.join(name);
        let debs = unpacked(&store, &reference::debs(&folder, &requested));
        let tree = assembled(&debs, &requested);
        compare::compare(&tree, &reference::root(&folder, &requested));
        (debs, tree)
    });

    // The upper layer: the files of its packages, and few others.
    let [(below, base), (debs, full)] = trees;
    let new = debs.iter().filter(|deb| !below.iter().any(|other| other.package == deb.package));
    let owned: BTreeSet<&TreePath> =
        new.flat_map(|deb| deb.pack.entries.iter().map(|(path, _)| path)).collect();
    let changed = changes(&base, &full, Epoch(0));
    let rest: Vec<&str> = changed
        .keys()
        .filter(|path| !owned.contains(path))
        .map(TreePath::as_str)
        .filter(|path| !path.starts_with("var/lib/dpkg/info/"))
        .collect();
    let want = ["etc/ld.so.cache", "var/lib/apt/extended_states", "var/lib/dpkg/status"];
    assert_eq!(rest, want);
}
