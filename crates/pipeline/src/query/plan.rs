//! What a build would do.

use std::collections::BTreeMap;

use names::{Arch, Digest};

use super::QueryError;
use crate::build::sides::{self, Side};
use crate::build::{BuildError, BuildRequest, Format};
use crate::built_wheel::WheelStep;
use crate::deviations::Deviations;
use crate::layers;
use crate::locks::Locks;
use crate::package::{self, MAKERS, Output, Task};
use crate::parts::parts;
use crate::plan::{self, LayerKind, Own, PlanError};
use crate::setting::Setting;
use crate::stale;

/// What a build would do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlanReport {
    /// Why the locks would be written anew first, a line each. The steps are those of the locks as
    /// they are, and none where these do not have the service at all.
    pub stale: Vec<String>,
    /// In what the images differ from what upstream has released and pinned, a line each: what is built
    /// from source, its patches, and the overrides that count.
    pub deviations: Vec<String>,
    /// The steps, in their order.
    pub steps: Vec<PlannedStep>,
    /// Files that the steps need and the store does not have: how many, and their bytes as far as the
    /// locks have them.
    pub missing: (usize, u64),
}

/// A step of a build.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlannedStep {
    /// The architecture that it is for.
    pub arch: Arch,
    /// What it makes.
    pub name: String,
    /// The digest of all its inputs.
    pub key: Digest,
    /// Whether its result is in the store.
    pub done: bool,
    /// Whether it runs code, in the sandbox.
    pub sandbox: bool,
}

/// What [`crate::build()`] would do for `request`. Offline: nothing is fetched and nothing written.
///
/// # Errors
/// When the tree or the locks cannot be read, or do not have what is asked for.
pub fn planned(setting: &Setting<'_>, request: &BuildRequest) -> Result<PlanReport, QueryError> {
    let mut report =
        PlanReport { stale: vec![], deviations: vec![], steps: vec![], missing: (0, 0) };
    let mut missing = BTreeMap::new();
    for side in sides::of(setting.root, request)? {
        add(setting, &side, &mut report, &mut missing)?;
    }
    report.missing = (missing.len(), missing.values().sum());
    Ok(report)
}

/// Adds what would be done for one distribution, and the files that are missing for it with their sizes.
fn add(
    setting: &Setting<'_>,
    Side { request, description }: &Side,
    report: &mut PlanReport,
    missing: &mut BTreeMap<Digest, u64>,
) -> Result<(), QueryError> {
    description.release(request.release)?;
    let service = description.service(&request.service)?;
    let locks = Locks::of(description, setting.root, request.release)?;
    let wanted = request.wanted();
    let of_tree = description.release(request.release)?;
    for part in parts(description, request.release, &wanted, setting.host)? {
        let reasons = stale::reasons(description, &locks, request.release, &part);
        report.stale.extend(reasons.map_err(|error| QueryError::Stale(Box::new(error)))?);
    }
    for &arch in wanted.keys() {
        if locks.release.service(&request.service, arch).is_none() {
            continue;
        }
        let target = plan::Target {
            host: setting.host,
            release: request.release,
            arch,
            clamp: request.epoch,
            compression: request.compression,
        };
        let plan = match plan::plan(description, &locks, service, target) {
            Ok(plan) => plan,
            // What is stale may not fit together any more.
            Err(_) if !report.stale.is_empty() => continue,
            Err(PlanError::Describe(error)) => return Err(error.into()),
            Err(PlanError::Locks(error)) => return Err(error.into()),
        };
        let list = locks.release.service(&request.service, arch);
        let source = list.and_then(|list| locks.release.source(list));
        if let Some((list, source)) = list.zip(source) {
            let lines = Deviations::of(of_tree, &locks.release, list, source).lines();
            let new = lines.into_iter().filter(|line| !report.deviations.contains(line));
            let new: Vec<String> = new.collect();
            report.deviations.extend(new);
        }
        let mut needed = Vec::new();
        let libraries = plan.libraries.iter();
        let mut steps: Vec<(&WheelStep<'_>, &str)> =
            libraries.map(|library| (&library.step, library.source.version.as_str())).collect();
        if let Own::Built(step) = &plan.own {
            steps.push((step, plan.version));
        }
        for (step, version) in steps {
            let done = step.find(setting.store).is_some();
            let name = format!("wheel of {} {version}", step.project);
            report.steps.push(PlannedStep { arch, name, key: step.key(), done, sandbox: true });
            if !done {
                needed.extend(step.base.iter().map(|deb| (deb.sha256, deb.size)));
                let wheels = step.build.iter().chain([&step.sdist]);
                needed.extend(wheels.map(|file| (file.sha256, file.size.unwrap_or_default())));
            }
        }
        let is_image = request.formats.contains(&Format::Oci);
        for layer in plan.layers.iter().filter(|_| is_image) {
            let done = layers::find(setting.store, &layer.key, &layer.name).is_some();
            let name = layer.name.clone();
            report.steps.push(PlannedStep { arch, name, key: layer.key, done, sandbox: false });
            let debs = plan.base.iter().chain(&plan.system).map(|deb| (deb.sha256, deb.size));
            let wheels = plan.wheels.iter();
            let wheels = wheels.map(|file| (file.sha256, file.size.unwrap_or_default()));
            match layer.kind {
                _ if done => {}
                LayerKind::Base | LayerKind::System => needed.extend(debs),
                LayerKind::Python(_) => needed.extend(wheels),
                LayerKind::Service => needed.extend(debs.chain(wheels)),
            }
        }
        for maker in MAKERS.iter().filter(|maker| request.formats.contains(&maker.format)) {
            let Some((_, source)) = list.zip(source) else { continue };
            let release = request.release;
            let output = Output { folder: &request.out, epoch: request.epoch };
            let task = Task { description, plan: &plan, source, release, output };
            let named = task.named().map(drop);
            named.map_err(|error| BuildError::Package {
                service: service.name.clone(),
                release,
                source: Box::new(error),
            })?;
            let key = task.key(maker.level, setting.package_key);
            let done = package::is_made(setting.store, &key);
            let name = format!("{} of {} {}", maker.name, service.name, plan.version);
            report.steps.push(PlannedStep { arch, name, key, done, sandbox: false });
            if !done {
                let debs = plan.base.iter().chain(&plan.system).map(|deb| (deb.sha256, deb.size));
                let wheels = plan.wheels.iter();
                let wheels = wheels.map(|file| (file.sha256, file.size.unwrap_or_default()));
                needed.extend(debs.chain(wheels));
            }
        }
        let absent = |(digest, _): &(Digest, u64)| setting.store.blob(digest).is_none();
        missing.extend(needed.into_iter().filter(absent));
    }
    Ok(())
}
