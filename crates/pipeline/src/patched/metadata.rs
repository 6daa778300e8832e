//! What a patched source says that it needs, without running its code.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use constraints::Requirement;
use filetree::Tree;
use names::PackageName;
use wheels::Metadata;

use super::{PatchedError, requirement, text};
use crate::sources::{Facts, facts};

/// The files that the metadata of a project is made from, those first that say most.
const MADE_FROM: [&str; 6] = [
    "pyproject.toml",
    "setup.cfg",
    "requirements.txt",
    "test-requirements.txt",
    "setup.py",
    "PKG-INFO",
];

/// The metadata of a patched source, and what is not certain in it, a sentence each: that of PKG-INFO,
/// changed in what its other files say before and after the patches (`before`, `after`); `changed` are
/// the files that the patches change. A PKG-INFO that they change is taken as it then is.
///
/// PKG-INFO of an old setuptools has no requirements (core metadata specification: before 2.2 an sdist
/// need not have them). Then they are what the other files say.
///
/// # Errors
/// PKG-INFO is wrong, a requirement is none, or the patches change one that is not where it should be.
pub(super) fn patched(
    file: &str,
    before: &Tree,
    after: &Tree,
    changed: &BTreeSet<&str>,
) -> Result<(Metadata, Vec<String>), PatchedError> {
    let info = text(after, file, "PKG-INFO")?.unwrap_or_default();
    let wrong = |source| PatchedError::Metadata { file: file.to_owned(), source };
    let mut metadata = Metadata::parse(&info).map_err(wrong)?;
    let bare = metadata.requires_dist.is_empty() && before_2_2(&info);
    if (changed.is_empty() && !bare) || changed.contains("PKG-INFO") {
        return Ok((metadata, Vec::new()));
    }
    let path = MADE_FROM.into_iter().find(|path| changed.contains(path)).unwrap_or("setup.cfg");
    let unknown = |reason| PatchedError::Unknown { file: file.to_owned(), path, reason };
    let (old, new) = match (told(before, file)?, told(after, file)?) {
        (Ok(old), Ok(new)) => (old, new),
        (Ok(_), Err(reason)) => return Err(unknown(reason)),
        (Err(_), _) => return Ok((metadata, Vec::new())),
    };
    let mut computed = old.computed.iter().chain(&new.computed);
    let note = computed.find(|(path, _)| changed.contains(path)).map(|(path, why)| {
        format!(
            "{file}: the patches change {path}, and {why}: the lock has what is known without running \
             it, and the build stops if the wheel says otherwise"
        )
    });
    let notes: Vec<String> = note.into_iter().collect();
    // What cannot be read in the release says nothing about the patches.
    let Ok(was) = forms(file, path, &old) else { return Ok((metadata, notes)) };
    let is = forms(file, path, &new)?;
    if bare {
        metadata.requires_dist = was.values().cloned().collect();
        metadata.provides_extra.extend(extras(&old));
        metadata.requires_python = metadata.requires_python.or(old.requires_python.clone());
    }
    let stated = needs(&metadata);
    let gone = was.iter().filter(|(form, _)| !is.contains_key(*form));
    if let Some((_, one)) = gone.into_iter().find(|(form, _)| !stated.contains(*form)) {
        let reason = format!("`{}` was there before, and PKG-INFO does not have it", one.text);
        return Err(unknown(reason));
    }
    metadata.requires_dist.retain(|one| {
        let form = form(one);
        is.contains_key(&form) || !was.contains_key(&form)
    });
    let more = is.into_iter().filter(|(form, _)| !was.contains_key(form) && !stated.contains(form));
    metadata.requires_dist.extend(more.map(|(_, requirement)| requirement));
    let (was, is) = (extras(&old), extras(&new));
    metadata.provides_extra.retain(|extra| is.contains(extra) || !was.contains(extra));
    metadata.provides_extra.extend(is.difference(&was).cloned());
    if old.requires_python != new.requires_python {
        metadata.requires_python = new.requires_python;
    }
    Ok((metadata, notes))
}

/// What the files of a source say; the inner error is why they do not.
fn told(tree: &Tree, file: &str) -> Result<Result<Facts, String>, PatchedError> {
    let failed = RefCell::new(None);
    let read = |path: &str| {
        text(tree, file, path).unwrap_or_else(|error| {
            failed.replace(Some(error));
            None
        })
    };
    let told = facts(&read);
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(told),
    }
}

/// The requirements of a project by their forms; `path` is named where one is none.
fn forms(
    file: &str,
    path: &'static str,
    facts: &Facts,
) -> Result<BTreeMap<String, Requirement>, PatchedError> {
    let parsed = facts.requires.iter().map(|text| requirement(file, path, text));
    parsed.map(|one| one.map(|one| (form(&one), one))).collect()
}

fn extras(facts: &Facts) -> BTreeSet<PackageName> {
    facts.extras.iter().filter_map(|extra| PackageName::new(extra).ok()).collect()
}

fn before_2_2(info: &str) -> bool {
    let version = info.lines().find_map(|line| line.strip_prefix("Metadata-Version:"));
    version.is_none_or(|version| ["1.0", "1.1", "1.2", "2.0", "2.1"].contains(&version.trim()))
}

/// What a project needs, each requirement in one form however it is written.
pub(crate) fn needs(metadata: &Metadata) -> BTreeSet<String> {
    metadata.requires_dist.iter().map(form).collect()
}

/// A requirement in one form however it is written.
fn form(one: &Requirement) -> String {
    let extras: Vec<&str> = one.extras.iter().map(PackageName::as_str).collect();
    let mut versions: Vec<String> = one.specifiers.iter().map(ToString::to_string).collect();
    versions.sort();
    let marker = one.text.split_once(';').map_or("", |(_, marker)| marker);
    let marker = marker.replace([' ', '(', ')'], "").replace('"', "'");
    format!("{}[{}]{};{marker}", one.name, extras.join(","), versions.join(","))
}

#[cfg(test)]
mod tests;
