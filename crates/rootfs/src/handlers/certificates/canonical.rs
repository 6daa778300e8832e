//! The hash of a subject by which OpenSSL finds a certificate: `X509_NAME_hash_ex`.

use sha1::{Digest as _, Sha1};

use super::der::{self, DerError, Element, OBJECT_IDENTIFIER, Reader, SEQUENCE, SET};

const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const T61_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const VISIBLE_STRING: u8 = 0x1a;
const UNIVERSAL_STRING: u8 = 0x1c;
const BMP_STRING: u8 = 0x1e;

/// Returns the number that `openssl x509 -hash` prints for a certificate in DER: the first four
/// bytes, the lowest first, of the SHA-1 of the subject in its canonical form.
///
/// That form leaves out the outermost header; strings become UTF-8, ASCII letters small, white
/// space is taken off both ends and collapsed inside (crypto/x509/x_name.c).
///
/// # Errors
/// When the bytes are no certificate.
pub fn subject_hash(certificate: &[u8]) -> Result<u32, DerError> {
    let mut outer = Reader(certificate).expect(SEQUENCE)?;
    let mut body = outer.expect(SEQUENCE)?;
    let mut element = body.next()?;
    if element.tag == 0xa0 {
        // The version; then the serial number.
        element = body.next()?;
    }
    if element.tag != 0x02 {
        return Err(DerError::Structure);
    }
    for _algorithm_issuer_validity in 0..3 {
        body.expect(SEQUENCE)?;
    }
    let hash = Sha1::digest(canonical(body.expect(SEQUENCE)?)?);
    Ok(u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]))
}

/// The canonical form of a name: its sets one after the other.
fn canonical(mut name: Reader<'_>) -> Result<Vec<u8>, DerError> {
    let mut bytes = Vec::new();
    while !name.is_empty() {
        let mut set = name.expect(SET)?;
        let mut entries = Vec::new();
        while !set.is_empty() {
            let mut entry = set.expect(SEQUENCE)?;
            let (kind, value) = (entry.next()?, entry.next()?);
            if kind.tag != OBJECT_IDENTIFIER || !entry.is_empty() {
                return Err(DerError::Structure);
            }
            entries.push(der::write(SEQUENCE, &[kind.whole, &canonical_value(value)?].concat()));
        }
        if entries.is_empty() {
            continue;
        }
        // DER sorts the members of a set, and their order may be another one now.
        entries.sort();
        bytes.extend(der::write(SET, &entries.concat()));
    }
    Ok(bytes)
}

fn canonical_value(value: Element<'_>) -> Result<Vec<u8>, DerError> {
    let content = value.content;
    let text = match value.tag {
        UTF8_STRING => String::from_utf8(content.to_vec()).map_err(|_| DerError::Text)?,
        // One byte a character, taken for Latin-1.
        PRINTABLE_STRING | T61_STRING | IA5_STRING | VISIBLE_STRING => {
            content.iter().copied().map(char::from).collect()
        }
        BMP_STRING => decode(content, 2)?,
        UNIVERSAL_STRING => decode(content, 4)?,
        _ => return Ok(value.whole.to_vec()),
    };
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    let text = words.join(" ").to_ascii_lowercase();
    Ok(der::write(UTF8_STRING, text.as_bytes()))
}

/// Characters of a fixed number of bytes, the highest first.
fn decode(content: &[u8], width: usize) -> Result<String, DerError> {
    if !content.len().is_multiple_of(width) {
        return Err(DerError::Text);
    }
    let value = |bytes: &[u8]| bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte));
    content.chunks(width).map(|bytes| char::from_u32(value(bytes)).ok_or(DerError::Text)).collect()
}
