//! Wheels to pack files.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use filetree::{FileMeta, Pack, PackError, PackWriter, PathError, TreePath};
use names::{Digest, Epoch};
use sha2::{Digest as _, Sha256};
use store::{Blob, BlobError, Store};
use zip::result::ZipError;
use zip::{CompressionMethod, DateTime, ZipArchive};

/// The kind of the derived file. The number grows when the same wheel would give another pack.
const KIND: &str = "wheel-1";
/// The largest wheels for machine learning have some ten thousand members.
const MOST_MEMBERS: usize = 200_000;
/// Bytes of all contents together.
const LARGEST: u64 = 8 << 30;
/// Times that the contents may be larger than the archive, after the first [`FREE`] bytes. Deflate
/// itself reaches 1,032.
const RATIO: u64 = 200;
const FREE: u64 = 64 << 20;
/// 1980-01-01T00:00:00Z, where DOS time begins.
const DOS_START: Epoch = Epoch(315_532_800);

/// Why a wheel cannot be unpacked. Members are named as in the archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// The blob cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file of the store.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The blob does not have the digest that it is named by.
    #[error("{} hashes to {actual}, not to its name: delete it and run again", .path.display())]
    Damaged {
        /// The file of the store.
        path: PathBuf,
        /// What it hashes to.
        actual: Digest,
    },
    /// It is no zip archive, or one whose two lists of members differ.
    #[error("{wheel} is not a sound zip archive")]
    Zip {
        /// The wheel.
        wheel: Digest,
        /// Why.
        source: ZipError,
    },
    /// It holds more than a wheel may.
    #[error("{wheel} is refused: {what}")]
    Limit {
        /// The wheel.
        wheel: Digest,
        /// What is too much, with the limit.
        what: String,
    },
    /// A member's name leads nowhere or elsewhere.
    #[error("{wheel}: a member cannot be taken")]
    Path {
        /// The wheel.
        wheel: Digest,
        /// Why.
        source: PathError,
    },
    /// A member is not what a wheel may hold.
    #[error("{wheel}: member `{member}` {what}")]
    Member {
        /// The wheel.
        wheel: Digest,
        /// The member.
        member: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A member cannot be read, or the pack cannot be written.
    #[error("{wheel}: cannot unpack member `{member}`")]
    Unpack {
        /// The wheel.
        wheel: Digest,
        /// The member.
        member: String,
        /// Why.
        source: io::Error,
    },
    /// The pack did not enter the store.
    #[error("{wheel}: cannot put the unpacked wheel into the store")]
    Store {
        /// The wheel.
        wheel: Digest,
        /// Why.
        source: BlobError,
    },
    /// The pack just written cannot be read.
    #[error("{wheel}: cannot read the unpacked wheel")]
    Pack {
        /// The wheel.
        wheel: Digest,
        /// Why.
        source: PackError,
    },
}

/// Unpacks the wheel `blob` into a pack of `store`, or takes the pack that is there.
///
/// The blob's digest is checked, and so is every member's CRC. Modes are 0644, or 0755 where the
/// member is a regular file that somebody may execute: what pip and uv make of it. Times are the
/// members' DOS times, read as UTC; they are in every archive, unlike the extended ones, which are
/// left aside. Directories are left out: the paths of the files say it all.
///
/// Refused are names that are not clean relative paths, a name that comes twice or is both file and
/// directory, symbolic links, encryption, other methods than "stored" and "deflated", members that
/// the archive's two lists describe differently, and archives that unpack to far more than they are.
///
/// # Errors
/// When the blob is damaged or refused, or the store cannot be written.
///
/// ```
/// use std::io::{Cursor, Write as _};
///
/// let mut wheel = zip::ZipWriter::new(Cursor::new(Vec::new()));
/// wheel.start_file("six.py", zip::write::SimpleFileOptions::default())?;
/// wheel.write_all(b"x = 6\n")?;
/// let bytes = wheel.finish()?.into_inner();
///
/// let folder = tempfile::tempdir()?;
/// let store = store::Store::open(folder.path())?;
/// let mut writer = store.blob_writer()?;
/// writer.write_all(&bytes)?;
/// let pack = wheels::unpack(&store, &writer.finish(None)?)?;
/// assert_eq!(pack.entries[0].0.as_str(), "six.py");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn unpack(store: &Store, blob: &Blob) -> Result<Pack, UnpackError> {
    let wheel = blob.digest;
    if let Some(path) = store.derived(KIND, &wheel)
        && let Ok(pack) = Pack::open(&path)
    {
        return Ok(pack);
    }
    let stored = |source| UnpackError::Store { wheel, source };
    let mut archive = open(blob)?;
    let mut out = store.derived_writer(KIND, &wheel).map_err(stored)?;
    write_pack(&mut archive, blob, &mut out)?;
    let path = out.finish().map_err(stored)?;
    Pack::open(&path).map_err(|source| UnpackError::Pack { wheel, source })
}

