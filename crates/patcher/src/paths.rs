//! Which files of the tree the names of a patch stand for.

use crate::parse::{plain_name, without_first};
use crate::state::{Blocked, State};
use crate::{Action, Name, Patch, Section};

/// The files of a section.
pub(crate) struct Paths {
    /// The file before.
    pub(crate) old: Option<String>,
    /// The file after.
    pub(crate) new: Option<String>,
    /// Other names that it could have had.
    pub(crate) also: Vec<String>,
}

impl Paths {
    /// The path for messages.
    pub(crate) fn shown(&self) -> &str {
        self.new.as_deref().or(self.old.as_deref()).unwrap_or_default()
    }
}

/// The files of a section, the names of which lose `strip` components.
pub(crate) fn resolve(state: &State<'_>, section: &Section, strip: usize) -> Paths {
    let given = |name: &Name| match name {
        Name::Path(path) => Some(path.clone()),
        Name::None | Name::Written(_) => None,
    };
    let mut names = candidates(section, strip);
    if names.is_empty() {
        return Paths { old: given(&section.old), new: given(&section.new), also: Vec::new() };
    }
    let there = |name: &String| matches!(state.file(name), Ok(Some(_)));
    let index = names.iter().position(there).unwrap_or(0);
    let path = names.remove(index);
    let (old, new) = match section.action {
        Action::Create => (None, Some(path)),
        Action::Delete => (Some(path), None),
        _ => (Some(path.clone()), Some(path)),
    };
    Paths { old, new, also: names }
}

/// The paths that the written names of a section can stand for, the likeliest first: of a name and
/// the same with `.orig` the shorter, otherwise that of the file after.
fn candidates(section: &Section, strip: usize) -> Vec<String> {
    let stripped = |name: &Name| match name {
        Name::Written(name) if strip == 0 => Some(name.clone()),
        Name::Written(name) => Some(without_first(name).unwrap_or(name).to_owned()),
        Name::None | Name::Path(_) => None,
    };
    let (old, new) = (stripped(&section.old), stripped(&section.new));
    let mut names = Vec::new();
    match (old, new) {
        (Some(old), Some(new)) if plain_name(&new) == old => names.push(old),
        (Some(old), Some(new)) if plain_name(&old) == new => names.push(new),
        (old, new) => names.extend(new.into_iter().chain(old)),
    }
    names.dedup();
    names
}

/// How many components the names of a patch lose, by what is in the tree: 1, unless more of the files
/// to be changed, or else of the folders of new ones, are there without.
pub(crate) fn guess_strip(
    state: &State<'_>,
    patch: &Patch,
) -> Result<usize, (String, std::io::Error)> {
    let mut found = [0usize; 2];
    let mut folders = [0usize; 2];
    for section in &patch.sections {
        for strip in [0, 1] {
            let Some(path) = candidates(section, strip).into_iter().next() else { continue };
            if section.action == Action::Create {
                let parent = path.rsplit_once('/').map(|(parent, _)| parent);
                let there = match parent {
                    Some(parent) => read(state.is_folder(parent))?.unwrap_or(false),
                    None => true,
                };
                folders[strip] += usize::from(there);
            } else {
                found[strip] += usize::from(read(state.file(&path))?.flatten().is_some());
            }
        }
    }
    let without = if found[0] == found[1] { folders[0] > folders[1] } else { found[0] > found[1] };
    Ok(usize::from(!without))
}

/// What was found; `None` where the path cannot be looked at, which is reported when it is used.
fn read<T>(found: Result<T, Blocked>) -> Result<Option<T>, (String, std::io::Error)> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Blocked::Reason(_)) => Ok(None),
        Err(Blocked::Read(file, error)) => Err((file, error)),
    }
}
