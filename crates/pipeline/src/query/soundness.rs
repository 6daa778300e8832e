//! Whether a file that was made from others is still what it was.

use std::io;
use std::path::Path;

use filetree::{Content, Kind, Pack};
use names::Hashing;

use crate::locking::offline;
use crate::{built_wheel, layers, package, sdist_of};

/// What is wrong with a derived file of the store, if anything is: the contents in an unpacked archive
/// and its index must have their digests, a record must have its own, and anything else, such as files
/// of an earlier version, must be readable and not empty.
pub fn fault_of_derived(kind: &str, path: &Path) -> Option<String> {
    let pack = ["deb-2", "wheel-2", "sdist-2"].contains(&kind);
    let record = [
        layers::RECORDS,
        oci_writer::GROUP_RECORDS,
        built_wheel::RECORDS,
        package::RECORDS,
        sdist_of::RECORDS,
        offline::DRAFTS,
        "metadata-2",
        distro::INDEX_RECORDS,
    ]
    .contains(&kind);
    let checked = match (pack, record) {
        (true, _) => check_pack(path),
        (_, true) => check_record(path),
        _ => fs_err::read(path).map(|bytes| bytes.is_empty().then(|| "it is empty".to_owned())),
    };
    checked.unwrap_or_else(|error| Some(error.to_string()))
}

fn check_record(path: &Path) -> io::Result<Option<String>> {
    let whole = store::is_whole_record(path)?;
    Ok((!whole).then(|| "it is not the record that was written".to_owned()))
}

fn check_pack(path: &Path) -> io::Result<Option<String>> {
    let pack = match Pack::open(path) {
        Ok(pack) => pack,
        Err(error) => return Ok(Some(error.source.to_string())),
    };
    for (name, node) in &pack.entries {
        if let Kind::File(content) = &node.kind
            && !is_whole(content)?
        {
            return Ok(Some(format!("{name} in it is damaged")));
        }
    }
    for (name, content) in &pack.attachments {
        if !is_whole(content)? {
            return Ok(Some(format!("{name} in it is damaged")));
        }
    }
    Ok(None)
}

/// Whether the bytes have their digest; they are not held in memory.
fn is_whole(content: &Content) -> io::Result<bool> {
    Ok(Hashing::new(content.reader()?).finish_reading()?.0 == content.sha256)
}

#[cfg(test)]
mod tests {
    use filetree::{FileMeta, PackWriter, TreePath};
    use names::Epoch;

    use super::*;

    #[test]
    fn damage_is_seen_in_packs_and_records() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pack");
        let mut pack = PackWriter::new(Vec::new());
        let meta = FileMeta { mode: 0o644, uid: 0, gid: 0, mtime: Epoch(0) };
        let name = TreePath::from_member("usr/bin/hello").unwrap();
        pack.add_file(&name, meta, &b"hello"[..]).unwrap();
        pack.attach("control", &b"Package: hello"[..]).unwrap();
        let whole = pack.finish().unwrap();
        let fault = |kind: &str, bytes: &[u8]| {
            fs_err::write(&path, bytes).unwrap();
            fault_of_derived(kind, &path)
        };
        assert_eq!(fault("deb-2", &whole), None);
        assert_eq!(fault("wheel-2", &whole), None);
        let mut other = whole.clone();
        other[1] ^= 1;
        assert_eq!(fault("deb-2", &other).unwrap(), "usr/bin/hello in it is damaged");
        other = whole.clone();
        other[7] ^= 1;
        assert_eq!(fault("deb-2", &other).unwrap(), "control in it is damaged");
        assert!(fault("deb-2", &whole[..whole.len() - 1]).is_some());
        assert!(fault("deb-2", b"").is_some());
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1;
            assert!(fault("sdist-2", &other).is_some(), "byte {at}");
        }
        let store = store::Store::open(&folder.path().join("store")).unwrap();
        let key = names::Digest::from_bytes([0; 32]);
        store.write_record(layers::RECORDS, &key, b"{}").unwrap();
        let record = fs_err::read(store.derived(layers::RECORDS, &key).unwrap()).unwrap();
        for kind in [layers::RECORDS, built_wheel::RECORDS, "metadata-2"] {
            assert_eq!(fault(kind, &record), None);
            assert_eq!(fault(kind, b"{}").unwrap(), "it is not the record that was written");
        }
        assert_eq!(fault("layer-1", b"{}"), None);
        assert_eq!(fault("layer-1", b"").unwrap(), "it is empty");
        fs_err::remove_file(&path).unwrap();
        assert!(fault_of_derived("deb-2", &path).is_some());
    }
}
