//! Reads sections as Git writes them: git-diff(1), "Generating patch text with -p".

use names::Fault;

use super::name::{inside, quoted, stamped, text, whole, without_first};
use super::reader::{Reader, content};
use super::{BINARY_HINT, binary, hunk};
use crate::text::shown;
use crate::{Action, Body, FileKind, Name, Section};

/// The lines between `diff --git` and the content.
#[derive(Default)]
struct Head {
    old_kind: Option<FileKind>,
    new_kind: Option<FileKind>,
    action: Option<Action>,
    from: Option<String>,
    to: Option<String>,
    ids: Option<(String, String)>,
}

/// Reads a section; the reader is at its `diff --git`.
pub(super) fn section(reader: &mut Reader<'_>, mail: usize) -> Result<Section, Fault> {
    let line = reader.line();
    let first = reader.next().unwrap_or_default();
    let carriage_returns = first.ends_with(b"\r\n");
    let names = &content(first)[b"diff --git ".len()..];
    let head = head(reader)?;
    let both = both_names(names);
    let prefixed =
        both.as_ref().is_none_or(|(old, new)| old != new) && !unprefixed_rename(names, &head);
    let marked = marked_names(reader)?;
    if let (Some((old, new)), Some((before, after))) = (&both, &marked) {
        let same = |name: &Vec<u8>, marked: &Option<Vec<u8>>| {
            marked.as_ref().is_none_or(|marked| marked == name)
        };
        if !same(old, before) || !same(new, after) {
            return Err(reader.fault_at(
                line,
                "the names of `---` and `+++` are not those of the `diff --git` line",
                NAMES,
            ));
        }
    }
    let body = body(reader, &head, carriage_returns)?;

    let strip = |name: Vec<u8>, reader: &Reader<'_>| -> Result<String, Fault> {
        let name = text(name, reader)?;
        let path = if prefixed { without_first(&name) } else { Some(name.as_str()) };
        path.map(str::to_owned).ok_or_else(|| {
            let name = shown(name.as_bytes());
            reader.fault_at(line, format!("`{name}` has no `a/` or `b/` in front"), NAMES)
        })
    };
    let (mut old, mut new) = (head.from.clone(), head.to.clone());
    if let Some((before, after)) = marked.clone() {
        let before = before.map(|name| strip(name, reader)).transpose()?;
        let after = after.map(|name| strip(name, reader)).transpose()?;
        let differs = |known: &Option<String>, name: &Option<String>| {
            known.is_some() && name.is_some() && known != name
        };
        if differs(&old, &before) || differs(&new, &after) {
            return Err(reader.fault_at(
                line,
                "the names of `---` and `+++` are not those of the rename or copy",
                NAMES,
            ));
        }
        (old, new) = (old.or(before), new.or(after));
    } else if old.is_none()
        && let Some((before, after)) = both
    {
        (old, new) = (Some(strip(before, reader)?), Some(strip(after, reader)?));
    }
    let no_file = |which: fn(&Marked) -> bool| marked.as_ref().is_some_and(which);
    let action = head.action.unwrap_or_else(|| {
        if no_file(|(old, _)| old.is_none()) {
            Action::Create
        } else if no_file(|(_, new)| new.is_none()) {
            Action::Delete
        } else {
            Action::Modify
        }
    });
    let missing = || reader.fault_at(line, "the names of the file cannot be read", NAMES);
    let one = old.clone().or_else(|| new.clone());
    let (old, new) = match action {
        Action::Create => (Name::None, Name::Path(new.or(old).ok_or_else(missing)?)),
        Action::Delete => (Name::Path(one.ok_or_else(missing)?), Name::None),
        Action::Modify if old != new => {
            return Err(reader.fault_at(line, "the names before and after differ", NAMES));
        }
        _ => (Name::Path(old.ok_or_else(missing)?), Name::Path(new.ok_or_else(missing)?)),
    };
    for name in [&old, &new] {
        if let Name::Path(path) = name {
            inside(path, reader)
                .map_err(|fault| reader.fault_at(line, fault.message, fault.hint))?;
        }
    }
    let kinds_differ = head.new_kind.is_some() && head.old_kind != head.new_kind;
    if action == Action::Modify && body == Body::Same && !kinds_differ {
        return Err(reader.fault_at(
            line,
            "the section changes nothing",
            "make the patch again; its content is missing",
        ));
    }
    let (old_kind, new_kind) = (head.old_kind, head.new_kind);
    Ok(Section { line, mail, old, new, action, old_kind, new_kind, carriage_returns, body })
}

