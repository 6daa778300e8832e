//! The little of DER (ITU-T X.690) that a subject needs.

/// Why bytes are no certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DerError {
    /// An element ends behind the end of what holds it.
    #[error("the certificate is cut off: look for a whole copy")]
    CutOff,
    /// An element is not the one that RFC 5280 has in its place.
    #[error("the certificate has another structure than X.509's: look for another copy")]
    Structure,
    /// A string of the subject is not in its own alphabet.
    #[error("the certificate's subject has a damaged string: look for another copy")]
    Text,
}

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;

/// One element: its tag (one byte: no certificate has a larger one), what it holds, and all of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// Reads elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn next(&mut self) -> Result<Element<'a>, DerError> {
        let bytes = self.0;
        let [tag, first, rest @ ..] = bytes else { return Err(DerError::CutOff) };
        if tag & 0x1f == 0x1f {
            return Err(DerError::Structure);
        }
        let (size, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let (digits, rest) = rest.split_at_checked(count).ok_or(DerError::CutOff)?;
                (digits.iter().fold(0, |size, byte| size << 8 | usize::from(*byte)), rest)
            }
            // Lengths without a number are BER, not DER.
            _ => return Err(DerError::Structure),
        };
        let (content, after) = rest.split_at_checked(size).ok_or(DerError::CutOff)?;
        self.0 = after;
        let whole = &bytes[..bytes.len() - after.len()];
        Ok(Element { tag: *tag, content, whole })
    }

    /// What the next element holds, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<Reader<'a>, DerError> {
        let element = self.next()?;
        match element.tag == tag {
            true => Ok(Reader(element.content)),
            false => Err(DerError::Structure),
        }
    }
}

/// Writes an element.
pub(super) fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let size = content.len();
    let mut bytes = vec![tag];
    if let Ok(short @ 0..=0x7f) = u8::try_from(size) {
        bytes.push(short);
    } else {
        let digits = size.to_be_bytes();
        let first = digits.iter().position(|byte| *byte != 0).unwrap_or(digits.len());
        bytes.push(0x80 | (digits.len() - first) as u8);
        bytes.extend_from_slice(&digits[first..]);
    }
    bytes.extend_from_slice(content);
    bytes
}
