//! Packages on their way into the pool.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use names::{Digest, Sha256};
use sha2::{Digest as _, Sha512};

use crate::RepoError;
use crate::channel::ChannelName;
use crate::provenance::Provenance;
use crate::record::Record;
use crate::storage::{Content, Storage};

/// The most that the description of a package can have.
const LIMIT: u64 = 256 << 20;

/// A package to be published.
#[derive(Clone, Debug)]
pub struct NewPackage {
    /// Its file, a .deb, .udeb or .rpm.
    pub path: PathBuf,
    /// The component of an apt suite that it goes to; unused on the yum side.
    pub component: String,
    /// Where it comes from, if that shall be published beside it.
    pub provenance: Option<Provenance>,
}

/// All that indexes say of a package, kept under its digest, so that it is read once.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Description {
    pub(crate) record: Record,
    /// Its entry in each index: `Packages`, or `primary`, `filelists` and `other`.
    pub(crate) entries: BTreeMap<String, String>,
    /// How Contents names it: `SECTION/NAME`.
    pub(crate) location: String,
    /// The files that Contents lists.
    pub(crate) files: Vec<String>,
}

/// Reads a package, and puts it into the pool with its description. Its component is `component`.
pub(crate) fn take_in(
    storage: &dyn Storage,
    channel: &ChannelName,
    new: &NewPackage,
) -> Result<Record, RepoError> {
    let description = match channel {
        ChannelName::Apt(_) => crate::deb_package::read(channel, new)?,
        ChannelName::Yum(_) => crate::rpm_package::read(channel, new)?,
    };
    let record = &description.record;
    if storage.size(&record.path)?.is_none() {
        storage.put(&record.path, Content::File(&new.path))?;
    }
    let path = place(&record.sha256);
    if storage.size(&path)?.is_none() {
        let json = serde_json::to_vec(&description).expect("texts and numbers make JSON");
        storage.put(&path, Content::Bytes(&json))?;
    }
    if let Some(provenance) = &new.provenance {
        crate::provenance::put(storage, record, provenance)?;
    }
    Ok(description.record)
}

/// Where the description of a package lies.
pub(crate) fn place(sha256: &Digest) -> String {
    let hex = sha256.hex();
    format!("packages/{}/{hex}.json", &hex[..2])
}

/// Reads the description of a package that was taken in.
pub(crate) fn describe(storage: &dyn Storage, sha256: &Digest) -> Result<Description, RepoError> {
    let path = place(sha256);
    let bytes = storage.read(&path, LIMIT)?;
    let bytes = bytes.ok_or_else(|| RepoError::Missing { path: path.clone() })?;
    serde_json::from_slice(&bytes)
        .map_err(|_| RepoError::Damaged { path, reason: "it describes no package" })
}

/// A file that is hashed while it is read.
pub(crate) struct Hashing {
    inner: fs_err::File,
    sha256: Sha256,
    sha512: Sha512,
    size: u64,
}

/// What [`Hashing`] found.
pub(crate) struct Hashes {
    pub(crate) sha256: Digest,
    pub(crate) sha512: String,
    pub(crate) size: u64,
}

impl Hashing {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let inner = fs_err::File::open(path)?;
        Ok(Self { inner, sha256: Sha256::new(), sha512: Sha512::new(), size: 0 })
    }

    /// Reads the rest.
    pub(crate) fn finish(mut self) -> io::Result<Hashes> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(Hashes {
            sha256: self.sha256.finalize(),
            sha512: hex(&self.sha512.finalize()),
            size: self.size,
        })
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..read]);
        self.sha512.update(&buffer[..read]);
        self.size += read as u64;
        Ok(read)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
