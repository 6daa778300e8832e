//! What an rpm has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader};
use std::path::Path;

use filetree::TreePath;
use names::{Arch, Hashing};
use pkg_writer::rpm::{Headers, PackedEntry, read_headers, read_payload};

use super::deb::below;
use super::image::read as read_file;
use super::{Entries, EquivalenceError, Found};

/// The tag of the architecture.
const ARCH: u32 = 1022;
/// Kinds of files (inode(7)).
const KIND: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// What the package at `path` has: what its payload has, not what its header says of it. No architecture
/// stands for all.
pub(super) fn read(path: &Path) -> Result<(Option<Arch>, Entries), EquivalenceError> {
    let mut entries = BTreeMap::new();
    let headers = visit(path, |path, PackedEntry { mode, bytes, .. }| {
        let permissions = mode & 0o7777;
        let found = match mode & KIND {
            DIRECTORY => Found::Directory(permissions),
            LINK => Found::Link(String::from_utf8_lossy(&read_file(bytes)?).into_owned()),
            _ => {
                let (digest, size) = Hashing::new(bytes).finish_reading()?;
                Found::File(permissions, digest, size)
            }
        };
        entries.insert(path.clone(), found);
        Ok(())
    })?;
    let arch = match headers.main.text(ARCH).unwrap_or_default().as_str() {
        "noarch" => None,
        "x86_64" => Some(Arch::Amd64),
        "aarch64" => Some(Arch::Arm64),
        other => {
            let (package, arch) = (path.to_owned(), other.to_owned());
            return Err(EquivalenceError::Arch { package, arch });
        }
    };
    Ok((arch, entries))
}

/// The bytes of the files `wanted` of the package at `path`, by their paths below `prefix`.
pub(super) fn contents(
    path: &Path,
    prefix: &str,
    wanted: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<u8>>, EquivalenceError> {
    let mut contents = BTreeMap::new();
    visit(path, |path, entry| {
        if let Some(below) = below(path, prefix).filter(|below| wanted.contains(below)) {
            contents.insert(below, read_file(entry.bytes)?);
        }
        Ok(())
    })?;
    Ok(contents)
}

/// Calls `visit` with each entry of the package at `path`.
fn visit(
    path: &Path,
    visit: impl FnMut(&TreePath, PackedEntry<'_>) -> io::Result<()>,
) -> Result<Headers, EquivalenceError> {
    let read = || {
        let mut input = BufReader::new(fs_err::File::open(path)?);
        let headers = read_headers(&mut input)?;
        read_payload(&headers.main, input, visit)?;
        Ok(headers)
    };
    read().map_err(|source| EquivalenceError::Read { path: path.to_owned(), source })
}
