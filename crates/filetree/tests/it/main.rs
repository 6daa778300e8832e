//! Trees, packs and archives as their users see them.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

use std::io::Read as _;

use filetree::{Content, FileMeta, Kind, Node, Pack, PackWriter, Tree, TreePath, write_tar};
use names::Epoch;

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn file(text: &str) -> Node {
    Node::file(0o644, Epoch(5), Content::from_bytes(text))
}

fn tar(tree: &Tree, clamp: Option<Epoch>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_tar(tree.iter(), clamp, &mut bytes).unwrap();
    bytes
}

/// What another reader of tar archives finds: type, path, target or content.
fn entries(bytes: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(bytes);
    let mut lines = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let target = entry.link_name().unwrap().map(|target| target.display().to_string());
        let mtime = entry.header().mtime().unwrap();
        let kind = entry.header().entry_type();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        lines.push(format!("{kind:?} {path} {}{text} {mtime}", target.unwrap_or_default()));
    }
    lines
}

#[test]
fn a_pack_gives_back_what_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("pack");
    let meta = FileMeta { mode: 0o4755, uid: 1, gid: 2, mtime: Epoch(7) };
    let mut writer = PackWriter::new(std::fs::File::create(&place).unwrap());
    writer.attach("postinst", &b"#!/bin/sh\n"[..]).unwrap();
    writer.add_other(&path("usr"), &Node::directory(0o755, Epoch(3))).unwrap();
    writer.add_file(&path("usr/su"), meta, &b"binary"[..]).unwrap();
    writer.add_other(&path("usr/sh"), &Node::symlink("dash", Epoch(4))).unwrap();
    writer.finish().unwrap();

    let pack = Pack::open(&place).unwrap();
    assert_eq!(pack.attachments["postinst"].read().unwrap(), b"#!/bin/sh\n");
    let mut tree = Tree::new();
    for (path, node) in pack.entries {
        tree.insert(path, node).unwrap();
    }
    let lines: Vec<&str> =
        ["dir 0755 0:0 usr", "link 0:0 usr/sh -> dash", "file 4755 1:2 usr/su"].into();
    for (line, want) in tree.listing().lines().zip(lines) {
        assert!(line.starts_with(want), "{line}");
    }
    let Kind::File(content) = &tree.at("usr/su").unwrap().kind else { panic!("no file") };
    assert_eq!(content.read().unwrap(), b"binary");
}

#[test]
fn a_pack_that_was_cut_or_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("pack");
    let mut writer = PackWriter::new(Vec::new());
    let meta = FileMeta { mode: 0o644, uid: 0, gid: 0, mtime: Epoch(7) };
    writer.add_file(&path("a"), meta, &b"content"[..]).unwrap();
    let whole = writer.finish().unwrap();
    for length in 0..whole.len() {
        std::fs::write(&place, &whole[..length]).unwrap();
        assert!(Pack::open(&place).is_err(), "{length} bytes were taken for a pack");
    }
    let mut changed = whole.clone();
    changed[0] ^= 1;
    std::fs::write(&place, &changed).unwrap();
    let (_, node) = &Pack::open(&place).unwrap().entries[0];
    let Kind::File(content) = &node.kind else { panic!("no file") };
    assert!(content.read().is_err(), "changed bytes were taken");
}

#[test]
fn the_archive_reads_back_with_long_and_foreign_names() {
    let mut tree = Tree::new();
    let long = format!("{}/{}", "d".repeat(150), "f".repeat(99));
    let longer = format!("{}/{}", "e".repeat(200), "g".repeat(200));
    for name in [&long, &longer, "Főtanúsítvány.crt", "a"] {
        tree.insert_with_parents(path(name), file("x")).unwrap();
    }
    tree.insert(path("link"), Node::symlink("t".repeat(200), Epoch(1))).unwrap();
    let lines = entries(&tar(&tree, None));
    for want in [
        format!("Regular {long} x 5"),
        format!("Regular {longer} x 5"),
        "Regular Főtanúsítvány.crt x 5".to_owned(),
        format!("Symlink link {} 1", "t".repeat(200)),
    ] {
        assert!(lines.contains(&want), "{want} is not in {lines:#?}");
    }
}

#[test]
fn the_first_name_of_a_file_carries_its_content() {
    let mut tree = Tree::new();
    tree.insert(path("z"), file("x")).unwrap();
    for name in ["a", "m"] {
        let link = Node { kind: Kind::HardLink(path("z")), ..file("x") };
        tree.insert(path(name), link).unwrap();
    }
    assert_eq!(entries(&tar(&tree, None)), ["Regular a x 5", "Link m a 5", "Link z a 5"]);
}

