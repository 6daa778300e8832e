//! The files of `overrides/<release>/`.

use std::path::Path;

use constraints::Overrides;
use names::{Fault, ReleaseId};

use super::collect;
use crate::folder::Folder;

/// Whether a file of this name holds overrides of `kind`, `constraints` or `build-constraints`:
/// `constraints.txt` and `constraints-site.txt` do.
pub(super) fn is_of(kind: &str, name: &str) -> bool {
    let rest = name.strip_prefix(kind).and_then(|rest| rest.strip_suffix(".txt"));
    rest.is_some_and(|rest| rest.is_empty() || rest.len() > 1 && rest.starts_with('-'))
}

/// Reads the overrides of `kind` for a release, in their order: `<kind>.txt`, then `<kind>-*.txt` by
/// name. What cannot be read is among the faults.
pub(super) fn read(
    folder: &Folder,
    id: ReleaseId,
    kind: &str,
    faults: &mut Vec<Fault>,
) -> Vec<Overrides> {
    let home = Path::new("overrides").join(id.to_string());
    // What is wrong with the folder itself is told where its names are checked.
    let entries = folder.list(&home, &mut Vec::new()).into_iter();
    let mut names: Vec<String> = entries
        .filter(|entry| !entry.is_folder && is_of(kind, &entry.name))
        .map(|entry| entry.name)
        .collect();
    names.sort_by_key(|name| (name.len() > kind.len() + ".txt".len(), name.clone()));
    let mut all = Vec::new();
    for name in names {
        let path = home.join(name);
        let text = collect(folder.text(&path).map_err(|fault| vec![fault]), faults);
        all.extend(text.and_then(|text| collect(Overrides::parse(&text, &path), faults)));
    }
    all
}
