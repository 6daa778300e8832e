//! Trees from folders, and commands on them.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use filetree::{Content, Kind, Node, Tree, TreePath};
use names::{Epoch, Sha256};

/// The tree of a folder on disk; contents stay there.
pub(super) fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut names = BTreeMap::new();
    add(folder, &TreePath::root(), &mut tree, &mut names);
    tree
}

/// The part of a folder's tree at and below the directory `top`.
pub(super) fn part(folder: &Path, top: &str) -> Tree {
    let (mut tree, mut names) = (Tree::new(), BTreeMap::new());
    let top: TreePath = top.parse().unwrap();
    tree.insert_with_parents(top.clone(), Node::directory(0o755, Epoch(0))).unwrap();
    add(folder, &top, &mut tree, &mut names);
    tree
}

fn add(
    folder: &Path,
    inner: &TreePath,
    tree: &mut Tree,
    names: &mut BTreeMap<(u64, u64), TreePath>,
) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder.join(inner.as_str())).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = inner.join(entry.file_name().to_str().unwrap()).unwrap();
        let place = entry.path();
        let meta = std::fs::symlink_metadata(&place).unwrap();
        let kind = if meta.is_dir() {
            Kind::Directory
        } else if meta.is_symlink() {
            Kind::Symlink(std::fs::read_link(&place).unwrap().to_str().unwrap().to_owned())
        } else if !meta.is_file() {
            continue;
        } else if let Some(first) = names.get(&(meta.dev(), meta.ino())) {
            Kind::HardLink(first.clone())
        } else {
            names.insert((meta.dev(), meta.ino()), path.clone());
            let mut hash = Sha256::new();
            std::io::copy(&mut std::fs::File::open(&place).unwrap(), &mut HashWriter(&mut hash))
                .unwrap();
            let digest = hash.finalize();
            Kind::File(Content::from_slice(place.into(), 0, meta.len(), digest))
        };
        let mode = if meta.is_symlink() { 0o777 } else { meta.permissions().mode() & 0o7777 };
        let (uid, gid, mtime) = (meta.uid(), meta.gid(), Epoch(meta.mtime().unsigned_abs()));
        tree.insert(path.clone(), Node::of_root(mode, mtime, kind).owned_by(uid, gid)).unwrap();
        if meta.is_dir() {
            add(folder, &path, tree, names);
        }
    }
}

struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a command, which must succeed, and returns what it prints.
#[track_caller]
pub(super) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether a command succeeds.
pub(super) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap()
        .status
        .success()
}
