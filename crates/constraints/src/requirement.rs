//! Requirements (PEP 508), such as `oslo.db[mysql]>=6.0;python_version>='3.10'`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use names::{NameError, PackageName};

use crate::environment::Environment;
use crate::marker::{self, Marker};
use crate::version::{Specifier, Specifiers, VersionError};

pub(crate) mod cursor;

use cursor::Cursor;

/// The longest requirement that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a project, or a user, asks for.
///
/// ```
/// use constraints::{Environment, Requirement};
///
/// let requirement: Requirement = "oslo.db[mysql]>=6.0; python_version>='3.10'".parse()?;
/// assert_eq!(requirement.name.as_str(), "oslo-db");
/// let target = Environment::linux("3.13.5", names::Arch::Amd64)?;
/// assert!(requirement.applies(&target, &Default::default()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Requirement {
    /// The project.
    pub name: PackageName,
    /// The extras that are wanted with it, in their normal form (PEP 685: that of PEP 503).
    pub extras: BTreeSet<PackageName>,
    /// The versions that will do.
    pub specifiers: Specifiers,
    /// Where it is to be taken from, for `name @ url`.
    pub url: Option<String>,
    /// When it is wanted at all; `None` for always.
    pub marker: Option<Marker>,
    /// The requirement as it was written. It is shown in this form and no other.
    pub text: String,
}

/// Why a text is not a requirement or a marker.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequirementError {
    /// Something else should stand here.
    #[error("expected {expected}, found {found}, at byte {offset}")]
    Unexpected {
        /// Bytes before it.
        offset: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The name of the project or of an extra is wrong.
    #[error("a wrong name at byte {offset}")]
    Name {
        /// Bytes before it.
        offset: usize,
        /// What is wrong.
        source: NameError,
    },
    /// A version specifier is wrong.
    #[error("a wrong version specifier at byte {offset}")]
    Specifier {
        /// Bytes before it.
        offset: usize,
        /// What is wrong.
        source: VersionError,
    },
    /// A marker compares what cannot be compared.
    #[error("a marker cannot compare with `{operator}` at byte {offset}: {reason}")]
    Comparison {
        /// Bytes before the operator.
        offset: usize,
        /// The operator.
        operator: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// Parentheses are nested too deep.
    #[error("parentheses are nested deeper than {limit} at byte {offset}")]
    Depth {
        /// Bytes before the one too much.
        offset: usize,
        /// How deep they may be.
        limit: usize,
    },
    /// The text is too long.
    #[error("it has {length} bytes, and {limit} are the most that is read")]
    Length {
        /// Its length.
        length: usize,
        /// The longest that is read.
        limit: usize,
    },
}

impl RequirementError {
    /// Where the fault is: bytes before it.
    pub fn offset(&self) -> usize {
        match self {
            Self::Unexpected { offset, .. }
            | Self::Name { offset, .. }
            | Self::Specifier { offset, .. }
            | Self::Comparison { offset, .. }
            | Self::Depth { offset, .. } => *offset,
            Self::Length { limit, .. } => *limit,
        }
    }
}

impl Requirement {
    /// Reads a requirement.
    ///
    /// # Errors
    /// When `text` is not a requirement by PEP 508; the error gives the byte.
    pub fn parse(text: &str) -> Result<Self, RequirementError> {
        check_length(text)?;
        let mut cursor = Cursor::new(text);
        cursor.skip_blanks();
        let name = parse_name(&mut cursor, "the name of a project")?;
        cursor.skip_blanks();
        let extras = parse_extras(&mut cursor)?;
        cursor.skip_blanks();
        let mut url = None;
        let mut specifiers = Specifiers::default();
        if cursor.eat("@") {
            cursor.skip_blanks();
            // PEP 508: a URL ends at white space, so that it may hold a semicolon. `packaging` takes
            // line ends and control characters into it; no URL has them (RFC 3986, section 2).
            let address = cursor.take_while(|c| !c.is_whitespace() && !c.is_control());
            if address.is_empty() {
                return Err(cursor.expected("a URL after `@`"));
            }
            url = Some(address.to_owned());
        } else {
            specifiers = parse_specifiers(&mut cursor)?;
        }
        cursor.skip_blanks();
        let mut marker = None;
        if cursor.eat(";") {
            marker = Some(marker::parse(&mut cursor)?);
            cursor.skip_blanks();
        }
        if !cursor.is_at_end() {
            return Err(cursor.expected("a comma, a semicolon or the end"));
        }
        Ok(Self { name, extras, specifiers, url, marker, text: text.trim_ascii().to_owned() })
    }

    /// Whether it is wanted in this environment by a project of which these `extras` are wanted.
    pub fn applies(&self, environment: &Environment, extras: &BTreeSet<PackageName>) -> bool {
        self.marker.as_ref().is_none_or(|marker| marker.evaluate(environment, extras))
    }
}

impl FromStr for Requirement {
    type Err = RequirementError;
    fn from_str(text: &str) -> Result<Self, RequirementError> {
        Self::parse(text)
    }
}

/// As it was written.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(crate) fn check_length(text: &str) -> Result<(), RequirementError> {
    if text.len() > LONGEST {
        return Err(RequirementError::Length { length: text.len(), limit: LONGEST });
    }
    Ok(())
}

fn parse_name(
    cursor: &mut Cursor<'_>,
    expected: &'static str,
) -> Result<PackageName, RequirementError> {
    if !cursor.peek().is_some_and(|c| c.is_ascii_alphanumeric()) {
        return Err(cursor.expected(expected));
    }
    let offset = cursor.offset();
    let text = cursor.take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    PackageName::new(text).map_err(|source| RequirementError::Name { offset, source })
}

fn parse_extras(cursor: &mut Cursor<'_>) -> Result<BTreeSet<PackageName>, RequirementError> {
    let mut extras = BTreeSet::new();
    if !cursor.eat("[") {
        return Ok(extras);
    }
    cursor.skip_blanks();
    if cursor.eat("]") {
        return Ok(extras);
    }
    loop {
        extras.insert(parse_name(cursor, "the name of an extra")?);
        cursor.skip_blanks();
        if cursor.eat("]") {
            return Ok(extras);
        }
        if !cursor.eat(",") {
            return Err(cursor.expected("a comma or `]` after an extra"));
        }
        cursor.skip_blanks();
    }
}

/// `version_many` of PEP 508, in parentheses or not. A comma at the end is accepted, as it is by
/// `packaging`: published metadata has it.
fn parse_specifiers(cursor: &mut Cursor<'_>) -> Result<Specifiers, RequirementError> {
    let parentheses = cursor.eat("(");
    cursor.skip_blanks();
    let mut specifiers = Vec::new();
    while cursor.peek().is_some_and(|c| "=!~<>".contains(c)) {
        specifiers.push(parse_specifier(cursor)?);
        cursor.skip_blanks();
        if !cursor.eat(",") {
            break;
        }
        cursor.skip_blanks();
    }
    if parentheses && !cursor.eat(")") {
        return Err(cursor.expected("a version specifier or `)`"));
    }
    Ok(specifiers.into_iter().collect())
}

fn parse_specifier(cursor: &mut Cursor<'_>) -> Result<Specifier, RequirementError> {
    let offset = cursor.offset();
    let start = cursor.rest();
    cursor.take_while(|c| "=!~<>".contains(c));
    cursor.skip_blanks();
    cursor.take_while(|c| !c.is_whitespace() && !",;)".contains(c));
    start[..cursor.offset() - offset]
        .parse()
        .map_err(|source| RequirementError::Specifier { offset, source })
}
