//! Lines of overrides that are no pins: ranges of versions, and addresses.

use names::{Fault, PackageName, Place};

use crate::line::{Line, first_word, shown};
use crate::{Environment, Requirement};

/// A line of the overrides that bounds the versions of a project without naming one, `name>=1.2,<2`,
/// or names where its source is, `name @ git+https://...`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bound {
    /// The line: its project, and either specifiers or an address.
    pub requirement: Requirement,
    /// Where it stands.
    pub place: Place,
    /// Why, in the words of its comment.
    pub reason: String,
}

impl Bound {
    /// Whether it counts in `environment`.
    pub fn applies(&self, environment: &Environment) -> bool {
        self.requirement.applies(environment, &Default::default())
    }
}

/// The schemes of an address that pip takes without a name in front.
const SCHEMES: [&str; 6] = ["git+", "file:", "hg+", "svn+", "bzr+", "http"];

/// Reads `text`, a part of `line`, if it is a range or an address; `None` where it can only be a pin.
pub(crate) fn bound_in<'a>(
    line: &Line<'a>,
    text: &'a str,
) -> Result<Option<(Requirement, Place)>, Fault> {
    let starts = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
    if starts && text.contains(':') {
        return unnamed(line, text).map(Some);
    }
    let name = text.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_.".contains(letter));
    let rest = name.map_or("", |end| text[end..].trim_start());
    let condition = rest.split(';').next().unwrap_or_default().trim_end();
    let exact =
        condition.starts_with("==") && !condition.contains(',') && !condition.ends_with('*');
    if exact || !rest.starts_with(['<', '>', '~', '!', '=', '@']) {
        return Ok(None);
    }
    let requirement = Requirement::parse(text).map_err(|error| {
        let at = text.get(error.offset()..).unwrap_or(text);
        let message = format!("`{}` is not understood: {error}", shown(first_word(text)));
        line.fault(at, message, "write name===1.2.3, name>=1.2,<2, or name @ git+https://...")
    })?;
    Ok(Some((requirement, line.place(text))))
}

/// An address without a name in front: that of its `#egg=`, or else the last part of its path.
fn unnamed<'a>(line: &Line<'a>, text: &'a str) -> Result<(Requirement, Place), Fault> {
    let (address, marker) = match text.split_once(" ;") {
        Some((address, marker)) => (address.trim(), Some(marker.trim())),
        None => (text, None),
    };
    let (path, fragment) = address.split_once('#').unwrap_or((address, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    let last = || {
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let last = last.split_once('@').map_or(last, |(name, _)| name);
        last.strip_suffix(".git").unwrap_or(last)
    };
    let name = egg.map(|egg| egg.split('[').next().unwrap_or(egg)).unwrap_or_else(last);
    let name = PackageName::new(name).map_err(|_| {
        let message = format!("`{}` does not say of which project it is", shown(address));
        line.fault(text, message, "write the name in front: name @ git+https://...")
    })?;
    let marker = marker.map(|marker| format!(" ; {marker}")).unwrap_or_default();
    let named = format!("{name} @ {address}{marker}");
    let mut requirement = Requirement::parse(&named).map_err(|error| {
        let message = format!("`{}` is not understood: {error}", shown(address));
        line.fault(text, message, "an address has no blanks; a marker stands behind ` ;`")
    })?;
    requirement.text = text.to_owned();
    Ok((requirement, line.place(text)))
}
