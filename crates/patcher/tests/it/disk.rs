//! Trees on disk: what is written, and what stays when something fails.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Tree, file, put, take, tree};
use patcher::{ApplyError, Folder, Options, WriteError};

const PATCH: &str = "--- a/dir/a\n+++ b/dir/a\n@@ -1 +1 @@\n-a\n+A\n--- /dev/null\n+++ b/new/deep/n\n@@ -0,0 +1 @@\n+n\n\
                     --- a/old/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";

fn base() -> Tree {
    tree([("dir/a", "a\n"), ("old/gone", "x\n"), ("stays", "s\n")])
}

fn applied(folder: &Path, patch: &str) -> Result<patcher::Applied, ApplyError> {
    let series = [patcher::parse(patch.as_bytes(), "1.patch").unwrap()];
    patcher::apply(&Folder { path: folder.to_owned() }, &series, &Options::default())
}

fn mode(path: &Path) -> u32 {
    fs_err::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn files_keep_their_permissions_and_empty_folders_go() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &base());
    let private = std::fs::Permissions::from_mode(0o640);
    fs_err::set_permissions(folder.path().join("dir/a"), private).unwrap();
    let executable = "diff --git a/stays b/stays\nold mode 100644\nnew mode 100755\n";
    let applied = applied(folder.path(), &format!("{PATCH}{executable}")).unwrap();
    patcher::write(folder.path(), &applied).unwrap();
    assert_eq!(mode(&folder.path().join("dir/a")), 0o640);
    assert_eq!(mode(&folder.path().join("stays")), 0o755);
    assert_eq!(mode(&folder.path().join("new/deep/n")), 0o644);
    assert!(!folder.path().join("old").exists());
    let names: Vec<String> = take(folder.path()).into_keys().collect();
    assert_eq!(names, ["dir/a", "new/deep/n", "stays"]);
}

#[test]
fn nothing_is_read_or_written_through_links() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(outside.path(), &tree([("a", "a\n")]));
    put(folder.path(), &tree([("old/gone", "x\n")]));
    std::os::unix::fs::symlink(outside.path(), folder.path().join("dir")).unwrap();
    let error = applied(folder.path(), PATCH).unwrap_err().to_string();
    assert!(error.contains("dir/a lies behind the symbolic link dir"), "{error}");
    // The link appears after the patches were applied.
    let clean = tempfile::tempdir().unwrap();
    put(clean.path(), &base());
    let applied = applied(clean.path(), PATCH).unwrap();
    let error = patcher::write(folder.path(), &applied).unwrap_err();
    assert!(matches!(error, WriteError::NotFolder { .. }), "{error}");
    assert_eq!(take(outside.path()), tree([("a", "a\n")]));
}

#[test]
fn what_fails_midway_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &base());
    let applied = applied(folder.path(), PATCH).unwrap();
    // A folder is where the new file should go.
    fs_err::create_dir_all(folder.path().join("new/deep/n/full")).unwrap();
    fs_err::write(folder.path().join("new/deep/n/full/x"), "x").unwrap();
    let before = take(folder.path());
    let error = patcher::write(folder.path(), &applied).unwrap_err();
    assert!(error.to_string().ends_with("nothing was changed"), "{error}");
    assert_eq!(take(folder.path()), before);
    let other = folder.path().with_extension("other");
    let error = patcher::write_copy(folder.path(), &other, &applied).unwrap_err();
    assert!(matches!(error, WriteError::Refused { .. }), "{error}");
    assert!(!other.exists());
    let inside = patcher::write_copy(folder.path(), &folder.path().join("copy"), &applied);
    assert!(matches!(inside.unwrap_err(), WriteError::Inside { .. }));
    assert_eq!(take(folder.path()), before);
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 4, "something is left behind");
}

#[test]
fn a_copy_has_all_else_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    put(&from, &base());
    std::os::unix::fs::symlink("nowhere", from.join("dangling")).unwrap();
    let applied = applied(&from, PATCH).unwrap();
    patcher::write_copy(&from, &to, &applied).unwrap();
    assert_eq!(take(&from).len(), 4);
    let copy = take(&to);
    assert_eq!(copy["dir/a"], file("A\n"));
    assert_eq!(copy["dangling"].kind, patcher::FileKind::Link);
    assert!(!copy.contains_key("old/gone"));
    let time = |path: &Path| fs_err::metadata(path).unwrap().modified().unwrap();
    assert_eq!(time(&from.join("stays")), time(&to.join("stays")));
    let again = patcher::write_copy(&from, &to, &applied).unwrap_err();
    assert!(matches!(again, WriteError::Exists { .. }));
}

#[test]
fn series_are_read_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let patch = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    for name in ["0010-c.patch", "0009-b.patch", "0001-a.patch"] {
        fs_err::write(folder.path().join(name), patch).unwrap();
    }
    fs_err::write(folder.path().join("README"), "no patch").unwrap();
    let names: Vec<String> = patcher::read_series(folder.path())
        .unwrap()
        .into_iter()
        .map(|patch| patch.name.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["0001-a.patch", "0009-b.patch", "0010-c.patch"]);
    fs_err::write(folder.path().join("0002.patch"), "no patch").unwrap();
    fs_err::write(folder.path().join("0003.patch"), "no patch").unwrap();
    let error = patcher::read_series(folder.path()).unwrap_err().to_string();
    assert_eq!(error.matches("the patch changes nothing").count(), 2, "{error}");
    fs_err::write(folder.path().join("0004.diff"), patch).unwrap();
    assert!(
        patcher::read_series(folder.path())
            .unwrap_err()
            .to_string()
            .contains("does not end in .patch")
    );
    assert!(patcher::read_series(&folder.path().join("none")).unwrap().is_empty());
}
