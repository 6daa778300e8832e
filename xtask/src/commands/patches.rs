//! `cooperage patches`.

use std::collections::BTreeMap;

use patcher::{Folder, Options};
use serde_json::json;

use crate::args::{ApplyPatches, Global};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// The largest patch that is read.
const LIMIT: u64 = 64 << 20;

/// Applies patches to a folder, all or none, and prints the files that have changed.
pub(crate) fn apply(
    arguments: &ApplyPatches,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let source = surroundings.absolute(&arguments.source);
    if !source.is_dir() {
        return Err(Failure::NoSource(source));
    }
    let mut series = Vec::new();
    for patch in &arguments.patch {
        let bytes = super::read(&surroundings.absolute(patch), LIMIT)?;
        series.push(patcher::parse(&bytes, &patch.display().to_string())?);
    }
    let folder = Folder { path: source.clone() };
    let applied = patcher::apply(&folder, &series, &Options { fuzz: arguments.fuzz })?;
    match &arguments.out {
        Some(out) => patcher::write_copy(&source, &surroundings.absolute(out), &applied)?,
        None => patcher::write(&source, &applied)?,
    }
    if global.json {
        let files: BTreeMap<&String, &str> = applied
            .files
            .iter()
            .map(|(path, file)| (path, if file.is_some() { "written" } else { "removed" }))
            .collect();
        return speech::json(&json!({ "files": files, "notes": applied.notes() }));
    }
    if !global.quiet {
        for note in applied.notes() {
            speech::say(&note);
        }
    }
    speech::lines(applied.files.keys().cloned())
}
