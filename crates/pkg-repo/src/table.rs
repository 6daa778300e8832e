//! Sorted lists of entries, kept in pieces that most changes leave alone.
//!
//! An index of a thousand packages changes in one of them. So it is cut into chunks, at keys that
//! their own hash chooses, such that equal lists have equal chunks whatever their history; a chunk
//! is a file under its digest, beside it the same in each compressed form.

use std::collections::BTreeMap;

use names::{Digest, Sha256};

use crate::RepoError;
use crate::compress::{Format, compress};
use crate::storage::{Content, Storage};
use crate::whole::{digest_of, put_whole, remove_damaged};

/// The most that a chunk can hold.
const LIMIT: u64 = 256 << 20;

/// All forms of a chunk.
const FORMS: [Format; 4] = [Format::Plain, Format::Gzip, Format::Xz, Format::Zstd];

/// A sorted list of entries, each a text with a key, in chunks.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub(crate) struct Table {
    pub(crate) chunks: Vec<Chunk>,
}

/// A part of a table.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chunk {
    /// The key of its first entry.
    first: String,
    /// The digest of its file.
    pub(crate) digest: Digest,
    /// Its entries.
    entries: u64,
}

/// How a list is cut, and in which forms it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<'a> {
    /// A chunk has about as many entries.
    pub(crate) entries: u64,
    /// The forms in which its text will be wanted.
    pub(crate) formats: &'a [Format],
}

/// Makes the new text of an entry from its key, its old text and a change; `None` takes it away.
pub(crate) type Merge<'a, C> = dyn Fn(&str, Option<&str>, &C) -> Option<String> + 'a;

type Entries = Vec<(String, String)>;

impl Table {
    /// Changes entries: `merge` makes the new text of a key from its old one, or takes it away.
    pub(crate) fn update<C: Sync>(
        &self,
        storage: &dyn Storage,
        shape: Shape<'_>,
        changes: &BTreeMap<String, C>,
        merge: &Merge<'_, C>,
        workers: usize,
    ) -> Result<Self, RepoError> {
        let mut parts: Vec<Part> = self.chunks.iter().cloned().map(Part::Kept).collect();
        let mut touched: BTreeMap<usize, Vec<(&String, &C)>> = BTreeMap::new();
        for (key, change) in changes {
            let after = self.chunks.partition_point(|chunk| chunk.first <= *key);
            touched.entry(after.saturating_sub(1)).or_default().push((key, change));
        }
        if parts.is_empty() && !touched.is_empty() {
            parts.push(Part::Open(Vec::new()));
        }
        for (index, changes) in touched {
            let mut entries: BTreeMap<String, String> =
                parts[index].take(storage)?.into_iter().collect();
            for (key, change) in changes {
                let old = entries.remove(key);
                if let Some(new) = merge(key, old.as_deref(), change) {
                    entries.insert(key.clone(), new);
                }
            }
            parts[index] = Part::Open(entries.into_iter().collect());
        }
        let closed = settle(storage, shape, parts)?;
        let chunks = parallel::for_each(&closed, workers, |part| match part {
            Part::Kept(chunk) => Ok(chunk.clone()),
            Part::Open(entries) => write(storage, shape, entries),
        })?;
        Ok(Self { chunks })
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.entries).sum()
    }

    /// The keys and texts of all entries, in order.
    pub(crate) fn entries(&self, storage: &dyn Storage) -> Result<Entries, RepoError> {
        let mut all = Vec::new();
        for chunk in &self.chunks {
            all.extend(read(storage, &chunk.digest)?);
        }
        Ok(all)
    }

    /// The texts of all chunks in one form, to be joined.
    pub(crate) fn pieces(
        &self,
        storage: &dyn Storage,
        format: Format,
    ) -> Result<Vec<Vec<u8>>, RepoError> {
        let piece = |chunk: &Chunk| {
            if format == Format::Plain {
                return Ok(text(&read(storage, &chunk.digest)?));
            }
            let path = format!("{}{}", place(&chunk.digest), format.suffix());
            if let Some(bytes) = storage.read(&path, LIMIT)? {
                return Ok(bytes);
            }
            // The form was not wanted when the chunk was written.
            let bytes = compress(&text(&read(storage, &chunk.digest)?), format);
            storage.put(&path, Content::Bytes(&bytes))?;
            Ok(bytes)
        };
        self.chunks.iter().map(piece).collect()
    }

    /// Removes what is damaged of its chunks, in whatever form: who needs it will make it anew.
    pub(crate) fn remove_damaged(&self, storage: &dyn Storage) -> Result<(), RepoError> {
        for chunk in &self.chunks {
            let plain = match read(storage, &chunk.digest) {
                Ok(entries) => Some(text(&entries)),
                Err(RepoError::Missing { .. } | RepoError::Damaged { .. }) => None,
                Err(error) => return Err(error),
            };
            for format in FORMS {
                let path = format!("{}{}", place(&chunk.digest), format.suffix());
                match &plain {
                    Some(_) if format == Format::Plain => {}
                    // Equal texts give equal bytes.
                    Some(text) => {
                        remove_damaged(storage, &path, &Sha256::digest(compress(text, format)))?;
                    }
                    None => storage.remove(&path)?,
                }
            }
        }
        Ok(())
    }
}

