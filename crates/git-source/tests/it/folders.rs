//! Folders of this machine, against `git ls-files`.

use std::collections::BTreeSet;
use std::path::Path;

use git_source::{FileMode, FolderState, Limits, local_folder, local_version};
use testkit::tool;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let always = ["-c", "user.name=T", "-c", "user.email=t@example.org"];
    tool("git").args(always).args(arguments).folder(folder).text()
}

/// Compares the files of `folder` with those that git tells and that are there; says how many.
fn compare(folder: &Path) -> usize {
    let found = local_folder(folder, &Limits::USUAL).unwrap();
    let list = git(folder, &["ls-files", "-coz", "--exclude-standard"]);
    let there = |path: &&str| {
        let metadata = fs_err::symlink_metadata(folder.join(path));
        metadata.is_ok_and(|metadata| !metadata.is_dir())
    };
    let expected: BTreeSet<&str> = list.split_terminator('\0').filter(there).collect();
    let ours: BTreeSet<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(ours, expected);
    let status = git(folder, &["status", "--porcelain", "--", ":/"]);
    assert_eq!(found.state == FolderState::Clean, status.is_empty(), "{status}");
    ours.len()
}

#[test]
#[ignore = "needs git; .ci/run runs it"]
fn the_files_are_those_that_git_tells() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("work");
    for number in 0..600 {
        let path = root.join(format!("d{}/e{}/f{number}.py", number % 7, number % 31));
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, format!("{number}\n")).unwrap();
    }
    fs_err::write(root.join(".gitignore"), "*.pyc\n/build/\n!keep.pyc\n").unwrap();
    fs_err::os::unix::fs::symlink("d1", root.join("link")).unwrap();
    tool("chmod").arg("755").arg(root.join("d0/e0/f0.py")).run();
    git(&root, &["init", "-q"]);
    let before = local_folder(&root, &Limits::USUAL).unwrap();
    assert!(before.commit.is_none() && before.state == FolderState::Changed);
    compare(&root);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "x"]);
    git(&root, &["tag", "-am", "x", "3.2.1"]);
    assert_eq!(compare(&root), 602);
    let clean = local_folder(&root, &Limits::USUAL).unwrap();
    assert_eq!(clean.state, FolderState::Clean);
    assert_eq!(local_version(&root, &clean, None).unwrap(), "3.2.1");
    let mode = |path: &str| clean.files.iter().find(|file| file.path == path).unwrap().mode;
    assert_eq!(mode("d0/e0/f0.py"), FileMode::Executable);
    assert_eq!(mode("link"), FileMode::Link);

    // Changed, removed, new, ignored, ignored but tracked, new in a new folder, a repository inside.
    fs_err::write(root.join("d1/e1/f1.py"), "changed\n").unwrap();
    assert_eq!(compare(&root), 602);
    fs_err::remove_file(root.join("d2/e2/f2.py")).unwrap();
    assert_eq!(compare(&root), 601);
    for path in ["new.py", "x.pyc", "keep.pyc", "n/e/w.py", "build/x", "d3/e3/f3.pyc"] {
        fs_err::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs_err::write(root.join(path), "x\n").unwrap();
    }
    assert_eq!(compare(&root), 604);
    git(&root, &["add", "-f", "x.pyc", "build/x"]);
    assert_eq!(compare(&root), 606);
    git(&root, &["init", "-q", "inside"]);
    fs_err::write(root.join("inside/x"), "x\n").unwrap();
    git(&root.join("inside"), &["add", "-A"]);
    git(&root.join("inside"), &["commit", "-qm", "x"]);
    assert_eq!(compare(&root), 606);
    compare(&root.join("d4"));
    git(&root, &["add", "-A", "d1", "d2", "new.py"]);
    git(&root, &["commit", "-qm", "Sem-Ver: feature"]);
    let found = local_folder(&root, &Limits::USUAL).unwrap();
    assert_eq!(local_version(&root, &found, None).unwrap(), "3.3.0.dev1");
    println!("the files of a folder are those that git tells, in nine states");
}

#[test]
fn a_folder_without_git_has_all_its_files() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    for path in ["PKG-INFO", "a/b/c.py", "a/.git/config"] {
        fs_err::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
        fs_err::write(folder.path().join(path), "x\n").unwrap();
    }
    let found = local_folder(folder.path(), &Limits::USUAL).unwrap();
    let paths: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["PKG-INFO", "a/b/c.py"]);
    assert!(found.commit.is_none() && found.state == FolderState::Changed);
    assert!(local_version(folder.path(), &found, None).is_err());
    assert!(local_folder(&folder.path().join("nowhere"), &Limits::USUAL).is_err());
    let few = Limits { files: 1, ..Limits::USUAL };
    assert!(local_folder(folder.path(), &few).is_err());
}
