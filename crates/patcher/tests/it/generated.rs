//! Random changes to random files, made into patches by Git and diff, applied to files that have
//! changed in the meantime: Git and GNU patch say what is right.

use super::{Tree, after, file, git_apply, gnu_patch, put, take};
use patcher::{FileKind, Options};
use testkit::Random;

/// How many cases of each kind.
const ROUNDS: usize = 100;

fn lines(random: &mut Random, count: usize) -> Vec<String> {
    // Few words, so that lines repeat as they do in code.
    let words = ["", "    return x", "def f():", "}", "import os", "    pass", "x = 1", "# note"];
    (0..count)
        .map(|index| match random.below(3) {
            0 => format!("line {index}"),
            _ => random.pick(&words).to_owned(),
        })
        .collect()
}

fn edit(random: &mut Random, lines: &mut Vec<String>, times: usize) {
    for _ in 0..times {
        let at = random.below(lines.len() + 1);
        match random.below(4) {
            0 => lines.insert(at, format!("new {}", random.below(1000))),
            1 if at < lines.len() => _ = lines.remove(at),
            2 if at < lines.len() => lines[at] = format!("changed {}", random.below(1000)),
            _ => {
                let end = (at + random.below(4)).min(lines.len());
                let copy: Vec<String> = lines[at..end].to_vec();
                lines.splice(at..at, copy);
            }
        }
    }
}

/// A text; its last line may have no newline, its lines may end with CRLF.
fn text(lines: &[String], newline: bool, crlf: bool) -> Vec<u8> {
    let end = if crlf { "\r\n" } else { "\n" };
    let mut text = lines.join(end);
    if newline && !lines.is_empty() {
        text += end;
    }
    text.into_bytes()
}

struct Case {
    base: Tree,
    changed: Tree,
    /// What the patch is applied to.
    target: Tree,
}

fn case(random: &mut Random) -> Case {
    let crlf = random.below(8) == 0;
    let (mut base, mut changed, mut target) = (Tree::new(), Tree::new(), Tree::new());
    let paths = ["a.py", "dir/b.py", "dir/with space.txt", "dir/sub/ü.txt", "run.sh", "z\"q.txt"];
    for path in &paths[..1 + random.below(paths.len())] {
        let count = [0, 1, 3, 8, 30, 80][random.below(6)];
        let old = lines(random, count);
        let mut new = old.clone();
        let times = random.below(5);
        edit(random, &mut new, times);
        let mut drifted = old.clone();
        let drift = [0, 0, 1, 2, 5][random.below(5)];
        edit(random, &mut drifted, drift);
        let newline = random.below(6) > 0;
        let newline_after = if random.below(6) == 0 { !newline } else { newline };
        let (old, drifted) = (file(text(&old, newline, crlf)), text(&drifted, newline, crlf));
        let mut new = file(text(&new, newline_after, crlf));
        if random.below(8) == 0 {
            new.kind = FileKind::Executable;
        }
        if random.below(20) == 0 {
            new = patcher::File { bytes: b"a.py".to_vec(), kind: FileKind::Link };
        }
        let name = (*path).to_owned();
        match random.below(10) {
            // New in the patch.
            0 => _ = changed.insert(name.clone(), new),
            // Deleted by it.
            1 => {
                base.insert(name.clone(), old.clone());
                target.insert(name.clone(), old);
            }
            // Under another name.
            2 => {
                base.insert(name.clone(), old.clone());
                target.insert(name.clone(), file(drifted));
                changed.insert(format!("moved/{}", name.replace('/', "-")), new);
            }
            // A second one, which Git may call a copy.
            3 => {
                base.insert(name.clone(), old.clone());
                target.insert(name.clone(), file(drifted));
                changed.insert(format!("copy/{}", name.replace('/', "-")), old.clone());
                changed.insert(name.clone(), new);
            }
            _ => {
                base.insert(name.clone(), old.clone());
                target.insert(name.clone(), file(drifted));
                changed.insert(name.clone(), new);
            }
        }
    }
    Case { base, changed, target }
}

/// The change as a patch of Git.
fn git_diff(case: &Case, options: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let git = |command: &str| {
        let git = "git -c user.name=a -c user.email=a@b -c core.autocrlf=false";
        let command = command.replace("git ", &format!("{git} "));
        testkit::tool("sh").args(["-ec", &command]).folder(folder.path()).run()
    };
    put(folder.path(), &case.base);
    git("git init -q . && git add -A && git commit -q --allow-empty -m base");
    for path in case.base.keys() {
        fs_err::remove_file(folder.path().join(path)).unwrap();
    }
    put(folder.path(), &case.changed);
    git(&format!("git add -A && git diff --cached {options} HEAD"))
}

