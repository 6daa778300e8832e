//! What parts of layers compress to is remembered, so that a layer in which little is new is soon made,
//! and so is the next image with the same packages.

use std::collections::{BTreeMap, VecDeque};
use std::iter::Peekable;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use filetree::{Member, TarError};
use fs_err::File;
use names::{Digest, Sha256};
use serde::{Deserialize, Serialize};
use store::{BlobError, Store};

use crate::{Compression, LAYER_FORMAT};

/// The kind under which the store has the records of where a layer has the compressed blocks of a group.
pub const GROUP_RECORDS: &str = "group-record-1";
/// The most bytes that a compressed block can have.
const LARGEST_BLOCK: usize = 8 << 20;
/// A member of the archive that is larger is a group of its own.
const LARGE: u64 = 1 << 20;

/// Members of an archive that are compressed together, and independently of all others.
///
/// Where a group begins is a matter of the members' own names and sizes (at one name in 64, and before
/// and after a large file), so that what is new in an archive changes few groups.
pub(crate) struct Groups<'a, I: Iterator<Item = Result<Member<'a>, TarError>>>(Peekable<I>);

impl<'a, I: Iterator<Item = Result<Member<'a>, TarError>>> Groups<'a, I> {
    pub(crate) fn new(members: I) -> Self {
        Self(members.peekable())
    }
}

impl<'a, I: Iterator<Item = Result<Member<'a>, TarError>>> Iterator for Groups<'a, I> {
    type Item = Result<Vec<Member<'a>>, TarError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut group: Vec<Member<'a>> = Vec::new();
        loop {
            let goes_on = |next: &Result<Member<'a>, TarError>| match (next, group.last()) {
                (_, None) => true,
                (Ok(next), Some(last)) => {
                    !is_large(last) && !is_large(next) && !is_mark(next.path.as_str())
                }
                (Err(_), Some(_)) => false,
            };
            match self.0.next_if(goes_on) {
                Some(Ok(member)) => group.push(member),
                Some(Err(error)) => return Some(Err(error)),
                None => return (!group.is_empty()).then_some(Ok(group)),
            }
        }
    }
}

fn is_large(member: &Member<'_>) -> bool {
    member.size() > LARGE
}

fn is_mark(path: &str) -> bool {
    Sha256::digest(path).as_bytes()[0] < 4
}

/// The key of a group: all that decides about its compressed bytes.
pub(crate) fn key(group: &[Member<'_>], compression: Compression) -> Digest {
    let mut hash = Sha256::new();
    hash.update(format!("{LAYER_FORMAT} {compression:?}\n"));
    for member in group {
        hash.update(&member.header);
        if let Some(content) = member.content {
            hash.update(content.sha256.as_bytes());
        }
    }
    hash.finalize()
}

/// Where a compressed block is in its layer, and what it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Slice {
    /// Of the compressed bytes, in the layer.
    pub(crate) offset: u64,
    /// Number of the compressed bytes.
    pub(crate) size: usize,
    /// Number of bytes before compression.
    pub(crate) plain_size: usize,
    /// Of the compressed bytes.
    pub(crate) sha256: Digest,
}

/// The blocks of a group that was compressed before, and the layer that has them.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) layer: Arc<File>,
    pub(crate) blocks: VecDeque<Slice>,
}

/// The compressed bytes of a block of `plain_size` bytes, if the layer still has them.
pub(crate) fn read(layer: &File, slice: &Slice, plain_size: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; slice.size];
    layer.file().read_exact_at(&mut bytes, slice.offset).ok()?;
    let same = slice.plain_size == plain_size && Sha256::digest(&bytes) == slice.sha256;
    same.then_some(bytes)
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Record {
    layer: Digest,
    blocks: Vec<Slice>,
}

/// Finds groups in the layers of a store.
pub(crate) struct Finder<'a> {
    store: &'a Store,
    layers: BTreeMap<Digest, Option<Arc<File>>>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store, layers: BTreeMap::new() }
    }

    /// The group with this key, if a layer in the store has it. A record that cannot be read, or whose
    /// layer is gone, is as good as none.
    pub(crate) fn find(&mut self, key: &Digest) -> Option<Known> {
        let record = self.store.record(GROUP_RECORDS, key)?;
        let Record { layer, blocks } = serde_json::from_slice(&record).ok()?;
        let open = || File::open(self.store.blob(&layer)?.path).ok().map(Arc::new);
        let layer = self.layers.entry(layer).or_insert_with(open).clone()?;
        let modest = |slice: &Slice| slice.size <= LARGEST_BLOCK;
        blocks.iter().all(modest).then(|| Known { layer, blocks: blocks.into() })
    }
}

/// Notes where `layer` has the blocks of a group.
pub(crate) fn note(
    store: &Store,
    key: &Digest,
    layer: Digest,
    blocks: Vec<Slice>,
) -> Result<(), BlobError> {
    let record = serde_json::to_vec(&Record { layer, blocks });
    store.write_record(GROUP_RECORDS, key, &record.expect("digests and numbers make JSON"))
}
