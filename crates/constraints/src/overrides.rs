//! The changes that a release tree makes to the pins of upstream.

use std::collections::BTreeMap;
use std::path::Path;

use names::{Fault, PackageName, Place};

use crate::line::{Kind, Line, MAX_FAULTS, first_word, lines, shown};
use crate::{Constraints, Pin};

/// The lines of an `overrides/<release>/constraints.txt`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Overrides {
    /// By name; every name has at least one line.
    pub(crate) changes: BTreeMap<PackageName, Change>,
}

/// What happens to a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    /// `-name`
    Remove(Removal),
    /// `name===version`: these pins in place of all that there are.
    Replace(Vec<Replacement>),
}

/// A line `-name`: no version of the project is pinned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Removal {
    /// The line.
    pub place: Place,
    /// Why, in the words of the comment above the line.
    pub reason: String,
}

/// A line that pins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Replacement {
    pub(crate) pin: Pin,
    pub(crate) reason: String,
    /// Written with `+`: nothing pins the name so far.
    pub(crate) new: bool,
}

impl Overrides {
    /// Reads `text`, the content of `file`. Each line is one of
    ///
    /// - `name===version` (or `==`, or with `;marker` behind it): replaces every pin of the name,
    ///   or adds one where there is none; several lines with one name stand together,
    /// - `+name===version`: adds a pin of a name that nothing pins yet,
    /// - `-name`: removes every pin of the name,
    ///
    /// and has its reason in the comment lines directly above it.
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
            let reason = std::mem::take(&mut comment).join(" ").trim().to_owned();
            if reason.is_empty() {
                faults.push(line.fault(
                    line.text,
                    format!("`{}` has no reason", shown(first_word(line.text))),
                    "say why in a comment line directly above it",
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
        let pin = line.pin_in(added.unwrap_or(line.text).trim_start())?;
        let change =
            self.changes.entry(pin.name.clone()).or_insert_with(|| Change::Replace(Vec::new()));
        match change {
            Change::Remove(removal) => Err(contradiction(&pin.name, &pin.place, &removal.place)),
            Change::Replace(replacements) => {
                pins.insert(pin.clone())?;
                replacements.push(Replacement { pin, reason, new: added.is_some() });
                Ok(())
            }
        }
    }

    fn remove<'a>(&mut self, line: &Line<'a>, name: &'a str, reason: String) -> Result<(), Fault> {
        if let Some(end) = name.find(['=', '<', '>', '~', '!', ';', '[']) {
            let name = shown(name[..end].trim());
            let message = format!("`-{name}` takes no version");
            let hint = format!("write -{name} alone: it removes every pin of the name");
            return Err(line.fault(line.text, message, hint));
        }
        let package = line.name(name, name)?;
        let removal = Removal { place: line.place(line.text), reason };
        let other = match self.changes.get(&package) {
            Some(Change::Remove(other)) => Some(&other.place),
            Some(Change::Replace(others)) => others.first().map(|other| &other.pin.place),
            None => None,
        };
        if let Some(other) = other {
            return Err(contradiction(&package, &removal.place, other));
        }
        self.changes.insert(package, Change::Remove(removal));
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