const NAMES: &str = "make the patch again with git format-patch or git diff";

/// Reads the extended header lines.
fn head(reader: &mut Reader<'_>) -> Result<Head, Fault> {
    let mut head = Head::default();
    while let Some(line) = reader.peek() {
        let line = content(line);
        let after = |start: &str| line.strip_prefix(start.as_bytes());
        if let Some(mode) = after("old mode ") {
            head.old_kind = Some(kind(mode, reader)?);
        } else if let Some(mode) = after("new mode ") {
            head.new_kind = Some(kind(mode, reader)?);
        } else if let Some(mode) = after("deleted file mode ") {
            head.old_kind = Some(kind(mode, reader)?);
            head.action = Some(Action::Delete);
        } else if let Some(mode) = after("new file mode ") {
            head.new_kind = Some(kind(mode, reader)?);
            head.action = Some(Action::Create);
        } else if let Some(name) = after("rename from ").or_else(|| after("rename old ")) {
            head.from = Some(named(name, reader)?);
            head.action = Some(Action::Rename);
        } else if let Some(name) = after("rename to ").or_else(|| after("rename new ")) {
            head.to = Some(named(name, reader)?);
            head.action = Some(Action::Rename);
        } else if let Some(name) = after("copy from ") {
            head.from = Some(named(name, reader)?);
            head.action = Some(Action::Copy);
        } else if let Some(name) = after("copy to ") {
            head.to = Some(named(name, reader)?);
            head.action = Some(Action::Copy);
        } else if let Some(ids) = after("index ") {
            index(ids, &mut head, reader)?;
        } else if after("similarity index ").or_else(|| after("dissimilarity index ")).is_none() {
            break;
        }
        reader.next();
    }
    Ok(head)
}

fn named(name: &[u8], reader: &Reader<'_>) -> Result<String, Fault> {
    let name = whole(name)
        .ok_or_else(|| reader.fault(format!("the name `{}` cannot be read", shown(name)), NAMES))?;
    let name = text(name, reader)?;
    inside(&name, reader)?;
    Ok(name)
}

/// Reads a mode. Of the permissions Git keeps the bit of the owner's execution alone.
fn kind(mode: &[u8], reader: &Reader<'_>) -> Result<FileKind, Fault> {
    let text = std::str::from_utf8(mode).unwrap_or_default().trim_end();
    let bits = Some(text).filter(|text| text.len() == 6 && !text.starts_with('+'));
    match bits.and_then(|text| u32::from_str_radix(text, 8).ok()) {
        Some(bits) if bits & 0o170_000 == 0o100_000 && bits & 0o100 == 0 => Ok(FileKind::Plain),
        Some(bits) if bits & 0o170_000 == 0o100_000 => Ok(FileKind::Executable),
        Some(0o120_000) => Ok(FileKind::Link),
        Some(0o160_000) => Err(reader.fault(
            "the patch changes a submodule, which is no file",
            "leave it out of the patch, or patch the source of the submodule",
        )),
        _ => Err(reader.fault(
            format!("`{}` is not the mode of a file", shown(mode)),
            "Git knows 100644, 100755 and 120000",
        )),
    }
}

