//! What the missing layers of an image are made of.

use std::collections::BTreeSet;

use distro::LockedDeb;
use names::Digest;
use store::{Address, FetchError, Store};
use wheels::LockedWheel;

use crate::built_wheel::WheelStep;
use crate::groups;
use crate::plan::{LayerKind, Own, Plan, PlannedLibrary};

/// What must be at hand to make the layers that the store does not have.
#[derive(Debug)]
pub(crate) struct Needs<'a> {
    /// Whether the packages of the base are laid out.
    pub(crate) base: bool,
    /// Whether the packages of the base and of the service are laid out together.
    pub(crate) whole: bool,
    /// The packages: those of the base, then those of the service if it is `whole`.
    pub(crate) debs: Vec<&'a LockedDeb>,
    /// The groups of wheels, by their place in the plan.
    pub(crate) groups: BTreeSet<usize>,
    /// Their wheels, and the service's own if it is not built.
    pub(crate) wheels: Vec<&'a LockedWheel>,
    /// The steps that build wheels.
    steps: Vec<&'a WheelStep<'a>>,
}

impl<'a> Needs<'a> {
    /// What `plan` needs when the layers for which `misses` is true are to be made.
    pub(crate) fn of(plan: &'a Plan<'a>, misses: impl Fn(LayerKind) -> bool) -> Self {
        let service = misses(LayerKind::Service);
        let whole = service || misses(LayerKind::System);
        let alone = plan.system.is_empty();
        let base = misses(LayerKind::Base) || misses(LayerKind::System) || (whole && alone);
        let mut debs = if base || whole { plan.base.clone() } else { Vec::new() };
        if whole {
            debs.extend(&plan.system);
        }
        let mut groups = BTreeSet::new();
        for (index, group) in plan.groups.iter().enumerate() {
            if service || misses(LayerKind::Python(index)) {
                groups.insert(index);
                let below = groups::below(&plan.groups, group);
                groups
                    .extend(below.filter_map(|other| plan.groups.iter().position(|g| g == other)));
            }
        }
        let mut wheels: Vec<&LockedWheel> = groups
            .iter()
            .flat_map(|index| &plan.groups[*index].wheels)
            .filter_map(|file| plan.wheels.iter().find(|wheel| wheel.file == *file).copied())
            .collect();
        let in_use = |library: &&PlannedLibrary<'_>| {
            groups.iter().any(|index| plan.groups[*index].wheels.contains(&library.key))
        };
        let libraries = plan.libraries.iter().filter(in_use);
        let mut steps: Vec<&WheelStep<'_>> = libraries.map(|library| &library.step).collect();
        match &plan.own {
            Own::Locked(own) if service => wheels.push(own),
            Own::Built(built) if service => steps.push(built),
            _ => {}
        }
        Self { base, whole, debs, groups, wheels, steps }
    }

    /// What of it is not in the store, as it is asked for.
    pub(crate) fn missing(&self, store: &Store) -> BTreeSet<String> {
        let (mut debs, mut wheels) = (self.debs.clone(), self.wheels.clone());
        let mut missing = BTreeSet::new();
        for step in self.steps.iter().filter(|step| step.find(store).is_none()) {
            debs.extend(&step.base);
            wheels.extend(&step.build);
            if store.blob(&step.sdist.sha256).is_none() {
                missing.insert(step.source());
            }
        }
        missing.extend(absent(store, &debs, &wheels));
        missing
    }
}

/// Those packages and wheels that the store does not have, as they are asked for.
pub(crate) fn absent(
    store: &Store,
    debs: &[&LockedDeb],
    wheels: &[&LockedWheel],
) -> BTreeSet<String> {
    let lacks = |sha256: &Digest| store.blob(sha256).is_none();
    let debs = debs.iter().filter(|deb| lacks(&deb.sha256));
    let debs = debs.map(|deb| Address::in_archive(&deb.archive, deb.path.clone()).to_string());
    let wheels = wheels.iter().filter(|wheel| lacks(&wheel.sha256));
    debs.chain(wheels.map(|wheel| wheel.file.clone())).collect()
}

/// An error that names all that is missing without the network, if anything is.
pub(crate) fn none_missing(missing: BTreeSet<String>) -> Result<(), FetchError> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(FetchError::Offline { address: Vec::from_iter(missing).join("\n") })
}
