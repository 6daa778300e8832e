//! Room on disk for bytes that must be counted before they can be written.

use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::Path;

use fs_err::File;

/// A file without a name: it is gone when it is dropped, or when the program ends.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    size: u64,
}

impl Spool {
    /// An empty one in `folder`.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        Ok(Self { file: File::from_parts(file, folder.join("(a file without a name)")), size: 0 })
    }

    /// Number of bytes written.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Reads all that was written.
    pub(crate) fn reader(&mut self) -> io::Result<impl Read + '_> {
        self.file.seek(SeekFrom::Start(0))?;
        Ok((&mut self.file).take(self.size))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes the file at `path`, whole or not at all: with mode 0644, in place of what was there.
pub(crate) fn save(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    write(&mut file)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
