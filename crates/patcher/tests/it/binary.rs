//! Binary files, in patches that Git makes.

use super::{Tree, after, file, put};
use patcher::Options;
use testkit::Random;

fn git_diff(before: &Tree, now: &Tree) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let git = |command: &str| {
        let command = command.replace("git ", "git -c user.name=a -c user.email=a@b ");
        testkit::tool("sh").args(["-ec", &command]).folder(folder.path()).run()
    };
    put(folder.path(), before);
    git("git init -q . && git add -A && git commit -q --allow-empty -m base");
    for path in before.keys() {
        fs_err::remove_file(folder.path().join(path)).unwrap();
    }
    put(folder.path(), now);
    git("git add -A && git diff --cached --binary HEAD")
}

fn bytes(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| u8::try_from(random.below(256)).unwrap()).collect()
}

#[test]
fn literals_and_deltas_give_what_git_has() {
    let mut random = Random::new(99);
    let mut deltas = 0;
    for round in 0..40 {
        let count = [1, 100, 3000, 70_000][round % 4];
        let mut old = bytes(&mut random, count);
        old.push(0);
        let mut new = old.clone();
        let at = random.below(new.len());
        let piece = bytes(&mut random, 5);
        new.splice(at..at, piece);
        if round % 5 == 0 {
            new = [&new[..], &new[..]].concat();
        }
        let (mut before, mut now) = (Tree::new(), Tree::new());
        if round % 7 > 0 {
            before.insert("x.bin".to_owned(), file(old));
        }
        if round % 7 < 6 {
            now.insert("x.bin".to_owned(), file(new));
        }
        let patch = git_diff(&before, &now);
        deltas += usize::from(patch.windows(7).any(|window| window == b"\ndelta "));
        let patch = patcher::parse(&patch, "it.patch").unwrap();
        let series = [patch];
        let applied = patcher::apply(&before, &series, &Options::default()).unwrap();
        assert_eq!(after(&before, &applied), now, "round {round}");
        if before.contains_key("x.bin") {
            let other = Tree::from([("x.bin".to_owned(), file("\0 other"))]);
            let error = patcher::apply(&other, &series, &Options::default()).unwrap_err();
            assert!(error.to_string().contains("another content"), "{error}");
        }
        let error = patcher::apply(&now, &series, &Options::default()).unwrap_err();
        assert!(error.to_string().contains("already applied"), "{error}");
    }
    assert!(deltas > 5, "{deltas} deltas are too few");
}