type Archive = ZipArchive<BufReader<fs_err::File>>;

/// Checks the digest and opens the archive.
fn open(blob: &Blob) -> Result<Archive, UnpackError> {
    let wheel = blob.digest;
    let failed = |source| UnpackError::Read { path: blob.path.clone(), source };
    let mut file = fs_err::File::open(&blob.path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    let actual = Digest::from_bytes(hash.finalize().into());
    if actual != wheel {
        return Err(UnpackError::Damaged { path: blob.path.clone(), actual });
    }
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let zip = |source| UnpackError::Zip { wheel, source };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(zip)?;
    if archive.len() > MOST_MEMBERS {
        let what = format!("{} members, the limit is {MOST_MEMBERS}", archive.len());
        return Err(UnpackError::Limit { wheel, what });
    }
    // Two programs must not see two different archives in one file.
    archive.validate_header_consistency().map_err(zip)?;
    Ok(archive)
}

fn write_pack(
    archive: &mut Archive,
    blob: &Blob,
    out: &mut impl io::Write,
) -> Result<(), UnpackError> {
    let wheel = blob.digest;
    let allowed = LARGEST.min(blob.size.saturating_mul(RATIO).saturating_add(FREE));
    let mut left = allowed;
    let mut paths = BTreeSet::new();
    let mut pack = PackWriter::new(io::BufWriter::new(out));
    for index in 0..archive.len() {
        let mut member =
            archive.by_index(index).map_err(|source| UnpackError::Zip { wheel, source })?;
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        let refuse = |what| UnpackError::Member { wheel, member: name.clone(), what };
        if std::str::from_utf8(member.name_raw()).is_err() {
            return Err(refuse("has a name that is not UTF-8"));
        }
        let path =
            TreePath::from_member(&name).map_err(|source| UnpackError::Path { wheel, source })?;
        // File type bits of Unix, where the archive has them.
        let mode = member.external_attributes() >> 16;
        let kind = mode & 0o170_000;
        if name.ends_with('/') {
            if member.size() != 0 {
                return Err(refuse("is a directory with a content"));
            }
            continue;
        }
        if path.as_str() != name || name.contains('\\') {
            return Err(refuse("is not named by a clean relative path"));
        }
        match kind {
            0 | 0o100_000 => {}
            0o120_000 => return Err(refuse("is a symbolic link, which a wheel must not hold")),
            _ => return Err(refuse("is neither a file nor a directory")),
        }
        if member.encrypted() {
            return Err(refuse("is encrypted"));
        }
        if !matches!(member.compression(), CompressionMethod::Stored | CompressionMethod::Deflated)
        {
            return Err(refuse("is compressed by another method than deflate"));
        }
        if !paths.insert(path.clone()) {
            return Err(refuse("is there twice"));
        }
        let size = member.size();
        left = left.checked_sub(size).ok_or_else(|| UnpackError::Limit {
            wheel,
            what: format!("more than {allowed} bytes when unpacked, at `{name}`"),
        })?;
        let executable = kind == 0o100_000 && mode & 0o111 != 0;
        let meta = FileMeta {
            mode: if executable { 0o755 } else { 0o644 },
            uid: 0,
            gid: 0,
            mtime: time(member.last_modified()),
        };
        // One byte more than announced, to see that it ends; reading to the end checks the CRC.
        let mut content = Counting { inner: (&mut member).take(size + 1), read: 0 };
        pack.add_file(&path, meta, &mut content).map_err(|source| UnpackError::Unpack {
            wheel,
            member: name.clone(),
            source,
        })?;
        if content.read != size {
            return Err(refuse("is not as long as the archive says"));
        }
    }
    for path in &paths {
        let mut above = path.parent();
        while let Some(parent) = above {
            if paths.contains(&parent) {
                let member = parent.to_string();
                let what = "is a file and a directory at once";
                return Err(UnpackError::Member { wheel, member, what });
            }
            above = parent.parent();
        }
    }
    let failed = |source| UnpackError::Unpack { wheel, member: "the index".to_owned(), source };
    pack.finish().map_err(failed)?;
    Ok(())
}

/// DOS time as UTC. A date that does not exist is the first that DOS knows.
fn time(time: Option<DateTime>) -> Epoch {
    time.and_then(|time| {
        Epoch::from_utc(
            time.year().into(),
            time.month().into(),
            time.day().into(),
            time.hour().into(),
            time.minute().into(),
            time.second().into(),
        )
    })
    .map_or(DOS_START, |time| time.max(DOS_START))
}

/// Counts the bytes that are read.
struct Counting<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}
