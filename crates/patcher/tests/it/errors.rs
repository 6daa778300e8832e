//! What is said when something is wrong.

use super::{Tree, file, tree, try_apply};
use patcher::{ApplyError, File, FileKind, Reason};

fn python() -> Tree {
    let text = "import os\n\n\ndef load(path):\n    with open(path) as file:\n        return file.read()\n\n\n\
                def save(path, text):\n    with open(path, 'w') as file:\n        file.write(text)\n";
    let mut tree = tree([
        ("keystone/io.py", text),
        ("setup.cfg", "[metadata]\n"),
        ("crlf", "a\r\nb\r\nc\r\n"),
    ]);
    tree.insert("link".to_owned(), File { bytes: b"/etc".into(), kind: FileKind::Link });
    tree
}

#[track_caller]
fn said(patches: &[&str]) -> String {
    try_apply(&python(), patches, 0).unwrap_err().to_string()
}

#[test]
fn all_hunks_that_do_not_apply_are_shown_with_the_nearest_lines() {
    let patch = "Subject: x\n\n--- a/keystone/io.py\n+++ b/keystone/io.py\n\
                 @@ -4,3 +4,4 @@ import os\n def load(path):\n-    with open(path, 'rb') as file:\n\
                 +    log(path)\n+    with open(path, 'rt') as file:\n         return file.read()\n\
                 @@ -9,3 +10,3 @@\n def save(path, text):\n     with open(path, 'w') as file:\n-        file.write(text)\n+        file.write(text.strip())\n\
                 @@ -30,3 +30,3 @@ def other():\n def other():\n-    pass\n+    return\n     # end\n\
                 --- a/keystone/gone.py\n+++ b/keystone/gone.py\n@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(said(&[patch]));
}

#[test]
fn what_is_applied_already_is_recognised() {
    let patch = "--- a/setup.cfg\n+++ b/setup.cfg\n@@ -1 +1,2 @@\n [metadata]\n+name = x\n\
                 --- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n";
    let error = try_apply(&python(), &[patch, patch], 0).unwrap_err();
    assert!(matches!(error, ApplyError::Conflict { already_applied: true, .. }));
    insta::assert_snapshot!(error.to_string(), @"");
    // A part of it.
    let mut half = python();
    half.insert("new".to_owned(), file("x\n"));
    let error = try_apply(&half, &[patch], 0).unwrap_err();
    insta::assert_snapshot!(error.to_string(), @"");
    let part = "--- a/keystone/io.py\n+++ b/keystone/io.py\n@@ -1,2 +1,2 @@\n-import sys\n+import os\n \n\
                @@ -10,2 +10,2 @@\n     with open(path, 'w') as file:\n-        file.write(text)\n+        pass\n";
    insta::assert_snapshot!(said(&[part]), @"");
}

#[test]
fn nothing_leads_out_of_the_tree() {
    let new = |name: &str| format!("--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+x\n");
    let git = |name: &str| {
        format!(
            "diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"
        )
    };
    for name in
        ["/etc/passwd", "b/../../x", "../x", "b//x", "b/./x", "b/.git/config", "b/x/.GIT/hooks/x"]
    {
        let error = patcher::parse(new(name).as_bytes(), "1.patch").unwrap_err().to_string();
        assert!(error.contains("is no path inside the tree"), "{name}: {error}");
    }
    for name in ["../x", "/x", "a/../../x", ".git/config", "a/.."] {
        let error = patcher::parse(git(name).as_bytes(), "1.patch").unwrap_err().to_string();
        assert!(error.contains("is no path inside the tree"), "{name}: {error}");
    }
    let rename = "diff --git a/setup.cfg b/x\nsimilarity index 100%\nrename from setup.cfg\nrename to ../x\n";
    let error = patcher::parse(rename.as_bytes(), "1.patch").unwrap_err().to_string();
    assert!(
        error.contains("`../x` is no path inside the tree: it leaves the tree with `..`"),
        "{error}"
    );
    assert_eq!(
        said(&[&git("link/passwd")]),
        "1.patch:1: link/passwd lies behind the symbolic link link\n  \
         hint: nothing is changed through links: name the file by its own path"
    );
    // The link is made by the series itself.
    let link = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+..\n\\ No newline at end of file\n";
    assert!(said(&[link, &git("l/x")]).contains("behind the symbolic link l"));
    assert!(said(&[&git("setup.cfg/x")]).contains("setup.cfg is a file"));
    assert!(said(&[&git("keystone")]).contains("is a folder"));
}

