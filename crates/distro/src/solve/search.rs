//! The search for a whole set where apt's first choices do not make one: depth first, in the same
//! order of preference, going back to a choice that has to do with the failure.

use std::collections::BTreeSet;

use crate::index::{Demand, Kind, NameId, PackageId};

use super::SolveError;
use super::explain::{self, DeadEnd};
use super::state::State;

/// The most packages that are tried.
const STEPS: usize = 20_000;

/// Searches a whole set with the roots in it. `failed` is the state that apt's choices have led to:
/// what was there before and the preferred versions are taken from it.
pub(super) fn search<'a>(start: State<'a>, roots: &[NameId]) -> Result<State<'a>, SolveError> {
    let mut search = Search { state: start.afresh(), order: Vec::new(), steps: 0, dead_end: None };
    for &root in roots {
        let newest = search.state.candidate(root).or(search.state.choice(root));
        let package = newest.expect("a root has a version");
        if !search.state.is_kept(package) {
            if let Some((other, demand)) = search.state.clash(package) {
                return Err(explain::clash_of_roots(&search.state, package, other, &demand));
            }
            search.state.want(root);
            search.order.push(package);
        }
    }
    match search.complete(0) {
        Ok(()) => Ok(search.state),
        Err(_) if search.steps >= STEPS => Err(SolveError::TooHard { steps: STEPS }),
        Err(_) => {
            let dead_end = search.dead_end.expect("a search fails at a dead end");
            Err(explain::dead_end(&search.state, &dead_end))
        }
    }
}

struct Search<'a> {
    state: State<'a>,
    /// What was taken, in order.
    order: Vec<PackageId>,
    steps: usize,
    /// The first place where nothing could be taken: the one that the preferred choices lead to.
    dead_end: Option<DeadEnd<'a>>,
}

impl<'a> Search<'a> {
    /// Takes what the packages from `position` in the order need; or fails, with the names whose
    /// choice has to do with it.
    fn complete(&mut self, mut position: usize) -> Result<(), BTreeSet<NameId>> {
        let (owner, group) = loop {
            let Some(&package) = self.order.get(position) else { return Ok(()) };
            match self.state.lacks(package) {
                Some(group) => break (package, group),
                None => position += 1,
            }
        };
        let owner_name = self.state.name_of(owner);
        let mut blame = BTreeSet::from([owner_name]);
        let mut blocked = Vec::new();
        for option in self.all_options(&group) {
            self.steps += 1;
            let name = self.state.name_of(option);
            if self.steps >= STEPS {
                return Err(BTreeSet::new());
            }
            if let Some(chosen) = self.state.choice(name) {
                blame.insert(name);
                blocked.push((option, chosen, None));
                continue;
            }
            if let Some((other, demand)) = self.state.clash(option) {
                blame.insert(self.state.name_of(other));
                blocked.push((option, other, Some(demand)));
                continue;
            }
            self.state.choose_package(option, owner_name);
            self.order.push(option);
            match self.complete(position) {
                Ok(()) => return Ok(()),
                Err(deeper) => {
                    self.order.pop();
                    if !deeper.contains(&name) {
                        self.state.unchoose(name);
                        return Err(deeper);
                    }
                    self.state.unchoose(name);
                    blame.extend(deeper.into_iter().filter(|other| *other != name));
                }
            }
        }
        if self.dead_end.is_none() {
            let chain = explain::chain(&self.state, owner_name);
            let others = blocked.first().map(|(_, other, _)| self.state.name_of(*other));
            let other_chain = others.map(|name| explain::chain(&self.state, name));
            self.dead_end = Some(DeadEnd { chain, other_chain, owner, group, blocked });
        }
        Err(blame)
    }

    /// All versions that meet the group: the candidates in apt's order, then the others.
    fn all_options(&self, group: &[Demand<'_>]) -> Vec<PackageId> {
        let mut options = self.state.options(group);
        for demand in group.iter().filter(|demand| demand.kind == Kind::Depends) {
            let others: Vec<PackageId> =
                self.state.meeting(demand, |package| !options.contains(&package)).collect();
            options.extend(others);
        }
        options
    }
}
