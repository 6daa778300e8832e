//! A small tree that has no fault, and ways to change it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

pub(crate) const RELEASE: &str = "series = \"flamingo\"\npython = \">=3.10\"\n";
pub(crate) const SOURCES: &str = "keystone: \"28.1.0\"\n";
pub(crate) const PINS: &str = "# source: openstack/requirements stable/2025.2\n\nyappi===1.6.10\n";
pub(crate) const SERVICE: &str = "description = \"Identity\"\n\n[user]\nname = \"keystone\"\n\
                                  uid = 42424\ngid = 42424\nhome = \"/var/lib/keystone\"\n";

pub(crate) fn put(tree: &TempDir, path: &str, text: &str) {
    let path = tree.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn small_tree() -> TempDir {
    let tree = TempDir::new().unwrap();
    put(&tree, "releases/2025.2/release.toml", RELEASE);
    put(&tree, "releases/2025.2/source-refs.yaml", SOURCES);
    put(&tree, "releases/2025.2/upper-constraints.txt", PINS);
    put(&tree, "services/keystone.toml", SERVICE);
    tree
}

/// The faults and remarks of a tree, without the folder that it happens to be in.
pub(crate) fn faults(root: &Path) -> String {
    let text = names::render_faults(&release::check(root));
    text.replace(root.to_str().unwrap(), "ROOT")
}
