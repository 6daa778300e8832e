//! Reads patch files: what `git format-patch`, `git diff`, `diff -u` and quilt write.

mod binary;
mod git;
mod hunk;
mod name;
mod plain;
mod reader;

pub(crate) use name::without_first;
pub(crate) use plain::{plain_name, strip_by_look};

use names::Fault;

use crate::limits::{MAX_FAULTS, MAX_PATCH_BYTES, MAX_SECTIONS};
use crate::{Action, Body, Patch, Section};
use reader::Reader;

/// Why a patch could not be read: all its faults.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", names::render_faults(.faults))]
pub struct ParseError {
    /// The faults, in the order of the file; at least one.
    pub faults: Vec<Fault>,
}

/// Reads `bytes`, the content of the patch file `name`.
///
/// Text around the diffs is passed over, as Git and patch do, but what looks like part of a diff and
/// stands in no place for it is a fault: a hunk without a file, lines beyond those that the header of
/// a hunk counts, a binary file without its content.
///
/// The format is that of git-format-patch(1), git-diff(1) ("Generating patch text with -p") and the
/// unified format of GNU diff.
///
/// # Errors
/// All faults of the file, at most 100.
pub fn parse(bytes: &[u8], name: &str) -> Result<Patch, ParseError> {
    let mut reader = Reader::new(bytes, name);
    if bytes.len() > MAX_PATCH_BYTES {
        let message =
            format!("the patch has {} bytes, and at most {MAX_PATCH_BYTES} are read", bytes.len());
        return Err(ParseError { faults: vec![reader.fault_at(0, message, "split it")] });
    }
    let (mut sections, mut mail): (Vec<Section>, usize) = (Vec::new(), 0);
    while let Some(line) = reader.peek() {
        if reader.faults.len() >= MAX_FAULTS {
            break;
        }
        if is_mail(line) {
            mail += usize::from(!sections.is_empty());
            reader.next();
            continue;
        }
        let section = if line.starts_with(b"diff --git ") {
            git::section(&mut reader, mail)
        } else if plain::starts(&reader) {
            plain::section(&mut reader, mail)
        } else {
            stray(&mut reader);
            reader.next();
            continue;
        };
        match section {
            Ok(section) => {
                if let Some(fault) = contradiction(&section, &reader) {
                    reader.faults.push(fault);
                }
                sections.push(section);
            }
            Err(fault) => {
                reader.faults.push(fault);
                // What follows belongs to the section that could not be read.
                while reader.peek().is_some_and(|line| !begins(line, &reader)) {
                    reader.next();
                }
            }
        }
        if sections.len() > MAX_SECTIONS {
            let message = format!("the patch changes more than {MAX_SECTIONS} files");
            reader.faults.push(reader.fault(message, "split it"));
            break;
        }
    }
    if sections.is_empty() && reader.faults.is_empty() {
        reader.faults.push(nothing(bytes, &reader));
    }
    if reader.faults.is_empty() {
        Ok(Patch { name: name.to_owned(), sections })
    } else {
        reader.faults.sort();
        reader.faults.truncate(MAX_FAULTS);
        Err(ParseError { faults: reader.faults })
    }
}

/// Whether a section or a mail begins here.
fn begins(line: &[u8], reader: &Reader<'_>) -> bool {
    line.starts_with(b"diff --git ") || is_mail(line) || plain::starts(reader)
}

/// Whether a line begins a mail as `git format-patch` writes it.
fn is_mail(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    (digits == 40 || digits == 64) && rest.get(digits) == Some(&b' ')
}

/// Finds fault with a line outside of all sections that can only come from a damaged diff.
fn stray(reader: &mut Reader<'_>) {
    let Some(line) = reader.peek() else { return };
    let (message, hint) = if line.starts_with(b"@@ -") && hunk::header(line).is_some() {
        ("a hunk without the `---` and `+++` lines of its file", "add them above the hunk")
    } else if line.starts_with(b"diff --cc ") || line.starts_with(b"diff --combined ") {
        ("the diff of a merge cannot be applied", "make it against one parent: git diff -m")
    } else if line.starts_with(b"GIT binary patch") {
        ("binary data without the `diff --git` line of their file", "add it above them")
    } else if line.starts_with(b"*** ")
        && reader.ahead(1).is_some_and(|line| line.starts_with(b"--- "))
        && reader.ahead(2).is_some_and(|line| line.starts_with(b"***************"))
    {
        ("a context diff, which is not read", "make a unified diff: diff -u, or git diff")
    } else if line.starts_with(b"Binary files ") && line.trim_ascii_end().ends_with(b" differ") {
        ("a binary file changes, and the patch has no data for it", BINARY_HINT)
    } else {
        return;
    };
    reader.faults.push(reader.fault(message, hint));
}

const BINARY_HINT: &str = "make the patch with git format-patch, or with git diff --binary";

/// What is wrong with a patch that changes nothing.
fn nothing(bytes: &[u8], reader: &Reader<'_>) -> Fault {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let encoded = ["base64", "quoted-printable"]
        .into_iter()
        .find(|encoding| text.contains(&format!("content-transfer-encoding: {encoding}")));
    let hint = match encoded {
        _ if text.trim().is_empty() => "remove the file, or put the patch into it".to_owned(),
        Some(encoding) => format!("the mail is encoded as {encoding}: decode it first"),
        None => "it needs a unified diff, as git format-patch or diff -u write it".to_owned(),
    };
    reader.fault_at(0, "the patch changes nothing", hint)
}

/// Finds what contradicts itself in a section.
fn contradiction(section: &Section, reader: &Reader<'_>) -> Option<Fault> {
    let Body::Text(hunks) = &section.body else { return None };
    let (message, line) = match section.action {
        Action::Create => {
            let hunk = hunks.iter().find(|hunk| hunk.old_count > 0)?;
            ("the file is new, but the hunk has lines that are there before", hunk.line)
        }
        Action::Delete => {
            let hunk = hunks.iter().find(|hunk| hunk.new_count > 0)?;
            ("the file is deleted, but the hunk has lines that are there after it", hunk.line)
        }
        Action::Modify | Action::Rename | Action::Copy => return None,
    };
    Some(reader.fault_at(line, message, "make the patch again; its header does not fit"))
}
