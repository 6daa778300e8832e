//! Makes a package from what is in a folder, for `/opt/NAME`:
//! `folder_to_package FOLDER NAME VERSION OUT [zstd|xz|gzip [JOBS]]`.
//!
//! A tree, the metadata, one call: that is all that another tool needs.

use std::error::Error;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use filetree::{Content, Node, Tree, TreePath};
use names::{Digest, Epoch};
use pkg_writer::{Accounts, Compression, Options, deb};
use sha2::{Digest as _, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, name, version, out, rest @ ..] = &arguments[..] else {
        return Err("usage: folder_to_package FOLDER NAME VERSION OUT [zstd|xz|gzip [JOBS]]".into());
    };
    let compression = match rest.first().map(String::as_str) {
        None | Some("zstd") => Compression::zstd(),
        Some("xz") => Compression::xz(),
        Some("gzip") => Compression::gzip(),
        Some(other) => return Err(format!("`{other}` is not zstd, xz or gzip").into()),
    };
    let mut tree = Tree::new();
    let top: TreePath = format!("opt/{name}").parse()?;
    tree.insert_with_parents(top.clone(), Node::directory(0o755, Epoch(1_795_228_558)))?;
    add(&mut tree, Path::new(folder), &top)?;

    let out = Path::new(out);
    let scratch = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let options = Options {
        compression,
        jobs: rest.get(1).map_or(Ok(2), |text| text.parse())?,
        epoch: Epoch(1_795_228_558),
        scratch: scratch.map_or(PathBuf::from("."), Path::to_owned),
        check_contents: true,
        accounts: Accounts::default(),
    };
    let package = deb::Package {
        name: name.clone(),
        version: version.clone(),
        architecture: "amd64".to_owned(),
        maintainer: "Jane Doe <jane@example.org>".to_owned(),
        description: format!("{name}, from a folder"),
        ..deb::Package::default()
    };
    deb::save(&tree, &package, &options, out)?;
    Ok(())
}

/// Adds what is in `folder`, at `path` of the tree.
fn add(tree: &mut Tree, folder: &Path, path: &TreePath) -> Result<(), Box<dyn Error>> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        let name = entry.file_name().into_string().map_err(|_| "a name that is not UTF-8")?;
        let inner = path.join(&name)?;
        let mode = meta.permissions().mode() & 0o7777;
        let time = Epoch(u64::try_from(meta.mtime())?);
        if meta.is_dir() {
            tree.insert(inner.clone(), Node::directory(mode, time))?;
            add(tree, &entry.path(), &inner)?;
        } else if meta.is_symlink() {
            let target = fs_err::read_link(entry.path())?.to_string_lossy().into_owned();
            tree.insert(inner, Node::symlink(target, time))?;
        } else if meta.is_file() {
            let content =
                Content::from_slice(entry.path().into(), 0, meta.len(), digest(&entry.path())?);
            tree.insert(inner, Node::file(mode, time, content))?;
        }
    }
    Ok(())
}

fn digest(path: &Path) -> std::io::Result<Digest> {
    let mut hash = Sha256::new();
    std::io::copy(&mut fs_err::File::open(path)?, &mut HashWriter(&mut hash))?;
    Ok(Digest::from_bytes(hash.finalize().into()))
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
