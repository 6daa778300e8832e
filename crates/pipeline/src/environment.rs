//! Trees of wheels in the virtual environment.

use std::collections::BTreeMap;

use filetree::{Pack, Tree};
use names::{Epoch, PackageName};
use venv::{Layout, Merged, Wheel};
use wheels::LockedWheel;

use crate::layers_error::LayersError;

/// The wheels of one layer; with `environment` the empty environment too. Generated files take the
/// newest time in the wheels. Nobody asked for these wheels by name as far as their layer goes, which
/// several services share: none is marked as requested.
pub(crate) fn with_wheels(
    layout: &Layout,
    wheels: &[(&LockedWheel, &Pack)],
    environment: bool,
) -> Result<Merged, LayersError> {
    let time = newest(wheels);
    let start = match environment {
        true => venv::skeleton(layout, time)?,
        false => Tree::new(),
    };
    let mut trees: BTreeMap<PackageName, Tree> = BTreeMap::new();
    for (locked, pack) in wheels {
        let wheel = Wheel { file_name: &locked.file, pack, requested: false };
        trees.insert(locked.project.clone(), venv::install(layout, &wheel, time)?);
    }
    Ok(venv::merge(start, &trees)?)
}

/// The wheel of the service itself, marked as requested.
pub(crate) fn of_service(
    layout: &Layout,
    (locked, pack): (&LockedWheel, &Pack),
) -> Result<Tree, LayersError> {
    let wheel = Wheel { file_name: &locked.file, pack, requested: true };
    Ok(venv::install(layout, &wheel, newest(&[(locked, pack)]))?)
}

fn newest(wheels: &[(&LockedWheel, &Pack)]) -> Epoch {
    let entries = wheels.iter().flat_map(|(_, pack)| &pack.entries);
    entries.map(|(_, node)| node.mtime).max().unwrap_or_default()
}
