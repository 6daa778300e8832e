//! Packages as their readers see them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deb;
mod deb_judges;
mod rpm;
mod rpm_judges;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use filetree::{Content, Kind, Node, Tree, TreePath};
use names::Epoch;
use pkg_writer::{Accounts, Compression, Options};
use testkit::sha256;

/// 2026-11-21T02:35:58Z
const EPOCH: Epoch = Epoch(1_795_228_558);

const ALL: [Compression; 3] =
    [Compression::zstd(), Compression::Xz { level: 3 }, Compression::gzip()];

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn options(scratch: &Path) -> Options {
    Options {
        compression: Compression::zstd(),
        jobs: 2,
        epoch: EPOCH,
        scratch: scratch.to_owned(),
        check_contents: true,
        accounts: Accounts::default(),
    }
}

/// A tree of root's with every kind of entry: long and foreign names, links of both kinds, bits of all
/// kinds, times before and after the epoch, an empty folder, and files of several blocks.
fn sample() -> Tree {
    let mut tree = Tree::new();
    let long = format!("opt/sample/{}/{}", "d".repeat(120), "f".repeat(150));
    let large = "three mebibytes of text. ".repeat(130_000);
    let file = |mode, time, bytes: &str| Node::file(mode, Epoch(time), Content::from_bytes(bytes));
    for (place, node) in [
        ("etc/sample/sample.conf", file(0o640, 1_700_000_000, "[DEFAULT]\n")),
        ("opt/sample/bin/su", file(0o4755, 1_700_000_001, "binary")),
        ("opt/sample/bin/lib.so.1", file(0o755, 1_700_000_002, "\u{7f}ELF and more")),
        ("opt/sample/bin/sh", Node::symlink("su", Epoch(1_700_000_003))),
        ("opt/sample/bin/gone", Node::symlink("/nowhere/at all", Epoch(1_700_000_003))),
        ("opt/sample/empty", Node::directory(0o755, Epoch(1_700_000_004))),
        ("opt/sample/large", file(0o644, 1_700_000_005, &large)),
        ("opt/sample/nothing", file(0o600, 1_700_000_006, "")),
        ("opt/sample/sticky", Node::directory(0o1777, Epoch(1_700_000_007))),
        ("opt/sample/setgid", Node::directory(0o2755, Epoch(1_700_000_007))),
        ("opt/sample/with blank $x", file(0o644, 1_700_000_008, "blank")),
        ("opt/sample/zürich/日本", file(0o644, 9_000_000_000, "ü")),
        (&long, file(0o644, 1_700_000_009, "long")),
    ] {
        tree.insert_with_parents(path(place), node).unwrap();
    }
    let (target, times) = (path("opt/sample/large"), Epoch(1_700_000_005));
    for name in ["opt/sample/a name", "opt/sample/zz"] {
        let node = Node { kind: Kind::HardLink(target.clone()), ..file(0o644, times.0, "") };
        tree.insert(path(name), node).unwrap();
    }
    let far = Node::symlink(format!("../{}", "t".repeat(140)), times);
    tree.insert(path("opt/sample/far"), far).unwrap();
    tree
}

/// A tree of 10,000 small files in 100 folders.
fn many() -> Tree {
    let mut tree = Tree::new();
    for number in 0..10_000 {
        let place = path(&format!("opt/many/{}/{number}.py", number % 100));
        let content = Content::from_bytes(format!("print({number})\n").repeat(number % 50));
        tree.insert_with_parents(place, Node::file(0o644, EPOCH, content)).unwrap();
    }
    tree
}

/// One line for each entry of `tree` as it must be after it was unpacked. Times of folders are left
/// out: dpkg does not set them.
fn wanted(tree: &Tree) -> BTreeMap<String, String> {
    let line = |(path, node): (&TreePath, &Node)| {
        let content = |content: &Content| format!("{} {}", content.size, content.sha256);
        let what = match &node.kind {
            Kind::Directory => "directory".to_owned(),
            Kind::File(inner) => content(inner),
            Kind::Symlink(target) => format!("-> {target}"),
            Kind::HardLink(target) => match &tree.get(target).unwrap().kind {
                Kind::File(inner) => content(inner),
                other => panic!("{other:?}"),
            },
        };
        let Node { mode, uid, gid, .. } = node;
        let time = if node.is_directory() { 0 } else { node.mtime.min(EPOCH).0 };
        (path.to_string(), format!("{mode:04o} {uid}:{gid} {time} {what}"))
    };
    tree.iter().map(line).collect()
}

/// One line for each entry below `folder`, but for what dpkg and rpm keep there for themselves.
fn unpacked(folder: &Path) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs_err::read_dir(next).unwrap() {
            let place = entry.unwrap().path();
            let name = place.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if ["var", "root"].contains(&&*name) {
                continue;
            }
            let meta = fs_err::symlink_metadata(&place).unwrap();
            let what = if meta.is_dir() {
                open.push(place);
                "directory".to_owned()
            } else if meta.is_symlink() {
                format!("-> {}", fs_err::read_link(&place).unwrap().display())
            } else {
                let bytes = fs_err::read(&place).unwrap();
                format!("{} {}", bytes.len(), sha256(&bytes))
            };
            let mode = meta.permissions().mode() & 0o7777;
            let (uid, gid) = (meta.uid(), meta.gid());
            let time = if meta.is_dir() { 0 } else { meta.mtime() };
            lines.insert(name, format!("{mode:04o} {uid}:{gid} {time} {what}"));
        }
    }
    lines
}

/// Compares two listings, and shows only the lines in which they differ.
#[track_caller]
fn assert_same(made: &BTreeMap<String, String>, want: &BTreeMap<String, String>) {
    let differ: BTreeSet<String> = made
        .keys()
        .chain(want.keys())
        .filter(|name| made.get(*name) != want.get(*name))
        .map(|name| format!("{name}: {:?}, want {:?}", made.get(name), want.get(name)))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(!want.is_empty());
}
