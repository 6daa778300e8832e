//! What one walk has found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use constraints::{EffectivePin, Requirement};
use names::{PackageName, Place};

use super::choose::Choice;
use super::{Chain, ClosureError, Step};
use crate::index::ProjectPage;
use crate::metadata::Metadata;

/// One walk over everything.
#[derive(Default)]
pub(super) struct Round {
    pub(super) visits: BTreeMap<PackageName, Visit>,
    pub(super) errors: Vec<ClosureError>,
}

/// What is known of one project.
#[derive(Default)]
pub(super) struct Visit {
    pub(super) extras: BTreeSet<PackageName>,
    /// In the order in which they were met: the first one is the shortest way here.
    pub(super) demands: Vec<Demand>,
    pub(super) page: Option<Arc<ProjectPage>>,
    pub(super) choice: Option<(Choice, Arc<Metadata>)>,
    pub(super) failed: bool,
}

#[derive(Clone, PartialEq)]
pub(super) struct Demand {
    pub(super) requirement: Requirement,
    pub(super) from: Asker,
}

#[derive(Clone, PartialEq)]
pub(super) enum Asker {
    Root(Place),
    Project(PackageName),
}

impl Round {
    pub(super) fn visit(&mut self, name: &PackageName) -> &mut Visit {
        self.visits.entry(name.clone()).or_default()
    }

    pub(super) fn fail(&mut self, name: &PackageName, error: ClosureError) {
        self.visit(name).failed = true;
        self.errors.push(error);
    }

    /// Adds a requirement; its project goes into `wave` where it is new or gets new extras.
    pub(super) fn demand(&mut self, demand: Demand, wave: &mut BTreeSet<PackageName>) {
        let name = demand.requirement.name.clone();
        let known = self.visits.contains_key(&name);
        let visit = self.visit(&name);
        let before = visit.extras.len();
        visit.extras.extend(demand.requirement.extras.iter().cloned());
        if !known || visit.extras.len() > before {
            wave.insert(name);
        }
        if !visit.demands.contains(&demand) {
            visit.demands.push(demand);
        }
    }

    /// The first way to a project.
    pub(super) fn chain(&self, name: &PackageName) -> Chain {
        self.visits[name]
            .demands
            .first()
            .map(|first| self.chain_of(first, name))
            .unwrap_or_default()
    }

    /// The ways by which all that is required of a project comes; at most eight.
    pub(super) fn chains(&self, name: &PackageName) -> Vec<Chain> {
        let demands = &self.visits[name].demands;
        demands.iter().take(8).map(|demand| self.chain_of(demand, name)).collect()
    }

    /// The way to `name` of which `last` is the last step.
    pub(super) fn chain_of(&self, last: &Demand, name: &PackageName) -> Chain {
        let mut steps = Vec::new();
        let mut seen = BTreeSet::from([name]);
        let mut demand = Some(last);
        while let Some(Demand { requirement, from }) = demand {
            let requirement = requirement.text.clone();
            match from {
                Asker::Root(place) => {
                    steps.push(Step::Root { place: place.clone(), requirement });
                    break;
                }
                Asker::Project(project) => {
                    let visit = &self.visits[project];
                    let (version, file) = match &visit.choice {
                        Some((choice, _)) => (choice.version.clone(), choice.file.name.clone()),
                        None => break,
                    };
                    let project_name = project.clone();
                    steps.push(Step::Wheel { project: project_name, version, file, requirement });
                    demand = visit.demands.first().filter(|_| seen.insert(project));
                }
            }
        }
        steps.reverse();
        Chain(steps)
    }
}

/// The requirements that a pin does not satisfy.
pub(super) fn conflicts(
    round: &Round,
    name: &PackageName,
    pins: &[&EffectivePin],
    choice: &Choice,
) -> Vec<ClosureError> {
    let place = pins.first().map(|entry| entry.pin.place.clone()).unwrap_or_default();
    let demands = round.visits[name].demands.iter();
    let broken = demands.filter(|demand| !demand.requirement.specifiers.contains(&choice.version));
    let conflict = |demand: &Demand| ClosureError::Conflict {
        place: place.clone(),
        project: name.clone(),
        version: choice.version.to_string(),
        requirement: demand.requirement.text.clone(),
        chain: round.chain_of(demand, name),
    };
    broken.map(conflict).collect()
}

/// The extras that a user asks for in vain. In METADATA they are passed over, as pip does.
pub(super) fn unknown_extras(
    round: &Round,
    name: &PackageName,
    choice: &Choice,
    metadata: &Metadata,
) -> Vec<ClosureError> {
    let mut errors = Vec::new();
    for demand in &round.visits[name].demands {
        let Asker::Root(place) = &demand.from else { continue };
        for extra in demand.requirement.extras.difference(&metadata.provides_extra) {
            let offered: Vec<&str> =
                metadata.provides_extra.iter().map(PackageName::as_str).collect();
            errors.push(ClosureError::Extra {
                place: place.clone(),
                project: name.clone(),
                version: choice.version.clone(),
                extra: extra.clone(),
                offered: if offered.is_empty() { "none".to_owned() } else { offered.join(", ") },
            });
        }
    }
    errors
}
