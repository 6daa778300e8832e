//! What an image of a layout holds.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use decompress::Format;
use filetree::TreePath;
use names::{Arch, Digest};
use serde::de::DeserializeOwned;

use crate::{ConfigFile, Index, Manifest, media_type};

/// No document of an image is longer, in bytes.
const DOCUMENT_LIMIT: u64 = 16 << 20;

/// An entry of a layer.
#[derive(Debug)]
pub struct LayerEntry<'a> {
    /// Permission bits.
    pub mode: u32,
    /// What it is.
    pub kind: LayerEntryKind<'a>,
}

/// What an entry of a layer is.
#[non_exhaustive]
pub enum LayerEntryKind<'a> {
    /// A directory.
    Directory,
    /// A file: its bytes.
    File(&'a mut dyn Read),
    /// A symbolic link and its target, as written.
    Symlink(String),
    /// A hard link to another path.
    HardLink(String),
    /// What a lower layer has here is gone (layer.md, "Whiteouts").
    Removed,
}

/// Why an image cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the image at {}", .place.display())]
pub struct ReadImageError {
    /// The layout, or the file in it.
    pub place: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Calls `visit` with every entry of the image for `arch` in the layout at `path`, from the lowest layer
/// to the uppermost, each in the order of its archive. Digests are not checked: see [`crate::validate`].
///
/// # Errors
/// When a file cannot be read, there is no such image, or `visit` gives an error.
pub fn read_image(
    path: &Path,
    arch: Arch,
    visit: &mut dyn FnMut(&TreePath, LayerEntry<'_>) -> io::Result<()>,
) -> Result<(), ReadImageError> {
    let blob = |digest: &Digest| path.join("blobs/sha256").join(digest.hex());
    let missing = || {
        let text = format!("there is no image for {arch} in it: build one with --format oci");
        ReadImageError { place: path.to_owned(), source: io::Error::other(text) }
    };
    let mut indexes = vec![path.join("index.json")];
    while let Some(index) = indexes.pop() {
        let document: Index = document(&index)?;
        for entry in &document.manifests {
            if entry.media_type == media_type::INDEX {
                indexes.push(blob(&entry.digest));
                continue;
            }
            let manifest: Manifest = self::document(&blob(&entry.digest))?;
            let config: ConfigFile = self::document(&blob(&manifest.config.digest))?;
            if config.architecture != arch.debian() {
                continue;
            }
            for layer in &manifest.layers {
                let place = blob(&layer.digest);
                read_layer(&place, &layer.media_type, visit)
                    .map_err(|source| ReadImageError { place, source })?;
            }
            return Ok(());
        }
        if indexes.len() > 100 {
            break;
        }
    }
    Err(missing())
}

fn document<T: DeserializeOwned>(place: &Path) -> Result<T, ReadImageError> {
    let read = || -> io::Result<T> {
        let mut bytes = Vec::new();
        fs_err::File::open(place)?.take(DOCUMENT_LIMIT).read_to_end(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    };
    read().map_err(|source| ReadImageError { place: place.to_owned(), source })
}

fn read_layer(
    place: &Path,
    kind: &str,
    visit: &mut dyn FnMut(&TreePath, LayerEntry<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(decoder(place, kind)?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = TreePath::from_member(&name).map_err(io::Error::other)?;
        let mode = entry.header().mode()?;
        let link = entry.link_name_bytes().unwrap_or_default();
        let link = String::from_utf8_lossy(&link).into_owned();
        let whiteout = path.file_name().strip_prefix(".wh.").map(str::to_owned);
        if let Some(hidden) = whiteout.filter(|hidden| !hidden.starts_with(".wh.")) {
            let folder = path.parent().unwrap_or_default();
            let hidden = folder.join(&hidden).map_err(io::Error::other)?;
            visit(&hidden, LayerEntry { mode, kind: LayerEntryKind::Removed })?;
            continue;
        }
        let kind = match entry.header().entry_type() {
            tar::EntryType::Directory => LayerEntryKind::Directory,
            tar::EntryType::Symlink => LayerEntryKind::Symlink(link),
            tar::EntryType::Link => LayerEntryKind::HardLink(link),
            _ => LayerEntryKind::File(&mut entry),
        };
        visit(&path, LayerEntry { mode, kind })?;
    }
    Ok(())
}

/// The tar archive of a layer.
pub(crate) fn decoder(place: &Path, kind: &str) -> io::Result<Box<dyn Read>> {
    let format = match kind {
        media_type::LAYER_GZIP => Format::Gzip,
        media_type::LAYER_ZSTD => Format::Zstd,
        media_type::LAYER_TAR => Format::Plain,
        other => return Err(io::Error::other(format!("a layer of media type `{other}`"))),
    };
    decompress::reader(format, fs_err::File::open(place)?)
}

impl std::fmt::Debug for LayerEntryKind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Directory => "Directory",
            Self::File(_) => "File",
            Self::Symlink(_) => "Symlink",
            Self::HardLink(_) => "HardLink",
            Self::Removed => "Removed",
        })
    }
}
