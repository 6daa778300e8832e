//! What a recipe says about the packages that a service is split into.

use std::collections::BTreeSet;

use toml::Spanned;

use super::package;
use super::paths::clean;
use super::pattern::Pattern;
use super::template::{self, Names, OF_SERVICE, Template};
use super::written;
use crate::fields::Checker;

/// The most parts, and the most patterns of each.
const MOST: usize = 100;

/// A package besides the main one, with files that the main one then does not have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The name of the package.
    pub name: Template,
    /// What it is, in one line.
    pub description: String,
    /// Its files: what one of the patterns matches, and none of an earlier part.
    pub files: Vec<Pattern>,
    /// The packages of the service that it needs, in its own version.
    pub needs: BTreeSet<Need>,
}

/// One of the packages of a service.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Need {
    /// The main one, which has what no part has.
    Main,
    /// The part of this number, in the order of the recipe.
    Part(usize),
}

/// What the names in a template stand for while it is checked.
pub(super) const SAMPLE: Names<'static> =
    Names { service: "keystone", version: "28.0.0", release: "2025.2" };

/// Checks the parts of the package `main`.
pub(super) fn check(
    checker: &mut Checker<'_>,
    main: Option<&Template>,
    written: Vec<Spanned<written::Part>>,
) -> Vec<Part> {
    if let Some(first) = written.get(MOST) {
        let message = format!("there are {} parts, and at most {MOST}", written.len());
        checker.fault(&first.span(), message, "let patterns do the work");
        return Vec::new();
    }
    // Who refers to whom is known once all names are.
    let texts: Vec<Option<String>> = written
        .iter()
        .map(|entry| entry.get_ref().name.as_ref().map(|name| name.get_ref().clone()))
        .collect();
    let mut names: BTreeSet<String> = main.iter().map(|name| name.render(SAMPLE)).collect();
    let mut parts = Vec::new();
    let mut spans = Vec::new();
    for entry in written {
        let (span, entry) = (entry.span(), entry.into_inner());
        let example = "name = \"openstack-{{ service }}-common\"";
        let name = checker.required_in(&span, entry.name, "name", example);
        let name = name.and_then(|value| package::name(checker, Some(&value), OF_SERVICE));
        if let Some(name) = &name
            && !names.insert(name.render(SAMPLE))
        {
            checker.fault(&span, format!("two packages are called {name}"), "rename one");
        }
        let example = "description = \"Configuration of the OpenStack Identity service\"";
        let description = checker.required_in(&span, entry.description, "description", example);
        let description = description.and_then(|value| checker.line(&value, "description"));
        if entry.files.is_empty() || entry.files.len() > MOST {
            let message = format!("`files` has {} patterns, not 1 to {MOST}", entry.files.len());
            checker.fault(&span, message, "add files = [\"/etc/keystone\"]");
        }
        let files = entry.files.iter().filter_map(|value| pattern(checker, value)).collect();
        let needs = entry.needs.iter().filter_map(|value| need(checker, main, &texts, value));
        let needs: BTreeSet<Need> = needs.collect();
        if let (Some(name), Some(description)) = (name, description) {
            parts.push(Part { name, description, files, needs });
            spans.push(span);
        }
    }
    // With all of them there, a need is the number of its part.
    if parts.len() == texts.len() {
        for (index, span) in spans.iter().enumerate() {
            if reachable(&parts, index).contains(&Need::Part(index)) {
                let message = format!("{} needs itself by way of others", parts[index].name);
                checker.fault(span, message, "packages need each other in one direction alone");
                break;
            }
        }
    }
    parts
}

/// The packages that the part of number `index` needs, and what these need.
pub(crate) fn reachable(parts: &[Part], index: usize) -> BTreeSet<Need> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<Need> = parts[index].needs.iter().copied().collect();
    while let Some(need) = open.pop() {
        if let (true, Need::Part(next)) = (reached.insert(need), need) {
            open.extend(&parts[next].needs);
        }
    }
    reached
}

fn need(
    checker: &mut Checker<'_>,
    main: Option<&Template>,
    texts: &[Option<String>],
    value: &Spanned<String>,
) -> Option<Need> {
    let text = value.get_ref();
    if main.is_some_and(|main| main.to_string() == *text) {
        return Some(Need::Main);
    }
    let found = texts.iter().position(|name| name.as_ref() == Some(text));
    if found.is_none() {
        let message = format!("no package of this recipe is called `{}`", text.escape_debug());
        let known = texts.iter().flatten().map(String::as_str);
        let hint = match names::nearest(text, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write the name of a part, or that of [package], as it is there".to_owned(),
        };
        checker.fault(&value.span(), message, hint);
    }
    found.map(Need::Part)
}

pub(super) fn pattern(checker: &mut Checker<'_>, value: &Spanned<String>) -> Option<Pattern> {
    let is_pattern = |text: &str| match text.starts_with('/') {
        true => clean(text),
        false => clean(&format!("/{text}")),
    };
    let want = "a pattern is a path, absolute or of the virtual environment, in which `*`, `?` and `**` \
                stand for others: /etc/keystone, lib/python*/site-packages/keystone, **/tests";
    let template = template::check(checker, Some(value), "", OF_SERVICE, is_pattern, want)?;
    Some(Pattern { template })
}
