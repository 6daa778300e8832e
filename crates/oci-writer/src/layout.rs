//! An image layout on disk (image-spec 1.1, image-layout.md).

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use names::{Digest, Sha256};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use store::Store;

use crate::image::platform;
use crate::model::to_json;
use crate::{Descriptor, Index, LayoutFile, ManifestBlob, media_type};

/// Names an image in a layout (image-spec, annotations.md).
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// All that a layout has at its top.
const PARTS: [&str; 3] = ["blobs", "index.json", "oci-layout"];

/// Why a layout could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// There is nothing to write.
    #[error("{}: no image was given", .path.display())]
    NoImage {
        /// The layout.
        path: PathBuf,
    },
    /// The place is taken by a file.
    #[error("{} is a file, not a folder: remove it, or name another place", .path.display())]
    IsFile {
        /// The layout.
        path: PathBuf,
    },
    /// The folder holds something else, which must not be lost.
    #[error(
        "{} holds `{found}`, so it is no image layout: remove it, or name another place",
        .path.display()
    )]
    NotLayout {
        /// The folder.
        path: PathBuf,
        /// What is in it and not part of a layout.
        found: String,
    },
    /// A blob of the image is not in the store.
    #[error("{digest} of the image is not in the store: run the build again")]
    MissingBlob {
        /// The blob.
        digest: Digest,
    },
    /// A blob of the store is not what its name says.
    #[error(
        "{} does not hold the bytes of its name: delete the file and run again",
        .path.display()
    )]
    DamagedBlob {
        /// The file of the store.
        path: PathBuf,
    },
    /// Something could not be read or written.
    #[error("cannot write the image layout {}", .path.display())]
    Write {
        /// The layout.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes `manifests`, one for each architecture, as an image layout at `out` under the name
/// `ref_name` (`keystone:2025.2`), and returns what stands for the image in `index.json`: the
/// manifest with its platform, or where there are several an index of them.
///
/// The layout is made beside `out` and takes its place in one step; an earlier layout stays whole
/// until then, and its blobs are used again where their sizes are right. No file is shared with the
/// store. Two processes that write beside each other wait for each other.
///
/// # Errors
/// When `out` is a file or a folder with other things in it, a blob is missing in the store or
/// damaged, or the folder cannot be written. Whatever was at `out` is then still there.
pub fn write_layout(
    store: &Store,
    out: &Path,
    manifests: &[ManifestBlob],
    ref_name: &str,
) -> Result<Descriptor, LayoutError> {
    // A link to a layout stays a link.
    let out = fs_err::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let failed = |source| LayoutError::Write { path: out.clone(), source };
    let unnamed = || failed(io::Error::new(io::ErrorKind::InvalidInput, "the path has no name"));
    let name = out.file_name().ok_or_else(unnamed)?.to_string_lossy().into_owned();
    let parent = match out.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if manifests.is_empty() {
        return Err(LayoutError::NoImage { path: out });
    }
    check_place(&out)?;
    fs_err::create_dir_all(parent).map_err(failed)?;
    // Whoever holds the lock is alone in this folder, so what lies about there is left over. Where
    // the file system has no locks, two builds at once into one place are the user's matter.
    let lock = fs_err::File::open(parent).map_err(failed)?;
    if let Err(error) = lock.file().lock()
        && error.kind() != io::ErrorKind::Unsupported
    {
        return Err(failed(error));
    }
    let part = parent.join(format!(".{name}.part"));
    let old = parent.join(format!(".{name}.old"));
    recover(&out, &old).and_then(|()| remove(&part)).map_err(failed)?;
    let written = fill(store, &out, &part, manifests, ref_name)
        .and_then(|descriptor| replace(&out, &part, &old).map_err(failed).map(|()| descriptor));
    if written.is_err() {
        // The first error tells more than one from tidying up.
        let _ = remove(&part);
    }
    written
}

/// Refuses to replace what is no layout.
fn check_place(out: &Path) -> Result<(), LayoutError> {
    let failed = |source| LayoutError::Write { path: out.to_owned(), source };
    match fs_err::metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            let path = out.parent().unwrap_or(out).to_owned();
            return Err(LayoutError::IsFile { path });
        }
        Err(error) => return Err(failed(error)),
        Ok(meta) if !meta.is_dir() => return Err(LayoutError::IsFile { path: out.to_owned() }),
        Ok(_) => {}
    }
    for entry in fs_err::read_dir(out).map_err(failed)? {
        let found = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if !PARTS.contains(&found.as_str()) {
            return Err(LayoutError::NotLayout { path: out.to_owned(), found });
        }
    }
    Ok(())
}

