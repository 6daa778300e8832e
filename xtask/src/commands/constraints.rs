//! `cooperage constraints show`.

use constraints::{EffectivePin, Origin, Pin};
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
        None => speech::lines(
            pins.iter().flat_map(|shown| &shown.pins).map(|entry| entry.pin.to_string()),
        ),
        Some(_) => speech::lines(pins.iter().flat_map(story)),
    }
}

fn value(shown: &ShownPin) -> Value {
    let value = |pin: &Pin, reason: Option<&str>| {
        json!({
            "version": pin.version, "place": pin.place.to_string(),
            "marker": pin.marker.as_ref().map(ToString::to_string), "override": reason,
        })
    };
    let pins: Vec<Value> =
        shown.pins.iter().map(|entry| value(&entry.pin, reason(&entry.origin))).collect();
    let replaced: Vec<Value> = shown.replaced.iter().map(|pin| value(pin, None)).collect();
    let removed = shown
        .removed
        .as_ref()
        .map(|removal| json!({ "place": removal.place.to_string(), "reason": removal.reason }));
    json!({ "name": shown.name.as_str(), "pins": pins, "removed": removed, "replaced": replaced })
}

fn reason(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::Override { reason } => Some(reason),
        Origin::Upstream => None,
    }
}

/// What counts, where it is written, why, and what it replaced.
fn story(shown: &ShownPin) -> Vec<String> {
    let because = |text: &str| {
        format!("  because: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let mut lines = Vec::new();
    for EffectivePin { pin, origin } in &shown.pins {
        lines.push(format!("{pin}  {}", pin.place));
        lines.extend(reason(origin).map(because));
    }
    if let Some(removal) = &shown.removed {
        lines.push(format!("{} is not pinned  {}", shown.name, removal.place));
        lines.push(because(&removal.reason));
    }
    lines.extend(shown.replaced.iter().map(|pin| format!("  instead of: {pin}  {}", pin.place)));
    lines
}
