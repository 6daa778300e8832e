//! `cooperage bindep`.

use std::collections::BTreeSet;

use bindep::{BindepFile, Platform};
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
    let path = surroundings.absolute(&arguments.file);
    let text = super::read(&path, LIMIT)?;
    let text = String::from_utf8_lossy(&text);
    let file = BindepFile::parse(&text, &arguments.file).map_err(Failure::Faults)?;
    let platform = Platform::of_distro(&arguments.platform)?;
    let profiles: BTreeSet<String> = arguments.profile.iter().cloned().collect();
    let names: BTreeSet<String> =
        file.packages(&platform, &profiles).map(|rule| rule.name.clone()).collect();
    match global.json {
        true => speech::json(&json!({ "packages": names })),
        false => speech::lines(names),
    }
}
