//! Packages on their way into the pool.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use names::Digest;

use crate::RepoError;
use crate::channel::ChannelName;
use crate::provenance::Provenance;
use crate::record::Record;
use crate::storage::{Content, Incoming, Storage, StorageError};

/// The most that the description of a package can have.
const LIMIT: u64 = 256 << 20;

/// So many descriptions are in memory at once: that of a large package has a megabyte.
const AT_ONCE: usize = 64;

/// Descriptions of packages that come are kept in memory as well, up to so many bytes of them: those of thousands of
/// small packages, or of a few large ones.
const KEPT: u64 = 16 << 20;

/// Descriptions that need not be read, by the digests of their packages.
pub(crate) type Known = Arc<BTreeMap<Digest, Description>>;

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

/// A package comes into an index, or leaves it.
pub(crate) struct Change {
    pub(crate) record: Record,
    pub(crate) comes: bool,
}

/// A package that is read once, for what is said of it and for the pool: it may be a pipe, or
/// change meanwhile.
struct Copied<'a> {
    from: fs_err::File,
    to: Box<dyn Incoming + 'a>,
    /// Why it could not be written.
    failed: Option<io::Error>,
}

impl Read for Copied<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.to.write_all(&buffer[..read]).map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind
        })?;
        Ok(read)
    }
}

/// Reads packages, and puts them into the pool with their descriptions, some of which come back.
pub(crate) fn take_in(
    storage: &dyn Storage,
    channel: &ChannelName,
    packages: &[NewPackage],
    workers: usize,
) -> Result<(Vec<Record>, Known), RepoError> {
    let kept = AtomicU64::new(0);
    let take = |new: &NewPackage| -> Result<_, RepoError> {
        let (description, size) = take_one(storage, channel, new)?;
        let record = description.record.clone();
        let is_kept = kept.fetch_add(size, Ordering::Relaxed) + size <= KEPT;
        Ok((record, is_kept.then_some(description)))
    };
    let taken = parallel::for_each(packages, workers, take)?;
    let (records, descriptions): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    let descriptions = descriptions.into_iter().flatten();
    let known = descriptions.map(|description| (description.record.sha256, description)).collect();
    Ok((records, Arc::new(known)))
}

/// Reads a package, and puts it into the pool with its description, which comes back with its size there.
fn take_one(
    storage: &dyn Storage,
    channel: &ChannelName,
    new: &NewPackage,
) -> Result<(Description, u64), RepoError> {
    let from = fs_err::File::open(&new.path)
        .map_err(|source| RepoError::Read { path: new.path.clone(), source })?;
    let mut package = Copied { from, to: storage.incoming()?, failed: None };
    let description = match channel {
        ChannelName::Apt(_) => crate::deb_package::read(channel, new, &mut package),
        ChannelName::Yum(_) => crate::rpm_package::read(channel, new, &mut package),
    };
    if let Some(source) = package.failed {
        let path = new.path.clone();
        return Err(StorageError::Io { action: "copy into the pool", path, source }.into());
    }
    let mut description = description?;
    let sha256 = description.record.sha256;
    if new.provenance.as_ref().is_some_and(|provenance| !provenance.is_of(&sha256)) {
        return Err(RepoError::Package {
            path: new.path.clone(),
            channel: channel.clone(),
            reason: "its provenance speaks of another file: build both anew".to_owned(),
        });
    }
    // What is in the pool stays where it is: an earlier version may have put it elsewhere.
    let is_new = storage.size(&place(&sha256))?.is_none();
    if !is_new {
        let component = description.record.component;
        description = describe(storage, &sha256)?;
        description.record.component = component;
    }
    package.to.put(&description.record.path)?;
    let json = serde_json::to_vec(&description).expect("texts and numbers make JSON");
    if is_new {
        storage.put(&place(&sha256), Content::Bytes(&json))?;
    }
    if let Some(provenance) = &new.provenance {
        crate::provenance::put(storage, &description.record, provenance)?;
    }
    Ok((description, json.len() as u64))
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

/// Calls `with` for each change and the description of its package, in order; several are read at once, where they are
/// not known.
pub(crate) fn each_described(
    storage: &dyn Storage,
    changes: &[&Change],
    known: &Known,
    workers: usize,
    mut with: impl FnMut(&Change, &Description) -> Result<(), RepoError>,
) -> Result<(), RepoError> {
    for changes in changes.chunks(AT_ONCE) {
        let read = |change: &&Change| match known.get(&change.record.sha256) {
            Some(description) => Ok(Cow::Borrowed(description)),
            None => describe(storage, &change.record.sha256).map(Cow::Owned),
        };
        let descriptions = parallel::for_each(changes, workers, read)?;
        for (change, description) in changes.iter().zip(descriptions) {
            with(change, &description)?;
        }
    }
    Ok(())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
