//! `cooperage constraints diff`.

use std::collections::BTreeMap;
use std::path::Path;

use names::{PackageName, Place, ReleaseId};
use pipeline::ShownPin;
use serde_json::{Value, json};

use super::{because, reason, texts};
use crate::args::{DiffConstraints, Global};
use crate::commands::root;
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// A project of which something else counts than before.
struct Change {
    release: ReleaseId,
    name: PackageName,
    before: Vec<String>,
    after: Vec<String>,
    /// Who asked for it: lines with their reasons.
    asked: Vec<(Place, String)>,
    /// Whether a lock of the release has it; `None` where nothing of it is locked.
    used: Option<bool>,
}

/// Prints what the overrides of a release change, or how two releases differ.
pub(crate) fn diff(
    diff: &DiffConstraints,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let root = root(global, surroundings)?;
    let (changes, several) = match (diff.release, diff.other) {
        (Some(one), Some(other)) => (between(&root, one, other)?, false),
        (Some(one), None) => (overridden(&root, one)?, false),
        _ => {
            let mut all = Vec::new();
            for id in pipeline::releases(&root)? {
                all.extend(overridden(&root, id)?);
            }
            (all, true)
        }
    };
    if global.json {
        return speech::json(&json!({ "changes": changes.iter().map(value).collect::<Vec<_>>() }));
    }
    speech::lines(changes.iter().flat_map(|change| lines(change, several)))
}

fn overridden(root: &Path, id: ReleaseId) -> Result<Vec<Change>, Failure> {
    let locked = pipeline::locked_versions(root, id)?;
    let change = |shown: ShownPin| {
        let excluded = shown.exclusions.iter().map(|removal| {
            let marker = removal.marker.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("not where {marker}")
        });
        let pins = shown
            .pins
            .iter()
            .filter_map(|entry| Some((entry.pin.place.clone(), reason(&entry.origin)?.to_owned())));
        let bounds = shown.bounds.iter().map(|bound| (bound.place.clone(), bound.reason.clone()));
        let removals = shown.removed.iter().chain(&shown.exclusions);
        let removals = removals.map(|removal| (removal.place.clone(), removal.reason.clone()));
        // What an exclusion alone says of a name leaves its pins as they are.
        let replaced = match shown.replaced.is_empty() {
            true => shown.pins.iter().filter(|entry| reason(&entry.origin).is_none()).collect(),
            false => {
                shown.replaced.iter().filter(|entry| reason(&entry.origin).is_none()).collect()
            }
        };
        let replaced: Vec<&constraints::EffectivePin> = replaced;
        Change {
            release: id,
            before: replaced.iter().map(|entry| entry.pin.to_string()).collect(),
            after: texts(&shown).into_iter().chain(excluded).collect(),
            asked: pins.chain(bounds).chain(removals).collect(),
            used: locked.as_ref().map(|locked| locked.contains_key(&shown.name)),
            name: shown.name,
        }
    };
    Ok(pipeline::overridden(root, id)?.into_iter().map(change).collect())
}

fn between(root: &Path, one: ReleaseId, other: ReleaseId) -> Result<Vec<Change>, Failure> {
    let read = |id| -> Result<BTreeMap<PackageName, Vec<String>>, Failure> {
        let pins = pipeline::pins(root, id, None)?;
        Ok(pins.iter().map(|shown| (shown.name.clone(), texts(shown))).collect())
    };
    let (before, after) = (read(one)?, read(other)?);
    let mut names: Vec<&PackageName> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let of = |all: &BTreeMap<PackageName, Vec<String>>, name: &PackageName| {
        all.get(name).cloned().unwrap_or_default()
    };
    let change = |name: &PackageName| Change {
        release: other,
        name: name.clone(),
        before: of(&before, name),
        after: of(&after, name),
        asked: Vec::new(),
        used: None,
    };
    let changes = names.into_iter().map(change);
    Ok(changes.filter(|change| change.before != change.after).collect())
}

/// The sign of a change: `+`, `-` or `~`.
fn sign(change: &Change) -> &'static str {
    match (change.before.is_empty(), change.after.is_empty()) {
        (true, _) => "+",
        (false, true) => "-",
        (false, false) => "~",
    }
}

fn lines(change: &Change, several: bool) -> Vec<String> {
    let release = if several { format!("{} ", change.release) } else { String::new() };
    let (before, after) = (change.before.join(" "), change.after.join(" "));
    let what = match sign(change) {
        "+" => after,
        "-" => before,
        _ => format!("{before} -> {after}"),
    };
    let mut lines = vec![format!("{release}{} {what}", sign(change))];
    for (place, reason) in &change.asked {
        lines.push(format!("  {place}"));
        lines.push(because(reason));
    }
    if change.used == Some(false) {
        lines.push("  unused: no lock of the release has it".to_owned());
    }
    lines
}

fn value(change: &Change) -> Value {
    let asked =
        |(place, reason): &(Place, String)| json!({ "place": place.to_string(), "reason": reason });
    json!({
        "release": change.release.to_string(), "name": change.name.as_str(), "sign": sign(change),
        "before": change.before, "after": change.after, "used": change.used,
        "asked-by": change.asked.iter().map(asked).collect::<Vec<_>>(),
    })
}
