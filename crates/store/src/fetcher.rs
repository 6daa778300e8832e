//! The seam through which bytes arrive from outside.

use std::fmt;

use names::{ArchiveName, Digest};

use crate::{Blob, BlobError, Store};

/// Where something is to be had.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Address {
    /// A path in an archive. Which hosts serve the archive is the machine's matter, so this is the
    /// form that locks and recipes may hold.
    InArchive {
        /// The archive.
        archive: ArchiveName,
        /// The path below the archive's base, without a leading slash, such as
        /// `dists/trixie/InRelease`.
        path: String,
    },
    /// A whole URL that a document just fetched has named. Never written to a file.
    Url(String),
}

impl Address {
    /// A path in an archive.
    pub fn in_archive(archive: &ArchiveName, path: impl Into<String>) -> Self {
        Self::InArchive { archive: archive.clone(), path: path.into() }
    }
}

/// `debian:dists/trixie/InRelease`, or the URL.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::InArchive { archive, path } => write!(f, "{archive}:{path}"),
            Address::Url(url) => f.write_str(url),
        }
    }
}

/// A file that is wanted, by its digest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Want {
    /// The places to try, in order.
    pub addresses: Vec<Address>,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Number of bytes, where it is known. More than this is never read.
    pub size: Option<u64>,
}

impl Want {
    /// The blob, if `store` has it. One of another size was cut on disk: it is to be fetched again.
    pub fn find(&self, store: &Store) -> Option<Blob> {
        let here = store.blob(&self.sha256);
        here.filter(|blob| self.size.is_none_or(|size| size == blob.size))
    }
}

/// A document that has no digest yet: an index page, a signed list. The caller must verify it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The media type that the server named, in lower case and without parameters; empty where it
    /// named none.
    pub media_type: String,
    /// Where it was found after redirects: the base of relative links in it.
    pub url: String,
}

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No mirror has it.
    #[error("{address} is not there: {tried}")]
    NotFound {
        /// What was asked for.
        address: String,
        /// Each address that was tried and its answer.
        tried: String,
    },
    /// The network, or every server that was asked, failed.
    #[error("cannot fetch {address}: {tried}")]
    Unreachable {
        /// What was asked for.
        address: String,
        /// Each address that was tried and its answer.
        tried: String,
    },
    /// What arrived is not what was wanted.
    #[error("{address} is not what it should be: {reason}")]
    Damaged {
        /// What was asked for.
        address: String,
        /// What is wrong: the digests, or the sizes.
        reason: String,
    },
    /// No address is known for an archive.
    #[error("no mirror is known for the archive `{archive}`: {hint}")]
    NoMirror {
        /// The archive.
        archive: ArchiveName,
        /// How to name one.
        hint: String,
    },
    /// The network may not be used and the store does not have it.
    #[error("--offline forbids fetching what the store does not have:{}", missing(.address))]
    Offline {
        /// All that was asked for and is missing, one a line.
        address: String,
    },
    /// The proxies, the logins or the certificates of this machine cannot be used.
    #[error("cannot set up the network: {reason}")]
    Setup {
        /// Which, and why.
        reason: String,
    },
    /// The store could not be written.
    #[error("cannot put {address} into the store")]
    Store {
        /// What was fetched.
        address: String,
        /// Why.
        source: BlobError,
    },
}

/// One thing stands in the line of the message, several below it.
fn missing(address: &str) -> String {
    match address.contains('\n') {
        true => address.lines().map(|line| format!("\n  {line}")).collect(),
        false => format!(" {address}"),
    }
}

/// Gets bytes from outside. `fetch::Http` is the real one, `testkit::Shelf` the other.
pub trait Fetcher: Sync {
    /// Returns the document at `address`, at most `limit` bytes of it; a longer one is
    /// [`FetchError::Damaged`]. `accept` is the value of the HTTP `Accept` header, `*/*` for any.
    /// The bytes are as the server gave them: unverified.
    fn document(&self, address: &Address, accept: &str, limit: u64)
    -> Result<Document, FetchError>;

    /// Returns, for each of `wants` in order, the blob in `store` that hashes to its digest; fetches
    /// those that are not there yet, several at a time. `arrived` is told of each blob as it comes
    /// (its index in `wants`, the blob, and whether it had to be fetched). Ends at the first failure;
    /// what has arrived by then stays in the store.
    fn blobs(
        &self,
        store: &Store,
        wants: &[Want],
        arrived: &mut dyn FnMut(usize, &Blob, bool),
    ) -> Result<Vec<Blob>, FetchError>;

    /// Returns the one blob that is wanted: [`Fetcher::blobs`] for a single file.
    fn blob(&self, store: &Store, want: &Want) -> Result<Blob, FetchError> {
        let mut blobs = self.blobs(store, std::slice::from_ref(want), &mut |_, _, _| {})?;
        Ok(blobs.pop().expect("one blob for one want"))
    }
}
