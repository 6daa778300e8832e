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
enum Name {
    Release,
    Service,
    Version,
}

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

    /// Reads a template. The error is a message and a hint.
    fn parse(text: &str) -> Result<Self, (String, String)> {
        const NAMES: [(&str, Name); 3] =
            [("release", Name::Release), ("service", Name::Service), ("version", Name::Version)];
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            parts.push(Part::Text(before.to_owned()));
            let Some((name, after)) = after.split_once("}}") else {
                let hint = "write it as {{ version }}";
                return Err(("`{{` is not closed by `}}`".to_owned(), hint.to_owned()));
            };
            let word = name.trim();
            let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == word) else {
                let hint = match nearest(word, NAMES.iter().map(|(name, _)| *name)) {
                    Some(near) => format!("did you mean {{{{ {near} }}}}?"),
                    None => "the names are release, service and version".to_owned(),
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

/// The template that the recipe has, or else `default`. `right` says of the text with sample names
/// whether it is of the form that `want` describes.
pub(super) fn check(
    checker: &mut Checker<'_>,
    written: Option<&Spanned<String>>,
    default: &str,
    right: impl Fn(&str) -> bool,
    want: &str,
) -> Option<Template> {
    let text = written.map_or(default, |value| value.get_ref());
    let span = written.map_or(0..0, Spanned::span);
    match Template::parse(text) {
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
