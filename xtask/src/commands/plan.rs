//! `cooperage plan`.

use std::collections::BTreeSet;

use pipeline::{BuildRequest, Format, PlannedStep};
use serde_json::json;

use super::Workplace;
use crate::args::{Global, Plan};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

/// Tells what a build would do, and what of it is done.
pub(crate) fn run(
    plan: &Plan,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let workplace = Workplace::open(global, surroundings)?;
    let mut formats: BTreeSet<Format> =
        plan.format.iter().copied().map(super::build::format).collect();
    if formats.is_empty() {
        formats.insert(Format::Oci);
    }
    let request = BuildRequest {
        service: plan.service.clone(),
        release: plan.release,
        distro: plan.target.distro.clone(),
        rpm_distro: plan.rpm_distro.clone(),
        arches: super::build::arches(&plan.target),
        formats,
        compression: super::build::compression(plan.compression),
        locked: false,
        folders: super::source::folders(&plan.source, surroundings)?,
        epoch: super::build::epoch(surroundings)?,
        out: workplace.root.join("out"),
    };
    let report = pipeline::planned(&workplace.setting(), &request)?;
    let (files, bytes) = report.missing;
    if global.json {
        let step = |step: &PlannedStep| {
            json!({
                "arch": step.arch.to_string(), "name": step.name, "key": step.key.to_string(),
                "done": step.done, "sandbox": step.sandbox,
            })
        };
        return speech::json(&json!({
            "stale": report.stale,
            "deviations": report.deviations,
            "steps": report.steps.iter().map(step).collect::<Vec<_>>(),
            "missing": { "files": files, "bytes": bytes },
        }));
    }
    if !global.quiet {
        for reason in &report.stale {
            speech::say(&format!("the locks would be written anew: {reason}"));
        }
        for line in &report.deviations {
            speech::say(line);
        }
        if files > 0 {
            speech::say(&format!("{files} files would be fetched, {}", speech::bytes(bytes)));
        }
    }
    speech::lines(report.steps.iter().map(|step| {
        let state = match (step.done, step.sandbox) {
            (true, _) => "there",
            (false, true) => "run",
            (false, false) => "make",
        };
        format!("{state:<5}  {:<5}  {}", step.arch, step.name)
    }))
}
