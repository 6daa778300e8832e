//! Reads single lines: the grammar that constraints and overrides share.

use std::path::Path;

use names::{Fault, PackageName, Place};

use crate::{Marker, Pin, Specifier, parse_version};

/// Most bytes of a file; the files of upstream have 20 KB.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Most faults that are listed for one file; more help nobody.
pub(crate) const MAX_FAULTS: usize = 100;

/// One line that is neither blank nor a comment.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    file: &'a Path,
    number: usize,
    /// The whole line.
    raw: &'a str,
    /// Without the comment at its end and the space around it.
    pub(crate) text: &'a str,
    /// The text of the comment at its end.
    pub(crate) comment: Option<&'a str>,
}

/// What a line of a file is.
pub(crate) enum Kind<'a> {
    Blank,
    /// The text after `#`, trimmed.
    Comment(&'a str),
    Code(Line<'a>),
}

/// The lines of `text`, or one fault where it is too long to be what it should be.
pub(crate) fn lines<'a>(
    text: &'a str,
    file: &'a Path,
) -> Result<impl Iterator<Item = Kind<'a>>, Vec<Fault>> {
    if text.len() > MAX_BYTES {
        return Err(vec![Fault {
            place: Place { file: file.to_owned(), line: 0, column: 0 },
            message: format!("the file has {} bytes, and at most {MAX_BYTES} are read", text.len()),
            hint: "name a file with one pin a line".to_owned(),
        }]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(text.lines().enumerate().map(move |(index, raw)| {
        let trimmed = raw.trim();
        if trimmed.is_empty() {
            return Kind::Blank;
        }
        if let Some(comment) = trimmed.strip_prefix('#') {
            return Kind::Comment(comment.trim());
        }
        let code = without_comment(raw);
        let comment = raw[code.len()..].strip_prefix('#').map(str::trim);
        Kind::Code(Line { file, number: index + 1, raw, text: code.trim(), comment })
    }))
}

/// pip ends a line at the first `#` that has white space before it.
fn without_comment(raw: &str) -> &str {
    let comment = raw.char_indices().find(|&(at, letter)| {
        letter == '#' && raw[..at].chars().next_back().is_some_and(char::is_whitespace)
    });
    comment.map_or(raw, |(at, _)| &raw[..at])
}

impl<'a> Line<'a> {
    /// The place of `part`, which must be a slice of this line; its start otherwise.
    pub(crate) fn place(&self, part: &str) -> Place {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.raw.as_ptr() as usize);
        let before = self.raw.get(..offset).unwrap_or("");
        let column = before.chars().count() + 1;
        Place { file: self.file.to_owned(), line: self.number, column }
    }

    pub(crate) fn fault(&self, part: &str, message: String, hint: impl Into<String>) -> Fault {
        Fault { place: self.place(part), message, hint: hint.into() }
    }

    /// Reads the line as `name===version` or `name===version;marker`.
    pub(crate) fn pin(&self) -> Result<Pin, Fault> {
        self.pin_in(self.text)
    }

    /// Reads `text`, a part of this line, as a pin.
    pub(crate) fn pin_in(&self, text: &'a str) -> Result<Pin, Fault> {
        self.refuse_other_forms(text)?;
        let name_end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(name_end);
        let rest = rest.trim_start();
        let package = self.name(name, rest)?;
        let (operator, rest) = self.operator(name, rest)?;
        let (version, marker) = match rest.split_once(';') {
            Some((version, marker)) => (version.trim(), Some(marker.trim())),
            None => (rest.trim(), None),
        };
        let specifier = self.specifier(name, operator, version, rest)?;
        let marker = marker.map(|marker| self.marker(name, marker)).transpose()?;
        let version = version.to_owned();
        Ok(Pin { name: package, version, specifier, marker, place: self.place(name) })
    }

    /// Reads `name`; `rest` is what follows it, for the message.
    pub(crate) fn name(&self, name: &'a str, rest: &'a str) -> Result<PackageName, Fault> {
        PackageName::new(name).map_err(|_| {
            let part = if name.is_empty() { rest } else { name };
            let text = if name.is_empty() { first_word(rest) } else { name };
            let message = match text {
                "" => "the name of a project is missing".to_owned(),
                text => format!("`{}` is not the name of a Python project", shown(text)),
            };
            self.fault(
                part,
                message,
                "a name has ASCII letters, digits, `-`, `_` and `.`, \
                 and a letter or digit at both ends",
            )
        })
    }

    /// Requirement files know more forms than constraints; say for each what to do.
    fn refuse_other_forms(&self, text: &'a str) -> Result<(), Fault> {
        let word = first_word(text);
        if text.starts_with('-') {
            return Err(self.fault(
                text,
                format!("`{}` is an option of pip, not a pin", shown(word)),
                "write the pins themselves, one a line: name===version",
            ));
        }
        if text.ends_with('\\') {
            return Err(self.fault(
                &text[text.len() - 1..],
                "a line goes on in the next one".to_owned(),
                "write each pin in one line",
            ));
        }
        let url = text.find("://").or_else(|| text.find(" @ "));
        if url.is_some_and(|at| !text[..at].contains(';')) {
            return Err(self.fault(
                text,
                format!("`{}` names a source, not a version", shown(word)),
                "write name===version here; an address may stand in overrides/<release>/constraints.txt",
            ));
        }
        Ok(())
    }

    fn operator(&self, name: &str, rest: &'a str) -> Result<(&'static str, &'a str), Fault> {
        let pin_it = format!("pin one version: {name}===1.2.3");
        for operator in ["===", "=="] {
            if let Some(version) = rest.strip_prefix(operator) {
                return Ok((operator, version.trim_start()));
            }
        }
        if rest.starts_with('[') {
            return Err(self.fault(
                rest,
                format!("the pin of {name} has extras"),
                format!("extras belong to requirements: {pin_it}"),
            ));
        }
        let what = if rest.is_empty() || rest.starts_with(';') {
            format!("{name} has no version")
        } else if let Some(range) = ["~=", "!=", "<=", ">=", "<", ">"]
            .into_iter()
            .find(|operator| rest.starts_with(operator))
        {
            format!("`{range}` leaves the version of {name} open")
        } else {
            format!("`{}` after {name} is not understood", shown(first_word(rest)))
        };
        Err(self.fault(if rest.is_empty() { name } else { rest }, what, pin_it))
    }

    fn specifier(
        &self,
        name: &str,
        operator: &str,
        version: &'a str,
        rest: &'a str,
    ) -> Result<Specifier, Fault> {
        if version.is_empty() {
            let message = format!("{name} has no version");
            return Err(self.fault(rest, message, format!("pin one: {name}===1.2.3")));
        }
        let specifier = format!("{operator}{version}").parse();
        if let (Ok(specifier), Ok(parsed)) = (specifier, parse_version(version)) {
            // `===` compares texts: one in another form than the index has would never be met.
            let normal = parsed.to_string();
            if operator == "===" && !normal.eq_ignore_ascii_case(version) {
                let message = format!("`{}` is met by no version", shown(version));
                let hint = format!("`===` compares texts: write {name}==={normal}");
                return Err(self.fault(version, message, hint));
            }
            return Ok(specifier);
        }
        let hint = if version.ends_with(".*") {
            "a pin names one version, without `*`"
        } else if version.contains(',') {
            "a pin names one version; a second condition has no place here"
        } else if version.contains(char::is_whitespace) {
            "one pin a line; a comment starts with ` #`, a marker with `;`"
        } else {
            "versions look like 1.2.3, 1.0.0rc1 or 4.2.4.post1 (PEP 440)"
        };
        let message = format!("`{}` is not a version of {name}", shown(version));
        Err(self.fault(version, message, hint))
    }

    pub(crate) fn marker(&self, name: &str, text: &'a str) -> Result<Marker, Fault> {
        Marker::parse(text).map_err(|error| {
            self.fault(
                text.get(error.offset()..).unwrap_or(text),
                format!("the marker of {name} is not understood: {error}"),
                "markers look like python_version>='3.10' or platform_machine=='aarch64' (PEP 508)",
            )
        })
    }
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

pub(crate) fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or("")
}

/// A text from outside, fit for a message: short, without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}
