//! What a Debian package has below its prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use distro::unpack_deb;
use filetree::{Content, Kind};
use names::Arch;
use store::{Blob, Store};

use super::holder::Held;
use super::{EquivalenceError, Found, Listing, prefix_of};
use crate::files;

/// The files of a package that is unpacked.
#[derive(Debug)]
pub(super) struct Deb {
    contents: BTreeMap<String, Content>,
}

impl Deb {
    /// Reads the package at `path`; what is unpacked goes to `store`.
    pub(super) fn read(path: &Path, store: &Store) -> Result<(Held, Self), EquivalenceError> {
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
        let prefix = prefix_of(path, entries.iter().map(|(path, _)| path))?;
        let (mut listing, mut contents) = (Listing::new(), BTreeMap::new());
        for (path, node) in entries {
            let Some(below) = path.strip_prefix(&prefix).map(|path| path.to_string()) else {
                continue;
            };
            let found = match &node.kind {
                Kind::Directory => Found::Directory(node.mode),
                Kind::Symlink(target) => Found::Link(target.clone()),
                Kind::HardLink(target) => Found::Link(format!("/{target}")),
                Kind::File(content) => {
                    contents.insert(below.clone(), content.clone());
                    Found::File(node.mode, content.sha256, content.size)
                }
            };
            listing.insert(below, found);
        }
        Ok((Held { arch, prefix: format!("/{prefix}"), listing }, Self { contents }))
    }

    /// The bytes of the files `wanted`, by their paths below the prefix.
    pub(super) fn contents(
        &self,
        path: &Path,
        wanted: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<u8>>, EquivalenceError> {
        let failed = |source| EquivalenceError::Read { path: path.to_owned(), source };
        let wanted = self.contents.iter().filter(|(below, _)| wanted.contains(*below));
        wanted
            .map(|(below, content)| Ok((below.clone(), content.read().map_err(failed)?)))
            .collect()
    }
}
