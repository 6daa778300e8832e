//! Patches that nobody made in good faith: an error or a result, never a panic.

use super::{Tree, file, tree};
use patcher::Options;
use testkit::Random;

/// The tree that the patches are for, and more.
fn base() -> Tree {
    let mut base = tree([
        ("a.py", "one\ntwo\nthree\nfour\nfive\nsix\n"),
        ("dir/b.py", "x\ny\nz\n"),
        ("crlf", "a\r\nb\r\n"),
        ("end", "no newline"),
    ]);
    base.insert("bin".to_owned(), file("\0\u{1}binary"));
    base
}

const PATCHES: &[&str] = &[
    "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\nSubject: x\n---\n a.py | 2 +-\n\n\
     diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,6 +1,6 @@\n one\n two\n-three\n+THREE\n four\n five\n six\n-- \n2.47.3\n",
    "diff --git a/dir/b.py b/c.py\nsimilarity index 60%\nrename from dir/b.py\nrename to c.py\nindex 1..2 100644\n--- a/dir/b.py\n+++ b/c.py\n@@ -1,3 +1,3 @@\n x\n-y\n+Y\n z\n",
    "diff --git a/bin b/bin\nindex 9b1ad6a3b7c8a5e2b8a8bb5d34a2bb5d34a2b12f..1e2f0a2a3b7c8a5e2b8a8bb5d34a2bb5d34a2b12 100644\nGIT binary patch\nliteral 4\nLcmZQzWZ?h+0RjLB\n\nliteral 3\nKcmZQz;^F`R0RR9=\n\n",
    "--- end.orig\n+++ end\n@@ -1 +1 @@\n-no newline\n\\ No newline at end of file\n+newline\n",
    "--- \"a/crlf\"\n+++ \"b/crlf\"\n@@ -1,2 +1,2 @@\n-a\r\n+A\r\n b\r\n",
    "diff --git \"a/\\303\\274\" \"b/\\303\\274\"\nnew file mode 120000\n--- /dev/null\n+++ \"b/\\303\\274\"\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n",
];

#[test]
fn damaged_patches_are_read_and_applied_without_panic() {
    let base = base();
    let mut random = Random::new(0x1234_5678_9abc_def1);
    let spice: Vec<&[u8]> = vec![
        b"\0",
        b"\xff",
        b"\n",
        b"\r\n",
        b" ",
        b"+",
        b"-",
        b"@",
        b"\\",
        b"\"",
        b"/",
        b"..",
        b"99999999999",
        b"0",
        b"@@ -1 +1 @@\n",
        b"--- a/x\n",
        b"diff --git ",
        b"old mode 100644\n",
        b"literal 999999999\n",
    ];
    let (mut read, mut applied) = (0, 0);
    for round in 0..15_000 {
        let mut bytes = PATCHES[round % PATCHES.len()].as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len() + 1);
            match random.below(4) {
                0 => bytes.truncate(at),
                1 => _ = bytes.splice(at..at, random.pick(&spice).iter().copied()),
                2 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
                _ => {
                    let end = (at + random.below(20)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
        }
        let Ok(patch) = patcher::parse(&bytes, "1.patch") else { continue };
        read += 1;
        for fuzz in [0, 3] {
            match patcher::apply(&base, std::slice::from_ref(&patch), &Options { fuzz }) {
                Ok(result) => {
                    applied += 1;
                    for path in result.files.keys() {
                        let inside = !path.starts_with('/')
                            && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
                        assert!(inside, "{path}");
                    }
                }
                Err(error) => assert!(error.to_string().len() < 20_000),
            }
        }
    }
    assert!(read > 1000 && applied > 500, "{read} read, {applied} applied");
}

#[test]
fn files_of_equal_lines_do_not_take_long() {
    let text = "\n".repeat(200_000);
    let mut hunks = String::from("--- a/f\n+++ b/f\n");
    for start in 0..20 {
        hunks += &format!(
            "@@ -{0},2001 +{0},2001 @@\n{1}-x\n+y\n",
            start * 3000 + 1,
            " \n".repeat(2000)
        );
    }
    let patch = patcher::parse(hunks.as_bytes(), "1.patch").unwrap();
    let error = patcher::apply(&tree([("f", &text)]), &[patch], &Options { fuzz: 3 }).unwrap_err();
    assert!(error.to_string().contains("hunk 20 of 20"));
}

#[test]
fn what_is_too_large_is_refused() {
    let large = vec![b'x'; patcher::limits::MAX_PATCH_BYTES + 1];
    let error = patcher::parse(&large, "1.patch").unwrap_err().to_string();
    assert!(error.contains("at most 16777216 are read"), "{error}");
    let long = "x\n".repeat(patcher::limits::MAX_FILE_BYTES / 2 + 1);
    let patch = patcher::parse(b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n", "1.patch").unwrap();
    let error = patcher::apply(&tree([("f", &long)]), &[patch], &Options::default()).unwrap_err();
    assert!(error.to_string().contains("larger than what is patched"), "{error}");
    let copies: String = (0..5)
        .map(|copy| format!("diff --git a/f b/{copy}\ncopy from f\ncopy to {copy}\n"))
        .collect();
    let patch = patcher::parse(copies.as_bytes(), "1.patch").unwrap();
    let half = "x\n".repeat(patcher::limits::MAX_FILE_BYTES / 4);
    let error = patcher::apply(&tree([("f", &half)]), &[patch], &Options::default()).unwrap_err();
    assert!(error.to_string().starts_with("1.patch:13: 4 is larger"), "{error}");
    let many = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n".repeat(patcher::limits::MAX_SECTIONS + 1);
    assert!(patcher::parse(many.as_bytes(), "1.patch").is_err());
}
