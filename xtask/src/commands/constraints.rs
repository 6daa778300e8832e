//! `cooperage constraints show`.

use constraints::Pin;
use pipeline::ShownPin;
use serde_json::{Value, json};

use super::root;
use crate::args::{Global, ShowConstraints};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// Prints the pins of a release as the overrides change them, or the story of one of them.
pub(crate) fn run(
    show: &ShowConstraints,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let root = root(global, surroundings)?;
    let pins = pipeline::pins(&root, show.release, show.why.as_ref())?;
    if global.json {
        return speech::json(&json!({ "projects": pins.iter().map(value).collect::<Vec<_>>() }));
    }
    match show.why {
        None => speech::lines(pins.iter().flat_map(|shown| &shown.pins).map(Pin::to_string)),
        Some(_) => speech::lines(pins.iter().flat_map(story)),
    }
}

fn value(shown: &ShownPin) -> Value {
    let pins = |pins: &[Pin]| -> Vec<Value> {
        let value = |pin: &Pin| {
            json!({
                "version": pin.version, "place": pin.place.to_string(),
                "marker": pin.marker.as_ref().map(ToString::to_string),
            })
        };
        pins.iter().map(value).collect()
    };
    json!({
        "name": shown.name.as_str(),
        "pins": pins(&shown.pins),
        "override": shown.changed.as_ref().map(|(place, reason)| {
            json!({ "place": place.to_string(), "reason": reason })
        }),
        "replaced": pins(&shown.replaced),
    })
}

/// What counts, where it is written, why, and what it replaced.
fn story(shown: &ShownPin) -> Vec<String> {
    let mut lines: Vec<String> =
        shown.pins.iter().map(|pin| format!("{pin}  {}", pin.place)).collect();
    if let Some((place, reason)) = &shown.changed {
        if shown.pins.is_empty() {
            lines.push(format!("{} is not pinned  {place}", shown.name));
        }
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        lines.push(format!("  because: {reason}"));
    }
    lines.extend(shown.replaced.iter().map(|pin| format!("  instead of: {pin}  {}", pin.place)));
    lines
}
