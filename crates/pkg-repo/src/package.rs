//! Packages on their way into the pool.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use names::{Digest, Sha256};

use crate::RepoError;
use crate::channel::ChannelName;
use crate::provenance::Provenance;
use crate::record::{PackageKind, Record};
use crate::storage::{Content, Incoming, Storage, StorageError};
use crate::whole::{put_whole, remove_damaged};

/// What is said of packages up to this size is not kept: they are read again when it is needed, which takes about as
/// long as reading a description, and a publication of a thousand of them makes a thousand files less.
pub(crate) const SMALL: u64 = 64 << 10;

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

/// All that indexes say of a package; of one that is not small it is kept under its digest.
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

/// Why a file is no package.
pub(crate) enum Unfit {
    /// It cannot be read.
    Read(io::Error),
    /// It is no archive of Debian's kind; the error names it.
    Deb(distro::DebError),
    /// What it says of itself cannot be.
    Content(String),
}

impl Unfit {
    /// The error about the file at `path`; `refused` makes it of what the file says.
    pub(crate) fn of(self, path: &Path, refused: impl FnOnce(String) -> RepoError) -> RepoError {
        match self {
            Self::Read(source) => RepoError::Read { path: path.to_owned(), source },
            Self::Deb(error) => error.into(),
            Self::Content(reason) => refused(reason),
        }
    }
}

impl Description {
    /// Whether it is the other, but for the component.
    fn says_the_same(&self, other: &Self) -> bool {
        let component = other.record.component.clone();
        Record { component, ..self.record.clone() } == other.record
            && self.entries == other.entries
            && self.location == other.location
            && self.files == other.files
    }

    /// About how many bytes it takes.
    fn room(&self) -> u64 {
        let texts = self.entries.values().chain(&self.files);
        texts.map(|text| text.len() as u64 + 64).sum()
    }
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
    let taken = AtomicU64::new(0);
    let take = |new: &NewPackage| -> Result<_, RepoError> {
        let description = take_one(storage, channel, new)?;
        let (record, size) = (description.record.clone(), description.room());
        let fits = taken.fetch_add(size, Ordering::Relaxed) + size <= KEPT;
        Ok((record, fits.then_some(description)))
    };
    let taken = parallel::for_each(packages, workers, take)?;
    let (records, descriptions): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    let descriptions = descriptions.into_iter().flatten();
    let known = descriptions.map(|description| (description.record.sha256, description)).collect();
    Ok((records, Arc::new(known)))
}

/// Reads a package, and puts it into the pool; its description comes back.
fn take_one(
    storage: &dyn Storage,
    channel: &ChannelName,
    new: &NewPackage,
) -> Result<Description, RepoError> {
    let from = fs_err::File::open(&new.path)
        .map_err(|source| RepoError::Read { path: new.path.clone(), source })?;
    let mut package = Copied { from, to: storage.incoming()?, failed: None };
    let description = match channel {
        ChannelName::Apt(_) => {
            crate::deb_package::read(&new.path, &new.component, &mut package, None)
        }
        ChannelName::Yum(_) => crate::rpm_package::read(&mut package, None),
    };
    if let Some(source) = package.failed {
        let path = new.path.clone();
        return Err(StorageError::Io { action: "copy into the pool", path, source }.into());
    }
    let refused = |reason: String| RepoError::Package {
        path: new.path.clone(),
        channel: channel.clone(),
        reason,
    };
    let mut description = description.map_err(|unfit| unfit.of(&new.path, refused))?;
    let sha256 = description.record.sha256;
    if new.provenance.as_ref().is_some_and(|provenance| !provenance.is_of(&sha256)) {
        return Err(refused("its provenance speaks of another file: build both anew".to_owned()));
    }
    let is_large = description.record.size > SMALL;
    match kept(storage, &sha256) {
        // What is in the pool stays where it is: an earlier version may have put it elsewhere.
        Ok(Some(there)) if there.record.path != description.record.path => {
            let component = description.record.component;
            description = Description { record: Record { component, ..there.record }, ..there };
        }
        Ok(Some(there)) if there.says_the_same(&description) => {}
        Ok(None) if !is_large => {}
        Ok(_) | Err(RepoError::Damaged { .. }) if is_large => {
            let json = serde_json::to_vec(&description).expect("texts and numbers make JSON");
            let digest = Sha256::digest(&json);
            put_whole(storage, &place(&sha256), Content::Bytes(&json), &digest)?;
        }
        Ok(_) | Err(RepoError::Damaged { .. }) => storage.remove(&place(&sha256))?,
        Err(error) => return Err(error),
    }
    remove_damaged(storage, &description.record.path, &sha256)?;
    package.to.put(&description.record.path)?;
    if let Some(provenance) = &new.provenance {
        crate::provenance::put(storage, &description.record, provenance)?;
    }
    Ok(description)
}

