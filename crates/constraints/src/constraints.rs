//! A file of pins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use names::{Fault, PackageName};

use crate::line::{Kind, MAX_FAULTS, lines};
use crate::{Environment, Pin};

/// The pins of a release, such as the `upper-constraints.txt` of openstack/requirements.
///
/// A name may have several pins, for different environments. The order is always the same: by name
/// (PEP 503), then by the text of the marker.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Constraints {
    /// Invariant: no list is empty, each is sorted by marker, no marker is there twice.
    pins: BTreeMap<PackageName, Vec<Pin>>,
}

impl Constraints {
    /// Reads `text`, the content of `file`: a pin a line (`name===version`, `name==version`, each
    /// with `;marker` behind it if need be), blank lines and comments.
    ///
    /// Every pin keeps its place; `file` serves for nothing else and is not opened.
    ///
    /// # Errors
    /// All faults of the file, at most 100: lines that are no pin, and pins of one project that
    /// count for the same environments.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut constraints = Self::default();
        for kind in lines(text, file)? {
            let Kind::Code(line) = kind else { continue };
            if let Err(fault) = line.pin().and_then(|pin| constraints.insert(pin)) {
                faults.push(fault);
            }
            if faults.len() == MAX_FAULTS {
                break;
            }
        }
        if faults.is_empty() { Ok(constraints) } else { Err(faults) }
    }

    /// Adds `pin` in its order, unless there is one already for the same environments.
    pub(crate) fn insert(&mut self, pin: Pin) -> Result<(), Fault> {
        let pins = self.pins.entry(pin.name.clone()).or_default();
        let clash = pins.iter().find(|other| {
            other.marker.is_none() || pin.marker.is_none() || other.key() == pin.key()
        });
        if let Some(other) = clash {
            return Err(clash_fault(&pin, other));
        }
        let index = pins.partition_point(|other| other.key() < pin.key());
        pins.insert(index, pin);
        Ok(())
    }

    /// All pins, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.pins.values().flatten()
    }

    /// The names that are pinned, in order.
    pub fn names(&self) -> impl Iterator<Item = &PackageName> {
        self.pins.keys()
    }

    /// Every pin of `name`, for whatever environment.
    pub fn all(&self, name: &PackageName) -> &[Pin] {
        self.pins.get(name).map_or(&[], Vec::as_slice)
    }

    /// The pins of `name` that count in `environment`: one, unless markers overlap; none where the
    /// version is left open.
    pub fn pins<'a>(
        &'a self,
        name: &PackageName,
        environment: &'a Environment,
    ) -> impl Iterator<Item = &'a Pin> {
        self.all(name).iter().filter(|pin| pin.applies(environment))
    }
}

fn clash_fault(pin: &Pin, other: &Pin) -> Fault {
    let (name, line) = (&pin.name, other.place.line);
    let (message, hint) = if pin.says_the_same(other) {
        (
            format!("{name} is pinned twice, first in line {line}"),
            "remove one of the two".to_owned(),
        )
    } else if pin.key() == other.key() {
        (
            format!(
                "{name} is pinned to {} and, in line {line}, to {}",
                pin.version, other.version
            ),
            "remove one of the two, or give them markers that exclude each other".to_owned(),
        )
    } else {
        (
            format!("{name} is pinned twice for some environments: see line {line}"),
            "give each of its lines a marker, so that one counts at a time".to_owned(),
        )
    };
    Fault { place: pin.place.clone(), message, hint }
}

/// The normal form: a canonical pin a line, in order, without comments. Reading it again gives
/// equal pins in other places.
impl fmt::Display for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|pin| writeln!(f, "{pin}"))
    }
}
