//! `cooperage patches`.

use std::collections::BTreeMap;

use patcher::{Failure as Misfit, Folder, Options, Reason};
use pipeline::{PatchFate, PatchReport};
use serde_json::{Value, json};

use super::Workplace;
use crate::args::{ApplyPatches, Global, SomeRelease};
use crate::failure::Failure;
use crate::speech::{self, Manner, Teller};
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

/// Prints what becomes of each patch of the tree.
pub(crate) fn status(
    some: &SomeRelease,
    global: &Global,
    surroundings: &Surroundings,
    manner: Manner,
) -> Result<(), Failure> {
    let workplace = Workplace::open(global, surroundings)?;
    let mut teller = Teller::new(manner);
    let tell = &mut |event| teller.tell(&event);
    let reports = pipeline::patch_status(&workplace.setting(), some.release, tell)?;
    if global.json {
        return speech::json(&json!({ "patches": reports.iter().map(value).collect::<Vec<_>>() }));
    }
    speech::lines(reports.iter().flat_map(lines))
}

/// Brings the line numbers of the patches of the tree up to date, and prints which have changed.
pub(crate) fn refresh(
    some: &SomeRelease,
    global: &Global,
    surroundings: &Surroundings,
    manner: Manner,
) -> Result<(), Failure> {
    let workplace = Workplace::open(global, surroundings)?;
    let mut teller = Teller::new(manner);
    let tell = &mut |event| teller.tell(&event);
    let (written, left) = pipeline::refresh_patches(&workplace.setting(), some.release, tell)?;
    let path = |report: &PatchReport| report.path.display().to_string();
    if global.json {
        let list = |reports: &[PatchReport]| reports.iter().map(path).collect::<Vec<_>>();
        return speech::json(&json!({ "written": list(&written), "left": list(&left) }));
    }
    if !global.quiet {
        for report in &left {
            let notes = notes(report).join("\n  ");
            speech::say(&format!(
                "more than its line numbers would have to change, make it again:\n  {notes}"
            ));
        }
    }
    speech::lines(written.iter().map(path))
}

/// The word for what becomes of a patch.
fn word(fate: &PatchFate) -> &'static str {
    match fate {
        PatchFate::Applies(applied) if applied.is_exact() => "applies",
        PatchFate::Applies(_) => "offset",
        PatchFate::Upstream => "upstream",
        PatchFate::Conflicts(_) => "conflict",
        PatchFate::Unreadable(_) => "unreadable",
        PatchFate::Orphan(_) => "orphan",
    }
}

fn name(report: &PatchReport) -> String {
    report.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What there is to say besides the word.
fn notes(report: &PatchReport) -> Vec<String> {
    match &report.fate {
        PatchFate::Applies(applied) => applied.notes(),
        PatchFate::Upstream => Vec::new(),
        PatchFate::Conflicts(failures) => failures.iter().map(ToString::to_string).collect(),
        PatchFate::Unreadable(error) => vec![error.to_string()],
        PatchFate::Orphan(reason) => vec![reason.clone()],
    }
}

fn lines(report: &PatchReport) -> Vec<String> {
    let PatchReport { component, release, .. } = report;
    let first = format!("{} {component} {release} {}", word(&report.fate), name(report));
    let notes = notes(report).join("\n");
    let below = notes.lines().map(|line| format!("  {line}"));
    [first].into_iter().chain(below).collect()
}

fn value(report: &PatchReport) -> Value {
    let hunks = match &report.fate {
        PatchFate::Applies(applied) => {
            let sections = applied.sections.iter();
            let hunk = |file: &String, hunk: &patcher::Placement| {
                json!({
                    "file": file, "patch-line": hunk.hunk, "line": hunk.line,
                    "offset": hunk.offset, "fuzz": hunk.fuzz, "elsewhere": hunk.elsewhere,
                })
            };
            let hunks = sections
                .flat_map(|section| section.hunks.iter().map(move |one| hunk(&section.path, one)));
            hunks.collect()
        }
        _ => Vec::new(),
    };
    let conflicts: Vec<Value> = match &report.fate {
        PatchFate::Conflicts(failures) => failures.iter().map(conflict).collect(),
        _ => Vec::new(),
    };
    json!({
        "component": report.component, "release": report.release, "patch": name(report),
        "path": report.path, "status": word(&report.fate), "notes": notes(report),
        "hunks": hunks, "conflicts": conflicts,
    })
}

/// A hunk that does not fit, with what the patch wants and what the file has.
fn conflict(misfit: &Misfit) -> Value {
    let Reason::Mismatch(mismatch) = &misfit.reason else {
        return json!({
            "file": misfit.file, "patch-line": misfit.place.line, "message": misfit.to_string(),
        });
    };
    let nearest = mismatch.nearest.as_ref();
    json!({
        "file": misfit.file, "patch-line": misfit.place.line, "message": misfit.to_string(),
        "hunk": mismatch.hunk, "header": mismatch.header, "line": mismatch.expected,
        "applied-at": mismatch.applied, "nearest": nearest.map(|nearest| nearest.line),
        "patch-wants": nearest.map(|nearest| &nearest.patch_text),
        "file-has": nearest.map(|nearest| &nearest.file_text),
    })
}
