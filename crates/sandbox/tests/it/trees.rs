//! Trees on the disk.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use filetree::{Content, Kind, Node, Tree};
use names::Epoch;
use sandbox::{Limits, WriteTreeError, write_tree};

use crate::bench::{open_folder, root, try_run};
use crate::runner::{Test, plain, sandboxed};

pub(crate) const TESTS: &[Test] = &[
    plain("a_tree_becomes_files", files),
    plain("bad_trees_are_refused", refusals),
    plain("folders_with_odd_modes_are_removed", removal),
    plain("folders_of_any_depth_are_removed", depth),
    sandboxed("a_tree_can_be_a_root", as_root),
];

fn tree() -> Tree {
    let mut tree = Tree::new();
    let file =
        |mode, text: &str| Node::file(mode, Epoch(1000), Content::from_bytes(text)).owned_by(7, 8);
    let hard = Node { kind: Kind::HardLink("usr/z".parse().unwrap()), ..file(0o644, "") };
    for (path, node) in [
        ("usr", Node::directory(0o555, Epoch(5))),
        ("usr/a-link", hard),
        ("usr/z", file(0o444, "zzz")),
        ("usr/su", file(0o4755, "su")),
        ("usr/soft", Node::symlink("/nowhere", Epoch(77))),
        ("usr/sticky", Node::directory(0o1777, Epoch(6))),
    ] {
        tree.insert(path.parse().unwrap(), node).unwrap();
    }
    tree
}

fn files() {
    let folder = open_folder();
    let place = folder.path().join("new/tree");
    write_tree(&tree(), &place).unwrap();
    let mut lines = Vec::new();
    for name in ["usr", "usr/a-link", "usr/z", "usr/su", "usr/soft", "usr/sticky"] {
        let meta = fs::symlink_metadata(place.join(name)).unwrap();
        lines.push(format!("{name} {:o} {} {}", meta.mode(), meta.mtime(), meta.nlink()));
    }
    let want = "usr 40755 5 3|usr/a-link 100644 1000 2|usr/z 100644 1000 2|usr/su 100755 1000 1|\
                usr/soft 120777 77 1|usr/sticky 41777 6 2";
    assert_eq!(lines.join("|"), want);
    assert_eq!(fs::read_to_string(place.join("usr/a-link")).unwrap(), "zzz");
}

fn refusals() {
    let folder = open_folder();
    fs::write(folder.path().join("x"), "").unwrap();
    assert!(matches!(write_tree(&tree(), folder.path()), Err(WriteTreeError::NotEmpty { .. })));
    let other = folder.path().join("x");
    fs::write(&other, "bytes that are not those").unwrap();
    let digest = Content::from_bytes("what was there before...").sha256;
    let damaged = Content::from_slice(other.into(), 0, 24, digest);
    let mut tree_of_it = Tree::new();
    tree_of_it.insert("f".parse().unwrap(), Node::file(0o644, Epoch(0), damaged)).unwrap();
    let error = write_tree(&tree_of_it, &folder.path().join("damaged")).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("delete the file"));
    let mut dangling = tree();
    dangling.remove(&"usr/z".parse().unwrap());
    let error = write_tree(&dangling, &folder.path().join("new")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/usr/a-link: a hard link to /usr/z, which is no file of the tree"
    );
}

fn removal() {
    let folder = open_folder();
    let place = folder.path().join("a");
    fs::create_dir_all(place.join("b/c")).unwrap();
    fs::write(place.join("b/c/file"), "").unwrap();
    std::os::unix::fs::symlink("/etc", place.join("b/link")).unwrap();
    for name in ["b/c", "b", ""] {
        fs::set_permissions(place.join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    sandbox::remove(&place).unwrap();
    sandbox::remove(&place).unwrap();
    assert!(!place.exists());
    // A link goes, and not what it leads to.
    fs::create_dir(folder.path().join("kept")).unwrap();
    fs::set_permissions(folder.path().join("kept"), fs::Permissions::from_mode(0o500)).unwrap();
    std::os::unix::fs::symlink("kept", &place).unwrap();
    sandbox::remove(&place).unwrap();
    let kept = fs::metadata(folder.path().join("kept")).unwrap();
    assert_eq!(kept.mode() & 0o777, 0o500);
    assert!(fs::exists("/etc/passwd").unwrap());
}

fn depth() {
    let folder = open_folder();
    let place = folder.path().join("a");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("deep-0"), "").unwrap();
    let script = "chdir $ARGV[0]; for (1..2000) { mkdir 'dd'; chdir 'dd' }";
    testkit::tool("perl").args(["-e", script]).arg(&place).run();
    sandbox::remove(&place).unwrap();
    assert!(!place.exists());
}

fn as_root() {
    let folder = open_folder();
    let place = folder.path().join("tree");
    write_tree(&tree(), &place).unwrap();
    let upper = open_folder();
    let words =
        ["bash", "-c", "cat /usr/a-link; echo more >> /usr/z; rm /usr/su; rm -r /usr/sticky"];
    let lower = [place.as_path(), root()];
    let finished = try_run(&words, &lower, Limits::default(), upper.path()).unwrap();
    assert_eq!(finished.output, b"zzz", "{finished:?}");
    assert_eq!(fs::read_to_string(place.join("usr/z")).unwrap(), "zzz");
}
