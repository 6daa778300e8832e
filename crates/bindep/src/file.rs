//! A `bindep.txt` as data.

use std::collections::BTreeSet;
use std::path::Path;

use names::{Fault, Place};

use crate::{Grammar, Platform, line, select};

/// Most bytes of a file; real ones have 10 KB.
const MAX_BYTES: usize = 1 << 20;
/// Most faults that are listed for one file; more help nobody.
const MAX_FAULTS: usize = 100;

/// The packages of a `bindep.txt`, each with the conditions under which it is wanted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BindepFile {
    /// One rule for each line that is not empty or a comment, in the order of the file.
    pub rules: Vec<Rule>,
}

/// A line: a package, when it is wanted, and which versions of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// The name of the package.
    pub name: String,
    /// What stands between `[` and `]`; nothing where there are none.
    pub selectors: Vec<Selector>,
    /// The versions; all of them have to hold. They say nothing on whether the package is wanted.
    pub versions: Vec<VersionConstraint>,
    /// The line.
    pub place: Place,
}

/// A condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Selector {
    /// `keystone` or `!keystone`.
    One(Profile),
    /// `(keystone ldap)`: all of them.
    All(Vec<Profile>),
}

/// A profile that has to be active, or must not be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// Its name, such as `keystone` or `platform:dpkg`.
    pub name: String,
    /// `false` where a `!` stands in front.
    pub wanted: bool,
}

/// A version that is asked for: `>=1.2`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VersionConstraint {
    /// How versions are compared with it.
    pub relation: Relation,
    /// The version, in Debian's form.
    pub version: String,
}

/// How versions are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

impl BindepFile {
    /// Reads `text`, the content of `file`, by the grammar of bindep 2.14.0, strictly: see
    /// [`Grammar::Strict`].
    ///
    /// # Errors
    /// All faults of the file, at most 100.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        Self::parse_as(text, file, Grammar::Strict)
    }

    /// Reads `text`, the content of `file`, as strictly as `grammar` says.
    ///
    /// # Errors
    /// All faults of the file, at most 100.
    pub fn parse_as(text: &str, file: &Path, grammar: Grammar) -> Result<Self, Vec<Fault>> {
        if text.len() > MAX_BYTES {
            return Err(vec![Fault {
                place: Place { file: file.to_owned(), line: 0, column: 0 },
                message: format!("the file has {} bytes, at most {MAX_BYTES} are read", text.len()),
                hint: "name a file with one package a line".to_owned(),
            }]);
        }
        let (mut rules, mut faults) = (Vec::new(), Vec::new());
        // Python's universal newlines: a carriage return alone ends a line, too.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for (index, text) in text.split('\n').enumerate() {
            let place = |column| Place { file: file.to_owned(), line: index + 1, column };
            match line::parse(text, place(1), grammar) {
                Ok(rule) => rules.extend(rule),
                Err(fault) => {
                    let column = text[..fault.offset].chars().count() + 1;
                    let (message, hint) = (fault.message, fault.hint.to_owned());
                    faults.push(Fault { place: place(column), message, hint });
                }
            }
            if faults.len() >= MAX_FAULTS {
                break;
            }
        }
        if faults.is_empty() { Ok(Self { rules }) } else { Err(faults) }
    }

    /// The rules whose packages are wanted on `platform` when `profiles` are active, in the order of
    /// the file. A package may be in several. Where no profile is given, `default` is active, as with
    /// bindep's command line.
    pub fn packages<'a>(
        &'a self,
        platform: &Platform,
        profiles: &BTreeSet<String>,
    ) -> impl Iterator<Item = &'a Rule> {
        let mut active = platform.profiles();
        if profiles.is_empty() {
            active.insert("default".to_owned());
        }
        active.extend(profiles.iter().cloned());
        self.rules.iter().filter(move |rule| select::is_wanted(&rule.selectors, &active))
    }

    /// The profiles that the file asks for, those of platforms outside of parentheses left out: what
    /// `bindep --profiles` lists as configuration profiles.
    pub fn profiles(&self) -> BTreeSet<String> {
        let selectors = self.rules.iter().flat_map(|rule| &rule.selectors);
        let profiles = selectors.flat_map(|selector| match selector {
            Selector::One(profile) if profile.is_platform() => &[],
            Selector::One(profile) => std::slice::from_ref(profile),
            Selector::All(profiles) => &profiles[..],
        });
        profiles.map(|profile| profile.name.clone()).collect()
    }
}

impl Profile {
    pub(crate) fn is_platform(&self) -> bool {
        self.name.starts_with("platform:")
    }
}
