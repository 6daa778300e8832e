//! The pins of a release, and where they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use constraints::{Bound, Effective, EffectivePin, Removal};
use names::{DistroId, PackageName, ReleaseId, nearest};
use release::Tree;

use super::QueryError;
use crate::describe::distros;
use crate::locks::Locks;

/// What a release says of a project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownPin {
    /// The project.
    pub name: PackageName,
    /// The pins that count, each for its environments; none where an override removed them.
    pub pins: Vec<EffectivePin>,
    /// What overrides have put in place of pins: ranges and addresses.
    pub bounds: Vec<Bound>,
    /// The override that removed the pins, where one did.
    pub removed: Option<Removal>,
    /// Overrides that say where the pins do not count.
    pub exclusions: Vec<Removal>,
    /// The pins that do not count any more because of an override: those of `upper-constraints.txt`,
    /// then those of earlier files of overrides.
    pub replaced: Vec<EffectivePin>,
}

impl ShownPin {
    fn of(effective: &Effective, name: &PackageName) -> Self {
        Self {
            name: name.clone(),
            pins: effective.all(name).to_vec(),
            bounds: effective.bounds(name).to_vec(),
            removed: effective.removal(name).cloned(),
            exclusions: effective.exclusions(name).to_vec(),
            replaced: effective.replaced(name).to_vec(),
        }
    }
}

/// What the release `id` of the tree at `root` pins, by project: the constraints as its overrides
/// change them. With `only`, that project alone.
///
/// # Errors
/// When the tree has faults or no such release, or the release does not name the project.
pub fn pins(
    root: &Path,
    id: ReleaseId,
    only: Option<&PackageName>,
) -> Result<Vec<ShownPin>, QueryError> {
    let tree = Tree::read(root).map_err(QueryError::Faults)?;
    let effective = &tree.release(id)?.constraints;
    let mut names: BTreeSet<&PackageName> = effective.names().chain(effective.changed()).collect();
    if let Some(only) = only {
        if !names.contains(only) {
            let near = nearest(only.as_str(), names.iter().map(|name| name.as_str()));
            let near = near.map(str::to_owned);
            return Err(QueryError::NotPinned { name: only.clone(), release: id, near });
        }
        names.retain(|name| *name == only);
    }
    Ok(names.into_iter().map(|name| ShownPin::of(effective, name)).collect())
}

/// What the overrides of the release `id` change, by project.
///
/// # Errors
/// When the tree has faults or no such release.
pub fn overridden(root: &Path, id: ReleaseId) -> Result<Vec<ShownPin>, QueryError> {
    let tree = Tree::read(root).map_err(QueryError::Faults)?;
    let effective = &tree.release(id)?.constraints;
    Ok(effective.changed().into_iter().map(|name| ShownPin::of(effective, name)).collect())
}

/// The releases of the tree at `root`, in their order.
///
/// # Errors
/// When the tree has faults.
pub fn releases(root: &Path) -> Result<Vec<ReleaseId>, QueryError> {
    let tree = Tree::read(root).map_err(QueryError::Faults)?;
    Ok(tree.releases.keys().copied().collect())
}

/// The versions of a project in the locks of a release, by distribution.
pub type LockedVersions = BTreeMap<DistroId, BTreeSet<String>>;

/// Which versions of each project the locks of the release `id` have, by distribution; `None` where
/// nothing of it is locked.
///
/// # Errors
/// When a lock cannot be read.
pub fn locked_versions(
    root: &Path,
    id: ReleaseId,
) -> Result<Option<BTreeMap<PackageName, LockedVersions>>, QueryError> {
    let mut found: Option<BTreeMap<PackageName, LockedVersions>> = None;
    for distro in distros(root) {
        let Some(lock) = Locks::read_release(root, id, &distro)? else { continue };
        let found = found.get_or_insert_default();
        for wheel in lock.wheels.into_iter().chain(lock.sdists) {
            let versions = found.entry(wheel.project).or_default();
            versions.entry(distro.clone()).or_default().insert(wheel.version);
        }
    }
    Ok(found)
}