/// Makes the whole layout in `part`.
fn fill(
    store: &Store,
    out: &Path,
    part: &Path,
    manifests: &[ManifestBlob],
    ref_name: &str,
) -> Result<Descriptor, LayoutError> {
    let failed = |source| LayoutError::Write { path: out.to_owned(), source };
    let blobs = part.join("blobs").join("sha256");
    fs_err::create_dir_all(&blobs).map_err(failed)?;
    let mut entries = Vec::new();
    for manifest in manifests {
        let mut entry = Descriptor::new(media_type::MANIFEST, manifest.digest, manifest.size);
        for blob in std::iter::once(&manifest.config).chain(&manifest.layers).chain([&entry]) {
            place_blob(store, blob, out, &blobs)?;
        }
        entry.platform = Some(platform(manifest.arch));
        entries.push(entry);
    }
    let mut top = match <[Descriptor; 1]>::try_from(entries) {
        Ok([single]) => single,
        // Tools look for one entry of a name, and choose the platform in the index behind it.
        Err(entries) => {
            let bytes = to_json(&index(entries));
            let digest = Sha256::digest(&bytes);
            fs_err::write(blobs.join(digest.hex()), &bytes).map_err(failed)?;
            Descriptor::new(media_type::INDEX, digest, bytes.len() as u64)
        }
    };
    top.annotations.insert(REF_NAME.to_owned(), ref_name.to_owned());
    let version = LayoutFile { image_layout_version: "1.0.0".to_owned() };
    fs_err::write(part.join("oci-layout"), to_json(&version)).map_err(failed)?;
    let index = to_json(&index(vec![top.clone()]));
    fs_err::write(part.join("index.json"), index).map_err(failed)?;
    Ok(top)
}

fn index(manifests: Vec<Descriptor>) -> Index {
    let media_type = media_type::INDEX.to_owned();
    Index { schema_version: 2, media_type, manifests, annotations: BTreeMap::new() }
}

/// Links a blob from the earlier layout at `out`, or copies it from the store, into `blobs`.
fn place_blob(
    store: &Store,
    blob: &Descriptor,
    out: &Path,
    blobs: &Path,
) -> Result<(), LayoutError> {
    let failed = |source| LayoutError::Write { path: out.to_owned(), source };
    let name = blob.digest.hex();
    let target = blobs.join(&name);
    if target.exists() {
        return Ok(()); // Two architectures may share a layer.
    }
    let earlier = out.join("blobs").join("sha256").join(&name);
    let fits = fs_err::symlink_metadata(&earlier)
        .is_ok_and(|meta| meta.is_file() && meta.len() == blob.size);
    // Some file systems have no hard links: then the store serves.
    if fits && fs_err::hard_link(&earlier, &target).is_ok() {
        return Ok(());
    }
    let kept = store.blob(&blob.digest).ok_or(LayoutError::MissingBlob { digest: blob.digest })?;
    let mut source = fs_err::File::open(&kept.path).map_err(failed)?;
    let mut copy = fs_err::File::create_new(&target).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = source.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        copy.write_all(&buffer[..read]).map_err(failed)?;
    }
    if hash.finalize() != blob.digest {
        return Err(LayoutError::DamagedBlob { path: kept.path });
    }
    // The next layout takes the blob by its size: after a power cut that must not deceive.
    copy.sync_data().map_err(failed)
}

/// Puts `part` in the place of `out`.
fn replace(out: &Path, part: &Path, old: &Path) -> io::Result<()> {
    if !out.exists() {
        return fs_err::rename(part, out);
    }
    match renameat_with(CWD, part, CWD, out, RenameFlags::EXCHANGE) {
        Ok(()) => remove(part),
        // Not every file system can exchange.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => replace_in_two_steps(out, part, old),
        Err(error) => Err(error.into()),
    }
}

/// Between the steps there is no layout; who is killed then finds the old one again, see
/// [`recover`].
fn replace_in_two_steps(out: &Path, part: &Path, old: &Path) -> io::Result<()> {
    fs_err::rename(out, old)?;
    if let Err(error) = fs_err::rename(part, out) {
        fs_err::rename(old, out)?;
        return Err(error);
    }
    remove(old)
}

/// Tidies up after a process that was killed in the middle of [`replace`].
fn recover(out: &Path, old: &Path) -> io::Result<()> {
    if old.exists() && !out.exists() { fs_err::rename(old, out) } else { remove(old) }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_exchange_two_steps_do() {
        let folder = tempfile::tempdir().unwrap();
        let [out, part, old] = ["out", "part", "old"].map(|name| folder.path().join(name));
        for (folder, text) in [(&out, "before"), (&part, "after")] {
            fs_err::create_dir(folder).unwrap();
            fs_err::write(folder.join("index.json"), text).unwrap();
        }
        let found = || fs_err::read_to_string(out.join("index.json")).unwrap();
        replace_in_two_steps(&out, &part, &old).unwrap();
        assert_eq!(found(), "after");
        // Nothing to put there: what was there stays.
        replace_in_two_steps(&out, &part, &old).unwrap_err();
        assert_eq!(found(), "after");
        assert!(!old.exists() && !part.exists());
    }
}
