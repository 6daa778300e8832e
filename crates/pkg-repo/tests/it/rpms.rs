//! Small rpm packages for tests, built by rpmbuild and signed by us.

use std::path::{Path, PathBuf};

use filetree::{Content, Node, Tree};
use pkg_writer::{Accounts, Compression, Options, rpm};
use signer::{OpenPgpKey, rpm_header_signature};
use testkit::tool;

use crate::room::TIME;

/// Builds packages from a spec file with these lines before `%description` and after it; returns them
/// in order of their names.
pub(crate) fn build(
    folder: &Path,
    name: &str,
    version: &str,
    preamble: &str,
    rest: &str,
) -> Vec<PathBuf> {
    let top = folder.join(format!("rpmbuild-{name}-{version}"));
    std::fs::create_dir_all(&top).unwrap();
    let spec = format!(
        "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: A <{name}> & \"more\"\nLicense: MIT\n\
         {preamble}\n%description\nText of {name},\nin two lines.\n{rest}\n"
    );
    let path = top.join("package.spec");
    fs_err::write(&path, spec).unwrap();
    let define = format!("_topdir {}", top.display());
    let rpmbuild = tool("rpmbuild").args(["-bb", "--quiet", "--define", &define]);
    rpmbuild.args(["--define", "_buildhost builder"]).arg(&path).run();
    let mut found = Vec::new();
    for folder in std::fs::read_dir(top.join("RPMS")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            found.push(file.unwrap().path());
        }
    }
    found.sort();
    found
}

/// A package for all architectures with one file.
pub(crate) fn small(folder: &Path, name: &str, version: &str) -> PathBuf {
    let install = format!(
        "%install\nmkdir -p %{{buildroot}}/usr/share/{name}\n\
         echo {version} > %{{buildroot}}/usr/share/{name}/version\n%files\n/usr/share/{name}\n"
    );
    build(folder, name, version, "BuildArch: noarch", &install).remove(0)
}

/// A package with one file, that needs no rpmbuild.
pub(crate) fn plain(path: &Path, name: &str, content: &[u8]) {
    let mut tree = Tree::new();
    let file = Node::file(0o644, TIME, Content::from_bytes(content));
    tree.insert_with_parents(format!("usr/share/{name}").parse().unwrap(), file).unwrap();
    let package = rpm::Package {
        name: name.to_owned(),
        version: "1.0".to_owned(),
        release: "1".to_owned(),
        architecture: "noarch".to_owned(),
        summary: "A summary".to_owned(),
        description: "A description.".to_owned(),
        license: "MIT".to_owned(),
        ..rpm::Package::default()
    };
    let options = Options {
        compression: Compression::zstd(),
        jobs: 1,
        epoch: TIME,
        scratch: std::env::temp_dir(),
        check_contents: true,
        accounts: Accounts::default(),
    };
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    rpm::save(&tree, &package, &options, path).unwrap();
}

/// Signs a package in place: its main header, in its signature header.
pub(crate) fn sign(path: &Path, key: &dyn OpenPgpKey) {
    let bytes = fs_err::read(path).unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let length = |at: usize| 16 + 16 * number(at + 8) + number(at + 12);
    let end = (96 + length(96)).next_multiple_of(8);
    let signature = rpm_header_signature(&bytes[end..end + length(end)], key, TIME).unwrap();
    // The entries as they are, but for the region around them, and the new one in its order.
    let data = 96 + 16 + 16 * number(96 + 8);
    let mut entries: Vec<(u32, u32, usize, Vec<u8>)> = Vec::new();
    for index in 0..number(96 + 8) {
        let at = 96 + 16 + 16 * index;
        let (tag, kind, offset, count) =
            (number(at), number(at + 4), data + number(at + 8), number(at + 12));
        let size = match kind {
            3 => 2 * count,
            4 => 4 * count,
            5 => 8 * count,
            6 => bytes[offset..].iter().position(|byte| *byte == 0).unwrap() + 1,
            _ => count,
        };
        if tag != 62 {
            entries.push((tag as u32, kind as u32, count, bytes[offset..offset + size].to_vec()));
        }
    }
    entries.push((signature.tag, 7, signature.value.len(), signature.value));
    entries.sort_by_key(|entry| entry.0);
    let mut index = Vec::new();
    let mut store = Vec::new();
    for (tag, kind, count, value) in &entries {
        let align = match kind {
            3 => 2,
            4 => 4,
            5 => 8,
            _ => 1,
        };
        store.resize(store.len().next_multiple_of(align), 0);
        for word in [*tag, *kind, store.len() as u32, *count as u32] {
            index.extend(word.to_be_bytes());
        }
        store.extend(value);
    }
    let total = entries.len() as u32 + 1;
    let region = [62, 7, store.len() as u32, 16].map(u32::to_be_bytes).concat();
    store.extend([62, 7, 0_u32.wrapping_sub(16 * total), 16].map(u32::to_be_bytes).concat());
    let mut signed = bytes[..96 + 8].to_vec();
    signed.extend(total.to_be_bytes());
    signed.extend((store.len() as u32).to_be_bytes());
    signed.extend([region, index, store].concat());
    signed.resize(signed.len().next_multiple_of(8), 0);
    signed.extend(&bytes[end..]);
    fs_err::write(path, signed).unwrap();
}
