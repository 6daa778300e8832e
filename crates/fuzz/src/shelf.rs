//! A store for one input.

use std::io::Write as _;

use filetree::{Kind, Pack};
use store::{Blob, Store};

/// Calls `read` with a new store that holds `bytes`, and looks whether all that is left in the end
/// lies in the store.
pub(crate) fn with_blob(bytes: &[u8], read: impl FnOnce(&Store, &Blob)) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let mut writer = store.blob_writer().unwrap();
    writer.write_all(bytes).unwrap();
    let blob = writer.finish(None).unwrap();
    read(&store, &blob);
    let beside: Vec<_> = fs_err::read_dir(folder.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "something was written beside the store");
}

/// Reads every file of a pack to its end: its bytes are what the index of the pack says.
pub(crate) fn check_pack(pack: &Pack) {
    for (path, node) in &pack.entries {
        assert!(!path.as_str().split('/').any(|part| part == ".."), "{path} leads out");
        if let Kind::File(content) = &node.kind {
            content.read().unwrap();
        }
    }
    for content in pack.attachments.values() {
        content.read().unwrap();
    }
}