/// Reads `index OLD..NEW MODE`.
fn index(text: &[u8], head: &mut Head, reader: &Reader<'_>) -> Result<(), Fault> {
    let text = String::from_utf8_lossy(text);
    let (ids, mode) = match text.split_once(' ') {
        Some((ids, mode)) => (ids, Some(mode)),
        None => (&*text, None),
    };
    if let Some((old, new)) = ids.split_once("..") {
        head.ids = Some((old.to_owned(), new.to_owned()));
    }
    if let Some(mode) = mode {
        head.old_kind = Some(kind(mode.as_bytes(), reader)?);
    }
    Ok(())
}

type Marked = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Reads the `---` and `+++` lines, where there are any; `/dev/null` is `None`.
fn marked_names(reader: &mut Reader<'_>) -> Result<Option<Marked>, Fault> {
    let is = |count, start: &[u8]| reader.ahead(count).is_some_and(|line| line.starts_with(start));
    if !(is(0, b"--- ") && is(1, b"+++ ")) {
        return Ok(None);
    }
    let mut name = || {
        let line = content(reader.peek().unwrap_or_default());
        let Some((name, _)) = stamped(&line[4..]) else {
            return Err(
                reader.fault(format!("the name in `{}` cannot be read", shown(line)), NAMES)
            );
        };
        reader.next();
        Ok(Some(name).filter(|name| name != b"/dev/null"))
    };
    Ok(Some((name()?, name()?)))
}

fn body(reader: &mut Reader<'_>, head: &Head, carriage_returns: bool) -> Result<Body, Fault> {
    let Some(line) = reader.peek() else { return Ok(Body::Same) };
    if line.starts_with(b"@@ ") {
        return Ok(Body::Text(hunk::hunks(reader, carriage_returns)?));
    }
    if content(line) == b"GIT binary patch" {
        let ids = head.ids.clone().filter(|(old, new)| old.len() == 40 && new.len() == 40);
        let Some((old_id, new_id)) = ids else {
            return Err(reader.fault(
                "binary data without the full object ids in an `index` line, by which they are checked",
                BINARY_HINT,
            ));
        };
        reader.next();
        return Ok(Body::Binary(binary::read(reader, old_id, new_id)?));
    }
    if line.starts_with(b"Binary files ") && content(line).ends_with(b" differ") {
        return Err(
            reader.fault("a binary file changes, and the patch has no data for it", BINARY_HINT)
        );
    }
    Ok(Body::Same)
}

/// Splits `a/NAME b/NAME` (or `NAME NAME`, as diff.noprefix has it) into the two. Names with spaces
/// are told apart by their being equal; those of a rename are not, and stand in lines of their own.
fn both_names(names: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if let Some((old, rest)) = quoted(names) {
        return Some((old, whole(rest.strip_prefix(b" ")?)?));
    }
    if names.ends_with(b"\"") {
        let at = names.windows(2).position(|pair| pair == b" \"")?;
        return Some((names[..at].to_vec(), whole(&names[at + 1..])?));
    }
    let middle = names.len() / 2;
    if names.get(middle) == Some(&b' ') && names[..middle] == names[middle + 1..] {
        return Some((names[..middle].to_vec(), names[middle + 1..].to_vec()));
    }
    let rest = |name: &[u8]| {
        let slash = name.iter().position(|byte| *byte == b'/')?;
        Some(name[slash + 1..].to_vec())
    };
    (0..names.len())
        .filter(|&at| names[at] == b' ')
        .map(|at| (&names[..at], &names[at + 1..]))
        .find(|(old, new)| rest(old).is_some_and(|old| Some(old) == rest(new)))
        .map(|(old, new)| (old.to_vec(), new.to_vec()))
}

/// Whether a rename or copy is written without `a/` and `b/`.
fn unprefixed_rename(names: &[u8], head: &Head) -> bool {
    let (Some(from), Some(to)) = (&head.from, &head.to) else { return false };
    let plain = format!("{from} {to}");
    if names == plain.as_bytes() {
        return true;
    }
    let read = quoted(names).and_then(|(old, rest)| Some((old, whole(rest.strip_prefix(b" ")?)?)));
    read.is_some_and(|(old, new)| old == from.as_bytes() && new == to.as_bytes())
}
