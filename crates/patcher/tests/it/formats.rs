//! The forms that patches come in: each is applied, and Git or GNU patch, or both, do the same.

use super::{Tree, after, file, git_apply, gnu_patch, tree};
use patcher::{File, FileKind, Options};

/// Who does the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Judge {
    Both,
    Git,
    Gnu,
    /// Neither: the name says why.
    No,
}

fn base() -> Tree {
    let mut tree = tree([
        ("keystone/conf.py", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"),
        ("keystone/crlf.py", "one\r\ntwo\r\nthree\r\n"),
        ("keystone/empty.py", ""),
        ("keystone/end.py", "one\ntwo"),
        ("setup.cfg", "[metadata]\nname = keystone\n"),
        ("with space.txt", "a\n"),
    ]);
    tree.insert(
        "run.sh".to_owned(),
        File { bytes: b"#!/bin/sh\n".into(), kind: FileKind::Executable },
    );
    tree.insert("link".to_owned(), File { bytes: b"setup.cfg".into(), kind: FileKind::Link });
    tree
}

/// Applies the patch to [`base`] and shows what has changed, one line a file.
#[track_caller]
fn changed(patch: &str, judge: Judge) -> String {
    let parsed = patcher::parse(patch.as_bytes(), "it.patch").unwrap();
    let applied = patcher::apply(&base(), &[parsed], &Options::default()).unwrap();
    let ours = after(&base(), &applied);
    if matches!(judge, Judge::Both | Judge::Git) {
        assert_eq!(git_apply(&base(), patch.as_bytes()).as_ref(), Some(&ours), "git");
    }
    if matches!(judge, Judge::Both | Judge::Gnu) {
        assert_eq!(gnu_patch(&base(), patch.as_bytes(), 0).as_ref(), Some(&ours), "patch");
    }
    let line = |(path, file): (&String, &Option<File>)| match file {
        Some(file) => {
            let text = String::from_utf8_lossy(&file.bytes).into_owned();
            format!("{path} {} {text:?}", file.kind.mode())
        }
        None => format!("{path} gone"),
    };
    applied.files.iter().map(line).collect::<Vec<_>>().join("\n")
}

const CONF: &str = r#"keystone/conf.py 100644 "one\ntwo\nthree\nFOUR\nfive\nsix\nseven\n""#;
const HUNK: &str = "@@ -1,7 +1,7 @@\n one\n two\n three\n-four\n+FOUR\n five\n six\n seven\n";

#[test]
fn heads_are_read_as_tools_write_them() {
    for (judge, head) in [
        (Judge::Both, "--- a/keystone/conf.py\n+++ b/keystone/conf.py\n"),
        (
            Judge::Both,
            "diff --git a/keystone/conf.py b/keystone/conf.py\nindex 1..2 100644\n--- a/keystone/conf.py\n+++ b/keystone/conf.py\n",
        ),
        (
            Judge::Both,
            "Subject: [PATCH] x\n\nText.\n---\n keystone/conf.py | 2 +-\n\n--- a/keystone/conf.py\n+++ b/keystone/conf.py\n",
        ),
        (
            Judge::Both,
            "Description: x\nForwarded: no\nIndex: keystone/keystone/conf.py\n===================\n--- keystone.orig/keystone/conf.py\n+++ keystone/keystone/conf.py\n",
        ),
        (
            Judge::Both,
            "--- keystone-1.orig/keystone/conf.py\t2024-01-01 10:00:00.000000000 +0100\n+++ keystone-1/keystone/conf.py\t2024-01-01 10:00:01.000000000 +0100\n",
        ),
        (
            Judge::Both,
            "--- a/keystone/conf.py 2024-01-01 10:00:00.000000000 +0100\n+++ b/keystone/conf.py 2024-01-01 10:00:01.000000000 +0100\n",
        ),
        (Judge::Both, "--- \"a/keystone/conf.py\"\n+++ \"b/keystone/conf.py\"\n"),
        // The tools need to be told -p0.
        (Judge::No, "--- keystone/conf.py.orig\n+++ keystone/conf.py\n"),
        (Judge::No, "--- ./keystone/conf.py\n+++ ./keystone/conf.py\n"),
        (Judge::No, "--- keystone/conf.py\n+++ keystone/conf.py\n"),
        (
            Judge::No,
            "diff --git keystone/conf.py keystone/conf.py\n--- keystone/conf.py\n+++ keystone/conf.py\n",
        ),
        // With a byte order mark.
        (Judge::No, "\u{feff}--- a/keystone/conf.py\n+++ b/keystone/conf.py\n"),
    ] {
        assert_eq!(changed(&format!("{head}{HUNK}"), judge), CONF, "{head}");
        let signed = format!("{head}{HUNK}-- \n2.47.3\n\n");
        assert_eq!(changed(&signed, judge), CONF, "{head}");
    }
}

#[test]
fn line_ends_of_the_mail_are_not_those_of_the_file() {
    let patch = format!("--- a/keystone/conf.py\n+++ b/keystone/conf.py\n{HUNK}");
    // Git refuses it.
    assert_eq!(changed(&patch.replace('\n', "\r\n"), Judge::Gnu), CONF);
    let head = "--- a/keystone/crlf.py\n+++ b/keystone/crlf.py\n";
    let hunk = "@@ -1,3 +1,3 @@\n one\r\n-two\r\n+TWO\r\n three\r\n";
    let crlf = r#"keystone/crlf.py 100644 "one\r\nTWO\r\nthree\r\n""#;
    assert_eq!(changed(&format!("{head}{hunk}"), Judge::Both), crlf);
    // Heads with CRLF too: Git takes it, patch strips all and finds no place.
    let head = head.replace('\n', "\r\n");
    assert_eq!(changed(&format!("{head}{}", hunk.replace("@@\n", "@@\r\n")), Judge::No), crlf);
}

#[test]
fn files_come_and_go() {
    for (judge, patch, want) in [
        (
            Judge::Both,
            "--- /dev/null\n+++ b/new/a.py\n@@ -0,0 +1,2 @@\n+one\n+two\n",
            "new/a.py 100644 \"one\\ntwo\\n\"",
        ),
        (
            Judge::Both,
            "--- /dev/null\t1970-01-01 00:00:00.000000000 +0000\n+++ b/new.py\t2024-01-01 10:00:00 +0100\n@@ -0,0 +1 @@\n+one\n\\ No newline at end of file\n",
            "new.py 100644 \"one\"",
        ),
        (
            Judge::Both,
            "--- a/new.py\t1970-01-01 01:00:00.000000000 +0100\n+++ b/new.py\t2024-01-01 10:00:00 +0100\n@@ -0,0 +1 @@\n+one\n",
            "new.py 100644 \"one\\n\"",
        ),
        (
            Judge::Both,
            "--- a/keystone/conf.py\n+++ /dev/null\n@@ -1,7 +0,0 @@\n-one\n-two\n-three\n-four\n-five\n-six\n-seven\n",
            "keystone/conf.py gone",
        ),
        (
            Judge::Both,
            "--- a/setup.cfg\t2024-01-01 10:00:00 +0100\n+++ b/setup.cfg\t1969-12-31 19:00:00.000000000 -0500\n@@ -1,2 +0,0 @@\n-[metadata]\n-name = keystone\n",
            "setup.cfg gone",
        ),
        (
            Judge::Both,
            "diff --git a/n.py b/n.py\nnew file mode 100755\nindex 0000000..e69de29\n",
            "n.py 100755 \"\"",
        ),
        (
            Judge::Both,
            "diff --git a/keystone/empty.py b/keystone/empty.py\ndeleted file mode 100644\nindex e69de29..0000000\n",
            "keystone/empty.py gone",
        ),
        (
            Judge::Both,
            "diff --git a/n m.py b/n m.py\nnew file mode 100644\n--- /dev/null\n+++ b/n m.py\t\n@@ -0,0 +1 @@\n+x\n",
            "n m.py 100644 \"x\\n\"",
        ),
        (
            Judge::Both,
            "diff --git \"a/\\303\\274 \\\"q\\\".py\" \"b/\\303\\274 \\\"q\\\".py\"\nnew file mode 100644\n--- /dev/null\n+++ \"b/\\303\\274 \\\"q\\\".py\"\n@@ -0,0 +1 @@\n+x\n",
            "ü \"q\".py 100644 \"x\\n\"",
        ),
        (
            Judge::Both,
            "diff --git a/keystone/end.py b/keystone/end.py\n--- a/keystone/end.py\n+++ b/keystone/end.py\n@@ -1,2 +1,3 @@\n one\n-two\n\\ No newline at end of file\n+two\n+three\n",
            "keystone/end.py 100644 \"one\\ntwo\\nthree\\n\"",
        ),
        // A context line that has lost its space.
        (
            Judge::Both,
            "--- a/keystone/empty.py\n+++ b/keystone/empty.py\n@@ -0,0 +1 @@\n+x\n",
            "keystone/empty.py 100644 \"x\\n\"",
        ),
    ] {
        assert_eq!(changed(patch, judge), want, "{patch}");
    }
}

#[test]
fn modes_links_renames_and_copies_are_kept() {
    for (judge, patch, want) in [
        (
            Judge::Both,
            "diff --git a/setup.cfg b/setup.cfg\nold mode 100644\nnew mode 100755\n",
            "setup.cfg 100755 \"[metadata]\\nname = keystone\\n\"",
        ),
        (
            Judge::Both,
            "diff --git a/run.sh b/run.sh\nindex 1..2 100755\n--- a/run.sh\n+++ b/run.sh\n@@ -1 +1,2 @@\n #!/bin/sh\n+exit 0\n",
            "run.sh 100755 \"#!/bin/sh\\nexit 0\\n\"",
        ),
        (
            Judge::Both,
            "--- a/run.sh\n+++ b/run.sh\n@@ -1 +1,2 @@\n #!/bin/sh\n+exit 0\n",
            "run.sh 100755 \"#!/bin/sh\\nexit 0\\n\"",
        ),
        (
            Judge::Both,
            "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+run.sh\n\\ No newline at end of file\n",
            "l 120000 \"run.sh\"",
        ),
        (
            Judge::Git,
            "diff --git a/link b/link\nindex 1..2 120000\n--- a/link\n+++ b/link\n@@ -1 +1 @@\n-setup.cfg\n\\ No newline at end of file\n+run.sh\n\\ No newline at end of file\n",
            "link 120000 \"run.sh\"",
        ),
        (
            Judge::Both,
            "diff --git a/run.sh b/bin/run.sh\nsimilarity index 100%\nrename from run.sh\nrename to bin/run.sh\n",
            "bin/run.sh 100755 \"#!/bin/sh\\n\"\nrun.sh gone",
        ),
        (
            Judge::Both,
            "diff --git a/setup.cfg b/b.cfg\nsimilarity index 50%\ncopy from setup.cfg\ncopy to b.cfg\n--- a/setup.cfg\n+++ b/b.cfg\n@@ -1,2 +1,2 @@\n [metadata]\n-name = keystone\n+name = nova\n",
            "b.cfg 100644 \"[metadata]\\nname = nova\\n\"",
        ),
        (
            Judge::No,
            "diff --git setup.cfg b.cfg\nsimilarity index 100%\nrename from setup.cfg\nrename to b.cfg\n",
            "b.cfg 100644 \"[metadata]\\nname = keystone\\n\"\nsetup.cfg gone",
        ),
        // Two files swap their names: patch does not know how.
        (
            Judge::Git,
            "diff --git a/setup.cfg b/with space.txt\nsimilarity index 100%\nrename from setup.cfg\nrename to with space.txt\ndiff --git a/with space.txt b/setup.cfg\nsimilarity index 100%\nrename from with space.txt\nrename to setup.cfg\n",
            "setup.cfg 100644 \"a\\n\"\nwith space.txt 100644 \"[metadata]\\nname = keystone\\n\"",
        ),
        // A link becomes a file.
        (
            Judge::Git,
            "diff --git a/link b/link\ndeleted file mode 120000\n--- a/link\n+++ /dev/null\n@@ -1 +0,0 @@\n-setup.cfg\n\\ No newline at end of file\ndiff --git a/link b/link\nnew file mode 100644\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+x\n",
            "link 100644 \"x\\n\"",
        ),
    ] {
        assert_eq!(changed(patch, judge), want, "{patch}");
    }
}

#[test]
fn mails_in_one_file_follow_each_other() {
    let mail = |diff: &str| {
        format!(
            "From {} Mon Sep 17 00:00:00 2001\nSubject: x\n\n---\n{diff}-- \n2.47.3\n\n",
            "0".repeat(40)
        )
    };
    let rename = "diff --git a/setup.cfg b/b.cfg\nsimilarity index 100%\nrename from setup.cfg\nrename to b.cfg\n";
    let edit = "diff --git a/b.cfg b/b.cfg\n--- a/b.cfg\n+++ b/b.cfg\n@@ -1,2 +1,2 @@\n-[metadata]\n+[meta]\n name = keystone\n";
    let copy =
        "diff --git a/b.cfg b/c.cfg\nsimilarity index 100%\ncopy from b.cfg\ncopy to c.cfg\n";
    // `git am` does the same; `git apply` takes a copy from the files before all mails.
    let patch = [rename, edit, copy].map(mail).concat();
    let want = "b.cfg 100644 \"[meta]\\nname = keystone\\n\"\nc.cfg 100644 \"[meta]\\nname = keystone\\n\"\nsetup.cfg gone";
    assert_eq!(changed(&patch, Judge::No), want);
}

#[test]
fn series_build_on_each_other_and_cancel_out() {
    let there = "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n";
    let more = "--- a/n\n+++ b/n\n@@ -1 +1,2 @@\n x\n+y\n";
    let gone = "--- a/n\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\n-y\n";
    let applied = super::try_apply(&base(), &[there, more], 0).unwrap();
    assert_eq!(applied.files["n"], Some(file("x\ny\n")));
    assert_eq!(applied.patches.len(), 2);
    let applied = super::try_apply(&base(), &[there, more, gone], 0).unwrap();
    assert!(applied.files.is_empty(), "{:?}", applied.files);
}

#[test]
fn offsets_and_fuzz_are_told() {
    let patch = "--- a/f\n+++ b/f\n@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n";
    let applied =
        super::try_apply(&tree([("f", "x\ny\na\nb\nc\nd\ne\nb\nc\nd\n")]), &[patch], 0).unwrap();
    assert_eq!(
        applied.notes(),
        ["1.patch:3: f: applied at line 4, 2 lines further down; 1 other places look the same"]
    );
    assert!(!applied.is_exact());
    let drifted = tree([("f", "a\nb\nc\nZ\n")]);
    assert!(super::try_apply(&drifted, &[patch], 0).is_err());
    let applied = super::try_apply(&drifted, &[patch], 1).unwrap();
    assert_eq!(applied.files["f"], Some(file("a\nb\nC\nZ\n")));
    assert_eq!(applied.notes(), ["1.patch:3: f: applied at line 3, without 1 line of its context"]);
}
