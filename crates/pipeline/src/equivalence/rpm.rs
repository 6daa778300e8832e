//! What an rpm has below its prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader};
use std::path::Path;

use filetree::TreePath;
use names::{Arch, Hashing};
use pkg_writer::rpm::{Headers, PackedEntry, read_headers, read_payload};

use super::holder::Held;
use super::image::read;
use super::{EquivalenceError, Found, prefix_of};

/// The tag of the architecture.
const ARCH: u32 = 1022;
/// Kinds of files (inode(7)).
const KIND: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// What the package at `path` has: what its payload has, not what its header says of it.
pub(super) fn held(path: &Path) -> Result<Held, EquivalenceError> {
    let mut entries = BTreeMap::new();
    let headers = visit(path, |path, PackedEntry { mode, bytes, .. }| {
        let permissions = mode & 0o7777;
        let found = match mode & KIND {
            DIRECTORY => Found::Directory(permissions),
            LINK => Found::Link(String::from_utf8_lossy(&read(bytes)?).into_owned()),
            _ => {
                let (digest, size) = Hashing::new(bytes).finish_reading()?;
                Found::File(permissions, digest, size)
            }
        };
        entries.insert(path.clone(), found);
        Ok(())
    })?;
    let arch = match headers.main.text(ARCH).unwrap_or_default().as_str() {
        "noarch" | "x86_64" => Arch::Amd64,
        "aarch64" => Arch::Arm64,
        other => {
            let (package, arch) = (path.to_owned(), other.to_owned());
            return Err(EquivalenceError::Arch { package, arch });
        }
    };
    let prefix = prefix_of(path, entries.keys())?;
    let below = |(path, found): (TreePath, Found)| {
        path.strip_prefix(&prefix).map(|below| (below.to_string(), found))
    };
    let listing = entries.into_iter().filter_map(below).collect();
    Ok(Held { arch, prefix: format!("/{prefix}"), listing })
}

/// The bytes of the files `wanted` of the package at `path`, by their paths below `prefix`.
pub(super) fn contents(
    path: &Path,
    prefix: &str,
    wanted: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<u8>>, EquivalenceError> {
    let mut contents = BTreeMap::new();
    visit(path, |path, entry| {
        let place = format!("/{path}");
        let below = place.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'));
        if let Some(below) = below.filter(|below| wanted.contains(*below)) {
            contents.insert(below.to_owned(), read(entry.bytes)?);
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
