//! The judge: what mmdebstrap makes of exactly the same .debs.

mod compare;
mod reference;

use std::path::{Path, PathBuf};

use distro::{DistroFile, UnpackedDeb};
use filetree::Tree;
use names::{Arch, Epoch};
use rootfs::{Request, assemble};
use store::Store;

const BASE: [&str; 6] = ["apt", "ca-certificates", "netbase", "python3", "sudo", "tzdata"];
const SERVICE: [&str; 3] = ["libldap2", "libsasl2-2", "xmlsec1"];

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

fn assembled(debs: &[UnpackedDeb], requested: &[&str]) -> Tree {
    let requested: Vec<String> = requested.iter().map(|name| (*name).to_owned()).collect();
    let file = distro_file();
    let request = Request {
        arch: Arch::Amd64,
        distro: &file,
        debs,
        requested: &requested,
        time: Epoch(1_795_228_558),
    };
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

#[test]
#[ignore = "needs mmdebstrap, apt and a mirror; .ci/run runs it"]
fn the_tree_is_the_one_that_mmdebstrap_makes() {
    let (_guard, folder) = folder();
    let requested = [BASE.as_slice(), &SERVICE].concat();
    let debs = reference::debs(&folder.join("full"), &requested);
    let reference = reference::root(&folder.join("full"), &requested);
    let store = Store::open(&folder.join("store")).unwrap();
    let mut unpacked = unpacked(&store, &debs);
    let tree = assembled(&unpacked, &requested);
    compare::compare(&tree, &reference);

    // The order of the packages does not matter.
    unpacked.reverse();
    assert!(assembled(&unpacked, &requested) == tree);
}
