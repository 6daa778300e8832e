//! Source archives to pack files.

mod long;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::PathBuf;

use decompress::Format;
use filetree::{FileMeta, Kind, Node, Pack, PackError, PackWriter, PathError, TreePath};
use names::{Digest, Epoch, Hashing};
use store::{Blob, BlobError, Store};
use tar::{Archive, EntryType};

use crate::counting::Counting;
use long::{Fault, Long};

/// The kind of the derived file. The number grows when the same archive would give another pack.
const KIND: &str = "sdist-2";
/// The largest source archives of OpenStack have some ten thousand members.
const MOST_MEMBERS: usize = 200_000;
/// Bytes of the archive without compression.
const LARGEST: u64 = 2 << 30;
/// Times that the archive may grow when it is inflated, after the first [`FREE`] bytes. Deflate itself
/// reaches 1,032.
const RATIO: u64 = 200;
const FREE: u64 = 64 << 20;

/// Why a source archive cannot be unpacked. Members are named as in the archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SdistError {
    /// The blob or the archive in it cannot be read.
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
    /// It is another kind of archive.
    #[error(
        "{archive} is {what}, and a source archive is a tar archive, as it is or compressed by gzip, xz or \
         zstd: pack it anew, with one folder that holds all"
    )]
    Kind {
        /// The archive.
        archive: Digest,
        /// What it is.
        what: &'static str,
    },
    /// It holds more than a source archive may.
    #[error("{archive} is refused: {what}")]
    Limit {
        /// The archive.
        archive: Digest,
        /// What is too much, with the limit.
        what: String,
    },
    /// A member's name leads nowhere or elsewhere.
    #[error("{archive}: a member cannot be taken")]
    Path {
        /// The archive.
        archive: Digest,
        /// Why.
        source: PathError,
    },
    /// A member is not what a source archive may hold.
    #[error("{archive}: member `{member}` {what}")]
    Member {
        /// The archive.
        archive: Digest,
        /// The member.
        member: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The pack did not enter the store.
    #[error("{archive}: cannot put the unpacked archive into the store")]
    Store {
        /// The archive.
        archive: Digest,
        /// Why.
        source: BlobError,
    },
    /// The pack just written cannot be read.
    #[error("{archive}: cannot read the unpacked archive")]
    Pack {
        /// The archive.
        archive: Digest,
        /// Why.
        source: PackError,
    },
}

/// Unpacks the source archive `blob`, a `.tar.gz` with one folder at its top (PyPA's "source
/// distribution format", PEP 625), or the same with xz, with zstd or without compression, into a pack of
/// `store`, or takes the pack that is there. The folder at the top is left out of the paths.
///
/// Modes are 0644, or 0755 where the owner may execute the file; owners are root; times are those of
/// the members. Refused are names and links that lead out of the archive, a name that comes twice,
/// devices, and archives that are larger than any source or inflate to far more than they are.
///
/// # Errors
/// When the blob is damaged or refused, or the store cannot be written.
pub fn unpack_sdist(store: &Store, blob: &Blob) -> Result<Pack, SdistError> {
    let archive = blob.digest;
    if let Some(path) = store.derived(KIND, &archive)
        && let Ok(pack) = Pack::open(&path)
    {
        return Ok(pack);
    }
    let stored = |source| SdistError::Store { archive, source };
    let mut out = store.derived_writer(KIND, &archive).map_err(stored)?;
    let file = fs_err::File::open(&blob.path)
        .map_err(|source| SdistError::Read { path: blob.path.clone(), source })?;
    let mut hashed = Hashing::new(file);
    let written = write_pack(&mut hashed, blob, &mut out);
    // A damaged blob is the reason for whatever else has gone wrong.
    let read = |source| SdistError::Read { path: blob.path.clone(), source };
    let (actual, _) = hashed.finish_reading().map_err(read)?;
    if actual != archive {
        return Err(SdistError::Damaged { path: blob.path.clone(), actual });
    }
    written?;
    let path = out.finish().map_err(stored)?;
    Pack::open(&path).map_err(|source| SdistError::Pack { archive, source })
}

