//! Records: short derived files that carry their own digest. What a record says is believed without
//! looking at what it was made from, so a bit that has flipped in it must not go unseen.

use std::io::{self, Read, Seek as _, Write};
use std::path::Path;

use fs_err::File;
use names::{Digest, Hashing};

use crate::{BlobError, Store};

/// `\n`, 64 digits, `\n`.
const TAIL: u64 = 66;

impl Store {
    /// The record of this kind for inputs with the digest `key`. One that is damaged is as good as none.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let store = store::Store::open(folder.path())?;
    /// let key = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".parse()?;
    /// store.write_record("layer-record-1", &key, b"{}")?;
    /// assert_eq!(store.record("layer-record-1", &key).as_deref(), Some(&b"{}"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record(&self, kind: &str, key: &Digest) -> Option<Vec<u8>> {
        self.read_record(kind, key, |text| {
            let mut bytes = Vec::new();
            text.read_to_end(&mut bytes).ok().map(|_| bytes)
        })
    }

    /// What `read` makes of the text of a record, which is not held in memory. The digest is known at the
    /// end: what `read` is given may be damaged, and its result is then dropped.
    pub fn read_record<T>(
        &self,
        kind: &str,
        key: &Digest,
        read: impl FnOnce(&mut dyn Read) -> Option<T>,
    ) -> Option<T> {
        let file = File::open(self.derived(kind, key)?).ok()?;
        let (made, whole) = read_whole(file, read).ok()?;
        made.filter(|_| whole)
    }

    /// Writes the record of this kind for inputs with the digest `key`.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn write_record(&self, kind: &str, key: &Digest, text: &[u8]) -> Result<(), BlobError> {
        self.write_record_with(kind, key, |out| out.write_all(text))
    }

    /// Writes the record of this kind for inputs with the digest `key`, whose text `write` writes.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn write_record_with(
        &self,
        kind: &str,
        key: &Digest,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), BlobError> {
        let mut out = Hashing::new(self.derived_writer(kind, key)?);
        let failed = |source| BlobError::Write { path: self.root().to_owned(), source };
        write(&mut out).map_err(failed)?;
        let (mut writer, digest) = out.into_parts();
        writer.write_all(format!("\n{}\n", digest.hex()).as_bytes()).map_err(failed)?;
        writer.finish().map(drop)
    }
}

/// Whether the file at `path` is a record as it was written.
///
/// # Errors
/// When it cannot be read.
pub fn is_whole_record(path: &Path) -> io::Result<bool> {
    read_whole(File::open(path)?, |_| Some(())).map(|(_, whole)| whole)
}

/// What `read` makes of the text of a record, and whether its digest fits.
fn read_whole<T>(
    mut file: File,
    read: impl FnOnce(&mut dyn Read) -> Option<T>,
) -> io::Result<(Option<T>, bool)> {
    let size = file.seek(io::SeekFrom::End(0))?;
    file.rewind()?;
    let Some(length) = size.checked_sub(TAIL) else { return Ok((None, false)) };
    let mut text = Hashing::new((&mut file).take(length));
    let made = read(&mut text);
    let (digest, _) = text.finish_reading()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok((made, tail == format!("\n{}\n", digest.hex()).as_bytes()))
}

#[cfg(test)]
mod tests {
    use names::Sha256;

    use super::*;

    #[test]
    fn no_bit_of_a_record_flips_unseen() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let key = Sha256::digest(b"key");
        store.write_record("layer-record-1", &key, b"{\"size\":1}").unwrap();
        let path = store.derived("layer-record-1", &key).unwrap();
        let sound = fs_err::read(&path).unwrap();
        assert!(is_whole_record(&path).unwrap());
        for bit in 0..sound.len() * 8 {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs_err::write(&path, bytes).unwrap();
            assert_eq!(store.record("layer-record-1", &key), None, "bit {bit}");
        }
        for end in 0..sound.len() {
            fs_err::write(&path, &sound[..end]).unwrap();
            assert!(!is_whole_record(&path).unwrap(), "cut at {end}");
        }
    }
}
