//! The pins that count: those of upstream, as the overrides change them.

use std::collections::BTreeMap;

use names::{Fault, PackageName, Place, nearest};

use crate::overrides::{Change, Replacement};
use crate::{Constraints, Environment, Overrides, Pin, Removal};

/// The pins of a release after the overrides: what a closure is resolved with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Effective {
    /// Invariant: no list is empty, each is sorted by marker.
    pins: BTreeMap<PackageName, Vec<EffectivePin>>,
    removed: BTreeMap<PackageName, Removal>,
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
    let mut applied = Applied::default();
    for pin in constraints.iter() {
        let entry = EffectivePin { pin: pin.clone(), origin: Origin::Upstream };
        applied.effective.pins.entry(pin.name.clone()).or_default().push(entry);
    }
    for (name, change) in &overrides.changes {
        let before = constraints.all(name);
        match change {
            Change::Remove(removal) => {
                if before.is_empty() {
                    applied.faults.push(no_such_pin(name, &removal.place, constraints));
                }
                applied.effective.pins.remove(name);
                applied.effective.removed.insert(name.clone(), removal.clone());
            }
            Change::Replace(replacements) => {
                applied.faults.extend(unintended(replacements, before, constraints));
                applied.remarks.extend(unchanged(replacements, before));
                applied.effective.replace(name, replacements);
            }
        }
    }
    applied.faults.sort();
    applied.remarks.sort();
    applied
}

impl Effective {
    fn replace(&mut self, name: &PackageName, replacements: &[Replacement]) {
        let mut pins: Vec<EffectivePin> = replacements
            .iter()
            .map(|replacement| EffectivePin {
                pin: replacement.pin.clone(),
                origin: Origin::Override { reason: replacement.reason.clone() },
            })
            .collect();
        pins.sort_by(|left, right| left.pin.key().cmp(&right.pin.key()));
        self.pins.insert(name.clone(), pins);
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
        self.all(name).iter().filter(|entry| entry.pin.applies(environment))
    }

    /// The override that removed the pins of `name`, if one did.
    pub fn removal(&self, name: &PackageName) -> Option<&Removal> {
        self.removed.get(name)
    }
}

fn no_such_pin(name: &PackageName, place: &Place, constraints: &Constraints) -> Fault {
    let hint = match near(name, constraints) {
        Some(other) => format!("did you mean `-{other}`?"),
        None => "delete the line".to_owned(),
    };
    Fault { place: place.clone(), message: format!("no constraint pins {name}"), hint }
}

/// Finds additions of a name that is there, and probable misspellings of one that is.
fn unintended(replacements: &[Replacement], before: &[Pin], all: &Constraints) -> Vec<Fault> {
    let fault = |replacement: &Replacement| {
        let name = &replacement.pin.name;
        let place = replacement.pin.place.clone();
        match (replacement.new, before.first()) {
            (true, Some(other)) => Some(Fault {
                place,
                message: format!("{name} is pinned already: {}", other.place),
                hint: "write the line without `+` to replace that pin".to_owned(),
            }),
            (false, None) => near(name, all).map(|other| Fault {
                place,
                message: format!("no constraint pins {name}, but one pins {other}"),
                hint: format!("write {other}, or +{name} if a new name is meant"),
            }),
            _ => None,
        }
    };
    replacements.iter().filter_map(fault).collect()
}

fn near<'a>(name: &PackageName, constraints: &'a Constraints) -> Option<&'a str> {
    nearest(name.as_str(), constraints.names().map(PackageName::as_str))
}

/// A remark for each line, if together they say what the constraints say anyway.
fn unchanged(replacements: &[Replacement], before: &[Pin]) -> Vec<Fault> {
    let same = replacements.len() == before.len()
        && replacements.iter().all(|new| before.iter().any(|old| old.says_the_same(&new.pin)));
    if !same {
        return Vec::new();
    }
    let remark = |replacement: &Replacement| Fault {
        place: replacement.pin.place.clone(),
        message: format!("the override of {} changes nothing", replacement.pin.name),
        hint: "delete the line: the constraints say the same".to_owned(),
    };
    replacements.iter().map(remark).collect()
}
