//! What an image has below its prefix.

use std::io::{self, Read};
use std::path::Path;

use filetree::TreePath;
use names::{Arch, Hashing};
use oci_writer::{LayerEntry, LayerEntryKind, ReadImageError};

use super::{EquivalenceError, Found, Listing};
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

/// Calls `visit` with each file of an image that lies below the prefix: its path from there, its mode and
/// its bytes.
pub(super) fn visit_files(
    layout: &Path,
    arch: Arch,
    mut visit: impl FnMut(&str, u32, &mut dyn Read) -> io::Result<()>,
) -> Result<(), ReadImageError> {
    let prefix = TreePath::from_member(PREFIX).expect("the prefix is a clean path");
    oci_writer::read_image(layout, arch, &mut |path, entry| match (
        entry.kind,
        path.strip_prefix(&prefix),
    ) {
        (LayerEntryKind::File(bytes), Some(below)) => visit(below.as_str(), entry.mode, bytes),
        _ => Ok(()),
    })
}
