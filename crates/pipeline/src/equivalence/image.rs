//! What an image has below its prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;

use filetree::TreePath;
use names::{Arch, Hashing};
use oci_writer::{LayerEntry, LayerEntryKind};

use super::{EquivalenceError, Found, LARGEST, Listing};
use crate::service_layer::PREFIX;

/// What an image has below its prefix.
pub(super) fn listing(layout: &Path, arch: Arch) -> Result<Listing, EquivalenceError> {
    let prefix = TreePath::from_member(PREFIX).expect("the prefix is a clean path");
    let mut listing = Listing::new();
    oci_writer::read_image(layout, arch, &mut |path, entry| {
        let Some(below) = path.strip_prefix(&prefix).map(|path| path.to_string()) else {
            return Ok(());
        };
        let LayerEntry { mode, kind } = entry;
        let found = match kind {
            LayerEntryKind::Directory => Found::Directory(mode),
            LayerEntryKind::Symlink(target) => Found::Link(target),
            LayerEntryKind::HardLink(target) => Found::Link(format!("/{target}")),
            LayerEntryKind::File(bytes) => {
                let (digest, size) = Hashing::new(bytes).finish_reading()?;
                Found::File(mode, digest, size)
            }
            _ => {
                listing.retain(|path, _| *path != below && !path.starts_with(&format!("{below}/")));
                return Ok(());
            }
        };
        listing.insert(below, found);
        Ok(())
    })?;
    Ok(listing)
}

/// The bytes of the files `wanted`, by their paths below the prefix. Where several layers have a file,
/// the image has that of the uppermost.
pub(super) fn contents(
    layout: &Path,
    arch: Arch,
    wanted: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<u8>>, EquivalenceError> {
    let prefix = TreePath::from_member(PREFIX).expect("the prefix is a clean path");
    let mut contents = BTreeMap::new();
    oci_writer::read_image(layout, arch, &mut |path, entry| {
        let below = path.strip_prefix(&prefix).map(|path| path.to_string());
        if let (LayerEntryKind::File(bytes), Some(below)) = (entry.kind, below)
            && wanted.contains(&below)
        {
            contents.insert(below, read(bytes)?);
        }
        Ok(())
    })?;
    Ok(contents)
}

/// The bytes of a file that is not too long to be compared.
pub(super) fn read(bytes: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    bytes.take(LARGEST + 1).read_to_end(&mut content)?;
    Ok(content)
}