/// Where the description of a package lies, if it is kept.
pub(crate) fn place(sha256: &Digest) -> String {
    let hex = sha256.hex();
    format!("packages/{}/{hex}.json", &hex[..2])
}

/// The description of a package that is kept.
pub(crate) fn kept(
    storage: &dyn Storage,
    sha256: &Digest,
) -> Result<Option<Description>, RepoError> {
    let path = place(sha256);
    let Some(bytes) = storage.read(&path, LIMIT)? else { return Ok(None) };
    let description = serde_json::from_slice(&bytes);
    let damaged = |_| RepoError::Damaged { path, reason: "it describes no package" };
    description.map(Some).map_err(damaged)
}

/// The description of a package that was taken in: as it is kept, or from the package in the pool.
pub(crate) fn describe(storage: &dyn Storage, record: &Record) -> Result<Description, RepoError> {
    if let Some(description) = kept(storage, &record.sha256)? {
        return Ok(description);
    }
    if record.size > SMALL {
        return Err(RepoError::Missing { path: place(&record.sha256) });
    }
    let path = &record.path;
    let damaged = || {
        let reason = "it is not what was published";
        RepoError::Damaged { path: path.clone(), reason }
    };
    let bytes = match storage.read(path, SMALL) {
        Err(StorageError::TooLarge { .. }) => return Err(damaged()),
        bytes => bytes?.ok_or_else(|| RepoError::Missing { path: path.clone() })?,
    };
    let read = match record.kind {
        PackageKind::Rpm => crate::rpm_package::read(&*bytes, Some(path)),
        _ => crate::deb_package::read(Path::new(path), &record.component, &*bytes, Some(path)),
    };
    let description = read.map_err(|_| damaged())?;
    if description.record.sha256 != record.sha256 {
        return Err(damaged());
    }
    Ok(description)
}

/// The description of a package that is to go; `None` if it or the package is lost, which must not keep it for ever.
pub(crate) fn describe_if_there(
    storage: &dyn Storage,
    record: &Record,
) -> Result<Option<Description>, RepoError> {
    match describe(storage, record) {
        Err(RepoError::Missing { .. } | RepoError::Damaged { .. }) => Ok(None),
        description => description.map(Some),
    }
}

/// Calls `with` for each change and the description of its package, in order; several are read at once, where they are
/// not known. A package that goes may have none.
pub(crate) fn each_described(
    storage: &dyn Storage,
    changes: &[&Change],
    known: &Known,
    workers: usize,
    mut with: impl FnMut(&Change, Option<&Description>) -> Result<(), RepoError>,
) -> Result<(), RepoError> {
    for changes in changes.chunks(AT_ONCE) {
        let read = |change: &&Change| match known.get(&change.record.sha256) {
            Some(description) => Ok(Some(Cow::Borrowed(description))),
            None if change.comes => {
                describe(storage, &change.record).map(|description| Some(Cow::Owned(description)))
            }
            None => Ok(describe_if_there(storage, &change.record)?.map(Cow::Owned)),
        };
        let descriptions = parallel::for_each(changes, workers, read)?;
        for (change, description) in changes.iter().zip(descriptions) {
            with(change, description.as_deref())?;
        }
    }
    Ok(())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