fn write_pack(input: impl Read, blob: &Blob, out: impl io::Write) -> Result<(), SdistError> {
    let archive = blob.digest;
    let failed = |source| SdistError::Read { path: blob.path.clone(), source };
    let allowed = LARGEST.min(blob.size.saturating_mul(RATIO).saturating_add(FREE));
    // One byte more than allowed, so that what is too large is told from what fits.
    let mut input = BufReader::new(input);
    let start = input.fill_buf().map_err(failed)?;
    if let Some(what) = other_kind(start) {
        return Err(SdistError::Kind { archive, what });
    }
    let format = Format::of_start(start);
    let plain = decompress::reader(format, input).map_err(failed)?.take(allowed + 1);
    let mut members = Archive::new(plain);
    let mut pack = PackWriter::new(io::BufWriter::new(out));
    let mut kinds: BTreeMap<TreePath, bool> = BTreeMap::new();
    let mut holders: BTreeSet<TreePath> = BTreeSet::new();
    let mut top = None;
    let mut left = allowed;
    let mut long = Long::default();
    // Raw: the reader would take a long name, or what stands in for one, into memory whatever its size.
    for (index, entry) in members.entries().map_err(failed)?.raw(true).enumerate() {
        let mut entry = entry.map_err(failed)?;
        let kind = entry.header().entry_type();
        if index >= MOST_MEMBERS {
            let what = format!("more than {MOST_MEMBERS} members");
            return Err(SdistError::Limit { archive, what });
        }
        left = left.checked_sub(entry.size()).ok_or_else(|| SdistError::Limit {
            archive,
            what: format!("more than {allowed} bytes when unpacked"),
        })?;
        let said = |member, what| SdistError::Member { archive, member, what };
        if long.take_in(&mut entry).map_err(|fault| match fault {
            Fault::Read(error) => failed(error),
            Fault::Refused(what) => said(format!("number {}", index + 1), what),
        })? {
            continue;
        }
        let Long { name, target } = std::mem::take(&mut long);
        let name = name.unwrap_or_else(|| entry.path_bytes().into_owned());
        let name = String::from_utf8(name).map_err(|error| {
            let member = error.as_bytes().escape_ascii().to_string();
            said(member, "has a name that is not UTF-8")
        })?;
        let refused = |what| said(name.clone(), what);
        let target = target.unwrap_or_else(|| {
            entry.link_name_bytes().map(|target| target.into_owned()).unwrap_or_default()
        });
        let target = String::from_utf8(target)
            .map_err(|_| refused("is a link to a name that is not UTF-8"))?;
        let whole =
            TreePath::from_member(&name).map_err(|source| SdistError::Path { archive, source })?;
        let (first, rest) = match whole.as_str().split_once('/') {
            Some((first, rest)) => (first, rest),
            None => (whole.as_str(), ""),
        };
        if top.get_or_insert_with(|| first.to_owned()) != first {
            return Err(refused("lies beside the folder that holds the others"));
        }
        if rest.is_empty() {
            if kind == EntryType::Directory {
                continue;
            }
            return Err(refused("is no folder, but must be the one that holds all others"));
        }
        let path =
            TreePath::from_member(rest).map_err(|source| SdistError::Path { archive, source })?;
        let mut above = path.parent();
        while let Some(parent) = above.filter(|parent| !parent.is_root()) {
            if kinds.get(&parent) == Some(&false) {
                return Err(refused("lies in something that is no folder"));
            }
            above = parent.parent();
            holders.insert(parent);
        }
        let folder = kind == EntryType::Directory;
        if !folder && holders.contains(&path) {
            return Err(refused("is no folder, and others lie in it"));
        }
        match kinds.insert(path.clone(), folder) {
            Some(true) if folder => continue,
            Some(_) => return Err(refused("comes twice")),
            None => {}
        }
        let mode = entry.header().mode().map_err(failed)?;
        let mtime = Epoch(entry.header().mtime().map_err(failed)?);
        match kind {
            EntryType::Directory => {
                pack.add_other(&path, &Node::directory(0o755, mtime)).map_err(failed)?;
            }
            EntryType::Regular | EntryType::Continuous => {
                let mode = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
                let meta = FileMeta { mode, uid: 0, gid: 0, mtime };
                let size = entry.size();
                let mut content = Counting { inner: &mut entry, read: 0 };
                pack.add_file(&path, meta, &mut content).map_err(failed)?;
                if content.read != size {
                    return Err(refused("is not as long as the archive says"));
                }
            }
            EntryType::Symlink => {
                if !stays_inside(&path, &target) {
                    return Err(refused("is a link that leads out of the archive"));
                }
                pack.add_other(&path, &Node::symlink(target, mtime)).map_err(failed)?;
            }
            EntryType::Link => {
                let inside =
                    target.split_once('/').filter(|(first, _)| Some(*first) == top.as_deref());
                let target = inside.and_then(|(_, rest)| TreePath::from_member(rest).ok());
                let target = target.filter(|target| kinds.get(target) == Some(&false));
                let target =
                    target.ok_or_else(|| refused("is a hard link to no file before it"))?;
                let node = Node { kind: Kind::HardLink(target), ..Node::directory(0o644, mtime) };
                pack.add_other(&path, &node).map_err(failed)?;
            }
            _ => return Err(refused("is neither file, folder nor link")),
        }
    }
    if long != Long::default() {
        return Err(SdistError::Member {
            archive,
            member: "the last".to_owned(),
            what: "is the name of no member",
        });
    }
    // To the end, so that the checksum of the compression counts.
    let mut rest = members.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(failed)?;
    if rest.limit() == 0 {
        let what = format!("more than {allowed} bytes when unpacked");
        return Err(SdistError::Limit { archive, what });
    }
    pack.finish().map_err(failed)?;
    Ok(())
}