#[test]
fn extended_attributes_are_written_and_count() {
    let mut node = file("x");
    // Any byte may be in one: a file's capabilities hold zeros.
    let capability = [&[1, 0, 0, 2, 0, 32, 0, 0][..], &[0; 12]].concat();
    node.attributes.insert("security.capability".to_owned(), capability.clone());
    let mut tree = Tree::new();
    tree.insert(path("a"), node.clone()).unwrap();
    tree.insert(path("b"), file("y")).unwrap();
    tree.insert(path("z"), Node { kind: Kind::HardLink(path("a")), ..node.clone() }).unwrap();
    let bytes = tar(&tree, None);
    assert_eq!(entries(&bytes), ["Regular a x 5", "Regular b y 5", "Link z a 5"]);
    let mut archive = tar::Archive::new(&*bytes);
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let place = entry.path().unwrap().display().to_string();
        for record in entry.pax_extensions().unwrap().into_iter().flatten() {
            let record = record.unwrap();
            let (key, value) = (record.key().unwrap().to_owned(), record.value_bytes().to_owned());
            found.push((place.clone(), key, value));
        }
    }
    assert_eq!(
        found,
        [("a".to_owned(), "SCHILY.xattr.security.capability".to_owned(), capability)]
    );
    let want =
        "file 0644 0:0 a 2d711642 security.capability=0100000200200000000000000000000000000000";
    assert_eq!(tree.listing().lines().next(), Some(want));

    let mut plain = tree.clone();
    plain.get_mut(&path("a")).unwrap().attributes.clear();
    let changed = filetree::changes(&plain, &tree, Epoch(0));
    assert_eq!(changed.keys().map(TreePath::as_str).collect::<Vec<_>>(), ["a", "z"]);
    let place = path("a");
    let link = Node { attributes: node.attributes, ..Node::symlink("x", Epoch(0)) };
    assert!(PackWriter::new(Vec::new()).add_other(&place, &link).is_err(), "it would be lost");
}

#[test]
fn a_hard_link_to_nothing_is_refused() {
    let mut tree = Tree::new();
    let link = Node { kind: Kind::HardLink(path("gone")), ..file("x") };
    tree.insert(path("a"), link).unwrap();
    let error = write_tar(tree.iter(), None, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "/a: a hard link to /gone, which is no file of this archive");
}

#[test]
fn times_are_clamped_and_never_raised() {
    let mut tree = Tree::new();
    tree.insert(path("old"), file("x")).unwrap();
    tree.insert(path("young"), Node::directory(0o755, Epoch(9))).unwrap();
    assert_eq!(entries(&tar(&tree, Some(Epoch(7)))), ["Regular old x 5", "Directory young/  7"]);
}

#[test]
fn links_are_followed_inside_the_tree_alone() {
    let mut tree = Tree::new();
    tree.insert(path("usr"), Node::directory(0o755, Epoch(0))).unwrap();
    tree.insert(path("bin"), Node::symlink("usr/bin", Epoch(0))).unwrap();
    tree.insert(path("up"), Node::symlink("../../../usr", Epoch(0))).unwrap();
    tree.insert(path("abs"), Node::symlink("/bin/sh", Epoch(0))).unwrap();
    tree.insert(path("loop"), Node::symlink("loop", Epoch(0))).unwrap();
    let resolve = |text: &str| tree.resolve(&path(text)).map(|path| path.to_string());
    assert_eq!(resolve("bin/sh").unwrap(), "usr/bin/sh");
    assert_eq!(resolve("up/lib").unwrap(), "usr/lib");
    assert_eq!(resolve("abs").unwrap(), "usr/bin/sh");
    assert!(resolve("loop/x").is_err());
    assert_eq!(tree.resolve_parent(&path("bin")).unwrap(), path("bin"));
}

#[test]
fn siblings_that_share_a_prefix_are_not_below() {
    let mut tree = Tree::new();
    for name in ["a/x", "a.b/y", "a/x.z"] {
        tree.insert_with_parents(path(name), file("")).unwrap();
    }
    let root = path("a");
    let below: Vec<String> = tree.below(&root).map(|(path, _)| path.to_string()).collect();
    assert_eq!(below, ["a/x", "a/x.z"]);
    tree.remove(&root);
    assert_eq!(tree.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["a.b", "a.b/y"]);
}

#[test]
fn a_parent_must_be_a_directory() {
    let mut tree = Tree::new();
    tree.insert(path("a"), file("")).unwrap();
    assert!(tree.insert(path("a/b"), file("")).is_err());
    assert!(tree.insert(path("c/d"), file("")).is_err());
    tree.insert_with_parents(path("e/f"), file("")).unwrap();
    assert!(tree.insert(path("e"), file("")).is_err());
}
