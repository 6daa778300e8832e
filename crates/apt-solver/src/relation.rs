//! Relations between packages: the syntax of `Depends`, `Provides` and their like (Debian Policy,
//! chapter 7).

use std::cmp::Ordering;

use crate::locked::is_package_name;
use crate::version::compare_versions;

/// Which versions a relation means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operator {
    /// Any version.
    Any,
    /// `<<`
    Earlier,
    /// `<=`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`
    LaterOrEqual,
    /// `>>`
    Later,
}

impl Operator {
    /// Whether `version` stands in this relation to `wanted`.
    pub(crate) fn holds(self, version: &str, wanted: &str) -> bool {
        let order = || compare_versions(version, wanted);
        match self {
            Operator::Any => true,
            Operator::Earlier => order() == Ordering::Less,
            Operator::EarlierOrEqual => order() != Ordering::Greater,
            Operator::Equal => order() == Ordering::Equal,
            Operator::LaterOrEqual => order() != Ordering::Less,
            Operator::Later => order() == Ordering::Greater,
        }
    }

    /// As it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Operator::Any => "",
            Operator::Earlier => "<<",
            Operator::EarlierOrEqual => "<=",
            Operator::Equal => "=",
            Operator::LaterOrEqual => ">=",
            Operator::Later => ">>",
        }
    }
}

/// One package that a field names, with what it says about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Relation<'a> {
    pub(crate) name: &'a str,
    /// The text behind `:`, such as `any`; empty where there is none.
    pub(crate) qualifier: &'a str,
    pub(crate) operator: Operator,
    /// The version behind the operator; empty where there is none.
    pub(crate) version: &'a str,
    /// Whether a `|` follows: the next relation is an alternative to this one.
    pub(crate) or_next: bool,
}

/// Gives each relation of a field to `found`, in order; fails with the part that is not one.
pub(crate) fn parse<'a>(
    field: &'a str,
    mut found: impl FnMut(Relation<'a>),
) -> Result<(), &'a str> {
    for group in field.split(',') {
        let mut alternatives = group.split('|').peekable();
        // An empty group comes from a comma at the end, which dpkg and apt pass over.
        if group.trim().is_empty() {
            continue;
        }
        while let Some(text) = alternatives.next() {
            let mut relation = parse_one(text.trim()).ok_or(group)?;
            relation.or_next = alternatives.peek().is_some();
            found(relation);
        }
    }
    Ok(())
}

fn parse_one(text: &str) -> Option<Relation<'_>> {
    let (package, constraint) = match text.split_once('(') {
        Some((package, rest)) => (package.trim_end(), Some(rest.strip_suffix(')')?.trim())),
        None => (text, None),
    };
    let (name, qualifier) = package.split_once(':').unwrap_or((package, ""));
    let clean = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_package_name(name) || !clean(qualifier) || (qualifier.is_empty() && name != package) {
        return None;
    }
    let (operator, version) = match constraint {
        None => (Operator::Any, ""),
        Some(text) => {
            let end = text.find(|c| !"<>=".contains(c))?;
            let operator = match &text[..end] {
                "<<" => Operator::Earlier,
                // The single signs are of old and mean "or equal".
                "<=" | "<" => Operator::EarlierOrEqual,
                "=" => Operator::Equal,
                ">=" | ">" => Operator::LaterOrEqual,
                ">>" => Operator::Later,
                _ => return None,
            };
            (operator, text[end..].trim_start())
        }
    };
    if version.contains(char::is_whitespace) {
        return None;
    }
    Some(Relation { name, qualifier, operator, version, or_next: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(field: &str) -> Result<String, &str> {
        let mut out = String::new();
        parse(field, |relation| {
            let Relation { name, qualifier, operator, version, or_next } = relation;
            let end = if or_next { "|" } else { "," };
            out += &format!("{name}:{qualifier}({}{version}){end}", operator.symbol());
        })?;
        Ok(out)
    }

    #[test]
    fn relations_are_read_in_all_their_forms() {
        for (field, expected) in [
            ("apt", "apt:(),"),
            ("apt,\n dpkg (>= 1.0)", "apt:(),dpkg:(>=1.0),"),
            ("a1 | b2(<<2:1-1~) , c3:any (= 1)", "a1:()|b2:(<<2:1-1~),c3:any(=1),"),
            ("a1 (< 1), b2 (> 1), c3 (>> 1), d4 (<= 1),", "a1:(<=1),b2:(>=1),c3:(>>1),d4:(<=1),"),
            ("", ""),
        ] {
            assert_eq!(printed(field).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_relation_is_refused() {
        for field in [
            "A",
            "a",
            "apt (1.0)",
            "apt (>= )x",
            "apt (>= 1.0",
            "apt (=> 1)",
            "apt ()",
            "apt |",
            "| apt",
            "apt: (= 1)",
            "apt [amd64]",
            "apt <!nocheck>",
            "apt dpkg",
            "apt (= 1 2)",
            "é1",
        ] {
            assert!(printed(field).is_err(), "{field}");
        }
    }
}
