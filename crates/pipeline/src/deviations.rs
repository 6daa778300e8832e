//! In what an image differs from what upstream has released and pinned.

use constraints::{Environment, Origin};
use release::Release;

use crate::lock::{LockedSource, ReleaseLock, ServiceList};

/// What is built in place of a wheel of the index, and what overrides have changed.
#[derive(Debug)]
pub(crate) struct Deviations<'a> {
    source: &'a LockedSource,
    libraries: Vec<&'a LockedSource>,
    /// Projects with their locked versions, and why.
    overrides: Vec<(String, String)>,
}

impl<'a> Deviations<'a> {
    /// Those of a service as it is locked.
    pub(crate) fn of(
        release: &Release,
        lock: &'a ReleaseLock,
        list: &ServiceList,
        source: &'a LockedSource,
    ) -> Self {
        let mut overrides = Vec::new();
        let environment = Environment::linux(&list.python, list.arch);
        for wheel in lock.service_wheels(list) {
            let Ok(environment) = &environment else { continue };
            let constraints = &release.constraints;
            let pin = constraints.pins(&wheel.project, environment).next();
            let of_pin = pin.and_then(|entry| match &entry.origin {
                Origin::Override { reason } => Some(reason.clone()),
                Origin::Upstream => None,
            });
            let mut bounds = constraints.bounds_in(&wheel.project, environment);
            let reason = of_pin.or_else(|| bounds.next().map(|bound| bound.reason.clone()));
            overrides.extend(
                reason.map(|reason| (format!("{}={}", wheel.project, wheel.version), reason)),
            );
        }
        Self { source, libraries: lock.libraries(list), overrides }
    }

    /// The labels of an image of which something is built from source: its libraries and its overrides.
    /// None for an image of released wheels alone, whose overrides its lock and `pip.txt` have.
    pub(crate) fn labels(&self) -> Vec<(String, String)> {
        let mut labels = Vec::new();
        if !self.source.is_built() && self.libraries.is_empty() {
            return labels;
        }
        let mut add = |name: &str, values: Vec<String>| {
            if !values.is_empty() {
                labels.push((format!("org.openstack.{name}"), values.join(" ")));
            }
        };
        let library = |source: &&LockedSource| format!("{}={}", source.component, source.tag());
        add("libraries", self.libraries.iter().map(library).collect());
        add("overrides", self.overrides.iter().map(|(pin, _)| pin.clone()).collect());
        labels
    }

    /// A line for each, for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for source in [self.source].into_iter().chain(self.libraries.iter().copied()) {
            if source.is_built() {
                let commit = source.commit.map(|commit| format!(" at {commit}"));
                let (name, version) = (&source.component, &source.version);
                let from = source.shown();
                lines.push(format!(
                    "built {name} {version} from {from}{}",
                    commit.unwrap_or_default()
                ));
            }
            for patch in &source.patches {
                lines.push(format!("patched {} {}", source.component, patch.file));
            }
        }
        let line = |(pin, why): &(String, String)| format!("override {pin}: {why}");
        lines.extend(self.overrides.iter().map(line));
        lines
    }
}
