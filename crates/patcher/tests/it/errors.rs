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
    insta::assert_snapshot!(said(&[patch]), @r#"
    1.patch:5: keystone/io.py: hunk 1 of 3 does not apply at line 4: `@@ -4,3 +4,4 @@ import os`
      line 4 comes closest, where 2 of 3 lines are the same:
        patch wants |     with open(path, 'rb') as file:    (line 7 of the patch)
        patch wants |         return file.read()
        file has    |     with open(path) as file:    (line 5 of the file)
        file has    |         return file.read()
        file has    | 
      hint: make the patch again, against this version of the source
    1.patch:16: keystone/io.py: hunk 3 of 3 does not apply at line 30: `@@ -30,3 +30,3 @@ def other():`
      none of its lines are in the file
      hint: make the patch again, against this version of the source
    1.patch:21: keystone/gone.py is not there
      hint: the file may have another name in this version of the source
    "#);
}

#[test]
fn what_is_applied_already_is_recognised() {
    let patch = "--- a/setup.cfg\n+++ b/setup.cfg\n@@ -1 +1,2 @@\n [metadata]\n+name = x\n\
                 --- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n";
    let error = try_apply(&python(), &[patch, patch], 0).unwrap_err();
    assert!(matches!(error, ApplyError::Conflict { already_applied: true, .. }));
    insta::assert_snapshot!(error.to_string(), @r#"
    2.patch: already applied: the files have all that it brings
      hint: remove the patch, the source contains it
    "#);
    // A part of it.
    let mut half = python();
    half.insert("new".to_owned(), file("x\n"));
    let error = try_apply(&half, &[patch], 0).unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r#"
    1.patch:6: new is there already, as the patch would make it
      hint: this part is applied already: take it out of the patch
    "#);
    let part = "--- a/keystone/io.py\n+++ b/keystone/io.py\n@@ -1,2 +1,2 @@\n-import sys\n+import os\n \n\
                @@ -10,2 +10,2 @@\n     with open(path, 'w') as file:\n-        file.write(text)\n+        pass\n";
    insta::assert_snapshot!(said(&[part]), @r#"
    1.patch:3: keystone/io.py: hunk 1 of 2 does not apply at line 1: `@@ -1,2 +1,2 @@`
      line 1 has already what it would make
      hint: this part is applied already: take it out of the patch
    "#);
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
    insta::assert_snapshot!(all, @r#"
    empty:
    1.patch: the patch changes nothing
      hint: remove the file, or put the patch into it
    prose:
    1.patch: the patch changes nothing
      hint: it needs a unified diff, as git format-patch or diff -u write it
    encoded:
    1.patch: the patch changes nothing
      hint: the mail is encoded as base64: decode it first
    cut off:
    1.patch:5: the hunk of line 3 ends too early: its header counts 1 more old and 2 more new lines, and the patch ends here
      hint: make the patch again; it is cut off, or was changed by hand
    too long:
    1.patch:6: the hunk of line 3 has more lines than its header counts
      hint: make the patch again, or correct the numbers between the `@@`
    wrong header:
    1.patch:6: `@@ -1,x +3 @@` is not the header of a hunk
      hint: it should look like `@@ -1,3 +1,4 @@`
    no head:
    1.patch:2: a hunk without the `---` and `+++` lines of its file
      hint: add them above the hunk
    context:
    1.patch:1: a context diff, which is not read
      hint: make a unified diff: diff -u, or git diff
    binary:
    1.patch:3: a binary file changes, and the patch has no data for it
      hint: make the patch with git format-patch, or with git diff --binary
    short ids:
    1.patch:3: binary data without the full object ids in an `index` line, by which they are checked
      hint: make the patch with git format-patch, or with git diff --binary
    submodule:
    1.patch:2: the patch changes a submodule, which is no file
      hint: leave it out of the patch, or patch the source of the submodule
    merge:
    1.patch:1: the diff of a merge cannot be applied
      hint: make it against one parent: git diff -m
    nothing:
    1.patch:1: the section changes nothing
      hint: make the patch again; its content is missing
    new with old lines:
    1.patch:3: the file is new, but the hunk has lines that are there before
      hint: make the patch again; its header does not fit
    names differ:
    1.patch:1: the names of `---` and `+++` are not those of the `diff --git` line
      hint: make the patch again with git format-patch or git diff
    "#);
}
