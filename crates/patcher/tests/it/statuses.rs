//! What is told of each patch of a series, and patches that are brought up to date.

use super::{Tree, after, git_apply, put, tree};
use patcher::{Options, Outcome, Patch};
use testkit::Random;

const FILE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

fn patch(name: &str, hunk: &str) -> Patch {
    let text = format!("Index: x/f\n--- x.orig/f\n+++ x/f\n{hunk}");
    patcher::parse(text.as_bytes(), name).unwrap()
}

#[test]
fn a_patch_that_fails_does_not_hide_the_next() {
    let series = [
        patch("exact", "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"),
        patch("moved", "@@ -9,3 +9,3 @@\n four\n-five\n+5\n six\n"),
        patch("upstream", "@@ -1,3 +1,3 @@\n one\n-zwei\n+2\n three\n"),
        patch("conflict", "@@ -4,3 +4,3 @@\n four\n-five\n+fünf\n six\n"),
        patch("on moved", "@@ -4,3 +4,3 @@\n four\n-5\n+V\n six\n"),
    ];
    let told = patcher::status(&tree([("f", FILE)]), &series, &Options::default()).unwrap();
    let word = |outcome: &Outcome| match outcome {
        Outcome::Applies(_) if outcome.is_exact() => "exact".to_owned(),
        Outcome::Applies(applied) => applied.notes().join("\n"),
        Outcome::Upstream => "upstream".to_owned(),
        Outcome::Conflicts(failures) => {
            failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
    };
    let lines: Vec<String> =
        told.iter().map(|one| format!("{}: {}", one.name, word(&one.outcome))).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    exact: exact
    moved: moved:4: f: applied at line 4, 5 lines further up
    upstream: upstream
    conflict: conflict:4: f: hunk 1 of 1 does not apply at line 4: `@@ -4,3 +4,3 @@`
      line 4 comes closest, where 2 of 3 lines are the same:
        patch wants | five    (line 6 of the patch)
        patch wants | six
        file has    | 5    (line 5 of the file)
        file has    | six
        file has    | seven
      hint: make the patch again, against this version of the source
    on moved: exact
    ");
}

#[test]
fn only_line_numbers_are_written_back() {
    let text = "Why.\n\n--- a/f\n+++ b/f\n@@ -11,3 +11,4 @@ def f():\n one\n+and a half\n two\n three\r\n\
                @@ -14 +15,0 @@\n-four\n-- \n2.39\n";
    let parsed = patcher::parse(text.as_bytes(), "p").unwrap();
    let file = "zero\none\ntwo\nthree\r\nfour\n";
    let applied =
        patcher::apply(&tree([("f", file)]), std::slice::from_ref(&parsed), &Options::default())
            .unwrap();
    let new = patcher::refreshed(text.as_bytes(), &parsed, &applied.patches[0]).unwrap();
    let want = text.replace("-11,3 +11,4", "-2,3 +2,4").replace("-14 +15,0", "-5 +5,0");
    assert_eq!(String::from_utf8(new).unwrap(), want);
}

#[test]
fn refreshed_patches_apply_exactly_and_do_the_same() {
    let mut random = Random::new(0x2545_f491_4f6c_dd1d);
    let (mut refreshed, mut left) = (0, 0);
    for round in 0..40 {
        let base: Vec<String> = (0..60).map(|line| format!("line {}", line % 23)).collect();
        let (mut changed, mut target) = (base.clone(), base.clone());
        for at in [50, 40, 30, 20, 10].map(|at| at + random.below(8)) {
            match random.below(3) {
                0 => changed[at] = format!("changed {round}"),
                1 => _ = changed.remove(at),
                _ => changed.insert(at, "new".to_owned()),
            }
            if random.below(2) == 0 {
                target.insert(at - 6, "from elsewhere".to_owned());
            }
        }
        let joined = |lines: &[String]| lines.join("\n") + "\n";
        let text = {
            let folder = tempfile::tempdir().unwrap();
            put(folder.path(), &tree([("a/f", &joined(&base)), ("b/f", &joined(&changed))]));
            let command = format!("diff -U{} a/f b/f || true", random.below(3));
            testkit::tool("sh").args(["-c", &command]).folder(folder.path()).run()
        };
        let target = tree([("f", &joined(&target))]);
        let patch = patcher::parse(&text, "it.patch").unwrap();
        let apply = |tree: &Tree, patch: &Patch| {
            patcher::apply(tree, std::slice::from_ref(patch), &Options::default())
        };
        let Ok(applied) = apply(&target, &patch) else { continue };
        if applied.is_exact() {
            let same = patcher::refreshed(&text, &patch, &applied.patches[0]);
            assert!(same.as_ref() == Some(&text), "round {round}: an exact patch changes");
            continue;
        }
        let Some(new) = patcher::refreshed(&text, &patch, &applied.patches[0]) else {
            left += 1;
            continue;
        };
        let again = apply(&target, &patcher::parse(&new, "it.patch").unwrap()).unwrap();
        assert!(again.is_exact(), "round {round}: {:?}", again.notes());
        assert_eq!(again.files, applied.files, "round {round}");
        let by_git = git_apply(&target, &new);
        assert!(by_git == Some(after(&target, &again)), "round {round}: git differs");
        refreshed += 1;
    }
    println!("{refreshed} patches refreshed, {left} cannot be");
    assert!(refreshed > 10 && left < 6, "{refreshed} refreshed, {left} left");
}
