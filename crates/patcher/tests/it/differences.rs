//! Where Git, GNU patch and this crate differ: the table of `docs/formats/patches.md`, row by row.

use super::{Tree, after, git_apply, gnu_patch, put, take, tree};
use patcher::Options;

/// What each makes of the file `f`: its content, or `-` for a refusal.
fn three(tree: &Tree, patch: &str) -> [String; 3] {
    let ours = patcher::parse(patch.as_bytes(), "1.patch").ok().and_then(|patch| {
        let applied = patcher::apply(tree, &[patch], &Options::default()).ok()?;
        Some(after(tree, &applied))
    });
    let theirs = [git_apply(tree, patch.as_bytes()), gnu_patch(tree, patch.as_bytes(), 0)];
    let [git, gnu] = theirs;
    [ours, git, gnu].map(|tree| match tree {
        Some(tree) => String::from_utf8_lossy(&tree["f"].bytes).replace('\n', " "),
        None => "-".to_owned(),
    })
}

#[test]
fn differences_are_those_that_are_named() {
    const HEAD: &str = "--- a/f\n+++ b/f\n";
    for (what, text, patch, want) in [
        (
            "headers with CRLF",
            "a\nb\n",
            "--- a/f\r\n+++ b/f\r\n@@ -1,2 +1,2 @@\r\n-a\r\n+A\r\n b\r\n".to_owned(),
            ["A b ", "-", "A b "],
        ),
        (
            "a hunk at line 1, the lines of which are further down",
            "new\na\nb\nc\nd\n",
            format!("{HEAD}@@ -1,3 +1,3 @@\n-a\n+A\n b\n c\n"),
            ["-", "-", "-"],
        ),
        (
            "the same with as much context above",
            "new\na\nb\nc\nd\n",
            format!("{HEAD}@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"),
            ["-", "-", "new a B c d "],
        ),
        (
            "a hunk without context at its end, the lines of which are further up",
            "a\nb\nc\nnew\n",
            format!("{HEAD}@@ -2,2 +2,2 @@\n b\n-c\n+C\n"),
            ["-", "-", "-"],
        ),
        (
            "a hunk without context",
            "a\nb\nc\n",
            format!("{HEAD}@@ -2 +2 @@\n-b\n+B\n"),
            ["-", "-", "a B c "],
        ),
        (
            "a hunk without context for the whole file",
            "a\n",
            format!("{HEAD}@@ -1 +1 @@\n-a\n+A\n"),
            ["A ", "A ", "A "],
        ),
        (
            "more lines than the header counts",
            "a\nb\nc\n",
            format!("{HEAD}@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n+d\n"),
            ["-", "a B c ", "a B c "],
        ),
        (
            "the second hunk fits in two places",
            "x\nx\nx\nz\na\nb\nc\n1\nd\ne\nf\nd\ne\nf\n",
            format!("{HEAD}@@ -2,3 +2,3 @@\n a\n-b\n+B\n c\n@@ -9,3 +9,3 @@\n d\n-e\n+E\n f\n"),
            [
                "x x x z a B c 1 d E f d e f ",
                "x x x z a B c 1 d E f d e f ",
                "x x x z a B c 1 d e f d E f ",
            ],
        ),
        (
            // Git takes names without folders as they are.
            "-p0",
            "a\n",
            "--- f.orig\n+++ f\n@@ -1 +1 @@\n-a\n+A\n".to_owned(),
            ["A ", "A ", "-"],
        ),
    ] {
        assert_eq!(three(&tree([("f", text)]), &patch), want, "{what}");
    }
}

#[test]
fn mails_are_applied_as_git_am_does() {
    let folder = tempfile::tempdir().unwrap();
    let git = |command: &str| {
        let git = "git -c user.name=a -c user.email=a@b -c init.defaultBranch=main";
        let command = command.replace("git ", &format!("{git} "));
        testkit::tool("sh").args(["-ec", &command]).folder(folder.path()).run()
    };
    let lines: String = (0..30).map(|line| format!("line {line}\n")).collect();
    let base = tree([("a", &lines), ("b", "b\n")]);
    put(folder.path(), &base);
    git("git init -q . && git add -A && git commit -qm base");
    // Each mail needs what the one before has done.
    git("git mv a c && git commit -qm 'rename a' && sed -i s/7/seven/ c && git commit -qam edit");
    git("cp c d && sed -i s/9/nine/ d && git add -A && git commit -qm copy");
    git("git rm -q b && chmod +x d && git commit -qam 'remove b, run d'");
    let patch = git("git format-patch --stdout -M -C --find-copies-harder HEAD~4");
    let want = take(folder.path());
    let patch = patcher::parse(&patch, "it.mbox").unwrap();
    assert!(patch.sections.last().unwrap().mail == 3, "four mails");
    let applied = patcher::apply(&base, &[patch], &Options::default()).unwrap();
    assert_eq!(after(&base, &applied), want);
}
