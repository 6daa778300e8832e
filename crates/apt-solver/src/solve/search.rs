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
    if search.complete() {
        return Ok(search.state);
    }
    match search.dead_end {
        Some(dead_end) if search.steps < STEPS => Err(explain::dead_end(&search.state, &dead_end)),
        _ => Err(SolveError::TooHard { steps: STEPS }),
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

/// A need, and how far its options have been tried. They lie on a stack of their own: chains of
/// needs can be longer than the program's stack is deep.
struct Frame<'a> {
    owner: PackageId,
    /// Where in the order the owner stands.
    position: usize,
    group: Vec<Demand<'a>>,
    options: Vec<PackageId>,
    tried: usize,
    /// The option that is taken now.
    taken: Option<NameId>,
    /// The names whose choice has to do with the failures so far.
    blame: BTreeSet<NameId>,
    /// The options that could not be taken, and what stood against each.
    blocked: Vec<(PackageId, PackageId, Option<Demand<'a>>)>,
}

impl<'a> Search<'a> {
    /// Takes what the packages in the order need, until they are whole; `false` where that cannot
    /// be, or takes too many steps.
    fn complete(&mut self) -> bool {
        let mut frames: Vec<Frame<'a>> = Vec::new();
        loop {
            let position = frames.last().map_or(0, |frame| frame.position);
            let Some(frame) = self.next_need(position) else { return true };
            frames.push(frame);
            while let Some(frame) = frames.last_mut() {
                if self.take_next(frame) {
                    break;
                }
                if self.steps >= STEPS {
                    return false;
                }
                self.note_dead_end(frame);
                let blame = std::mem::take(&mut frame.blame);
                frames.pop();
                self.go_back(&mut frames, blame);
            }
            if frames.is_empty() {
                return false;
            }
        }
    }

    /// The first need that is not met, of the packages from `position` in the order.
    fn next_need(&self, position: usize) -> Option<Frame<'a>> {
        let rest = self.order[position..].iter().enumerate();
        let (offset, owner, group) = rest
            .filter_map(|(offset, owner)| Some((offset, *owner, self.state.lacks(*owner)?)))
            .next()?;
        Some(Frame {
            owner,
            position: position + offset,
            options: self.all_options(&group),
            group,
            tried: 0,
            taken: None,
            blame: BTreeSet::from([self.state.name_of(owner)]),
            blocked: Vec::new(),
        })
    }

    /// Takes the next option of a need that nothing stands against.
    fn take_next(&mut self, frame: &mut Frame<'a>) -> bool {
        while let Some(&option) = frame.options.get(frame.tried) {
            frame.tried += 1;
            self.steps += 1;
            if self.steps >= STEPS {
                return false;
            }
            let name = self.state.name_of(option);
            if let Some(chosen) = self.state.choice(name) {
                frame.blame.insert(name);
                frame.blocked.push((option, chosen, None));
            } else if let Some((other, demand)) = self.state.clash(option) {
                frame.blame.insert(self.state.name_of(other));
                frame.blocked.push((option, other, Some(demand)));
            } else {
                self.state.choose_package(option, self.state.name_of(frame.owner));
                self.order.push(option);
                frame.taken = Some(name);
                return true;
            }
        }
        false
    }

    /// Takes choices back, up to one that has to do with a failure; that need tries its next
    /// option then.
    fn go_back(&mut self, frames: &mut Vec<Frame<'a>>, blame: BTreeSet<NameId>) {
        while let Some(frame) = frames.last_mut() {
            let name = frame.taken.take().expect("a need below the last one has an option taken");
            self.order.pop();
            self.state.unchoose(name);
            if blame.contains(&name) {
                frame.blame.extend(blame.into_iter().filter(|other| *other != name));
                return;
            }
            frames.pop();
        }
    }

    fn note_dead_end(&mut self, frame: &Frame<'a>) {
        if self.dead_end.is_some() {
            return;
        }
        let chain = |package| explain::chain(&self.state, self.state.name_of(package));
        self.dead_end = Some(DeadEnd {
            chain: chain(frame.owner),
            other_chain: frame.blocked.first().map(|(_, other, _)| chain(*other)),
            owner: frame.owner,
            group: frame.group.clone(),
            blocked: frame.blocked.clone(),
        });
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
