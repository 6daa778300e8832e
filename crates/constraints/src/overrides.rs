//! The changes that a release tree makes to the pins of upstream.

use std::collections::BTreeMap;
use std::path::Path;

use names::{Fault, PackageName, Place};

use crate::bound::bound_in;
use crate::line::{Kind, Line, MAX_FAULTS, first_word, lines, shown};
use crate::{Constraints, Marker, Pin, Requirement};

/// The lines of an `overrides/<release>/constraints.txt`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Overrides {
    /// By name; every name has at least one line.
    pub(crate) changes: BTreeMap<PackageName, Change>,
}

/// What happens to a name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Change {
    /// `-name`
    pub(crate) removal: Option<Removal>,
    /// `-name;marker`
    pub(crate) exclusions: Vec<Removal>,
    /// Pins, ranges and addresses in place of all that there are.
    pub(crate) replacements: Vec<Replacement>,
}

/// A line `-name`: no version of the project is pinned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Removal {
    /// Where that is so; everywhere if there is none.
    pub marker: Option<Marker>,
    /// The line.
    pub place: Place,
    /// Why, in the words of its comment.
    pub reason: String,
}

/// A line that pins or bounds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Replacement {
    pub(crate) line: Replacing,
    pub(crate) reason: String,
    /// Written with `+`: nothing pins the name so far.
    pub(crate) new: bool,
}

/// What such a line says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Replacing {
    Pin(Pin),
    Bound(Requirement, Place),
}

impl Replacing {
    pub(crate) fn place(&self) -> &Place {
        match self {
            Replacing::Pin(pin) => &pin.place,
            Replacing::Bound(_, place) => place,
        }
    }
}

impl Overrides {
    /// Reads `text`, the content of `file`. Each line is one of
    ///
    /// - `name===version` (or `==`, or with `;marker` behind it): replaces every pin of the name,
    ///   or adds one where there is none; several lines with one name stand together,
    /// - `name>=1.2,<2`: in place of every pin of the name a range, in which its version is open,
    /// - `name @ git+https://...`, `git+https://...#egg=name`, `file:///...#egg=name`: in place of every
    ///   pin an address,
    /// - `+` and one of these: of a name that nothing pins yet,
    /// - `-name`: removes every pin of the name; with `;marker` only where the marker holds,
    ///
    /// and has its reason in the comment lines directly above it, or behind it.
    ///
    /// # Errors
    /// All faults of the file, at most 100: lines of another form or without a reason, and lines
    /// that contradict each other.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        let (mut faults, mut overrides) = (Vec::new(), Self::default());
        let mut pins = Constraints::default();
        let mut comment: Vec<&str> = Vec::new();
        for kind in lines(text, file)? {
            let line = match kind {
                Kind::Blank => {
                    comment.clear();
                    continue;
                }
                Kind::Comment(text) => {
                    comment.push(text);
                    continue;
                }
                Kind::Code(line) => line,
            };
            comment.extend(line.comment);
            let reason = std::mem::take(&mut comment).join(" ").trim().to_owned();
            if reason.is_empty() {
                faults.push(line.fault(
                    line.text,
                    format!("`{}` has no reason", shown(first_word(line.text))),
                    "say why in a comment, directly above it or behind it",
                ));
            }
            if let Err(fault) = overrides.add(&line, reason, &mut pins) {
                faults.push(fault);
            }
            if faults.len() >= MAX_FAULTS {
                break;
            }
        }
        if faults.is_empty() { Ok(overrides) } else { Err(faults) }
    }

    /// Changes a list of requirements, such as build constraints, in which names may be there once or
    /// more: what is removed or replaced goes, what replaces it comes to the end.
    pub fn change_requirements(&self, requirements: &mut Vec<Requirement>) {
        for (name, change) in &self.changes {
            if change.removal.is_some() || !change.replacements.is_empty() {
                requirements.retain(|requirement| requirement.name != *name);
            }
            for Replacement { line, .. } in &change.replacements {
                match line {
                    Replacing::Bound(requirement, _) => requirements.push(requirement.clone()),
                    Replacing::Pin(pin) => requirements.extend(pin.requirement()),
                }
            }
        }
    }

    /// Adds one line; `pins` holds the pins of those before it, to find clashes.
    fn add(
        &mut self,
        line: &Line<'_>,
        reason: String,
        pins: &mut Constraints,
    ) -> Result<(), Fault> {
        if let Some(name) = line.text.strip_prefix('-') {
            return self.remove(line, name.trim_start(), reason);
        }
        let added = line.text.strip_prefix('+');
        let text = added.unwrap_or(line.text).trim_start();
        let replacing = match bound_in(line, text)? {
            Some((requirement, place)) => Replacing::Bound(requirement, place),
            None => Replacing::Pin(line.pin_in(text)?),
        };
        let name = match &replacing {
            Replacing::Pin(pin) => &pin.name,
            Replacing::Bound(requirement, _) => &requirement.name,
        };
        let change = self.changes.entry(name.clone()).or_default();
        if let Some(removal) = &change.removal {
            return Err(contradiction(name, replacing.place(), &removal.place));
        }
        if let Replacing::Pin(pin) = &replacing {
            pins.insert(pin.clone())?;
        }
        change.replacements.push(Replacement { line: replacing, reason, new: added.is_some() });
        Ok(())
    }

    fn remove<'a>(&mut self, line: &Line<'a>, text: &'a str, reason: String) -> Result<(), Fault> {
        let (name, marker) = match text.split_once(';') {
            Some((name, marker)) => (name.trim_end(), Some(marker.trim())),
            None => (text, None),
        };
        if let Some(end) = name.find(['=', '<', '>', '~', '!', '[']) {
            let name = shown(name[..end].trim());
            let message = format!("`-{name}` takes no version");
            let hint = format!("write -{name} alone: it removes every pin of the name");
            return Err(line.fault(line.text, message, hint));
        }
        let package = line.name(name, name)?;
        let marker = marker.map(|marker| line.marker(name, marker)).transpose()?;
        let removal = Removal { marker, place: line.place(line.text), reason };
        let change = self.changes.entry(package.clone()).or_default();
        let replaced = change.replacements.first().map(|other| other.line.place());
        let other = match (&change.removal, &removal.marker) {
            (Some(other), _) => Some(&other.place),
            (None, None) => replaced.or(change.exclusions.first().map(|other| &other.place)),
            (None, Some(_)) => {
                let same = |other: &&Removal| other.marker == removal.marker;
                change.exclusions.iter().find(same).map(|other| &other.place)
            }
        };
        if let Some(other) = other {
            return Err(contradiction(&package, &removal.place, other));
        }
        match removal.marker {
            None => change.removal = Some(removal),
            Some(_) => change.exclusions.push(removal),
        }
        Ok(())
    }
}

fn contradiction(name: &PackageName, place: &Place, other: &Place) -> Fault {
    Fault {
        place: place.clone(),
        message: format!("line {} says something else about {name}", other.line),
        hint: "either pin a name or remove it, and remove it once".to_owned(),
    }
}
