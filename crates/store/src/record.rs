//! Records: short derived files that carry their own digest. What a record says is believed without
//! looking at what it was made from, so a bit that has flipped in it must not go unseen.

use std::io::{self, Write as _};
use std::path::Path;

use names::{Digest, Sha256};

use crate::{BlobError, Store};

/// `\n`, 64 digits, `\n`.
const TAIL: usize = 66;

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
        let mut bytes = fs_err::read(self.derived(kind, key)?).ok()?;
        let text = whole(&bytes)?.len();
        bytes.truncate(text);
        Some(bytes)
    }

    /// Writes the record of this kind for inputs with the digest `key`.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn write_record(&self, kind: &str, key: &Digest, text: &[u8]) -> Result<(), BlobError> {
        let mut writer = self.derived_writer(kind, key)?;
        let tail = format!("\n{}\n", Sha256::digest(text).hex());
        let failed = |source| BlobError::Write { path: self.root().to_owned(), source };
        writer.write_all(text).map_err(failed)?;
        writer.write_all(tail.as_bytes()).map_err(failed)?;
        writer.finish().map(drop)
    }
}

/// Whether the file at `path` is a record as it was written.
///
/// # Errors
/// When it cannot be read.
pub fn is_whole_record(path: &Path) -> io::Result<bool> {
    fs_err::read(path).map(|bytes| whole(&bytes).is_some())
}

/// The text of a record, if its digest fits.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (text, tail) = bytes.split_at(bytes.len().checked_sub(TAIL)?);
    let hex = tail.strip_prefix(b"\n")?.strip_suffix(b"\n")?;
    (hex == Sha256::digest(text).hex().as_bytes()).then_some(text)
}

#[cfg(test)]
mod tests {
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
