//! The new content of one file.

use crate::delta::{apply_delta, blob_id};
use crate::failure::Mismatch;
use crate::image::{Image, Last, Pattern};
use crate::limits::MAX_FILE_BYTES;
use crate::{Binary, BinaryData, Body, File, Hunk, Options, Placement, Reason, Section};

type Reasons = Vec<(usize, Reason)>;

/// The content that a section makes of a file, and where its hunks went; or everything that does not
/// fit, with lines of the patch.
pub(crate) fn new_content(
    section: &Section,
    old: &File,
    options: &Options,
) -> Result<(Vec<u8>, Vec<Placement>), Reasons> {
    let (bytes, placements) = match &section.body {
        Body::Same => (old.bytes.clone(), Vec::new()),
        Body::Binary(binary) => {
            let bytes =
                from_binary(binary, &old.bytes).map_err(|reason| vec![(binary.line, reason)])?;
            (bytes, Vec::new())
        }
        Body::Text(hunks) if section.carriage_returns => {
            // What changed the line ends of the patch may have been told to by those of the file.
            let stripped: Vec<Hunk> = hunks.iter().map(without_carriage_returns).collect();
            from_hunks(&stripped, &old.bytes, options)
                .or_else(|reasons| from_hunks(hunks, &old.bytes, options).map_err(|_| reasons))?
        }
        Body::Text(hunks) => from_hunks(hunks, &old.bytes, options)?,
    };
    if bytes.len() > MAX_FILE_BYTES {
        return Err(vec![(section.line, Reason::TooLarge)]);
    }
    Ok((bytes, placements))
}

fn from_hunks(
    hunks: &[Hunk],
    old: &[u8],
    options: &Options,
) -> Result<(Vec<u8>, Vec<Placement>), Reasons> {
    let patterns: Vec<Pattern<'_>> = hunks.iter().map(Pattern::new).collect();
    let mut image = Image::new(old);
    let mut last = Last::default();
    let (mut placements, mut reasons) = (Vec::new(), Vec::new());
    for (index, (hunk, pattern)) in hunks.iter().zip(&patterns).enumerate() {
        let placement = match options.fuzz {
            0 => image.apply(hunk, pattern),
            fuzz => image.apply_fuzzily(hunk, pattern, fuzz, &mut last),
        };
        match placement {
            Some(placement) => placements.push(placement),
            None => {
                let mismatch = Mismatch::new(&image, hunks, index);
                reasons.push((hunk.line, Reason::Mismatch(Box::new(mismatch))));
            }
        }
    }
    if reasons.is_empty() { Ok((image.bytes(), placements)) } else { Err(reasons) }
}

fn without_carriage_returns(hunk: &Hunk) -> Hunk {
    let mut hunk = hunk.clone();
    for line in &mut hunk.lines {
        if line.bytes.ends_with(b"\r\n") {
            line.bytes.truncate(line.bytes.len() - 2);
            line.bytes.push(b'\n');
        }
    }
    hunk
}

fn from_binary(binary: &Binary, old: &[u8]) -> Result<Vec<u8>, Reason> {
    let none = binary.old_id.bytes().all(|digit| digit == b'0');
    let found = blob_id(old);
    if !(none && old.is_empty()) && found != binary.old_id {
        return Err(Reason::Content { applied: found == binary.new_id });
    }
    let new = match &binary.forward {
        BinaryData::Literal(bytes) => bytes.clone(),
        BinaryData::Delta(delta) => apply_delta(old, delta).ok_or(Reason::Damaged)?,
    };
    let gone = binary.new_id.bytes().all(|digit| digit == b'0');
    if (gone && new.is_empty()) || blob_id(&new) == binary.new_id {
        Ok(new)
    } else {
        Err(Reason::Damaged)
    }
}
