//! The pins of a release, and where they come from.

use std::path::{Path, PathBuf};

use constraints::{Constraints, EffectivePin, Origin, Pin, Removal};
use names::{Fault, PackageName, Place, ReleaseId, nearest};
use release::Tree;

use super::QueryError;

/// What a release says of a project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownPin {
    /// The project.
    pub name: PackageName,
    /// The pins that count, each for its environments; none where an override removed them.
    pub pins: Vec<EffectivePin>,
    /// The override that removed the pins, where one did.
    pub removed: Option<Removal>,
    /// The pins of `upper-constraints.txt` that do not count because of an override.
    pub replaced: Vec<Pin>,
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
    let upstream = upstream(root, id)?;
    let mut names: Vec<&PackageName> = effective.names().chain(upstream.names()).collect();
    names.sort();
    names.dedup();
    if let Some(only) = only {
        if !names.contains(&only) {
            let near = nearest(only.as_str(), names.iter().map(|name| name.as_str()));
            let near = near.map(str::to_owned);
            return Err(QueryError::NotPinned { name: only.clone(), release: id, near });
        }
        names.retain(|name| *name == only);
    }
    let shown = |name: &PackageName| {
        let pins = effective.all(name).to_vec();
        let removed = effective.removal(name).cloned();
        let changed = removed.is_some() || pins.iter().any(|pin| pin.origin != Origin::Upstream);
        let replaced = if changed { upstream.all(name).to_vec() } else { Vec::new() };
        ShownPin { name: name.clone(), pins, removed, replaced }
    };
    Ok(names.into_iter().map(shown).collect())
}

/// The pins before the overrides.
fn upstream(root: &Path, id: ReleaseId) -> Result<Constraints, QueryError> {
    let path = PathBuf::from(format!("releases/{id}/upper-constraints.txt"));
    let unreadable = |error: std::io::Error| {
        QueryError::Faults(vec![Fault {
            place: Place { file: path.clone(), ..Place::default() },
            message: format!("it cannot be read: {error}"),
            hint: "run the command again: it was there a moment ago".to_owned(),
        }])
    };
    let text = fs_err::read_to_string(root.join(&path)).map_err(unreadable)?;
    Constraints::parse(&text, &path).map_err(QueryError::Faults)
}
