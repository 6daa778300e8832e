//! What the commands of a repository print.

use pkg_repo::{Collected, Finding, Published, Record, Removal, Snapshot};
use serde_json::{Value, json};

use crate::args::Global;
use crate::failure::Failure;
use crate::speech;

/// What a change did: `+` came, `=` was there, `-` went.
pub(super) fn published(global: &Global, done: &Published) -> Result<(), Failure> {
    if global.json {
        let gone = |(record, reason): &(Record, Removal)| json!({ "package": record, "reason": why(*reason) });
        let removed: Vec<Value> = done.removed.iter().map(gone).collect();
        return speech::json(&json!({
            "snapshot": done.snapshot, "added": done.added, "skipped": done.skipped,
            "removed": removed,
        }));
    }
    let line = |sign: char, record: &Record| format!("{sign} {}", words(record));
    let added = done.added.iter().map(|record| line('+', record));
    let skipped = done.skipped.iter().map(|record| line('=', record));
    let gone =
        |(record, reason): &(Record, Removal)| format!("{}  {}", line('-', record), why(*reason));
    let removed = done.removed.iter().map(gone);
    speech::lines(added.chain(skipped).chain(removed).chain([done.snapshot.clone()]))
}

pub(super) fn snapshot(global: &Global, snapshot: &str) -> Result<(), Failure> {
    match global.json {
        true => speech::json(&json!({ "snapshot": snapshot })),
        false => speech::lines([snapshot.to_owned()]),
    }
}

pub(super) fn indexed(global: &Global, packages: u64) -> Result<(), Failure> {
    match global.json {
        true => speech::json(&json!({ "packages": packages })),
        false => speech::lines([speech::packages(packages)]),
    }
}

pub(super) fn snapshots(global: &Global, snapshots: &[Snapshot]) -> Result<(), Failure> {
    if global.json {
        let value = |one: &Snapshot| {
            json!({
                "snapshot": one.id, "date": one.date.to_string(), "packages": one.packages,
                "current": one.current,
            })
        };
        return speech::json(&json!({
            "snapshots": snapshots.iter().map(value).collect::<Vec<_>>(),
        }));
    }
    speech::lines(snapshots.iter().map(|one| {
        let current = if one.current { "  current" } else { "" };
        format!("{}  {}  {}{current}", one.id, one.date, one.packages)
    }))
}

pub(super) fn records(global: &Global, records: &[Record]) -> Result<(), Failure> {
    match global.json {
        true => speech::json(&json!({ "packages": records })),
        false => speech::lines(records.iter().map(|one| format!("{}  {}", words(one), one.sha256))),
    }
}

pub(super) fn findings(global: &Global, findings: &[Finding]) -> Result<(), Failure> {
    if global.json {
        let value = |one: &Finding| {
            json!({
                "channel": one.channel.to_string(), "path": one.path, "problem": one.problem,
            })
        };
        speech::json(&json!({ "findings": findings.iter().map(value).collect::<Vec<_>>() }))?;
    } else {
        speech::lines(findings.iter().map(ToString::to_string))?;
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure::Findings(findings.len())) }
}

pub(super) fn collected(global: &Global, collected: Collected) -> Result<(), Failure> {
    let Collected { snapshots, files, bytes } = collected;
    match global.json {
        true => speech::json(&json!({ "snapshots": snapshots, "files": files, "bytes": bytes })),
        false => speech::lines([format!(
            "removed {snapshots} snapshots, {}, {}",
            speech::files(files as u64),
            speech::bytes(bytes)
        )]),
    }
}

fn words(record: &Record) -> String {
    format!("{} {} {}", record.name, record.version, record.architecture)
}

fn why(reason: Removal) -> &'static str {
    match reason {
        Removal::Superseded => "superseded",
        Removal::Downgraded => "downgraded",
        Removal::NoLongerMade => "no longer made",
        Removal::Moved => "moved",
        Removal::Asked => "asked for",
    }
}
