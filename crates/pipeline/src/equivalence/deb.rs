//! What a Debian package has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use distro::unpack_deb;
use filetree::{Content, Kind, TreePath};
use names::Arch;
use store::{Blob, Store};

use super::{Entries, EquivalenceError, Found};
use crate::files;

/// The files of a package that is unpacked.
#[derive(Clone, Debug)]
pub(super) struct Deb {
    contents: BTreeMap<TreePath, Content>,
}

/// Reads the package at `path`; what is unpacked goes to `store`. No architecture stands for all.
pub(super) fn read(
    path: &Path,
    store: &Store,
) -> Result<(Option<Arch>, Entries, Deb), EquivalenceError> {
    let failed = |source| EquivalenceError::Read { path: path.to_owned(), source };
    let (digest, size) = files::measured(path).map_err(failed)?;
    let blob = Blob { digest, size, path: path.to_owned() };
    let unpacked = unpack_deb(store, &blob)?;
    let arch = match unpacked.architecture.as_str() {
        "all" => None,
        "amd64" => Some(Arch::Amd64),
        "arm64" => Some(Arch::Arm64),
        other => {
            let (package, arch) = (path.to_owned(), other.to_owned());
            return Err(EquivalenceError::Arch { package, arch });
        }
    };
    let (mut entries, mut contents) = (BTreeMap::new(), BTreeMap::new());
    for (path, node) in &unpacked.pack.entries {
        let found = match &node.kind {
            Kind::Directory => Found::Directory(node.mode),
            Kind::Symlink(target) => Found::Link(target.clone()),
            Kind::HardLink(target) => Found::Link(format!("/{target}")),
            Kind::File(content) => {
                contents.insert(path.clone(), content.clone());
                Found::File(node.mode, content.sha256, content.size)
            }
        };
        entries.insert(path.clone(), found);
    }
    Ok((arch, entries, Deb { contents }))
}

impl Deb {
    /// The bytes of the files `wanted` of the package at `path`, by their paths below `prefix`.
    pub(super) fn contents(
        &self,
        path: &Path,
        prefix: &str,
        wanted: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<u8>>, EquivalenceError> {
        let failed = |source| EquivalenceError::Read { path: path.to_owned(), source };
        let mut contents = BTreeMap::new();
        for (place, content) in &self.contents {
            if let Some(below) = below(place, prefix).filter(|below| wanted.contains(below)) {
                contents.insert(below, content.read().map_err(failed)?);
            }
        }
        Ok(contents)
    }
}

/// A path as seen from the absolute path `prefix`.
pub(super) fn below(path: &TreePath, prefix: &str) -> Option<String> {
    let rest = path.as_str().strip_prefix(prefix.trim_start_matches('/'))?;
    rest.strip_prefix('/').map(str::to_owned)
}
