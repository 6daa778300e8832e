//! Reads `GIT binary patch`: deflated data in base85, as git-apply(1) takes them.

use std::io::Read as _;

use names::Fault;

use super::reader::{Reader, content};
use crate::limits::{MAX_FILE_BYTES, MAX_TOTAL_BYTES};
use crate::text::shown;
use crate::{Binary, BinaryData};

/// Git's alphabet, that of RFC 1924.
const ALPHABET: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

const DAMAGED: &str = "make the patch again; its binary data are damaged";

/// Reads the data; the reader is below `GIT binary patch`.
pub(super) fn read(
    reader: &mut Reader<'_>,
    old_id: String,
    new_id: String,
) -> Result<Binary, Fault> {
    let line = reader.line();
    let Some(forward) = data(reader)? else {
        return Err(reader.fault("`literal` or `delta` with a size is missing", DAMAGED));
    };
    let backward = data(reader)?;
    Ok(Binary { old_id, new_id, forward, backward, line })
}

fn data(reader: &mut Reader<'_>) -> Result<Option<BinaryData>, Fault> {
    let line = content(reader.peek().unwrap_or_default());
    let (rest, literal) = match (line.strip_prefix(b"literal "), line.strip_prefix(b"delta ")) {
        (Some(rest), _) => (rest, true),
        (_, Some(rest)) => (rest, false),
        _ => return Ok(None),
    };
    let size = std::str::from_utf8(rest).ok().and_then(|text| text.parse::<usize>().ok());
    let Some(size) = size.filter(|size| *size <= MAX_FILE_BYTES) else {
        let message = format!("`{}` is no size of up to {MAX_FILE_BYTES} bytes", shown(rest));
        return Err(reader.fault(message, DAMAGED));
    };
    let start = reader.line();
    reader.inflated += size;
    if reader.inflated > MAX_TOTAL_BYTES {
        let message =
            format!("the binary files of the patch have more than {MAX_TOTAL_BYTES} bytes");
        return Err(reader.fault(message, "split it"));
    }
    reader.next();
    let mut deflated = Vec::new();
    while let Some(line) = reader.peek() {
        let line = content(line);
        if line.is_empty() {
            reader.next();
            break;
        }
        if decode(line, &mut deflated).is_none() {
            return Err(reader.fault("the line is not in Git's base85", DAMAGED));
        }
        reader.next();
    }
    let mut bytes = Vec::new();
    let limit = size as u64 + 1;
    let read = flate2::read::ZlibDecoder::new(&deflated[..]).take(limit).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() != size {
        let message = format!("the data do not inflate to the {size} bytes that are announced");
        return Err(reader.fault_at(start, message, DAMAGED));
    }
    Ok(Some(if literal { BinaryData::Literal(bytes) } else { BinaryData::Delta(bytes) }))
}

/// Decodes one line: a letter for the count of bytes, then five digits for each four of them.
fn decode(line: &[u8], into: &mut Vec<u8>) -> Option<()> {
    let (&count, digits) = line.split_first()?;
    let count = match count {
        b'A'..=b'Z' => count - b'A' + 1,
        b'a'..=b'z' => count - b'a' + 27,
        _ => return None,
    };
    let count = usize::from(count);
    if digits.len() != count.div_ceil(4) * 5 {
        return None;
    }
    let start = into.len();
    for group in digits.chunks(5) {
        let mut value: u32 = 0;
        for digit in group {
            let digit = ALPHABET.iter().position(|letter| letter == digit)?;
            value = value.checked_mul(85)?.checked_add(u32::try_from(digit).ok()?)?;
        }
        into.extend(value.to_be_bytes());
    }
    into.truncate(start + count);
    Some(())
}
