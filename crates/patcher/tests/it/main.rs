//! Patches against the tools that everybody applies them with: Git and GNU patch.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking and reads the files that it checks"
)]

mod binary;
mod differences;
mod disk;
mod errors;
mod formats;
mod generated;
mod hostile;
mod real;
mod statuses;

use std::collections::BTreeMap;
use std::path::Path;

use patcher::{Applied, ApplyError, File, FileKind, Options};

type Tree = BTreeMap<String, File>;

fn file(bytes: impl Into<Vec<u8>>) -> File {
    File { bytes: bytes.into(), kind: FileKind::Plain }
}

fn tree<const N: usize>(files: [(&str, &str); N]) -> Tree {
    files.into_iter().map(|(path, text)| (path.to_owned(), file(text))).collect()
}

/// Applies patches, of which the first is called `1.patch`.
#[track_caller]
fn try_apply(tree: &Tree, patches: &[&str], fuzz: usize) -> Result<Applied, ApplyError> {
    let parse = |(index, text): (usize, &&str)| {
        patcher::parse(text.as_bytes(), &format!("{}.patch", index + 1)).unwrap()
    };
    let series: Vec<_> = patches.iter().enumerate().map(parse).collect();
    patcher::apply(tree, &series, &Options { fuzz })
}

/// The tree with the changes.
fn after(tree: &Tree, applied: &Applied) -> Tree {
    let mut tree = tree.clone();
    for (path, file) in &applied.files {
        match file {
            Some(file) => _ = tree.insert(path.clone(), file.clone()),
            None => _ = tree.remove(path),
        }
    }
    tree
}

/// Writes a tree into a folder, which is new or empty.
fn put(folder: &Path, tree: &Tree) {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::PermissionsExt as _;
    for (path, file) in tree {
        let full = folder.join(path);
        fs_err::create_dir_all(full.parent().unwrap()).unwrap();
        if file.kind == FileKind::Link {
            let target = std::ffi::OsStr::from_bytes(&file.bytes);
            std::os::unix::fs::symlink(target, &full).unwrap();
            continue;
        }
        fs_err::write(&full, &file.bytes).unwrap();
        let mode = if file.kind == FileKind::Executable { 0o755 } else { 0o644 };
        std::fs::set_permissions(&full, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Reads a folder, but for Git's own.
fn take(folder: &Path) -> Tree {
    fn walk(folder: &Path, below: &str, tree: &mut Tree) {
        use patcher::Source as _;
        for entry in fs_err::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{below}{name}");
            if entry.file_type().unwrap().is_dir() {
                if name != ".git" {
                    walk(&entry.path(), &format!("{path}/"), tree);
                }
            } else {
                let source = patcher::Folder { path: folder.to_owned() };
                tree.insert(path, source.read(&name).unwrap().unwrap());
            }
        }
    }
    let mut tree = Tree::new();
    walk(folder, "", &mut tree);
    tree
}

/// What the tree becomes with the patch applied by `git apply` in a folder that is no repository;
/// `None` where it refuses.
fn git_apply(tree: &Tree, patch: &[u8]) -> Option<Tree> {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), tree);
    let run = testkit::tool("sh")
        .args(["-c", "git apply --whitespace=nowarn - 2>/dev/null && echo yes || echo no"])
        .env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap())
        .folder(folder.path())
        .input(patch)
        .text();
    (run == "yes\n").then(|| take(folder.path()))
}

/// The same with GNU patch.
fn gnu_patch(tree: &Tree, patch: &[u8], fuzz: usize) -> Option<Tree> {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), tree);
    let command = format!(
        "patch -p1 -f -s --no-backup-if-mismatch --fuzz={fuzz} -r - >/dev/null 2>&1 && echo yes || echo no"
    );
    let run = testkit::tool("sh").args(["-c", &command]).folder(folder.path()).input(patch).text();
    (run == "yes\n").then(|| take(folder.path()))
}
