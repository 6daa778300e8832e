//! Series of patches in a folder.

use std::path::{Path, PathBuf};

use crate::limits::{MAX_PATCH_BYTES, MAX_PATCHES};
use crate::{ParseError, Patch, parse};

/// Why the patches of a folder could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// The folder or a patch cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Patches have faults: all of them, of all patches.
    #[error("{}", .faults.iter().map(ParseError::to_string).collect::<Vec<_>>().join("\n"))]
    Parse {
        /// The faults of each patch that has some, in the order of the series.
        faults: Vec<ParseError>,
    },
    /// A file looks like a patch and would not be taken as one.
    #[error("{} does not end in .patch, as a patch must to be applied: rename it", .path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// The folder has too many patches, or a patch is too large.
    #[error("{} is larger than what is read: at most {most}", .path.display())]
    TooLarge {
        /// The folder or the file.
        path: PathBuf,
        /// How much may be in it.
        most: String,
    },
}

/// Reads all files `*.patch` directly in `folder`, in the order of their names (by bytes, so
/// `0010-x.patch` follows `0009-y.patch`, and `10-x.patch` precedes `9-y.patch`). Other files are
/// passed over, but for `*.diff`. A folder that is not there holds no patches.
///
/// # Errors
/// When the folder or a patch cannot be read, and all faults of all patches.
pub fn read_series(folder: &Path) -> Result<Vec<Patch>, SeriesError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SeriesError::Read { path, source }
    };
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder)(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("patch") => paths.push(path),
            Some("diff") => return Err(SeriesError::Name { path }),
            _ => {}
        }
    }
    if paths.len() > MAX_PATCHES {
        let most = format!("{MAX_PATCHES} patches");
        return Err(SeriesError::TooLarge { path: folder.to_owned(), most });
    }
    paths.sort();
    let (mut patches, mut faults) = (Vec::new(), Vec::new());
    for path in paths {
        let size = fs_err::metadata(&path).map_err(failed(&path))?.len();
        if size > MAX_PATCH_BYTES as u64 {
            let most = format!("{MAX_PATCH_BYTES} bytes");
            return Err(SeriesError::TooLarge { path, most });
        }
        let bytes = fs_err::read(&path).map_err(failed(&path))?;
        match parse(&bytes, &path.to_string_lossy()) {
            Ok(patch) => patches.push(patch),
            Err(error) => faults.push(error),
        }
    }
    if faults.is_empty() { Ok(patches) } else { Err(SeriesError::Parse { faults }) }
}
