//! The tree of this repository.

use std::path::Path;

#[test]
fn the_tree_of_this_repository_has_no_fault() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let faults = release::check(&root);
    assert!(faults.is_empty(), "{}", names::render_faults(&faults));
}