#[test]
fn other_reasons_are_told_apart() {
    let reason = |patch: &str| match try_apply(&python(), &[patch], 0).unwrap_err() {
        ApplyError::Conflict { failures, .. } => failures[0].reason.clone(),
        other => panic!("{other}"),
    };
    let new = "--- /dev/null\n+++ b/setup.cfg\n@@ -0,0 +1 @@\n+x\n";
    assert_eq!(reason(new), Reason::Exists { same: false });
    let gone = "--- a/keystone/io.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-import os\n";
    assert!(matches!(reason(gone), Reason::Mismatch(_)));
    let empty = "diff --git a/setup.cfg b/setup.cfg\ndeleted file mode 100644\n";
    assert_eq!(reason(empty), Reason::LeftOver { lines: 1 });
    let link = "--- a/link\n+++ b/link\n@@ -1 +1 @@\n-/etc\n\\ No newline at end of file\n+x\n";
    assert_eq!(reason(link), Reason::WrongKind { found: FileKind::Link });
    let Reason::Mismatch(mismatch) =
        reason("--- a/crlf\n+++ b/crlf\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n")
    else {
        panic!()
    };
    assert_eq!(mismatch.remark, patcher::Remark::LineEnds);
    let Reason::Mismatch(mismatch) = reason("--- a/crlf\n+++ b/crlf\n@@ -2,0 +3 @@\n+x\r\n") else {
        panic!()
    };
    assert_eq!(mismatch.remark, patcher::Remark::NoContext);
}

#[test]
fn damaged_patches_name_their_lines() {
    let mut all = String::new();
    for (what, patch) in [
        ("empty", ""),
        ("prose", "Subject: x\n\nNothing.\n"),
        ("encoded", "Content-Transfer-Encoding: base64\n\nSGVsbG8=\n"),
        ("cut off", "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n"),
        ("too long", "--- a/x\n+++ b/x\n@@ -1,1 +1,2 @@\n a\n+b\n+c\n"),
        ("wrong header", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n@@ -1,x +3 @@\n"),
        ("no head", "text\n@@ -1 +1 @@\n-a\n+b\n"),
        ("context", "*** a/x\n--- b/x\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n"),
        ("binary", "diff --git a/x b/x\nindex 123..456 100644\nBinary files a/x and b/x differ\n"),
        (
            "short ids",
            "diff --git a/x b/x\nindex 123..456 100644\nGIT binary patch\nliteral 1\nIcmZPo\n\n",
        ),
        (
            "submodule",
            "diff --git a/x b/x\nnew file mode 160000\nindex 0000000..1234567\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+Subproject commit 1\n",
        ),
        ("merge", "diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1 -1 +1 @@@\n"),
        ("nothing", "diff --git a/x b/x\nindex 1..2 100644\n"),
        ("new with old lines", "--- /dev/null\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
        (
            "names differ",
            "diff --git a/x b/x\nrename from x\nrename to y\n--- a/x\n+++ b/z\n@@ -1 +1 @@\n-a\n+b\n",
        ),
    ] {
        let error = patcher::parse(patch.as_bytes(), "1.patch").map(|_| ()).unwrap_err();
        all += &format!("{what}:\n{error}\n");
    }
    insta::assert_snapshot!(all);
}
