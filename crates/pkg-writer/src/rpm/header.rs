//! The header structure of RPM v4 (rpm's manual, "Package format"): tags with values in one store.

use std::collections::BTreeMap;

/// What a header begins with: magic, version 1, four reserved bytes.
const MAGIC: [u8; 8] = [0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];

/// Type of a region, and of what else is bytes alone.
const BINARY: u32 = 7;

/// A value of a tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Value {
    Int16(Vec<u16>),
    Int32(Vec<u32>),
    Int64(Vec<u64>),
    Text(String),
    Binary(Vec<u8>),
    Texts(Vec<String>),
    /// A text in the one language of the package.
    Translated(String),
}

/// Tags and their values. Written in the order of the tags.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    tags: BTreeMap<u32, Value>,
}

impl Header {
    /// Sets a tag.
    pub(super) fn set(&mut self, tag: u32, value: Value) {
        self.tags.insert(tag, value);
    }

    /// Sets a tag to a text.
    pub(super) fn set_text(&mut self, tag: u32, text: &str) {
        self.set(tag, Value::Text(text.to_owned()));
    }

    /// Sets a tag to a number.
    pub(super) fn set_number(&mut self, tag: u32, number: u32) {
        self.set(tag, Value::Int32(vec![number]));
    }

    /// The value of a tag.
    #[cfg(test)]
    pub(super) fn value(&self, tag: u32) -> Option<&Value> {
        self.tags.get(&tag)
    }

    /// The bytes, all in the one region `region`, which signatures and digests cover.
    pub(super) fn bytes(&self, region: u32) -> Vec<u8> {
        let mut index = Vec::new();
        let mut store = Vec::new();
        for (tag, value) in &self.tags {
            let (kind, count) = value.push(&mut store);
            let offset = store.len() - value.size();
            push_entry(&mut index, *tag, kind, offset as u32, count);
        }
        let entries = self.tags.len() as u32 + 1;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(entries.to_be_bytes());
        bytes.extend((store.len() as u32 + 16).to_be_bytes());
        push_entry(&mut bytes, region, BINARY, store.len() as u32, 16);
        bytes.extend(index);
        bytes.extend(store);
        // The end of the region says where its index began, counted backwards.
        push_entry(&mut bytes, region, BINARY, (entries * 16).wrapping_neg(), 16);
        bytes
    }
}

fn push_entry(bytes: &mut Vec<u8>, tag: u32, kind: u32, offset: u32, count: u32) {
    for number in [tag, kind, offset, count] {
        bytes.extend(number.to_be_bytes());
    }
}

impl Value {
    /// Number of bytes in the store, without what stands before it for its alignment.
    fn size(&self) -> usize {
        match self {
            Value::Int16(numbers) => 2 * numbers.len(),
            Value::Int32(numbers) => 4 * numbers.len(),
            Value::Int64(numbers) => 8 * numbers.len(),
            Value::Text(text) | Value::Translated(text) => text.len() + 1,
            Value::Binary(bytes) => bytes.len(),
            Value::Texts(texts) => texts.iter().map(|text| text.len() + 1).sum(),
        }
    }

    /// Appends the value, aligned, and returns its type and count.
    fn push(&self, store: &mut Vec<u8>) -> (u32, u32) {
        let (kind, alignment, count) = match self {
            Value::Int16(numbers) => (3, 2, numbers.len()),
            Value::Int32(numbers) => (4, 4, numbers.len()),
            Value::Int64(numbers) => (5, 8, numbers.len()),
            Value::Text(_) => (6, 1, 1),
            Value::Binary(bytes) => (BINARY, 1, bytes.len()),
            Value::Texts(texts) => (8, 1, texts.len()),
            Value::Translated(_) => (9, 1, 1),
        };
        store.resize(store.len().next_multiple_of(alignment), 0);
        let mut push_text = |text: &String| {
            store.extend(text.as_bytes());
            store.push(0);
        };
        match self {
            Value::Int16(numbers) => store.extend(numbers.iter().flat_map(|n| n.to_be_bytes())),
            Value::Int32(numbers) => store.extend(numbers.iter().flat_map(|n| n.to_be_bytes())),
            Value::Int64(numbers) => store.extend(numbers.iter().flat_map(|n| n.to_be_bytes())),
            Value::Text(text) | Value::Translated(text) => push_text(text),
            Value::Binary(bytes) => store.extend(bytes),
            Value::Texts(texts) => texts.iter().for_each(push_text),
        }
        (kind, count as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_aligned_and_the_region_ends_with_its_place() {
        let mut header = Header::default();
        header.set_text(1000, "ab");
        header.set_number(1003, 7);
        let bytes = header.bytes(63);
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((word(8), word(12)), (3, 8 + 16));
        // Region, then the two tags; the number starts at 4, after the three bytes of the text.
        assert_eq!((word(16), word(24)), (63, 8));
        assert_eq!((word(32), word(40)), (1000, 0));
        assert_eq!((word(48), word(56)), (1003, 4));
        assert_eq!(bytes[64..72], *b"ab\0\0\0\0\0\x07");
        assert_eq!((word(72), word(80) as i32), (63, -48));
    }
}
