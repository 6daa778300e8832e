//! Image layouts, the libraries in them, and the packs of the store.

use std::sync::LazyLock;

use filetree::{Content, Kind, Node, Pack, Tree};
use names::{Arch, Digest, Epoch};
use sha2::{Digest as _, Sha256};

/// What stands between the parts of an input for [`oci`].
const BETWEEN: &str = "\n=====\n";

/// An image layout, bottom up: configuration, manifest, index, `oci-layout`; each may name the digest
/// and the size of those before it (`{config}`, `{config-size}`, ...) and of the layer.
pub(crate) fn oci(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs/sha256");
    fs_err::create_dir_all(&blobs).unwrap();
    let put = |bytes: &[u8]| {
        let digest = Digest::from_bytes(Sha256::digest(bytes).into());
        fs_err::write(blobs.join(digest.hex()), bytes).unwrap();
        (digest.to_string(), bytes.len().to_string())
    };
    let mut known = vec![("layer", put(&LAYER))];
    let parts = ["config", "manifest", "index.json", "oci-layout"];
    for (name, part) in parts.into_iter().zip(text.split(BETWEEN)) {
        let mut document = part.to_owned();
        for (name, (digest, size)) in &known {
            document = document.replace(&format!("{{{name}}}"), digest);
            document = document.replace(&format!("{{{name}-size}}"), size);
        }
        match name {
            "config" | "manifest" => known.push((name, put(document.as_bytes()))),
            _ => fs_err::write(folder.path().join(name), document).unwrap(),
        }
    }
    match oci_writer::validate(folder.path()) {
        Ok(summary) => assert!(summary.images.iter().all(|image| !image.entries.is_empty())),
        Err(problems) => assert!(!problems.is_empty()),
    }
}

/// A pack, as a store may hold it after its bytes were changed.
pub(crate) fn pack(input: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack");
    fs_err::write(&path, input).unwrap();
    let Ok(pack) = Pack::open(&path) else { return };
    let nodes = pack.entries.iter().map(|(_, node)| &node.kind);
    let files = nodes.filter_map(|kind| match kind {
        Kind::File(content) => Some(content),
        _ => None,
    });
    for content in files.chain(pack.attachments.values()) {
        // What is read is what the index says, or is an error.
        if let Ok(bytes) = content.read() {
            assert_eq!(Digest::from_bytes(Sha256::digest(&bytes).into()), content.sha256);
        }
    }
}

/// A layer with one file.
static LAYER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut tree = Tree::default();
    let path = "a".parse().unwrap();
    tree.insert(path, Node::file(0o644, Epoch(7), Content::from_bytes("a"))).unwrap();
    let mut tar = Vec::new();
    filetree::write_tar(tree.iter(), None, &mut tar).unwrap();
    tar
});

/// A shared library: what the linker reads of it, and its debug symbols taken out.
pub(crate) fn elf(input: &[u8]) {
    let content = Content::from_bytes(input);
    elf::dynamic(&content).unwrap();
    for arch in Arch::ALL {
        elf::library(&content, arch).unwrap();
    }
    let Some(symbols) = elf::symbols(&content, "library.debug").unwrap() else { return };
    let (mut debug, mut stripped) = (Vec::new(), Vec::new());
    let sum = symbols.write_debug(&mut debug).unwrap();
    symbols.write_stripped(sum, &mut stripped).unwrap();
    let longest = 2 * input.len() + (1 << 16);
    assert!(debug.len() <= longest && stripped.len() <= longest);
    let stripped = Content::from_bytes(stripped);
    assert!(elf::symbols(&stripped, "library.debug").unwrap().is_none(), "they are still there");
}