/// The change as a patch of diff.
fn plain_diff(case: &Case) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for side in ["a", "b"] {
        fs_err::create_dir(folder.path().join(side)).unwrap();
    }
    put(&folder.path().join("a"), &case.base);
    put(&folder.path().join("b"), &case.changed);
    let command = "diff -ruN --no-dereference a b || true";
    testkit::tool("sh").args(["-c", command]).folder(folder.path()).run()
}

fn ours(tree: &Tree, patch: &[u8], fuzz: usize) -> Result<Tree, String> {
    let patch = patcher::parse(patch, "it.patch").map_err(|error| error.to_string())?;
    match patcher::apply(tree, &[patch], &Options { fuzz }) {
        Ok(applied) => Ok(after(tree, &applied)),
        Err(error) => Err(error.to_string()),
    }
}

fn show(tree: Option<&Tree>) -> String {
    let Some(tree) = tree else { return "refuses".to_owned() };
    let file = |(path, file): (&String, &patcher::File)| {
        format!("{path} {} {:?}", file.kind.mode(), String::from_utf8_lossy(&file.bytes))
    };
    tree.iter().map(file).collect::<Vec<_>>().join("\n")
}

#[test]
fn git_agrees_on_its_own_patches() {
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    let (mut applied, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let case = case(&mut random);
        let options = [
            "--binary -M -C",
            "--binary",
            "--binary -M --find-copies-harder",
            "-U1",
            "--full-index -U5",
        ];
        let patch = git_diff(&case, options[round % options.len()]);
        if patch.is_empty() {
            continue;
        }
        for target in [&case.base, &case.target] {
            let theirs = git_apply(target, &patch);
            let ours = ours(target, &patch, 0);
            let known = theirs.is_none() && ours.is_err() || ours.as_ref().ok() == theirs.as_ref();
            applied += usize::from(theirs.is_some());
            refused += usize::from(theirs.is_none());
            assert!(
                known,
                "round {round}: {}\non\n{}\ngit: {}\nwe: {}",
                String::from_utf8_lossy(&patch),
                show(Some(target)),
                show(theirs.as_ref()),
                ours.map_or_else(|error| error, |tree| show(Some(&tree))),
            );
        }
    }
    println!("git: {applied} applied, {refused} refused");
    assert!(applied > ROUNDS && refused > ROUNDS / 10, "{applied} applied, {refused} refused");
}

#[test]
fn patch_agrees_on_plain_diffs() {
    for fuzz in [0, 2] {
        let mut random = Random::new(0x2545_f491_4f6c_dd1d);
        let (mut same, mut as_git, mut other) = (0, 0, Vec::new());
        for round in 0..ROUNDS {
            let case = case(&mut random);
            let patch = plain_diff(&case);
            if patch.is_empty() || !patch.starts_with(b"diff") {
                continue;
            }
            for target in [&case.base, &case.target] {
                let theirs = gnu_patch(target, &patch, fuzz);
                let ours = ours(target, &patch, fuzz);
                if theirs.is_none() && ours.is_err() || ours.as_ref().ok() == theirs.as_ref() {
                    same += 1;
                } else if fuzz == 0 && git_apply(target, &patch) == ours.clone().ok() {
                    as_git += 1;
                } else {
                    other.push(format!(
                        "round {round} fuzz {fuzz}: {}\non\n{}\npatch: {}\nwe: {}",
                        String::from_utf8_lossy(&patch),
                        show(Some(target)),
                        show(theirs.as_ref()),
                        ours.map_or_else(|error| error, |tree| show(Some(&tree))),
                    ));
                }
            }
        }
        println!("fuzz {fuzz}: {same} same, {as_git} as git");
        assert!(
            other.is_empty(),
            "{} differ, {same} do not, {as_git} are as Git has it:\n{}",
            other.len(),
            other.join("\n\n")
        );
    }
}

#[test]
fn what_is_written_is_what_was_found() {
    let mut random = Random::new(77);
    for _ in 0..20 {
        let case = case(&mut random);
        let patch = git_diff(&case, "--binary");
        if patch.is_empty() {
            continue;
        }
        let patch = patcher::parse(&patch, "it.patch").unwrap();
        let applied = patcher::apply(&case.base, &[patch], &Options::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &case.base);
        let copy = folder.path().with_extension("copy");
        patcher::write_copy(folder.path(), &copy, &applied).unwrap();
        patcher::write(folder.path(), &applied).unwrap();
        assert_eq!(take(folder.path()), case.changed);
        assert_eq!(take(&copy), case.changed);
        fs_err::remove_dir_all(copy).unwrap();
    }
}
