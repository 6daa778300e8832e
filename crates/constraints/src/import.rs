//! Takes the pins of another project into a release tree, with a note of where they come from.

use std::fmt;
use std::path::Path;

use names::Fault;

use crate::Constraints;
use crate::line::{Kind, lines};

/// Where a file of pins was taken from. Each is free text in one line.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Provenance {
    /// The repository and branch, such as `openstack/requirements stable/2025.2`.
    pub source: String,
    /// The commit of that repository, 40 hexadecimal digits; empty where it is not known.
    pub commit: String,
    /// The date of that commit, such as `2026-05-05`; empty where it is not known.
    pub date: String,
}

const INTRODUCTION: &str = "Pins taken from the source below, sorted by name; `cargo xtask \
                            constraints import` writes this file.";

impl Provenance {
    /// Reads the header that [`import`] writes; `None` where there is none.
    pub fn of(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for kind in lines(text, Path::new("")).ok()? {
            let comment = match kind {
                Kind::Comment(comment) => comment,
                Kind::Blank => continue,
                Kind::Code(_) => break,
            };
            match comment.split_once(": ") {
                Some(("source", value)) => found.source = one_line(value),
                Some(("commit", value)) => found.commit = one_line(value),
                Some(("date", value)) => found.date = one_line(value),
                _ => {}
            }
        }
        (!found.source.is_empty()).then_some(found)
    }
}

/// The header: a comment line for each field that is known.
impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {INTRODUCTION}")?;
        for (key, value) in
            [("source", &self.source), ("commit", &self.commit), ("date", &self.date)]
        {
            let value = one_line(value);
            if !value.is_empty() {
                writeln!(f, "# {key}: {value}")?;
            }
        }
        Ok(())
    }
}

/// White space, line ends above all, must not end the comment.
fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the normalised content of `text`: a header that states `provenance`, an empty line, then
/// every pin in its canonical form and order. Comments of `text` are left out, every marker variant
/// is kept. Importing the result again, with the same provenance, gives the same bytes.
///
/// `file` is where `text` comes from, for the faults.
///
/// # Errors
/// All faults of `text`, as [`Constraints::parse`] gives them; a text without a single pin is one.
pub fn import(text: &str, file: &Path, provenance: &Provenance) -> Result<String, Vec<Fault>> {
    let constraints = Constraints::parse(text, file)?;
    if constraints.iter().next().is_none() {
        return Err(vec![Fault {
            place: names::Place { file: file.to_owned(), line: 0, column: 0 },
            message: "there is no pin in it".to_owned(),
            hint: "name a file such as upper-constraints.txt of openstack/requirements".to_owned(),
        }]);
    }
    Ok(format!("{provenance}\n{constraints}"))
}
