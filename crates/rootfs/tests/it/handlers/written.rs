//! Trees, libraries and certificates written in the test, and a source of numbers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filetree::{Content, Kind, Node, Tree, TreePath};
use names::Epoch;
use testkit::Random;

/// A tree of text files; a target behind `-> ` makes a link, a path that ends with a slash a
/// directory.
pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        put(&mut tree, path, text.as_bytes());
    }
    tree
}

pub(super) fn put(tree: &mut Tree, path: &str, bytes: &[u8]) {
    let target = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_prefix("-> "));
    let node = match target {
        Some(target) => Node::symlink(target, Epoch(3)),
        None if path.ends_with('/') => Node::directory(0o755, Epoch(3)),
        None => Node::file(0o644, Epoch(3), Content::from_bytes(bytes)),
    };
    tree.insert_with_parents(TreePath::from_member(path).unwrap(), node).unwrap();
}

/// The bytes of a file.
#[track_caller]
pub(super) fn read(tree: &Tree, path: &str) -> Vec<u8> {
    match tree.at(path).map(|node| &node.kind) {
        Some(Kind::File(content)) => content.read().unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

/// The text of a file.
#[track_caller]
pub(super) fn text(tree: &Tree, path: &str) -> String {
    String::from_utf8(read(tree, path)).unwrap()
}

/// An error and its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// A shared library for x86-64 with nothing but headers, a SONAME and, where it is not zero, the
/// x86 levels that it needs.
pub(super) fn library(soname: Option<&str>, levels: u32) -> Vec<u8> {
    let words = |words: &[u64]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let halves = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let strings = format!("\0{}\0", soname.unwrap_or_default()).into_bytes();
    let (dynamic, note) = (64 + 3 * 56, 64 + 3 * 56 + 48);
    let table = note + 32;
    let end = table + strings.len() as u64;

    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend(3_u16.to_le_bytes());
    bytes.extend(62_u16.to_le_bytes());
    bytes.extend(halves(&[1]));
    bytes.extend(words(&[0, 64, 0]));
    bytes.extend(halves(&[0]));
    bytes.extend([64_u16, 56, 3, 0, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
    let segment = |kind: u32, offset: u64, size: u64, align: u64| {
        [halves(&[kind, 4]), words(&[offset, offset + 0x1000, 0, size, size, align])].concat()
    };
    bytes.extend(segment(1, 0, end, 0x1000));
    bytes.extend(segment(2, dynamic, 48, 8));
    bytes.extend(segment(0x6474_e553, note, 32, 8));
    let soname_tag = if soname.is_some() { 14 } else { 21 };
    bytes.extend(words(&[5, table + 0x1000, soname_tag, 1, 0, 0]));
    bytes.extend(halves(&[4, 16, 5]));
    bytes.extend(b"GNU\0");
    bytes.extend(halves(&[0xc000_8002, 4, levels, 0]));
    bytes.extend(strings);
    bytes
}

/// A certificate with nothing but a subject, each entry an object identifier's last byte, a tag and
/// a string; as PEM.
pub(super) fn certificate(subject: &[(u8, u8, &[u8])], serial: u8) -> Vec<u8> {
    fn element(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let content = parts.concat();
        [vec![tag, 0x82], (content.len() as u16).to_be_bytes().to_vec(), content].concat()
    }
    let entry = |(kind, tag, text): &(u8, u8, &[u8])| {
        let kind = element(6, &[vec![0x55, 4, *kind]]);
        element(0x31, &[element(0x30, &[kind, element(*tag, &[text.to_vec()])])])
    };
    let empty = || element(0x30, &[]);
    let name = element(0x30, &subject.iter().map(entry).collect::<Vec<_>>());
    let version = element(0xa0, &[element(2, &[vec![2]])]);
    let body = [version, element(2, &[vec![serial]]), empty(), empty(), empty(), name, empty()];
    pem(&element(0x30, &[element(0x30, &body), empty(), element(3, &[vec![0]])]))
}

/// Bytes in PEM.
pub(super) fn pem(der: &[u8]) -> Vec<u8> {
    let mut text = b"-----BEGIN CERTIFICATE-----\n".to_vec();
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        text.extend(line);
        text.push(b'\n');
    }
    text.extend(b"-----END CERTIFICATE-----\n");
    text
}

/// A damaged copy of `bytes`: some are changed, cut, repeated or inserted.
pub(super) fn damaged(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.below(256) as u8),
            2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            3 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
        }
    }
    bytes
}
