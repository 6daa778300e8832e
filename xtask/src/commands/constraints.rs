//! `cooperage constraints show` and `explain`.

pub(crate) mod changes;

use std::path::Path;

use constraints::{Bound, EffectivePin, Origin, Removal};
use names::{PackageName, ReleaseId};
use pipeline::{LockedVersions, QueryError, ShownPin};
use serde_json::{Value, json};

use super::root;
use crate::args::{ExplainConstraint, Global, ShowConstraints};
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
        None => speech::lines(pins.iter().flat_map(texts)),
        Some(_) => speech::lines(pins.iter().flat_map(story)),
    }
}

/// Prints the story of a project, in one release or all of them, and what is locked.
pub(crate) fn explain(
    explain: &ExplainConstraint,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let root = root(global, surroundings)?;
    let (release, name) = words(&explain.word)?;
    let all = match release {
        Some(release) => vec![release],
        None => pipeline::releases(&root)?,
    };
    let (mut told, mut missing) = (Vec::new(), None);
    for id in all {
        match pipeline::pins(&root, id, Some(&name)) {
            Ok(pins) => told.extend(pins.into_iter().map(|shown| (id, shown))),
            Err(error @ QueryError::NotPinned { .. }) => missing = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    if let (true, Some(error)) = (told.is_empty(), missing) {
        return Err(error.into());
    }
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    for (id, shown) in &told {
        let locked = locked(&root, *id, &name)?;
        let mut value = value(shown);
        value["release"] = json!(id.to_string());
        value["locked"] = json!(locked);
        values.push(value);
        let mut story = story(shown);
        story.extend(locked.iter().flatten().map(|(distro, versions)| {
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            format!("  locked for {distro}: {}", versions.join(", "))
        }));
        if locked.as_ref().is_some_and(LockedVersions::is_empty) {
            story.push("  no lock of the release has it".to_owned());
        }
        match release {
            Some(_) => lines.extend(story),
            None => {
                lines.push(format!("{id}:"));
                lines.extend(story.iter().map(|line| format!("  {line}")));
            }
        }
    }
    match global.json {
        true => speech::json(&json!({ "projects": values })),
        false => speech::lines(lines),
    }
}

/// A release, if there is one among the words, and a project.
fn words(words: &[String]) -> Result<(Option<ReleaseId>, PackageName), Failure> {
    let release = |word: &String| word.parse::<ReleaseId>().ok();
    let (id, name) = match words {
        [first, second] => match (release(first), release(second)) {
            (Some(id), _) => (Some(id), second),
            (None, Some(id)) => (Some(id), first),
            (None, None) => {
                return Err(Failure::Name(first.parse::<ReleaseId>().expect_err("it is none")));
            }
        },
        [only] => (None, only),
        _ => (None, &words[0]),
    };
    Ok((id, PackageName::new(name).map_err(Failure::Name)?))
}

/// What the locks of a release have of a project; `None` where nothing of it is locked.
fn locked(
    root: &Path,
    id: ReleaseId,
    name: &PackageName,
) -> Result<Option<LockedVersions>, Failure> {
    let all = pipeline::locked_versions(root, id)?;
    Ok(all.map(|mut all| all.remove(name).unwrap_or_default()))
}

/// What counts, as lines of a file of constraints.
pub(super) fn texts(shown: &ShownPin) -> Vec<String> {
    let pins = shown.pins.iter().map(|entry| entry.pin.to_string());
    pins.chain(shown.bounds.iter().map(|bound| bound.requirement.text.clone())).collect()
}

fn value(shown: &ShownPin) -> Value {
    let pin = |EffectivePin { pin, origin }: &EffectivePin| {
        json!({
            "version": pin.version, "place": pin.place.to_string(),
            "marker": pin.marker.as_ref().map(ToString::to_string), "override": reason(origin),
        })
    };
    let bound = |bound: &Bound| {
        json!({
            "text": bound.requirement.text, "place": bound.place.to_string(),
            "address": bound.requirement.url, "override": bound.reason,
        })
    };
    let removal = |removal: &Removal| {
        json!({
            "place": removal.place.to_string(), "reason": removal.reason,
            "marker": removal.marker.as_ref().map(ToString::to_string),
        })
    };
    json!({
        "name": shown.name.as_str(),
        "pins": shown.pins.iter().map(pin).collect::<Vec<_>>(),
        "bounds": shown.bounds.iter().map(bound).collect::<Vec<_>>(),
        "removed": shown.removed.as_ref().map(removal),
        "exclusions": shown.exclusions.iter().map(removal).collect::<Vec<_>>(),
        "replaced": shown.replaced.iter().map(pin).collect::<Vec<_>>(),
    })
}

pub(super) fn reason(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::Override { reason } => Some(reason),
        Origin::Upstream => None,
    }
}

pub(super) fn because(text: &str) -> String {
    format!("  because: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What counts, where it is written, why, and what it replaced.
fn story(shown: &ShownPin) -> Vec<String> {
    let mut lines = Vec::new();
    for EffectivePin { pin, origin } in &shown.pins {
        lines.push(format!("{pin}  {}", pin.place));
        lines.extend(reason(origin).map(because));
    }
    for bound in &shown.bounds {
        lines.push(format!("{}  {}", bound.requirement.text, bound.place));
        lines.push(because(&bound.reason));
    }
    if let Some(removal) = &shown.removed {
        lines.push(format!("{} is not pinned  {}", shown.name, removal.place));
        lines.push(because(&removal.reason));
    }
    for removal in &shown.exclusions {
        let marker = removal.marker.as_ref().map(ToString::to_string).unwrap_or_default();
        lines.push(format!("{} is not pinned where {marker}  {}", shown.name, removal.place));
        lines.push(because(&removal.reason));
    }
    let replaced = shown.replaced.iter();
    lines.extend(replaced.map(|old| format!("  instead of: {}  {}", old.pin, old.pin.place)));
    lines
}
