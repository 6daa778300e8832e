//! Environment markers (PEP 508), such as `python_version>='3.10' and extra=='mysql'`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use names::PackageName;

use crate::environment::Environment;
use crate::requirement::cursor::Cursor;
use crate::requirement::{RequirementError, check_length};
use crate::version::{Specifier, parse_version};

mod expression;

pub(crate) use expression::Variable;
use expression::{Comparison, Expression, Operand, Operator};

/// A condition on the environment that a requirement is for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Marker {
    expression: Expression,
    text: String,
}

impl Marker {
    /// Reads a marker.
    ///
    /// # Errors
    /// When `text` is not a marker by PEP 508; the error gives the byte.
    pub fn parse(text: &str) -> Result<Self, RequirementError> {
        check_length(text)?;
        let mut cursor = Cursor::new(text);
        let marker = parse(&mut cursor)?;
        if !cursor.is_at_end() {
            return Err(cursor.expected("`and`, `or` or the end"));
        }
        Ok(marker)
    }

    /// The marker as it was written, without white space around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the condition holds in `environment`, for a project of which these `extras` are
    /// wanted. Like pip, this asks once for each extra alone (once with an empty one where none is
    /// wanted), and one yes is enough.
    ///
    /// The rules are those of PEP 508 as `packaging` reads them: a comparison of
    /// `python_version`, `python_full_version`, `implementation_version` or `platform_release` is
    /// one of versions where the right side makes a specifier; all others compare texts, of which
    /// none is ever smaller than another.
    ///
    /// ```
    /// use constraints::{Environment, Marker};
    ///
    /// let target = Environment::linux("3.13.5", names::Arch::Amd64)?;
    /// let marker = Marker::parse("python_version >= '3.9' and sys_platform != 'win32'")?;
    /// assert!(marker.evaluate(&target, &Default::default()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evaluate(&self, environment: &Environment, extras: &BTreeSet<PackageName>) -> bool {
        if extras.is_empty() {
            return holds(&self.expression, environment, "");
        }
        extras.iter().any(|extra| holds(&self.expression, environment, extra.as_str()))
    }
}

/// As it was written.
impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Marker {
    type Err = RequirementError;
    fn from_str(text: &str) -> Result<Self, RequirementError> {
        Self::parse(text)
    }
}

/// Reads a marker up to the first thing that is none.
pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Marker, RequirementError> {
    cursor.skip_blanks();
    let (start, offset) = (cursor.rest(), cursor.offset());
    let expression = expression::parse(cursor, 0)?;
    let text = start[..cursor.offset() - offset].trim_ascii().to_owned();
    Ok(Marker { expression, text })
}

fn holds(expression: &Expression, environment: &Environment, extra: &str) -> bool {
    match expression {
        Expression::Any(parts) => parts.iter().any(|part| holds(part, environment, extra)),
        Expression::All(parts) => parts.iter().all(|part| holds(part, environment, extra)),
        Expression::Compare(comparison) => compare(comparison, environment, extra),
    }
}

fn compare(comparison: &Comparison, environment: &Environment, extra: &str) -> bool {
    let value = |operand: &'_ Operand| match operand {
        Operand::Variable(Variable::Extra) => extra.to_owned(),
        Operand::Variable(variable) => environment.value(*variable).to_owned(),
        Operand::Text(text) => text.clone(),
    };
    let (left, right) = (value(&comparison.left), value(&comparison.right));
    let operator = comparison.operator;
    if comparison.variable().is_some_and(Variable::is_version)
        && let Ok(specifier) = format!("{}{right}", operator.text()).parse::<Specifier>()
    {
        // Compared as versions or not at all: a side that is no version satisfies nothing.
        return match parse_version(&left) {
            Ok(version) => specifier.contains(&version),
            Err(_) => operator == Operator::Identical && left.eq_ignore_ascii_case(&right),
        };
    }
    match operator {
        Operator::In => right.contains(&left),
        Operator::NotIn => !right.contains(&left),
        Operator::Equal | Operator::LessEqual | Operator::GreaterEqual => left == right,
        Operator::NotEqual => left != right,
        Operator::Less | Operator::Greater | Operator::Compatible | Operator::Identical => false,
    }
}
