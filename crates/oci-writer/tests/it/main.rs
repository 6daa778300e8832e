//! Layers and layouts as their readers see them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod judges;
mod layers;
mod layouts;
mod validation;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use filetree::{Content, Kind, Node, Tree, TreePath};
use names::{Arch, Epoch};
use oci_writer::{
    Compression, Image, Layer, LayerOptions, ManifestBlob, RunConfig, write_image, write_layer,
};
use store::Store;
use tempfile::TempDir;

/// A store and room for what is made from it.
struct Bench {
    folder: TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        Self { folder, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn layer(&self, tree: &Tree, jobs: usize) -> Layer {
        write_layer(&self.store, tree.iter(), &options(jobs, None)).unwrap()
    }

    /// An image for `arch` of the layers made from `trees`.
    fn image(&self, arch: Arch, trees: &[Tree]) -> ManifestBlob {
        let image = Image {
            arch,
            created: Epoch(1_795_228_558),
            config: config(),
            layers: trees.iter().map(|tree| self.layer(tree, 2)).collect(),
            annotations: BTreeMap::new(),
        };
        write_image(&self.store, &image).unwrap()
    }
}

fn options(jobs: usize, clamp: Option<Epoch>) -> LayerOptions {
    let compression = Compression::default();
    LayerOptions { clamp, compression, jobs, created_by: "cooperage: a test".to_owned() }
}

fn config() -> RunConfig {
    let map = |entries: &[(&str, &str)]| {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    RunConfig {
        user: "42424:42424".to_owned(),
        env: map(&[("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8")]),
        working_dir: "/var/lib/keystone".to_owned(),
        entrypoint: vec!["/usr/bin/env".to_owned()],
        cmd: vec!["true".to_owned()],
        labels: map(&[("org.opencontainers.image.title", "a test"), ("a", "b")]),
        exposed_ports: BTreeSet::from(["5000/tcp".to_owned()]),
        volumes: BTreeSet::new(),
        stop_signal: "SIGTERM".to_owned(),
    }
}

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

/// Directories, files of several blocks, links of both kinds, long and foreign names.
fn sample() -> Tree {
    let mut tree = Tree::new();
    let long = format!("usr/share/{}/{}", "d".repeat(120), "f".repeat(120));
    let large = "three mebibytes of text. ".repeat(130_000);
    for (place, node) in [
        ("etc/motd", Node::file(0o644, Epoch(100), Content::from_bytes("hello\n"))),
        ("usr/bin/su", Node::file(0o4755, Epoch(200), Content::from_bytes("binary"))),
        ("usr/lib/big", Node::file(0o644, Epoch(300), Content::from_bytes(&large))),
        ("usr/bin/sh", Node::symlink("dash", Epoch(400))),
        ("usr/share/zürich", Node::file(0o600, Epoch(9_000_000_000), Content::from_bytes("ü"))),
        (&long, Node::file(0o644, Epoch(500), Content::from_bytes("long"))),
        ("var/lib/keystone", Node::directory(0o750, Epoch(600)).owned_by(42_424, 42_424)),
    ] {
        tree.insert_with_parents(path(place), node).unwrap();
    }
    let link =
        Node { kind: Kind::HardLink(path("usr/bin/su")), ..tree.at("usr/bin/su").unwrap().clone() };
    tree.insert(path("usr/bin/also-su"), link).unwrap();
    tree
}

/// Every file below `folder` with its bytes, by path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs_err::read_dir(next).unwrap() {
            let place = entry.unwrap().path();
            if place.is_dir() {
                open.push(place);
            } else {
                let name = place.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs_err::read(place).unwrap());
            }
        }
    }
    found
}
