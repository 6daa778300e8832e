//! `cooperage check`.

use serde_json::json;

use super::root;
use crate::args::Global;
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// Reads the whole tree and tells all its faults at once.
pub(crate) fn run(global: &Global, surroundings: &Surroundings) -> Result<(), Failure> {
    let faults = pipeline::check(&root(global, surroundings)?);
    if global.json {
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| {
                json!({
                    "file": fault.place.file, "line": fault.place.line,
                    "column": fault.place.column, "message": fault.message, "hint": fault.hint,
                })
            })
            .collect();
        let text = json!({ "faults": faults }).to_string();
        speech::print(&text).map_err(Failure::Print)?;
    }
    if !faults.is_empty() {
        return Err(Failure::Faults(faults));
    }
    if !global.quiet && !global.json {
        speech::say("the tree is sound");
    }
    Ok(())
}
