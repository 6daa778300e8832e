//! Relations between packages (Debian Policy 7.1), as far as a finished set of packages needs them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use distro::{UnpackedDeb, compare_versions};

/// One alternative of a relation: `libc6:any (>= 2.41)`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Relation<'a> {
    /// The name with the qualifier that may follow it: `python3:any`.
    pub(crate) name: &'a str,
    /// Operator and version.
    pub(crate) version: Option<(&'a str, &'a str)>,
}

/// Reads a field such as Depends: relations that all have to be met, each a list of alternatives.
pub(crate) fn parse(field: &str) -> Vec<Vec<Relation<'_>>> {
    let relations = field.split(',').map(str::trim).filter(|text| !text.is_empty());
    relations.map(|text| text.split('|').map(relation).collect()).collect()
}

fn relation(text: &str) -> Relation<'_> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else {
        return Relation { name: text, version: None };
    };
    let rest = rest.trim_end().trim_end_matches(')').trim();
    let end = rest.find(|c: char| !matches!(c, '<' | '>' | '=')).unwrap_or(rest.len());
    let (operator, version) = rest.split_at(end);
    // The short forms are old spellings (deb-control(5)).
    let operator = match operator {
        "<" => "<=",
        ">" => ">=",
        other => other,
    };
    Relation { name: name.trim(), version: Some((operator, version.trim())) }
}

/// Writes a field as dpkg writes it into its database.
pub(crate) fn format(field: &str) -> String {
    let one = |relation: &Relation<'_>| match relation.version {
        None => relation.name.to_owned(),
        Some((operator, version)) => format!("{} ({operator} {version})", relation.name),
    };
    let alternatives =
        |list: &Vec<Relation<'_>>| list.iter().map(one).collect::<Vec<_>>().join(" | ");
    parse(field).iter().map(alternatives).collect::<Vec<_>>().join(", ")
}

fn met(relation: &Relation<'_>, name: &str, version: &str) -> bool {
    let bare = relation.name.split(':').next().unwrap_or_default();
    bare == name
        && relation.version.is_none_or(|(operator, wanted)| {
            let order = compare_versions(version, wanted);
            match operator {
                "<<" => order == Ordering::Less,
                "<=" => order != Ordering::Greater,
                "=" => order == Ordering::Equal,
                ">=" => order != Ordering::Less,
                ">>" => order == Ordering::Greater,
                _ => false,
            }
        })
}

/// Whether `new` may take over files of `old` (Debian Policy 7.6.1).
pub(crate) fn replaces(new: &UnpackedDeb, old: &UnpackedDeb) -> bool {
    let field = new.stanza.get("Replaces").unwrap_or_default();
    let version = old.version.as_str();
    parse(field).iter().flatten().any(|relation| met(relation, &old.package, version))
}

/// The names of `roots` and of all packages that they need, through Depends and Pre-Depends, among
/// `debs`.
pub(crate) fn closure<'a>(
    debs: &[&'a UnpackedDeb],
    roots: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    let by_name: BTreeMap<&str, &UnpackedDeb> =
        debs.iter().map(|deb| (deb.package.as_str(), *deb)).collect();
    let provider = |name: &str| {
        debs.iter().copied().find(|deb| {
            let provided = parse(deb.stanza.get("Provides").unwrap_or_default());
            provided.iter().flatten().any(|relation| relation.name == name)
        })
    };
    let find = |name: &str| {
        let bare = name.split(':').next().unwrap_or_default();
        by_name.get(bare).copied().or_else(|| provider(bare))
    };
    let mut found = BTreeSet::new();
    let mut left: Vec<&UnpackedDeb> = roots.into_iter().filter_map(find).collect();
    while let Some(deb) = left.pop() {
        if !found.insert(deb.package.as_str()) {
            continue;
        }
        for field in ["Depends", "Pre-Depends"] {
            for alternatives in parse(deb.stanza.get(field).unwrap_or_default()) {
                left.extend(alternatives.iter().find_map(|relation| find(relation.name)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_dpkg_writes_them() {
        for (field, written) in [
            ("a(>=1.0)|b,c", "a (>= 1.0) | b, c"),
            ("a ( << 1.0 ) , b:any ,", "a (<< 1.0), b:any"),
            ("a (< 1)", "a (<= 1)"),
            ("a,\n b", "a, b"),
        ] {
            assert_eq!(format(field), written, "{field}");
        }
    }
}
