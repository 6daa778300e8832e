//! Patches with the line numbers of where they apply.

use crate::{AppliedPatch, Body, Hunk, Patch};

/// The text of a patch with the headers of its hunks as they would be, had it been made against the
/// files that it was applied to; all else stays byte for byte. `bytes` is what `patch` was parsed
/// from, `applied` says where its hunks went.
///
/// `None` where more than line numbers would have to change: a hunk applies without some of its
/// context, or the hunks of a file would come to stand in another order.
pub fn refreshed(bytes: &[u8], patch: &Patch, applied: &AppliedPatch) -> Option<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> =
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for (section, placed) in patch.sections.iter().zip(&applied.sections) {
        let Body::Text(hunks) = &section.body else { continue };
        // How many lines the hunks above have added, and where the last of them ends.
        let (mut added, mut end) = (0i64, 0i64);
        for (hunk, placement) in hunks.iter().zip(&placed.hunks) {
            let at = i64::try_from(placement.line).ok()? - 1;
            if placement.fuzz > 0 || at < end {
                return None;
            }
            let line = lines.get_mut(hunk.line.checked_sub(1)?)?;
            *line = header(line, hunk, usize::try_from(at - added).ok()?, placement.line - 1)?;
            let [old, new] = [hunk.old_count, hunk.new_count].map(i64::try_from);
            added += new.ok()? - old.ok()?;
            end = at + new.ok()?;
        }
    }
    Some(lines.concat())
}

/// The header `line` of a hunk that begins at the lines `old` and `new`, from 0, of its files.
fn header(line: &[u8], hunk: &Hunk, old: usize, new: usize) -> Option<Vec<u8>> {
    // A range without lines has the number of the line above it.
    let start = |at: usize, count: usize| at + usize::from(count > 0);
    let rest = line.strip_prefix(b"@@ -")?;
    let (first, rest) = digits(rest);
    let between = rest.iter().position(|byte| *byte == b'+')? + 1;
    let (second, tail) = digits(rest.get(between..)?);
    if first == 0 || second == 0 {
        return None;
    }
    let mut header = b"@@ -".to_vec();
    header.extend(start(old, hunk.old_count).to_string().bytes());
    header.extend(&rest[..between]);
    header.extend(start(new, hunk.new_count).to_string().bytes());
    header.extend(tail);
    Some(header)
}

/// How many digits are at the start, and what follows.
fn digits(text: &[u8]) -> (usize, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, &text[count..])
}