/// What an archive is that is not read here, by how it begins.
fn other_kind(start: &[u8]) -> Option<&'static str> {
    match start {
        [b'P', b'K', 3, 4, ..] => Some("a zip archive"),
        [b'B', b'Z', b'h', _, b'1', b'A', b'Y', b'&', b'S', b'Y', ..] => {
            Some("compressed by bzip2")
        }
        _ => None,
    }
}

/// Whether a symbolic link at `path` to `target` stays below the top, whatever its neighbours are. So
/// `..` after a name counts as leading out: that name may be a link itself.
fn stays_inside(path: &TreePath, target: &str) -> bool {
    if target.is_empty() || target.starts_with('/') {
        return false;
    }
    let depth = path.as_str().split('/').count() - 1;
    let parts: Vec<&str> = target.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let up = parts.iter().take_while(|part| **part == "..").count();
    up <= depth && !parts[up..].contains(&"..")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A name, a kind, and a content or the target of a link.
    type Member = (&'static str, EntryType, &'static str);

    /// An archive of these members, unpacked, with each compression and without.
    fn sdist(members: &[Member]) -> Result<Vec<String>, String> {
        let tar = archive(members);
        let plain = unpacked(&tar);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).unwrap();
        let xz = liblzma::encode_all(&tar[..], 0).unwrap();
        let zstd = zstd::encode_all(&tar[..], 1).unwrap();
        for packed in [gzip.finish().unwrap(), xz, zstd] {
            let packed = unpacked(&packed);
            if packed.is_ok() != plain.is_ok() || (packed.is_ok() && packed != plain) {
                return Err(format!("with compression {packed:?}, without {plain:?}"));
            }
        }
        plain
    }

    fn archive(members: &[Member]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, kind, text) in members {
            let mut header = tar::Header::new_ustar();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o755);
            header.set_mtime(7);
            let content = if *kind == EntryType::Regular { text.as_bytes() } else { b"" };
            if matches!(kind, EntryType::Symlink | EntryType::Link) {
                header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
            }
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append(&header, content).unwrap();
        }
        tar.into_inner().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(bytes).unwrap();
        let pack = unpack_sdist(&store, &writer.finish(None).unwrap());
        let pack = pack.map_err(|error| error.to_string())?;
        Ok(pack.entries.iter().map(|(path, node)| format!("{path} {:o}", node.mode)).collect())
    }

    #[test]
    fn the_folder_at_the_top_is_left_out() {
        use EntryType::{Directory, Regular, Symlink};
        let members = [
            ("a-1/", Directory, ""),
            ("a-1/x.py", Regular, "x"),
            ("a-1/b/y", Regular, ""),
            ("a-1/b/z", Symlink, "../x.py"),
        ];
        assert_eq!(sdist(&members).unwrap(), ["x.py 755", "b/y 755", "b/z 777"]);
    }

    #[test]
    fn what_leads_out_is_refused() {
        use EntryType::{Char, Link, Regular, Symlink};
        let cases: [(&[Member], &str); 8] = [
            (&[("a-1/../../x", Regular, "")], "a member cannot be taken"),
            (&[("a-1/l", Symlink, "../x")], "leads out"),
            (&[("a-1/l", Symlink, "/etc/passwd")], "leads out"),
            (&[("a-1/l", Symlink, "b"), ("a-1/l/x", Regular, "")], "no folder"),
            (&[("a-1/x", Regular, ""), ("b-1/x", Regular, "")], "beside the folder"),
            (&[("a-1/x", Regular, ""), ("a-1/x", Regular, "")], "comes twice"),
            (&[("a-1/h", Link, "a-1/x")], "no file before it"),
            (&[("a-1/d", Char, "")], "neither file"),
        ];
        for (members, reason) in cases {
            let error = sdist(members).unwrap_err();
            assert!(error.contains(reason), "{members:?}: {error}");
        }
    }

    #[test]
    fn other_archives_are_named() {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        zip.start_file("a-1/x.py", zip::write::SimpleFileOptions::default()).unwrap();
        let zip = zip.finish().unwrap().into_inner();
        assert!(unpacked(&zip).unwrap_err().contains("is a zip archive, and"));
        assert!(
            unpacked(b"BZh91AY&SY and more").unwrap_err().contains("is compressed by bzip2, and")
        );
    }
}
