//! What a Debian package has below its prefix.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use distro::unpack_deb;
use filetree::{Content, Kind, TreePath};
use names::Arch;
use store::{Blob, Store};

use super::{EquivalenceError, Found, Listing};
use crate::files;

/// A package that is read.
pub(super) struct Deb {
    pub(super) arch: Arch,
    pub(super) prefix: TreePath,
    pub(super) listing: Listing,
    contents: BTreeMap<String, Content>,
}

impl Deb {
    /// Reads the package at `path`; what is unpacked goes to `store`.
    pub(super) fn read(path: &Path, store: &Store) -> Result<Self, EquivalenceError> {
        let failed = |source| EquivalenceError::Read { path: path.to_owned(), source };
        let (digest, size) = files::measured(path).map_err(failed)?;
        let blob = Blob { digest, size, path: path.to_owned() };
        let unpacked = unpack_deb(store, &blob)?;
        let arch = match unpacked.architecture.as_str() {
            "all" | "amd64" => Arch::Amd64,
            "arm64" => Arch::Arm64,
            other => {
                let (package, arch) = (path.to_owned(), other.to_owned());
                return Err(EquivalenceError::Arch { package, arch });
            }
        };
        let entries = &unpacked.pack.entries;
        let environments: Vec<TreePath> = entries
            .iter()
            .filter(|(path, _)| path.file_name() == "pyvenv.cfg")
            .filter_map(|(path, _)| path.parent())
            .collect();
        let [prefix] = &environments[..] else {
            let (package, found) = (path.to_owned(), environments.len());
            return Err(EquivalenceError::Environment { package, found });
        };
        let mut deb = Self {
            arch,
            prefix: prefix.clone(),
            listing: Listing::new(),
            contents: BTreeMap::new(),
        };
        for (path, node) in entries {
            let Some(below) = path.strip_prefix(prefix).map(|path| path.to_string()) else {
                continue;
            };
            let found = match &node.kind {
                Kind::Directory => Found::Directory(node.mode),
                Kind::Symlink(target) => Found::Link(target.clone()),
                Kind::HardLink(target) => Found::Link(format!("/{target}")),
                Kind::File(content) => {
                    deb.contents.insert(below.clone(), content.clone());
                    Found::File(node.mode, content.sha256, content.size)
                }
            };
            deb.listing.insert(below, found);
        }
        Ok(deb)
    }

    /// The bytes of a file below the prefix.
    pub(super) fn content(&self, path: &str) -> io::Result<Vec<u8>> {
        self.contents.get(path).ok_or(io::ErrorKind::NotFound)?.read()
    }
}
