//! Trees of wheels in the virtual environment.

use std::collections::BTreeMap;

use filetree::{Pack, Tree};
use names::{Epoch, PackageName};
use venv::{Layout, Merged, Wheel};
use wheels::LockedWheel;

use crate::layers_error::LayersError;

/// The wheels of one layer; with a time for it, the empty environment too. What is generated for a wheel
/// takes the newest time in that wheel, so that it does not depend on what is beside it. Nobody asked for
/// these wheels by name as far as their layer goes, which several services share: none is marked as
/// requested.
pub(crate) fn with_wheels(
    layout: &Layout,
    wheels: &[(&LockedWheel, &Pack)],
    environment: Option<Epoch>,
) -> Result<Merged, LayersError> {
    let start = match environment {
        Some(time) => venv::skeleton(layout, time)?,
        None => Tree::new(),
    };
    let mut trees: BTreeMap<PackageName, Tree> = BTreeMap::new();
    for (locked, pack) in wheels {
        let wheel = Wheel { file_name: &locked.file, pack, requested: false };
        trees.insert(locked.project.clone(), venv::install(layout, &wheel, newest([*pack]))?);
    }
    Ok(venv::merge(start, &trees)?)
}

/// The wheel of the service itself, marked as requested.
pub(crate) fn of_service(
    layout: &Layout,
    (locked, pack): (&LockedWheel, &Pack),
) -> Result<Tree, LayersError> {
    let wheel = Wheel { file_name: &locked.file, pack, requested: true };
    Ok(venv::install(layout, &wheel, newest([pack]))?)
}

/// The newest time in any of them.
pub(crate) fn newest<'a>(packs: impl IntoIterator<Item = &'a Pack>) -> Epoch {
    let entries = packs.into_iter().flat_map(|pack| &pack.entries);
    entries.map(|(_, node)| node.mtime).max().unwrap_or_default()
}
