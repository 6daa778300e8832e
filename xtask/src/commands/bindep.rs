//! `cooperage bindep`.

use std::collections::BTreeSet;
use std::path::Path;

use bindep::{BindepFile, Grammar, OsRelease, Platform};
use names::{Fault, Place};
use serde_json::json;

use crate::args::{Bindep, Global};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// The longest bindep file that is read; real ones have some kilobytes.
const LIMIT: u64 = 4 << 20;

/// Prints the packages that a bindep file asks for on a platform.
pub(crate) fn run(
    arguments: &Bindep,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let text = text(&arguments.file, surroundings)?;
    let grammar = if arguments.compat { Grammar::Compatible } else { Grammar::Strict };
    let file = BindepFile::parse_as(&text, &arguments.file, grammar).map_err(Failure::Faults)?;
    let platform = match &arguments.os_release {
        Some(path) => Platform::new(&OsRelease::parse(&self::text(path, surroundings)?))?,
        None => Platform::named(&arguments.platform)?,
    };
    let profiles: BTreeSet<String> = arguments.profile.iter().cloned().collect();
    let names = file.packages(&platform, &profiles).map(|rule| rule.name.clone());
    match global.json {
        true => speech::json(&json!({ "packages": names.collect::<Vec<_>>() })),
        false => speech::lines(names),
    }
}

/// The text of a file that the user has named.
fn text(file: &Path, surroundings: &Surroundings) -> Result<String, Failure> {
    let bytes = super::read(&surroundings.absolute(file), LIMIT)?;
    String::from_utf8(bytes).map_err(|error| {
        let start = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let start = String::from_utf8_lossy(start);
        Failure::Faults(vec![Fault {
            place: Place::of_offset(file, &start, start.len()),
            message: "this is no UTF-8".to_owned(),
            hint: "save the file as UTF-8".to_owned(),
        }])
    })
}
