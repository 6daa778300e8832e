//! Where the bytes of a download go.

use std::io::Write as _;

use names::Digest;
use store::{BlobError, BlobWriter, FetchError, Store};

/// Takes the bytes of one download, from its start or from where the last attempt broke off.
pub(crate) trait Sink: Send {
    /// Forgets all that has arrived.
    fn restart(&mut self) -> Result<(), FetchError>;
    /// Takes the next bytes.
    fn take(&mut self, bytes: &[u8]) -> Result<(), FetchError>;
    /// Number of bytes that have arrived.
    fn size(&self) -> u64;
    /// The most bytes that may arrive.
    fn limit(&self) -> u64;
    /// The number of bytes that must arrive, where it is known.
    fn expected(&self) -> Option<u64>;
    /// Whether the bytes must come as they are. Blobs need not say so: their digest does.
    fn plain(&self) -> bool;
    /// What is wrong with the whole, if anything.
    fn fault(&self) -> Option<String>;
}

/// A document in memory.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) bytes: Vec<u8>,
    pub(crate) limit: u64,
}

impl Sink for Page {
    fn restart(&mut self) -> Result<(), FetchError> {
        self.bytes.clear();
        Ok(())
    }
    fn take(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
    fn limit(&self) -> u64 {
        self.limit
    }
    fn expected(&self) -> Option<u64> {
        None
    }
    fn plain(&self) -> bool {
        true
    }
    fn fault(&self) -> Option<String> {
        None
    }
}

/// A blob on its way into the store.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// What is fetched, for messages.
    pub(crate) name: String,
    store: Store,
    writer: BlobWriter,
    sha256: Digest,
    expected: Option<u64>,
}

/// No file of a distribution comes near this; it bounds what a server without a stated size may
/// send: 16 GiB.
const LARGEST: u64 = 16 << 30;

impl Arrival {
    pub(crate) fn new(name: String, store: &Store, want: &store::Want) -> Result<Self, FetchError> {
        let writer = store.blob_writer().map_err(|source| failed(&name, source))?;
        Ok(Self { name, store: store.clone(), writer, sha256: want.sha256, expected: want.size })
    }

    /// Moves the blob into its place.
    pub(crate) fn finish(self) -> Result<store::Blob, FetchError> {
        self.writer.finish(Some(&self.sha256)).map_err(|source| failed(&self.name, source))
    }
}

fn failed(name: &str, source: BlobError) -> FetchError {
    FetchError::Store { address: name.to_owned(), source }
}

impl Sink for Arrival {
    fn restart(&mut self) -> Result<(), FetchError> {
        if self.writer.size() > 0 {
            self.writer = self.store.blob_writer().map_err(|source| failed(&self.name, source))?;
        }
        Ok(())
    }
    fn take(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.writer.write_all(bytes).map_err(|source| {
            let path = self.store.root().join("partial");
            failed(&self.name, BlobError::Write { path, source })
        })
    }
    fn size(&self) -> u64 {
        self.writer.size()
    }
    fn limit(&self) -> u64 {
        self.expected.unwrap_or(LARGEST)
    }
    fn expected(&self) -> Option<u64> {
        self.expected
    }
    fn plain(&self) -> bool {
        false
    }
    fn fault(&self) -> Option<String> {
        let size = self.writer.size();
        if let Some(expected) = self.expected.filter(|expected| *expected != size) {
            return Some(format!("it has {size} bytes, not {expected}"));
        }
        let digest = self.writer.digest();
        (digest != self.sha256).then(|| format!("it hashes to {digest}, not to {}", self.sha256))
    }
}