enum Part {
    Kept(Chunk),
    Open(Entries),
}

impl Part {
    fn take(&mut self, storage: &dyn Storage) -> Result<Entries, RepoError> {
        match self {
            Self::Kept(chunk) => read(storage, &chunk.digest),
            Self::Open(entries) => Ok(std::mem::take(entries)),
        }
    }
}

/// Cuts what was changed anew, so that chunks begin at the keys that their hash chooses.
fn settle(
    storage: &dyn Storage,
    shape: Shape<'_>,
    parts: Vec<Part>,
) -> Result<Vec<Part>, RepoError> {
    let mut closed: Vec<Part> = Vec::new();
    for part in parts {
        let Part::Open(entries) = part else {
            closed.push(part);
            continue;
        };
        let mut current: Entries = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            if is_start(&entry.0, shape.entries) {
                if !current.is_empty() {
                    closed.push(Part::Open(std::mem::take(&mut current)));
                }
            } else if index == 0 {
                // Its start was taken away: the rest belongs to the chunk before.
                if let Some(mut before) = closed.pop() {
                    current = before.take(storage)?;
                }
            }
            current.push(entry);
        }
        if !current.is_empty() {
            closed.push(Part::Open(current));
        }
    }
    Ok(closed)
}

/// Whether a chunk begins with this key: FNV-1a, with its bits mixed once more, as the low ones of
/// similar keys are too much alike.
fn is_start(key: &str, entries: u64) -> bool {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) % entries == 0
}

fn place(digest: &Digest) -> String {
    let hex = digest.hex();
    format!("chunks/{}/{hex}", &hex[..2])
}

/// The files of a chunk, for the collection.
pub(crate) fn files(digest: &Digest) -> Vec<String> {
    FORMS.iter().map(|format| format!("{}{}", place(digest), format.suffix())).collect()
}

/// Writes a chunk: lines with the length of a text and its key, an empty line, the texts.
fn write(storage: &dyn Storage, shape: Shape<'_>, entries: &Entries) -> Result<Chunk, RepoError> {
    let mut file = String::new();
    for (key, text) in entries {
        file.push_str(&format!("{} {key}\n", text.len()));
    }
    file.push('\n');
    let start = file.len();
    for (_, text) in entries {
        file.push_str(text);
    }
    let digest = Sha256::digest(file.as_bytes());
    let path = place(&digest);
    if digest_of(storage, &path)? != Some(digest) {
        for format in shape.formats.iter().filter(|format| **format != Format::Plain) {
            let bytes = compress(&file.as_bytes()[start..], *format);
            storage.put(&format!("{path}{}", format.suffix()), Content::Bytes(&bytes))?;
        }
        put_whole(storage, &path, Content::Bytes(file.as_bytes()), &digest)?;
    }
    Ok(Chunk { first: entries[0].0.clone(), digest, entries: entries.len() as u64 })
}

fn read(storage: &dyn Storage, digest: &Digest) -> Result<Entries, RepoError> {
    let path = place(digest);
    let bytes = storage.read(&path, LIMIT)?;
    let bytes = bytes.ok_or_else(|| RepoError::Missing { path: path.clone() })?;
    let entries = if Sha256::digest(&bytes) == *digest { parse(bytes) } else { None };
    entries.ok_or(RepoError::Damaged { path, reason: "it is no chunk of an index" })
}

fn parse(bytes: Vec<u8>) -> Option<Entries> {
    let file = String::from_utf8(bytes).ok()?;
    let (head, mut texts) = file.split_once("\n\n")?;
    let mut entries = Vec::new();
    for line in head.lines() {
        let (length, key) = line.split_once(' ')?;
        let (text, rest) = texts.split_at_checked(length.parse().ok()?)?;
        entries.push((key.to_owned(), text.to_owned()));
        texts = rest;
    }
    texts.is_empty().then_some(entries)
}

fn text(entries: &Entries) -> Vec<u8> {
    let texts: Vec<&str> = entries.iter().map(|(_, text)| text.as_str()).collect();
    texts.concat().into_bytes()
}
