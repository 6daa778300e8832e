//! Patches.

use std::collections::BTreeMap;

use patcher::{File, FileKind, Options};

/// A patch, read, and applied to a small tree.
pub(crate) fn patch(input: &[u8]) {
    let Ok(patch) = patcher::parse(input, "1.patch") else { return };
    let tree: BTreeMap<String, File> = [
        ("a.py", "one\ntwo\nthree\nfour\nfive\nsix\n", FileKind::Plain),
        ("dir/b.py", "x\ny\nz\n", FileKind::Executable),
        ("crlf", "a\r\nb\r\n", FileKind::Plain),
        ("end", "no newline", FileKind::Plain),
        ("bin", "\0\u{1}binary", FileKind::Plain),
        ("link", "../../outside", FileKind::Link),
    ]
    .map(|(path, text, kind)| (path.to_owned(), File { bytes: text.into(), kind }))
    .into();
    for fuzz in [0, 2] {
        match patcher::apply(&tree, std::slice::from_ref(&patch), &Options { fuzz }) {
            Ok(applied) => {
                for path in applied.files.keys() {
                    let clean = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
                    assert!(clean && !path.starts_with("link/"), "{path} leads out");
                }
            }
            Err(error) => assert!(error.to_string().len() < 100_000),
        }
    }
}
