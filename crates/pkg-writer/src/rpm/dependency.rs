//! Dependencies of RPM packages.

use std::str::FromStr;

use super::{RpmError, tag};

/// What one package wants of another, or gives: `python3 >= 3.13`, `(postfix or exim)`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dependency {
    /// The name; a file; or a condition in parentheses ("rich dependency").
    pub name: String,
    /// A condition on the version: `[epoch:]version[-release]`.
    pub version: Option<(Comparison, String)>,
    /// Which scriptlet needs it, for requirements: `Requires(post)`.
    pub needed_by: Option<Scriptlet>,
}

/// How versions are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

/// A scriptlet that needs something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scriptlet {
    /// `%pre`
    Pre,
    /// `%post`
    Post,
    /// `%preun`
    Preun,
    /// `%postun`
    Postun,
}

/// Flags of a dependency (`rpmds.h`, `RPMSENSE_*`).
pub(super) const LESS: u32 = 1 << 1;
pub(super) const GREATER: u32 = 1 << 2;
pub(super) const EQUAL: u32 = 1 << 3;
pub(super) const INTERPRETER: u32 = 1 << 8;
pub(super) const RPMLIB: u32 = 1 << 24;
pub(super) const CONFIG: u32 = 1 << 28;

impl Dependency {
    /// Any version of `name`.
    pub fn any(name: impl Into<String>) -> Self {
        Self { name: name.into(), version: None, needed_by: None }
    }

    /// The same, needed by a scriptlet.
    #[must_use]
    pub fn needed_by(self, scriptlet: Scriptlet) -> Self {
        Self { needed_by: Some(scriptlet), ..self }
    }

    /// The flags and version of the header.
    pub(super) fn encoded(&self) -> (u32, &str) {
        let (comparison, version) = match &self.version {
            None => (0, ""),
            Some((comparison, version)) => (comparison.flags(), version.as_str()),
        };
        let needed = match self.needed_by {
            None => 0,
            Some(Scriptlet::Pre) => tag::PRE.flag,
            Some(Scriptlet::Post) => tag::POST.flag,
            Some(Scriptlet::Preun) => tag::PREUN.flag,
            Some(Scriptlet::Postun) => tag::POSTUN.flag,
        };
        (comparison | needed, version)
    }

    /// Whether it is a condition in parentheses.
    pub(super) fn is_rich(&self) -> bool {
        self.name.starts_with('(')
    }

    /// Refuses what rpm cannot read, or would read as something else.
    pub(super) fn check(&self) -> Result<(), RpmError> {
        let plain = |text: &str| !text.contains(|c: char| c.is_whitespace() || c.is_control());
        let name = if self.is_rich() {
            self.name.ends_with(')') && !self.name.contains(char::is_control)
        } else {
            plain(&self.name) && !self.name.contains(['<', '>', '='])
        };
        let version = self.version.as_ref().is_none_or(|(_, version)| {
            // The slash is for the lines of sysusers.d(5), which are in base64.
            let letter = |c: char| c.is_ascii_alphanumeric() || ".+~^_-:/".contains(c);
            !version.is_empty() && version.chars().all(letter)
        });
        let right = !self.name.is_empty() && self.name.len() < 4096 && name && version;
        if right { Ok(()) } else { Err(RpmError::Dependency { text: shown(&self.name) }) }
    }
}

impl Comparison {
    fn flags(self) -> u32 {
        match self {
            Comparison::Less => LESS,
            Comparison::LessOrEqual => LESS | EQUAL,
            Comparison::Equal => EQUAL,
            Comparison::GreaterOrEqual => GREATER | EQUAL,
            Comparison::Greater => GREATER,
        }
    }
}

/// Reads what stands behind `Requires:` in a spec file: a name, or a name, a comparison and a version.
impl FromStr for Dependency {
    type Err = RpmError;
    fn from_str(text: &str) -> Result<Self, RpmError> {
        let bad = || RpmError::Dependency { text: shown(text) };
        let words: Vec<&str> = text.split_whitespace().collect();
        let dependency = match words[..] {
            _ if text.trim().starts_with('(') => Self::any(text.trim()),
            [name] => Self::any(name),
            [name, comparison, version] => {
                let comparison = match comparison {
                    "<" => Comparison::Less,
                    "<=" => Comparison::LessOrEqual,
                    "=" | "==" => Comparison::Equal,
                    ">=" => Comparison::GreaterOrEqual,
                    ">" => Comparison::Greater,
                    _ => return Err(bad()),
                };
                Self { version: Some((comparison, version.to_owned())), ..Self::any(name) }
            }
            _ => return Err(bad()),
        };
        dependency.check()?;
        Ok(dependency)
    }
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
