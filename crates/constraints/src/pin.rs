//! One line of a constraints file.

use std::collections::BTreeSet;
use std::fmt;

use names::{PackageName, Place};

use crate::{Environment, Marker, Requirement, Specifier};

/// One version of one project, for the environments that its marker accepts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pin {
    /// The project, in the normal form of PEP 503.
    pub name: PackageName,
    /// The version as it was written; always a version by PEP 440.
    pub version: String,
    /// The condition that the version makes: `===version`, the very same one, or `==version`, an
    /// equal one, whatever local part (`1.0+x`) it may have.
    pub specifier: Specifier,
    /// Where the pin counts; everywhere if there is none.
    pub marker: Option<Marker>,
    /// The line that says so, and the column where the name starts.
    pub place: Place,
}

impl Pin {
    /// Tells whether the pin counts in `environment`.
    pub fn applies(&self, environment: &Environment) -> bool {
        self.marker.as_ref().is_none_or(|marker| marker.evaluate(environment, &BTreeSet::new()))
    }

    /// Tells whether both pin the same version of the same project for the same environments,
    /// wherever they are written.
    pub fn says_the_same(&self, other: &Pin) -> bool {
        self.key() == other.key() && self.specifier == other.specifier
    }

    /// The same as a requirement.
    pub(crate) fn requirement(&self) -> Option<Requirement> {
        Requirement::parse(&self.to_string()).ok()
    }

    /// What files are sorted by, and what may be there only once: the name, then the text of the
    /// marker.
    pub(crate) fn key(&self) -> (&PackageName, &str) {
        (&self.name, self.marker.as_ref().map_or("", Marker::text))
    }
}

/// The canonical text: `name===version` or `name===version;marker`, the marker as it was written.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.specifier)?;
        match &self.marker {
            Some(marker) => write!(f, ";{marker}"),
            None => Ok(()),
        }
    }
}
