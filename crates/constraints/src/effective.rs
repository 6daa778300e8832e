//! The pins that count: those of upstream, as the overrides change them.

use std::collections::{BTreeMap, BTreeSet};

use names::{Fault, PackageName, Place, nearest};

use crate::overrides::{Change, Replacement, Replacing};
use crate::{Bound, Constraints, Environment, Overrides, Pin, Removal};

/// The pins of a release after the overrides: what a closure is resolved with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Effective {
    /// Invariant: no list is empty, each is sorted by marker.
    pins: BTreeMap<PackageName, Vec<EffectivePin>>,
    /// What stands in place of pins: ranges and addresses.
    bounds: BTreeMap<PackageName, Vec<Bound>>,
    removed: BTreeMap<PackageName, Removal>,
    /// Environments in which the pins of a name do not count.
    excluded: BTreeMap<PackageName, Vec<Removal>>,
    /// What does not count any more, in the order in which it was replaced.
    replaced: BTreeMap<PackageName, Vec<EffectivePin>>,
}

/// A pin, and who asked for it. Its line is `pin.place`, in whichever file it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EffectivePin {
    /// The pin.
    pub pin: Pin,
    /// Who asked for it.
    pub origin: Origin,
}

/// Who asked for a pin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A line of the constraints.
    Upstream,
    /// A line of the overrides.
    Override {
        /// Why, in the words of the comment above the line.
        reason: String,
    },
}

/// What [`apply`] gives.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Applied {
    /// The pins that count.
    pub effective: Effective,
    /// Overrides that cannot be meant: a name to remove that is not there, a name to add that is,
    /// a name that is nearly another one. In order of their places, as are the remarks.
    pub faults: Vec<Fault>,
    /// Overrides that change nothing, because upstream says the same by now.
    pub remarks: Vec<Fault>,
}

/// Changes `constraints` by `overrides`: an override of a name replaces all pins of the name.
pub fn apply(constraints: &Constraints, overrides: &Overrides) -> Applied {
    apply_all(constraints, std::slice::from_ref(overrides))
}

/// Changes `constraints` by several files of overrides in turn, each what those before it have left.
pub fn apply_all(constraints: &Constraints, overrides: &[Overrides]) -> Applied {
    let mut applied = Applied::default();
    for pin in constraints.iter() {
        let entry = EffectivePin { pin: pin.clone(), origin: Origin::Upstream };
        applied.effective.pins.entry(pin.name.clone()).or_default().push(entry);
    }
    for overrides in overrides {
        let before = applied.effective.clone();
        for (name, change) in &overrides.changes {
            let mut removals = change.removal.iter().chain(&change.exclusions);
            if let Some(removal) = removals.next().filter(|_| !before.has(name)) {
                applied.faults.push(no_such_pin(name, &removal.place, &before));
            }
            applied.faults.extend(unintended(name, &change.replacements, &before));
            applied.remarks.extend(unchanged(name, &change.replacements, before.all(name)));
            applied.effective.change(name, change);
        }
    }
    applied.faults.sort();
    applied.remarks.sort();
    applied
}

impl Effective {
    fn change(&mut self, name: &PackageName, change: &Change) {
        if !change.exclusions.is_empty() {
            let excluded = self.excluded.entry(name.clone()).or_default();
            excluded.extend(change.exclusions.iter().cloned());
        }
        if change.removal.is_none() && change.replacements.is_empty() {
            return;
        }
        let replaced = self.pins.remove(name).unwrap_or_default();
        self.replaced.entry(name.clone()).or_default().extend(replaced);
        self.bounds.remove(name);
        self.removed.remove(name);
        self.removed.extend(change.removal.clone().map(|removal| (name.clone(), removal)));
        for Replacement { line, reason, .. } in &change.replacements {
            let reason = reason.clone();
            match line {
                Replacing::Pin(pin) => {
                    let origin = Origin::Override { reason };
                    let entry = EffectivePin { pin: pin.clone(), origin };
                    self.pins.entry(name.clone()).or_default().push(entry);
                }
                Replacing::Bound(requirement, place) => {
                    let (requirement, place) = (requirement.clone(), place.clone());
                    let bound = Bound { requirement, place, reason };
                    self.bounds.entry(name.clone()).or_default().push(bound);
                }
            }
        }
        if let Some(pins) = self.pins.get_mut(name) {
            pins.sort_by(|left, right| left.pin.key().cmp(&right.pin.key()));
        }
    }

    fn has(&self, name: &PackageName) -> bool {
        self.pins.contains_key(name) || self.bounds.contains_key(name)
    }

    /// Where something stands that pins or bounds `name`.
    fn place(&self, name: &PackageName) -> Option<&Place> {
        let pin = self.all(name).first().map(|entry| &entry.pin.place);
        pin.or_else(|| self.bounds(name).first().map(|bound| &bound.place))
    }

    /// All pins, by name, then by the text of the marker.
    pub fn iter(&self) -> impl Iterator<Item = &EffectivePin> {
        self.pins.values().flatten()
    }

