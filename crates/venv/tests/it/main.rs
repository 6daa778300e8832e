//! Wheels as they come to lie in an environment.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and finds mirrors and tools through the environment"
)]

mod installing;
mod judges;
mod refusals;

use std::io::Write as _;
use std::path::Path;

use filetree::{Kind, Node, Pack, Tree};
use names::Epoch;
use store::Store;
use testkit::WheelBuilder;
use venv::{InstallError, Layout, Wheel};

fn layout() -> Layout {
    Layout {
        prefix: "opt/v".parse().unwrap(),
        python: "/usr/bin/python3.13".to_owned(),
        version: "3.13.5".to_owned(),
    }
}

/// Puts a wheel into `store` and unpacks it there.
fn unpack(store: &Store, bytes: &[u8]) -> Pack {
    let mut writer = store.blob_writer().unwrap();
    writer.write_all(bytes).unwrap();
    wheels::unpack(store, &writer.finish(None).unwrap()).unwrap()
}

/// Unpacks and installs a wheel, with small generated files of time 7.
fn installed(wheel: &WheelBuilder) -> Result<Tree, InstallError> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut pack = unpack(&store, &wheel.build());
    for (_, node) in &mut pack.entries {
        keep(node);
    }
    let wheel = Wheel { file_name: &wheel.file_name(), pack: &pack, requested: false };
    venv::install(&layout(), &wheel, Epoch(7))
}

/// Takes a file's bytes out of the store, which ends with the test's helper.
fn keep(node: &mut Node) {
    if let Kind::File(content) = &mut node.kind {
        *content = filetree::Content::from_bytes(content.read().unwrap());
    }
}

fn text(tree: &Tree, path: &str) -> String {
    let Some(Node { kind: Kind::File(content), .. }) = tree.at(path) else {
        panic!("no file {path} in\n{}", tree.listing());
    };
    String::from_utf8(content.read().unwrap()).unwrap()
}

/// Writes a tree below `folder`, as root of a file system.
fn write_out(tree: &Tree, folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for (path, node) in tree {
        let place = folder.join(path.as_str());
        match &node.kind {
            Kind::Directory => fs_err::create_dir_all(&place).unwrap(),
            Kind::Symlink(target) => fs_err::os::unix::fs::symlink(target, &place).unwrap(),
            Kind::File(content) => {
                let mut file = fs_err::File::create(&place).unwrap();
                std::io::copy(&mut content.reader().unwrap(), &mut file).unwrap();
                let mode = std::fs::Permissions::from_mode(node.mode);
                fs_err::set_permissions(&place, mode).unwrap();
            }
            Kind::HardLink(_) => panic!("{path}: a hard link in an environment"),
        }
    }
}
