//! One layer: a tar archive, compressed, in the store.

use std::io::{self, Write as _};

use filetree::{Node, TAR_END, TarError, TreePath};
use names::{Digest, Epoch, Hashing};
use serde::{Deserialize, Serialize};
use store::{BlobError, Store};

use crate::compress::Codecs;
use crate::remembered::{self, Finder, Groups};
use crate::{compress, media_type};

/// Names the bytes that a tree becomes, for keys of layers that are kept. The number grows when the
/// same tree with the same options gives other bytes, as it may with another libdeflate.
pub const LAYER_FORMAT: &str = "layer-3";

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Compression {
    /// Gzip by libdeflate, level 1 to 12; others are taken as the nearest of these.
    Gzip {
        /// Higher is smaller and slower.
        level: u8,
    },
    /// Zstandard, level 1 to 19; others are taken as the nearest of these. Engines read it since
    /// about 2021.
    Zstd {
        /// Higher is smaller and slower.
        level: u8,
    },
}

impl Compression {
    /// Gzip at level 6: on a tree of Python packages the higher levels take far more time than
    /// they save bytes.
    pub const fn gzip() -> Self {
        Self::Gzip { level: 6 }
    }

    /// Zstandard at level 9, for the same reason.
    pub const fn zstd() -> Self {
        Self::Zstd { level: 9 }
    }

    /// The media type of a layer that is compressed so.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Gzip { .. } => media_type::LAYER_GZIP,
            Self::Zstd { .. } => media_type::LAYER_ZSTD,
        }
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self::gzip()
    }
}

/// How a layer is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LayerOptions {
    /// Times later than this are set to it (`SOURCE_DATE_EPOCH`).
    pub clamp: Option<Epoch>,
    /// How it is compressed.
    pub compression: Compression,
    /// Number of threads that compress, at least one. The bytes do not depend on it.
    pub jobs: usize,
    /// What made the layer, for the image's history.
    pub created_by: String,
}

/// A layer in the store. Plain data: it can be kept as JSON and used again as long as the store has
/// the blob.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layer {
    /// SHA-256 of the compressed bytes, under which the store holds them.
    pub digest: Digest,
    /// Number of compressed bytes.
    pub size: u64,
    /// SHA-256 of the tar archive.
    pub diff_id: Digest,
    /// Number of bytes of the tar archive.
    pub uncompressed_size: u64,
    /// Media type of the compressed bytes.
    pub media_type: String,
    /// What made the layer, for the image's history.
    pub created_by: String,
}

/// Why a layer could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// The tree could not be written as a tar archive.
    #[error("cannot write the layer `{layer}`")]
    Tar {
        /// What makes the layer.
        layer: String,
        /// Why.
        source: TarError,
    },
    /// The compressed bytes could not be written.
    #[error("cannot write the layer `{layer}` into the store")]
    Write {
        /// What makes the layer.
        layer: String,
        /// Why.
        source: io::Error,
    },
    /// The blob did not enter the store.
    #[error("cannot put the layer `{layer}` into the store")]
    Store {
        /// What makes the layer.
        layer: String,
        /// Why.
        source: BlobError,
    },
}

/// Writes layers, one after the other, with compressors that are kept from one to the next.
pub struct LayerWriter {
    codecs: Codecs,
    jobs: usize,
}

impl LayerWriter {
    /// Starts with no compressors; `jobs` threads, at least one, are to compress. The bytes of layers do
    /// not depend on it, nor on what was written before.
    pub fn new(compression: Compression, jobs: usize) -> Self {
        Self { codecs: Codecs::new(compression), jobs }
    }

    /// Writes `entries`, which must come in path order, as one layer into `store` (image-spec 1.1,
    /// layer.md); times later than `clamp` are set to it, and `created_by` goes into the image's history.
    /// Nothing is held in memory but a few blocks of one to four mebibytes for each thread.
    ///
    /// What groups of entries compress to is remembered, as places in the layers of `store`: a group that an
    /// earlier layer has is read, hashed, and not compressed again. That changes no byte of the layer.
    ///
    /// # Errors
    /// When a content cannot be read or is damaged, a hard link dangles, or the store cannot be written.
    pub fn write<'a>(
        &mut self,
        store: &Store,
        entries: impl Iterator<Item = (&'a TreePath, &'a Node)> + Clone,
        clamp: Option<Epoch>,
        created_by: &str,
    ) -> Result<Layer, LayerError> {
        let layer = || created_by.to_owned();
        let stored = |source| LayerError::Store { layer: layer(), source };
        let mut blob = store.blob_writer().map_err(stored)?;
        let compression = self.codecs.compression();
        let written = compress::compress(&mut blob, &mut self.codecs, self.jobs, |out| {
            let mut finder = Finder::new(store);
            let mut keys = Vec::new();
            let mut out = Hashing::new(out);
            for group in Groups::new(filetree::tar_members(entries, clamp)?) {
                let group = group?;
                let key = remembered::key(&group, compression);
                out.get_mut().begin_group(finder.find(&key)).map_err(TarError::Write)?;
                keys.push(key);
                group.iter().try_for_each(|member| member.write(&mut out))?;
            }
            out.get_mut().begin_group(None).map_err(TarError::Write)?;
            out.write_all(&TAR_END).map_err(TarError::Write)?;
            Ok((out.finish(), keys))
        });
        let (produced, groups) =
            written.map_err(|source| LayerError::Write { layer: layer(), source })?;
        let ((diff_id, uncompressed_size), keys) =
            produced.map_err(|source| LayerError::Tar { layer: layer(), source })?;
        let blob = blob.finish(None).map_err(stored)?;
        // The first group is what came before any: nothing.
        for (key, group) in keys.iter().zip(groups.into_iter().skip(1)) {
            if group.is_new {
                remembered::note(store, key, blob.digest, group.blocks).map_err(stored)?;
            }
        }
        Ok(Layer {
            digest: blob.digest,
            size: blob.size,
            diff_id,
            uncompressed_size,
            media_type: compression.media_type().to_owned(),
            created_by: layer(),
        })
    }
}

impl std::fmt::Debug for LayerWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (compression, jobs) = (self.codecs.compression(), self.jobs);
        f.debug_struct("LayerWriter")
            .field("compression", &compression)
            .field("jobs", &jobs)
            .finish_non_exhaustive()
    }
}

/// Writes one layer, as [`LayerWriter::write`] does.
///
/// # Errors
/// As there.
pub fn write_layer<'a>(
    store: &Store,
    entries: impl Iterator<Item = (&'a TreePath, &'a Node)> + Clone,
    options: &LayerOptions,
) -> Result<Layer, LayerError> {
    let mut writer = LayerWriter::new(options.compression, options.jobs);
    writer.write(store, entries, options.clamp, &options.created_by)
}
