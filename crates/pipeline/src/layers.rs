//! Layers that are made once.

use std::collections::BTreeMap;

use filetree::{Node, TreePath};
use names::{Digest, Epoch};
use oci_writer::{Layer, LayerError, LayerWriter};
use serde::{Deserialize, Serialize};
use store::{BlobError, Store};

/// The format level of all that decides about a layer's bytes: the tar writer, the compressor, the
/// effects of scripts, the virtual environment. It is part of every layer's key. Its number grows
/// whenever the same inputs give other bytes, with a line in the changelog; the digests of
/// `fixtures/golden` tell when.
pub const FORMAT_LEVEL: &str = "layer-4";
/// The kind under which the store has the records.
pub(crate) const RECORDS: &str = "layer-record-1";

/// A layer, and the newest time in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct MadeLayer {
    /// What it holds, for people.
    pub(crate) name: String,
    /// The layer in the store.
    pub(crate) layer: Layer,
    /// The newest time of its entries.
    pub(crate) newest: Epoch,
}

/// Why a layer could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum MakeLayerError {
    #[error(transparent)]
    Write(#[from] LayerError),
    #[error("cannot note the layer `{layer}` in the store")]
    Store { layer: String, source: BlobError },
}

/// The layer with this key, if it was made before and its bytes are still there; under `name`, since
/// the image that it was made for may have told its users otherwise.
pub(crate) fn find(store: &Store, key: &Digest, name: &str) -> Option<MadeLayer> {
    let mut made: MadeLayer = serde_json::from_slice(&store.record(RECORDS, key)?).ok()?;
    let blob = store.blob(&made.layer.digest)?;
    made.name = name.to_owned();
    made.layer.created_by = created_by(name);
    (blob.size == made.layer.size).then_some(made)
}

/// What an image's history says of a layer.
fn created_by(name: &str) -> String {
    format!("cooperage: {name}")
}

/// Writes a layer and notes it under its key.
pub(crate) fn make(
    store: &Store,
    key: &Digest,
    name: &str,
    entries: &BTreeMap<TreePath, Node>,
    clamp: Option<Epoch>,
    writer: &mut LayerWriter,
) -> Result<MadeLayer, MakeLayerError> {
    let layer = writer.write(store, entries.iter(), clamp, &created_by(name))?;
    let newest = entries.values().map(|node| node.mtime).max().unwrap_or_default();
    let newest = clamp.map_or(newest, |clamp| newest.min(clamp));
    let made = MadeLayer { name: name.to_owned(), layer, newest };
    let text = serde_json::to_vec(&made).expect("a record is plain text and numbers");
    let named = || name.to_owned();
    let stored = |source| MakeLayerError::Store { layer: named(), source };
    store.write_record(RECORDS, key, &text).map_err(stored)?;
    Ok(made)
}
