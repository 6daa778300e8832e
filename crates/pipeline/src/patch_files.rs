//! `patches/<component>/<release>/*.patch`.

use std::io;
use std::path::{Path, PathBuf};

use names::{Digest, ReleaseId, Sha256};

use crate::describe::DescribeError;
use crate::lock::LockedPatch;

/// The largest patch that is read.
const LARGEST: u64 = 64 << 20;

/// A patch of the tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PatchFile {
    /// Its path in the tree.
    pub(crate) path: PathBuf,
    /// Its name.
    pub(crate) name: String,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
    /// The digest of it.
    pub(crate) sha256: Digest,
}

impl PatchFile {
    pub(crate) fn locked(&self) -> LockedPatch {
        LockedPatch { file: self.name.clone(), sha256: self.sha256 }
    }
}

/// Reads the patches of a component for a release, by name; none where there is no such folder.
pub(crate) fn read(
    root: &Path,
    component: &str,
    release: ReleaseId,
) -> Result<Vec<PatchFile>, DescribeError> {
    read_folder(root, component, &release.to_string())
}

/// As [`read`], for a release by the name of its folder.
pub(crate) fn read_folder(
    root: &Path,
    component: &str,
    release: &str,
) -> Result<Vec<PatchFile>, DescribeError> {
    let folder = PathBuf::from(format!("patches/{component}/{release}"));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DescribeError::Read { path, source }
    };
    let entries = match fs_err::read_dir(root.join(&folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&folder)(error)),
    };
    let mut patches = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed(&folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".patch") || name.starts_with('.') {
            continue;
        }
        let path = folder.join(&name);
        if entry.metadata().map_err(failed(&path))?.len() > LARGEST {
            let error = io::Error::other(format!("it is larger than {LARGEST} bytes"));
            return Err(failed(&path)(error));
        }
        let bytes = fs_err::read(root.join(&path)).map_err(failed(&path))?;
        let sha256 = Sha256::digest(&bytes);
        patches.push(PatchFile { path, name, bytes, sha256 });
    }
    patches.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(patches)
}

/// The version of a source with patches: a local part (PEP 440) with their number and the beginning
/// of a digest over theirs.
pub(crate) fn version(release: &str, patches: &[PatchFile]) -> String {
    if patches.is_empty() {
        return release.to_owned();
    }
    let mut hash = Sha256::new();
    for patch in patches {
        hash.update(patch.sha256.as_bytes());
    }
    let digest = hash.finalize().hex();
    // A part of digits alone is a number to PEP 440, which takes zeros away.
    let letter = digest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or_default();
    let short = &digest[..digest.len().min(8.max(letter + 1))];
    let sign = if release.contains('+') { '.' } else { '+' };
    format!("{release}{sign}p{}.{short}", patches.len())
}
