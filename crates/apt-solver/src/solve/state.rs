//! What is chosen so far.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::index::{Demand, Index, Kind, NameId, PackageId, Qualifier};

/// The choice of one name.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// The version that would be taken; `None` where there is none, or where it was found to be
    /// impossible.
    candidate: Option<PackageId>,
    /// The version that a lock holds.
    preferred: Option<PackageId>,
    /// The version that is taken.
    chosen: Option<PackageId>,
    /// Whether the choice must stay.
    protected: bool,
    /// Whether it was there before.
    kept: bool,
    /// Who needed it first; `None` where it is wanted itself.
    parent: Option<NameId>,
}

/// The choices of all names.
#[derive(Clone, Debug)]
pub(super) struct State<'a> {
    pub(super) index: &'a Index,
    pub(super) recommends: bool,
    slots: Vec<Slot>,
    /// The names that have been chosen at some time, so that not all need to be walked.
    touched: BTreeSet<NameId>,
}

impl<'a> State<'a> {
    pub(super) fn new(index: &'a Index, recommends: bool) -> Self {
        let slot = |name| Slot { candidate: index.newest_id(name), ..Slot::default() };
        let slots = (0..index.name_count() as NameId).map(slot).collect();
        Self { index, recommends, slots, touched: BTreeSet::new() }
    }

    /// The same candidates and the same packages that were there before, and nothing chosen.
    pub(super) fn afresh(self) -> Self {
        let Self { index, recommends, slots, .. } = self;
        let mut fresh = Self::new(index, recommends);
        for (name, slot) in slots.into_iter().enumerate() {
            if slot.kept {
                fresh.keep(slot.chosen.expect("what was there before is chosen"));
            } else if let Some(preferred) = slot.preferred {
                fresh.slots[name].candidate = Some(preferred);
                fresh.slots[name].preferred = Some(preferred);
            }
        }
        fresh
    }

    /// Takes this version of a package wherever the package is taken.
    pub(super) fn prefer(&mut self, package: PackageId) {
        let slot = &mut self.slots[self.index.packages[package as usize].name as usize];
        slot.candidate = Some(package);
        slot.preferred = Some(package);
    }

    /// Takes the package as being there and unchangeable.
    pub(super) fn keep(&mut self, package: PackageId) {
        let name = self.name_of(package);
        self.touched.insert(name);
        self.slots[name as usize] = Slot {
            candidate: Some(package),
            preferred: None,
            chosen: Some(package),
            protected: true,
            kept: true,
            parent: None,
        };
    }

    /// Takes the candidate of a name, to stay.
    pub(super) fn want(&mut self, name: NameId) {
        self.choose(name, None);
        self.protect(name);
    }

    pub(super) fn choose(&mut self, name: NameId, parent: Option<NameId>) {
        self.touched.insert(name);
        let slot = &mut self.slots[name as usize];
        if slot.chosen.is_none() {
            slot.parent = parent;
        }
        slot.chosen = slot.candidate;
    }

    /// Takes exactly this version.
    pub(super) fn choose_package(&mut self, package: PackageId, parent: NameId) {
        let name = self.name_of(package);
        let slot = &mut self.slots[name as usize];
        let candidate = slot.candidate.replace(package);
        self.choose(name, Some(parent));
        self.slots[name as usize].candidate = candidate;
    }

    pub(super) fn unchoose(&mut self, name: NameId) {
        let slot = &mut self.slots[name as usize];
        if !slot.kept {
            slot.chosen = None;
        }
    }

    /// Gives up on a name: it was found that it cannot be taken.
    pub(super) fn discard(&mut self, name: NameId) {
        self.unchoose(name);
        let slot = &mut self.slots[name as usize];
        slot.candidate = slot.chosen;
    }

    pub(super) fn protect(&mut self, name: NameId) {
        self.slots[name as usize].protected = true;
    }

    pub(super) fn unprotect(&mut self, name: NameId) {
        let slot = &mut self.slots[name as usize];
        slot.protected = slot.kept;
    }

    pub(super) fn name_of(&self, package: PackageId) -> NameId {
        self.index.packages[package as usize].name
    }

    pub(super) fn candidate(&self, name: NameId) -> Option<PackageId> {
        self.slots[name as usize].candidate
    }

    pub(super) fn choice(&self, name: NameId) -> Option<PackageId> {
        self.slots[name as usize].chosen
    }

    pub(super) fn is_protected(&self, name: NameId) -> bool {
        self.slots[name as usize].protected
    }

    pub(super) fn is_chosen(&self, package: PackageId) -> bool {
        self.choice(self.name_of(package)) == Some(package)
    }

    pub(super) fn is_kept(&self, package: PackageId) -> bool {
        self.slots[self.name_of(package) as usize].kept
    }

    pub(super) fn parent(&self, name: NameId) -> Option<NameId> {
        self.slots[name as usize].parent
    }

    /// All packages that are taken, in a fixed order.
    pub(super) fn chosen(&self) -> impl Iterator<Item = PackageId> {
        self.touched.iter().filter_map(|name| self.choice(*name))
    }

