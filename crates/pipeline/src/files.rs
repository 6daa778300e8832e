//! Small files that appear whole or not at all, and files that are measured.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use names::{Digest, Hashing};
use tempfile::NamedTempFile;

/// Writes `text` to `path`, in place of what was there: whoever looks sees the old file or the new
/// one. The folders above are made if need be. The mode is 0644, less the process's umask.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write_file(path: &Path, text: impl AsRef<[u8]>) -> io::Result<()> {
    let write = |file: &mut NamedTempFile| {
        file.write_all(text.as_ref())?;
        file.as_file().sync_data()?;
        Ok(true)
    };
    replace_file(path, write).map(drop)
}

/// Lets `write` make a file that comes to `path` as [`write_file`] says, if `write` says so; returns
/// what it said.
pub(crate) fn replace_file(
    path: &Path,
    write: impl FnOnce(&mut NamedTempFile) -> io::Result<bool>,
) -> io::Result<bool> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs_err::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".")
        .suffix(".tmp")
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    let good = write(&mut file)?;
    if good {
        file.persist(path).map_err(|error| error.error)?;
    }
    Ok(good)
}

/// The digest and the number of bytes of a file.
pub(crate) fn measured(path: &Path) -> io::Result<(Digest, u64)> {
    Hashing::new(fs_err::File::open(path)?).finish_reading()
}