    /// The names that are pinned, in order.
    pub fn names(&self) -> impl Iterator<Item = &PackageName> {
        self.pins.keys()
    }

    /// Every pin of `name`, for whatever environment. A name with pins of which none counts in an
    /// environment cannot be met there; a name without pins is open.
    pub fn all(&self, name: &PackageName) -> &[EffectivePin] {
        self.pins.get(name).map_or(&[], Vec::as_slice)
    }

    /// The pins of `name` that count in `environment`.
    pub fn pins<'a>(
        &'a self,
        name: &PackageName,
        environment: &'a Environment,
    ) -> impl Iterator<Item = &'a EffectivePin> {
        let counts = !self.is_excluded(name, environment);
        self.all(name).iter().filter(move |entry| counts && entry.pin.applies(environment))
    }

    /// The ranges and addresses that overrides have put in place of the pins of `name`.
    pub fn bounds(&self, name: &PackageName) -> &[Bound] {
        self.bounds.get(name).map_or(&[], Vec::as_slice)
    }

    /// All ranges and addresses that overrides have put in place of pins, by name.
    pub fn all_bounds(&self) -> impl Iterator<Item = (&PackageName, &Bound)> {
        self.bounds.iter().flat_map(|(name, bounds)| bounds.iter().map(move |bound| (name, bound)))
    }

    /// Those that count in `environment`.
    pub fn bounds_in<'a>(
        &'a self,
        name: &PackageName,
        environment: &'a Environment,
    ) -> impl Iterator<Item = &'a Bound> {
        let counts = !self.is_excluded(name, environment);
        self.bounds(name).iter().filter(move |bound| counts && bound.applies(environment))
    }

    /// Whether an override says that nothing pins `name` in `environment`.
    pub fn is_excluded(&self, name: &PackageName, environment: &Environment) -> bool {
        let none = BTreeSet::new();
        self.exclusions(name).iter().any(|removal| {
            removal.marker.as_ref().is_none_or(|marker| marker.evaluate(environment, &none))
        })
    }

    /// The overrides `-name;marker`.
    pub fn exclusions(&self, name: &PackageName) -> &[Removal] {
        self.excluded.get(name).map_or(&[], Vec::as_slice)
    }

    /// The pins of `name` that do not count any more because of an override, in the order in which they
    /// were replaced.
    pub fn replaced(&self, name: &PackageName) -> &[EffectivePin] {
        self.replaced.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every name of which the overrides say something, in order.
    pub fn changed(&self) -> BTreeSet<&PackageName> {
        let of_override = |entry: &&EffectivePin| entry.origin != Origin::Upstream;
        let pinned = self.iter().filter(of_override).map(|entry| &entry.pin.name);
        pinned
            .chain(self.bounds.keys())
            .chain(self.removed.keys())
            .chain(self.excluded.keys())
            .collect()
    }

    /// The override that removed the pins of `name`, if one did.
    pub fn removal(&self, name: &PackageName) -> Option<&Removal> {
        self.removed.get(name)
    }
}

fn no_such_pin(name: &PackageName, place: &Place, before: &Effective) -> Fault {
    let hint = match near(name, before) {
        Some(other) => format!("did you mean `-{other}`?"),
        None => "delete the line".to_owned(),
    };
    Fault { place: place.clone(), message: format!("no constraint pins {name}"), hint }
}

/// Finds additions of a name that is there, and probable misspellings of one that is.
fn unintended(name: &PackageName, replacements: &[Replacement], before: &Effective) -> Vec<Fault> {
    let fault = |replacement: &Replacement| {
        let place = replacement.line.place().clone();
        match (replacement.new, before.place(name)) {
            (true, Some(other)) => Some(Fault {
                place,
                message: format!("{name} is pinned already: {other}"),
                hint: "write the line without `+` to replace that pin".to_owned(),
            }),
            (false, None) => near(name, before).map(|other| Fault {
                place,
                message: format!("no constraint pins {name}, but one pins {other}"),
                hint: format!("write {other}, or +{name} if a new name is meant"),
            }),
            _ => None,
        }
    };
    replacements.iter().filter_map(fault).collect()
}

fn near<'a>(name: &PackageName, before: &'a Effective) -> Option<&'a str> {
    nearest(name.as_str(), before.names().map(PackageName::as_str))
}

/// A remark for each line, if together they say what the constraints say anyway.
fn unchanged(
    name: &PackageName,
    replacements: &[Replacement],
    before: &[EffectivePin],
) -> Vec<Fault> {
    let says = |replacement: &Replacement| match &replacement.line {
        Replacing::Pin(new) => before.iter().any(|old| old.pin.says_the_same(new)),
        Replacing::Bound(..) => false,
    };
    let same = replacements.len() == before.len() && replacements.iter().all(says);
    if !same {
        return Vec::new();
    }
    let remark = |replacement: &Replacement| Fault {
        place: replacement.line.place().clone(),
        message: format!("the override of {name} changes nothing"),
        hint: "delete the line: the constraints say the same".to_owned(),
    };
    replacements.iter().map(remark).collect()
}
