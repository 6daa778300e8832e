//! The headers and files of an rpm package (rpm's `docs/manual/format_v4.md`), read and nothing more: for
//! indexes, and for those who compare packages.

mod payload;

use std::io::{self, Read};

pub use payload::{PackedEntry, read_payload};

/// The fixed part at the start of a package.
const LEAD: usize = 96;
const LEAD_MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
const HEADER_MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 0x01];
/// What rpm itself takes (`HEADER_TAGS_MAX` and `HEADER_DATA_MAX` of rpm 4.18 are larger than any
/// package needs, so that these are the limits of rpm 4.11).
const MOST_TAGS: u32 = 65_535;
const MOST_DATA: u32 = 256 << 20;

/// A header: tags with typed values.
#[derive(Debug)]
pub struct Header {
    /// Tag, type, offset, count.
    entries: Vec<(u32, u32, usize, usize)>,
    data: Vec<u8>,
}

/// The two headers of a package, and where the second one lies in it.
#[derive(Debug)]
pub struct Headers {
    /// Signatures and digests.
    pub signature: Header,
    /// What the package says of itself and its files.
    pub main: Header,
    /// The first byte of the main header.
    pub start: u64,
    /// The byte behind it, where the payload begins.
    pub end: u64,
}

/// Reads the headers of a package; what follows, the payload, is left to read. Nothing is verified.
///
/// # Errors
/// When `input` cannot be read, or is no rpm package.
pub fn read_headers(input: &mut impl Read) -> io::Result<Headers> {
    let mut lead = [0; LEAD];
    input.read_exact(&mut lead).map_err(|_| bad("it is no rpm package"))?;
    if lead[..4] != LEAD_MAGIC {
        return Err(bad("it is no rpm package"));
    }
    let (signature, length) = Header::read(input)?;
    // The second header begins at a multiple of eight.
    let padding = (8 - length % 8) % 8;
    input.read_exact(&mut [0; 8][..padding])?;
    let start = (LEAD + length + padding) as u64;
    let (main, length) = Header::read(input)?;
    Ok(Headers { signature, main, start, end: start + length as u64 })
}

impl Header {
    /// Reads a header, and says how long it is.
    fn read(input: &mut impl Read) -> io::Result<(Self, usize)> {
        let mut intro = [0; 16];
        input.read_exact(&mut intro).map_err(|_| bad("a header is cut"))?;
        let (tags, size) = (number(&intro[8..12]), number(&intro[12..16]));
        if intro[..4] != HEADER_MAGIC || tags > MOST_TAGS || size > MOST_DATA {
            return Err(bad("a header has a wrong beginning"));
        }
        let mut index = vec![0; tags as usize * 16];
        input.read_exact(&mut index).map_err(|_| bad("a header is cut"))?;
        // Not all at once: the size is only claimed so far.
        let mut data = Vec::new();
        input.take(u64::from(size)).read_to_end(&mut data)?;
        if data.len() != size as usize {
            return Err(bad("a header is cut"));
        }
        let entry = |entry: &[u8]| {
            let word = |at: usize| number(&entry[at..at + 4]);
            (word(0), word(4), word(8) as usize, word(12) as usize)
        };
        let entries = index.chunks_exact(16).map(entry).collect();
        Ok((Self { entries, data }, 16 + index.len() + size as usize))
    }

    fn find(&self, tag: u32, kinds: &[u32]) -> Option<(&[u8], usize)> {
        let entry = self.entries.iter().find(|entry| entry.0 == tag && kinds.contains(&entry.1))?;
        Some((self.data.get(entry.2..)?, entry.3))
    }

    /// The texts of a tag: STRING, STRING_ARRAY or I18NSTRING. Empty where it is missing; damaged
    /// ones end the list.
    pub fn texts(&self, tag: u32) -> Vec<String> {
        let Some((mut data, count)) = self.find(tag, &[6, 8, 9]) else { return Vec::new() };
        let mut texts = Vec::new();
        for _ in 0..count {
            let Some(end) = data.iter().position(|byte| *byte == 0) else { break };
            texts.push(String::from_utf8_lossy(&data[..end]).into_owned());
            data = &data[end + 1..];
        }
        texts
    }

    /// The first text of a tag.
    pub fn text(&self, tag: u32) -> Option<String> {
        self.texts(tag).into_iter().next()
    }

    /// The numbers of a tag: INT16, INT32 or INT64.
    pub fn numbers(&self, tag: u32) -> Vec<u64> {
        let width = [(3, 2), (4, 4), (5, 8)];
        for (kind, width) in width {
            let Some((data, count)) = self.find(tag, &[kind]) else { continue };
            let chunks = data.chunks_exact(width).take(count);
            return chunks
                .map(|chunk| chunk.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
                .collect();
        }
        Vec::new()
    }

    /// The first number of a tag.
    pub fn number(&self, tag: u32) -> Option<u64> {
        self.numbers(tag).into_iter().next()
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
