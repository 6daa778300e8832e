//! Reads hunks.

use names::Fault;

use super::reader::{Reader, content};
use crate::limits::MAX_HUNKS;
use crate::text::shown;
use crate::{Hunk, HunkLine, Side};

/// The ranges of a hunk: start and count before, start and count after.
type Ranges = [usize; 4];

/// Reads `@@ -1,3 +1,4 @@`.
pub(super) fn header(line: &[u8]) -> Option<Ranges> {
    let rest = line.strip_prefix(b"@@ -")?;
    let (old_start, old_count, rest) = range(rest)?;
    let rest = rest.strip_prefix(b" +")?;
    let (new_start, new_count, rest) = range(rest)?;
    rest.strip_prefix(b" @@")?;
    Some([old_start, old_count, new_start, new_count])
}

fn range(text: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (start, rest) = number(text)?;
    match rest.strip_prefix(b",") {
        Some(rest) => number(rest).map(|(count, rest)| (start, count, rest)),
        None => Some((start, 1, rest)),
    }
}

fn number(text: &[u8]) -> Option<(usize, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // Nine digits are more lines than any file has that is read.
    if digits == 0 || digits > 9 {
        return None;
    }
    let (digits, rest) = text.split_at(digits);
    let number = digits.iter().fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
    Some((number, rest))
}

/// Reads all hunks of a section. `carriage_returns` says that the patch itself has CRLF line ends.
pub(super) fn hunks(reader: &mut Reader<'_>, carriage_returns: bool) -> Result<Vec<Hunk>, Fault> {
    let mut hunks = Vec::new();
    while reader.peek().is_some_and(|line| line.starts_with(b"@@ ")) {
        reader.hunks += 1;
        if reader.hunks > MAX_HUNKS {
            let message = format!("the patch has more than {MAX_HUNKS} hunks");
            return Err(reader.fault(message, "split it"));
        }
        hunks.push(hunk(reader, carriage_returns)?);
    }
    Ok(hunks)
}

fn hunk(reader: &mut Reader<'_>, carriage_returns: bool) -> Result<Hunk, Fault> {
    let number = reader.line();
    let first = reader.peek().unwrap_or_default();
    let Some([old_start, old_count, new_start, new_count]) = header(first) else {
        let fault = reader.fault(
            format!("`{}` is not the header of a hunk", shown(content(first))),
            "it should look like `@@ -1,3 +1,4 @@`",
        );
        reader.next();
        return Err(fault);
    };
    reader.next();
    let (mut old, mut new) = (old_count, new_count);
    let mut lines: Vec<HunkLine> = Vec::new();
    while old > 0 || new > 0 || reader.peek().is_some_and(|line| line.starts_with(b"\\")) {
        let Some(line) = reader.peek() else {
            return Err(truncated(reader, number, old, new));
        };
        let side = match line.first() {
            Some(b'\\') => {
                without_newline(reader, &mut lines, carriage_returns)?;
                reader.next();
                continue;
            }
            Some(b'+') if new > 0 => Side::New,
            Some(b'-') if old > 0 => Side::Old,
            // Mailers and editors take the space off an empty line.
            Some(b' ' | b'\n') if old > 0 && new > 0 => Side::Both,
            Some(b'\r') if line == b"\r\n" && old > 0 && new > 0 => Side::Both,
            Some(b'+' | b'-' | b' ') => {
                return Err(miscounted(reader, number));
            }
            _ => return Err(truncated(reader, number, old, new)),
        };
        old -= usize::from(side != Side::New);
        new -= usize::from(side != Side::Old);
        let blank = matches!(line.first(), Some(b'\n' | b'\r'));
        let mut bytes = line[usize::from(!blank)..].to_vec();
        // A patch that was cut off within its last line end.
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        lines.push(HunkLine { side, bytes });
        reader.next();
    }
    let beyond = reader.peek().is_some_and(|line| {
        let signature = line.starts_with(b"-- ");
        let header = line.starts_with(b"--- ") || line.starts_with(b"+++ ");
        // `---` alone parts the message of a mail from its diff; others draw longer lines.
        let rule = content(line).iter().all(|byte| *byte == b'-');
        line.starts_with(b"+") && !header
            || line.starts_with(b"-") && !header && !signature && !rule
    });
    if beyond {
        return Err(miscounted(reader, number));
    }
    let header = shown(content(first));
    Ok(Hunk { line: number, header, old_start, old_count, new_start, new_count, lines })
}

/// `\ No newline at end of file`: the line above has no line end.
fn without_newline(
    reader: &Reader<'_>,
    lines: &mut [HunkLine],
    carriage_returns: bool,
) -> Result<(), Fault> {
    let Some(line) = lines.last_mut() else {
        return Err(reader.fault(
            "`\\ No newline at end of file` has no line above it",
            "make the patch again; it is damaged",
        ));
    };
    if line.bytes.ends_with(b"\n") {
        line.bytes.pop();
        if carriage_returns && line.bytes.ends_with(b"\r") {
            line.bytes.pop();
        }
    }
    Ok(())
}

fn truncated(reader: &Reader<'_>, hunk: usize, old: usize, new: usize) -> Fault {
    let end = reader.peek().is_none();
    let message = format!(
        "the hunk of line {hunk} ends too early: its header counts {old} more old and {new} more \
         new lines{}",
        if end { ", and the patch ends here" } else { "" }
    );
    reader.fault(message, "make the patch again; it is cut off, or was changed by hand")
}

fn miscounted(reader: &Reader<'_>, hunk: usize) -> Fault {
    reader.fault(
        format!("the hunk of line {hunk} has more lines than its header counts"),
        "make the patch again, or correct the numbers between the `@@`",
    )
}
