//! Wheels to pack files.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use filetree::{FileMeta, Pack, PackError, PackWriter, PathError, TreePath};
use names::{Digest, Epoch, Hashing};
use store::{Blob, BlobError, Store};
use zip::result::ZipError;
use zip::{CompressionMethod, DateTime, ZipArchive};

use crate::counting::Counting;
use crate::inflate::Inflater;

/// The kind of the derived file. The number grows when the same wheel would give another pack.
const KIND: &str = "wheel-2";
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
    let (actual, _) = Hashing::new(&mut file).finish_reading().map_err(failed)?;
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
    let mut inflater = Inflater::new();
    for index in 0..archive.len() {
        let zip = |source| UnpackError::Zip { wheel, source };
        let entry = archive.by_index_data(index).map_err(zip)?;
        if entry.encrypted() {
            let member = String::from_utf8_lossy(entry.name_raw()).into_owned();
            return Err(UnpackError::Member { wheel, member, what: "is encrypted" });
        }
        let member = archive.by_index_raw(index).map_err(zip)?;
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
        let is_deflated = match member.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            _ => return Err(refuse("is compressed by another method than deflate")),
        };
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
        let crc32 = member.crc32();
        let inner = inflater.member(member, is_deflated, crc32).take(size + 1);
        let mut content = Counting { inner, read: 0 };
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

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    type Writer = ZipWriter<Cursor<Vec<u8>>>;

    fn archive(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        fill(&mut writer);
        writer.finish().unwrap().into_inner()
    }

    fn add(writer: &mut Writer, name: &str, mode: u32, bytes: &[u8]) {
        let time = DateTime::from_date_and_time(2024, 2, 29, 23, 59, 58).unwrap();
        let options = SimpleFileOptions::default().unix_permissions(mode).last_modified_time(time);
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }

    fn one(name: &str) -> Vec<u8> {
        archive(|writer| add(writer, name, 0o644, b"text"))
    }

    /// Replaces bytes wherever they are: in the members' own headers and in the list at the end.
    fn patched(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut found = 0;
        for at in 0..=bytes.len() - from.len() {
            if bytes[at..].starts_with(from) {
                bytes[at..at + to.len()].copy_from_slice(to);
                found += 1;
            }
        }
        assert_ne!(found, 0, "nothing was replaced");
        bytes
    }

    fn try_unpack(bytes: &[u8]) -> Result<Pack, UnpackError> {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(bytes).unwrap();
        unpack(&store, &writer.finish(None).unwrap())
    }

    /// The error and its causes, without the digest of the wheel.
    fn refused(bytes: &[u8]) -> String {
        let error = try_unpack(bytes).unwrap_err();
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        let end = text.find("sha256:").map_or(0, |at| at + 71);
        text[end..].to_owned()
    }

    #[test]
    fn modes_times_and_contents_are_kept_and_directories_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut writer = store.blob_writer().unwrap();
        let bytes = archive(|writer| {
            writer.add_directory("a/", SimpleFileOptions::default()).unwrap();
            add(writer, "a/plain", 0o600, b"plain");
            add(writer, "a/tool", 0o710, b"tool");
            let old = SimpleFileOptions::default().last_modified_time(DateTime::default());
            writer.start_file("a/old", old).unwrap();
        });
        writer.write_all(&bytes).unwrap();
        let blob = writer.finish(None).unwrap();
        let pack = unpack(&store, &blob).unwrap();
        let lines: Vec<String> = pack
            .entries
            .iter()
            .map(|(path, node)| format!("{path} {:o} {}", node.mode, node.mtime))
            .collect();
        assert_eq!(
            lines,
            [
                "a/plain 644 2024-02-29T23:59:58Z",
                "a/tool 755 2024-02-29T23:59:58Z",
                "a/old 644 1980-01-01T00:00:00Z"
            ]
        );
        let filetree::Kind::File(content) = &pack.entries[1].1.kind else { panic!() };
        assert_eq!(content.read().unwrap(), b"tool");

        // The pack serves from now on.
        fs_err::remove_file(&blob.path).unwrap();
        assert_eq!(unpack(&store, &blob).unwrap().entries, pack.entries);
        let path = store.derived(KIND, &blob.digest).unwrap();
        fs_err::write(path, "no pack").unwrap();
        assert!(matches!(unpack(&store, &blob), Err(UnpackError::Read { .. })));
    }

    #[test]
    fn a_damaged_blob_names_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(&one("a")).unwrap();
        let blob = writer.finish(None).unwrap();
        fs_err::write(&blob.path, one("b")).unwrap();
        let message = unpack(&store, &blob).unwrap_err().to_string();
        assert!(message.starts_with(&blob.path.display().to_string()), "{message}");
        assert!(message.ends_with("not to its name: delete it and run again"), "{message}");
    }

    #[test]
    fn names_that_are_no_clean_relative_paths_are_refused() {
        for name in ["../x", "a/../x", "a//x", "a/./x"] {
            let message = refused(&one(name));
            assert!(message.contains(&format!("`{name}` is not a path inside")), "{message}");
        }
        for name in ["/x", "./x", "a\\x"] {
            let message = refused(&patched(
                one("q".repeat(name.len()).as_str()),
                "q".repeat(name.len()).as_bytes(),
                name.as_bytes(),
            ));
            assert_eq!(message, format!(": member `{name}` is not named by a clean relative path"));
        }
        let foreign = patched(one("qq"), b"qq", &[0xe9, 0xff]);
        assert!(refused(&foreign).ends_with("has a name that is not UTF-8"));
    }

    #[test]
    fn members_that_no_wheel_may_hold_are_refused() {
        let link = archive(|writer| {
            writer.add_symlink("link", "target", SimpleFileOptions::default()).unwrap();
        });
        assert_eq!(
            refused(&link),
            ": member `link` is a symbolic link, which a wheel must not hold"
        );
        // The type bits of a character device in place of those of a file (0o100644 << 16).
        let device = patched(one("a"), &[0, 0, 0xa4, 0x81], &[0, 0, 0xa4, 0x21]);
        assert_eq!(refused(&device), ": member `a` is neither a file nor a directory");
        let both = archive(|writer| {
            add(writer, "a", 0o644, b"");
            add(writer, "a/b", 0o644, b"");
        });
        assert_eq!(refused(&both), ": member `a` is a file and a directory at once");
    }

    #[test]
    fn archives_that_say_two_things_are_refused() {
        let twice = archive(|writer| {
            add(writer, "one", 0o644, b"1");
            add(writer, "two", 0o644, b"2");
        });
        let twice = patched(twice, b"two", b"one");
        assert!(refused(&twice).contains("not a sound zip archive"), "{}", refused(&twice));
        // The name in the member's own header alone, which comes first.
        let mut other = one("name");
        let at = other.windows(4).position(|window| window == b"name").unwrap();
        other[at] = b'g';
        assert!(refused(&other).contains("not a sound zip archive"), "{}", refused(&other));
        let mut changed = archive(|writer| {
            let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            writer.start_file("a", stored).unwrap();
            writer.write_all(b"some text").unwrap();
        });
        changed = patched(changed, b"some text", b"same text");
        assert!(refused(&changed).contains("cannot unpack member `a`"), "{}", refused(&changed));
        for bytes in [&b""[..], b"PK", b"no archive at all", &one("a")[..40]] {
            assert!(refused(bytes).contains("not a sound zip archive"));
        }
    }

    #[test]
    fn encrypted_members_are_refused() {
        // The first bit of the flags, in the member's own header and in the list.
        let bytes = one("a");
        let mut bytes = patched(bytes, b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\x01\0");
        let list = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        bytes[list + 8] |= 1;
        assert_eq!(refused(&bytes), ": member `a` is encrypted");
    }

    #[test]
    fn archives_that_unpack_to_far_more_than_they_are_are_refused() {
        let bomb = archive(|writer| add(writer, "zeros", 0o644, &vec![0; 100 << 20]));
        let message = refused(&bomb);
        assert!(message.ends_with("bytes when unpacked, at `zeros`"), "{message}");
    }
}