    /// The groups of alternatives that a package needs.
    pub(super) fn groups(&self, package: PackageId) -> Vec<Vec<Demand<'a>>> {
        let mut groups = Vec::new();
        let mut group = Vec::new();
        for demand in self.index.demands(package) {
            if demand.kind == Kind::Conflicts
                || (demand.kind == Kind::Recommends && !self.recommends)
            {
                continue;
            }
            group.push(demand);
            if !demand.or_next {
                groups.push(std::mem::take(&mut group));
            }
        }
        groups
    }

    /// What a package cannot be together with.
    pub(super) fn conflicts(&self, package: PackageId) -> impl Iterator<Item = Demand<'a>> {
        self.index.demands(package).filter(|demand| demand.kind == Kind::Conflicts)
    }

    /// Whether a package that is taken meets one of the alternatives.
    pub(super) fn is_met(&self, group: &[Demand<'_>]) -> bool {
        group
            .iter()
            .any(|demand| self.meeting(demand, |package| self.is_chosen(package)).next().is_some())
    }

    /// The packages that `demand` means, by name or as providers, and that `fit`.
    pub(super) fn meeting(
        &self,
        demand: &Demand<'_>,
        fit: impl Fn(PackageId) -> bool,
    ) -> impl Iterator<Item = PackageId> {
        let own = self.index.versions(demand.name);
        let own = own.filter(|package| self.index.is_meant(demand, *package));
        let providers = self.index.providers(demand.name);
        let provided = providers
            .filter(|provider| self.index.is_provided(demand, provider))
            .map(|provider| provider.package);
        own.chain(provided).filter(move |package| fit(*package))
    }

    /// The candidates that meet a group of alternatives, the one to try first in front: what apt
    /// calls the possible solutions (`CompareProviders` in its depcache).
    pub(super) fn options(&self, group: &[Demand<'_>]) -> Vec<PackageId> {
        let is_candidate = |package| self.candidate(self.name_of(package)) == Some(package);
        let mut options: Vec<PackageId> = Vec::new();
        for demand in group {
            let mut found: Vec<PackageId> = self.meeting(demand, is_candidate).collect();
            found.sort_by_key(|package| self.rank(demand, *package));
            options.extend(found);
        }
        let mut seen = BTreeSet::new();
        options.retain(|package| {
            let slot = &self.slots[self.name_of(*package) as usize];
            seen.insert(*package) && !(slot.protected && slot.chosen.is_none())
        });
        options.sort_by_key(|package| !self.is_kept(*package));
        options
    }

    fn rank(&self, demand: &Demand<'_>, package: PackageId) -> impl Ord + use<> {
        let entry = &self.index.packages[package as usize];
        let slot = &self.slots[entry.name as usize];
        let namesake = entry.name == demand.name && demand.qualifier == Qualifier::None;
        (
            !slot.protected,
            !slot.kept,
            !namesake,
            !entry.essential,
            entry.priority,
            Reverse(entry.name),
        )
    }

    /// The first package that is taken and that `package` cannot be together with, and the
    /// relation of the one to the other. What was there before is whole in itself.
    pub(super) fn clash(&self, package: PackageId) -> Option<(PackageId, Demand<'a>)> {
        let name = self.name_of(package);
        let taken = |other| self.is_chosen(other) && self.name_of(other) != name;
        for demand in self.conflicts(package) {
            if let Some(other) = self.meeting(&demand, taken).next() {
                return Some((other, demand));
            }
        }
        for other in self.chosen().filter(|other| self.name_of(*other) != name) {
            for demand in self.conflicts(other) {
                if self.meeting(&demand, |met| met == package).next().is_some() {
                    return Some((other, demand));
                }
            }
        }
        None
    }

    /// Whether all that is taken has what it needs, and nothing stands against anything else.
    pub(super) fn is_whole(&self, roots: &[NameId]) -> bool {
        roots.iter().all(|root| self.choice(*root).is_some())
            && self
                .chosen()
                .all(|package| self.lacks(package).is_none() && self.is_in_peace(package))
    }

    /// The first group that a package needs and does not have.
    pub(super) fn lacks(&self, package: PackageId) -> Option<Vec<Demand<'a>>> {
        if self.is_kept(package) {
            return None;
        }
        self.groups(package)
            .into_iter()
            .find(|group| group[0].kind == Kind::Depends && !self.is_met(group))
    }

    /// Whether nothing that is taken is what `package` cannot be together with.
    pub(super) fn is_in_peace(&self, package: PackageId) -> bool {
        let name = self.name_of(package);
        let hurt = |other| {
            self.is_chosen(other)
                && self.name_of(other) != name
                && !(self.is_kept(other) && self.is_kept(package))
        };
        self.conflicts(package).all(|demand| self.meeting(&demand, hurt).next().is_none())
    }

    /// Drops what was taken on a way that was then left: what no wanted package leads to.
    pub(super) fn drop_unneeded(&mut self, roots: &[NameId]) {
        let mut needed: BTreeSet<PackageId> = BTreeSet::new();
        let essential = |package: &PackageId| {
            self.index.packages[*package as usize].essential || self.is_kept(*package)
        };
        let mut open: Vec<PackageId> = self.chosen().filter(essential).collect();
        open.extend(roots.iter().filter_map(|root| self.choice(*root)));
        while let Some(package) = open.pop() {
            if !needed.insert(package) {
                continue;
            }
            for demand in
                self.index.demands(package).filter(|demand| demand.kind != Kind::Conflicts)
            {
                open.extend(self.meeting(&demand, |met| self.is_chosen(met)));
            }
        }
        let unneeded: Vec<PackageId> =
            self.chosen().filter(|package| !needed.contains(package)).collect();
        for package in unneeded {
            self.unchoose(self.name_of(package));
        }
    }
}
