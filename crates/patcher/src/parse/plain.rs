//! Reads sections as `diff -u` and quilt write them.

use names::Fault;

use super::name::{inside, is_epoch, stamped, text, without_first};
use super::reader::{Reader, content};
use super::{hunk, name};
use crate::text::shown;
use crate::{Action, Body, Name, Section};

/// Whether a section begins here: `---`, `+++` and the header of a hunk in a row.
pub(super) fn starts(reader: &Reader<'_>) -> bool {
    let is = |count, start: &[u8]| reader.ahead(count).is_some_and(|line| line.starts_with(start));
    is(0, b"--- ") && is(1, b"+++ ") && is(2, b"@@ -")
}

/// Reads a section; the reader is at its `---`.
pub(super) fn section(reader: &mut Reader<'_>, mail: usize) -> Result<Section, Fault> {
    let line = reader.line();
    let carriage_returns = reader.peek().is_some_and(|line| line.ends_with(b"\r\n"));
    let (old, old_is_epoch) = side(reader)?;
    let (new, new_is_epoch) = side(reader)?;
    let hunks = hunk::hunks(reader, carriage_returns)?;
    let all_new = hunks.iter().all(|hunk| hunk.old_count == 0);
    let all_old = hunks.iter().all(|hunk| hunk.new_count == 0);
    let action = match (&old, &new) {
        (Name::None, Name::None) => {
            return Err(reader.fault_at(line, "both names are /dev/null", "name the file"));
        }
        (Name::None, _) => Action::Create,
        (_, Name::None) => Action::Delete,
        _ if old_is_epoch && all_new => Action::Create,
        _ if new_is_epoch && all_old => Action::Delete,
        _ => Action::Modify,
    };
    let body = Body::Text(hunks);
    let (old_kind, new_kind) = (None, None);
    Ok(Section { line, mail, old, new, action, old_kind, new_kind, carriage_returns, body })
}

/// Reads a line `--- NAME<TAB>TIME`, and says whether the time stands for "no file".
fn side(reader: &mut Reader<'_>) -> Result<(Name, bool), Fault> {
    let line = content(reader.peek().unwrap_or_default());
    let Some((name, stamp)) = stamped(&line[4.min(line.len())..]) else {
        return Err(reader.fault(
            format!("the name in `{}` cannot be read", shown(line)),
            "a name in quotes ends with a quote, and `\\` begins an escape of C",
        ));
    };
    if name == b"/dev/null" {
        reader.next();
        return Ok((Name::None, true));
    }
    let name = text(name, reader)?;
    // Whichever part of it will be the path: neither leads out of the tree.
    inside(&name, reader)?;
    reader.next();
    Ok((Name::Written(name), is_epoch(stamp)))
}

/// How many components all names of the sections must lose, by the look of them: 1 for `a/x` and
/// `b/x`, and for `keystone.orig/x` and `keystone/x`; 0 for `x.orig` and `x`; `None` where nothing
/// tells.
pub(crate) fn strip_by_look(sections: &[Section]) -> Option<usize> {
    sections.iter().find_map(|section| match (&section.old, &section.new) {
        (Name::Written(old), Name::Written(new)) => look(old, new),
        (Name::Written(name), Name::None) | (Name::None, Name::Written(name)) => {
            let known = name.starts_with("a/") || name.starts_with("b/");
            (known && name::without_first(name).is_some()).then_some(1)
        }
        _ => None,
    })
}

fn look(old: &str, new: &str) -> Option<usize> {
    if !old.contains('/') || !new.contains('/') {
        return Some(0);
    }
    if old == new {
        return None;
    }
    // The rest may differ in a suffix too: `diff -u a/x.orig b/x`.
    let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    if first(old) != first(new) {
        return (without_first(old).map(plain_name) == without_first(new).map(plain_name))
            .then_some(1);
    }
    None
}

/// A name without the ending by which editors and quilt mark the file before.
pub(crate) fn plain_name(name: &str) -> &str {
    [".orig", ".old", ".bak", "~"]
        .into_iter()
        .find_map(|ending| name.strip_suffix(ending))
        .filter(|rest| !rest.is_empty() && !rest.ends_with('/'))
        .unwrap_or(name)
}
