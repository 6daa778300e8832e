//! Names and paths that carry names of what is built.

use std::fmt;

use names::nearest;
use toml::Spanned;

use super::part::SAMPLE;
use crate::fields::Checker;

/// A text in which `{{ NAME }}` stands for a name of what is built. Which names there are is checked
/// when the recipe is read, so rendering cannot fail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    Name(Name),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Name {
    Release,
    Service,
    Version,
}

/// The names that there are where something of a service is called.
pub(super) const OF_SERVICE: &[(&str, Name)] =
    &[("service", Name::Service), ("version", Name::Version), ("release", Name::Release)];

/// The name that there is where something of a whole release is called.
pub(crate) const OF_RELEASE: &[(&str, Name)] = &[("release", Name::Release)];

/// What the names of a [`Template`] stand for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Names<'a> {
    /// `{{ service }}`: `keystone`.
    pub service: &'a str,
    /// `{{ version }}`: `28.0.0`.
    pub version: &'a str,
    /// `{{ release }}`: `2025.2`.
    pub release: &'a str,
}

impl Template {
    /// The text with its names filled in.
    pub fn render(&self, names: Names<'_>) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(Name::Release) => names.release.to_owned(),
            Part::Name(Name::Service) => names.service.to_owned(),
            Part::Name(Name::Version) => names.version.to_owned(),
        };
        self.parts.iter().map(text).collect()
    }

    /// Reads a template in which `names` stand for something. The error is a message and a hint.
    fn parse(text: &str, names: &[(&str, Name)]) -> Result<Self, (String, String)> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            parts.push(Part::Text(before.to_owned()));
            let Some((name, after)) = after.split_once("}}") else {
                let hint = "write it as {{ release }}";
                return Err(("`{{` is not closed by `}}`".to_owned(), hint.to_owned()));
            };
            let word = name.trim();
            let Some((_, name)) = names.iter().find(|(known, _)| *known == word) else {
                let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
                let hint = match nearest(word, known.iter().copied()) {
                    Some(near) => format!("did you mean {{{{ {near} }}}}?"),
                    None => format!("the names here are {}", known.join(", ")),
                };
                return Err((format!("`{}` stands for nothing", word.escape_debug()), hint));
            };
            parts.push(Part::Name(*name));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self { text: text.to_owned(), parts })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The template that the recipe has, or else `default`, with what of `names` is in it. `right` says of the text with sample names
/// whether it is of the form that `want` describes.
pub(super) fn check(
    checker: &mut Checker<'_>,
    written: Option<&Spanned<String>>,
    default: &str,
    names: &[(&str, Name)],
    right: impl Fn(&str) -> bool,
    want: &str,
) -> Option<Template> {
    let text = written.map_or(default, |value| value.get_ref());
    let span = written.map_or(0..0, Spanned::span);
    match Template::parse(text, names) {
        Ok(template) => {
            if right(&template.render(SAMPLE)) {
                return Some(template);
            }
            checker.fault(&span, format!("`{}` is not right", text.escape_debug()), want);
        }
        Err((message, hint)) => checker.fault(&span, message, hint),
    }
    None
}
