//! Pack files: the unpacked form of an archive, as one file of the store.
//!
//! A pack holds the contents of all files one after the other, then an index in JSON, the length of
//! the index as eight little-endian bytes, and eight bytes that name the format. A .deb or a wheel is
//! unpacked once; every tree made from it then points into its pack.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use names::{Digest, Epoch, Hashing, Sha256};
use serde::{Deserialize, Serialize};

use crate::{Content, Kind, Node, TreePath};

const MAGIC: &[u8; 8] = b"CPRPACK2";
const INDEX_LIMIT: u64 = 512 << 20;
/// Behind the index: its SHA-256, its size, the magic.
const TAIL: u64 = 32 + 8 + 8;

/// Why a pack file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the unpacked archive {}: delete it and run again", .path.display())]
pub struct PackError {
    /// The pack file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// An unpacked archive.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    /// The entries in the order of the archive. Parents need not be there, a path may come twice.
    pub entries: Vec<(TreePath, Node)>,
    /// Files that belong to the archive and not to the tree, by name: the control files of a .deb.
    pub attachments: BTreeMap<String, Content>,
}

impl Pack {
    /// Opens the pack file at `path`; contents stay on disk.
    ///
    /// # Errors
    /// When the file cannot be read or is no pack.
    pub fn open(path: &Path) -> Result<Self, PackError> {
        read(path).map_err(|source| PackError { path: path.to_owned(), source })
    }
}

/// Writes a pack file. Finished by [`PackWriter::finish`]; without it the file is no pack.
#[derive(Debug)]
#[must_use = "a pack is complete only after finish()"]
pub struct PackWriter<W: Write> {
    out: W,
    offset: u64,
    index: Index,
}

impl<W: Write> PackWriter<W> {
    /// Starts a pack in `out`.
    pub fn new(out: W) -> Self {
        Self { out, offset: 0, index: Index::default() }
    }

    /// Adds a regular file, reading `content` to its end, and returns the content's digest.
    ///
    /// # Errors
    /// When `content` cannot be read or the pack cannot be written.
    pub fn add_file(
        &mut self,
        path: &TreePath,
        meta: FileMeta,
        content: impl Read,
    ) -> io::Result<Digest> {
        let (offset, size, sha256) = self.copy(content)?;
        let kind = IndexKind::File { offset, size, sha256 };
        self.push(path, meta, kind);
        Ok(sha256)
    }

    /// Adds a directory, symbolic link or hard link.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a regular file, and for an entry with extended attributes,
    /// which no archive that is unpacked into a pack has.
    pub fn add_other(&mut self, path: &TreePath, node: &Node) -> io::Result<()> {
        if !node.attributes.is_empty() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let kind = match &node.kind {
            Kind::Directory => IndexKind::Directory,
            Kind::Symlink(target) => IndexKind::Symlink(target.clone()),
            Kind::HardLink(target) => IndexKind::HardLink(target.to_string()),
            Kind::File(_) => return Err(io::ErrorKind::InvalidInput.into()),
        };
        let meta = FileMeta { mode: node.mode, uid: node.uid, gid: node.gid, mtime: node.mtime };
        self.push(path, meta, kind);
        Ok(())
    }

    /// Adds a file that belongs to the archive and not to the tree.
    ///
    /// # Errors
    /// When `content` cannot be read or the pack cannot be written.
    pub fn attach(&mut self, name: &str, content: impl Read) -> io::Result<()> {
        let (offset, size, sha256) = self.copy(content)?;
        self.index.attachments.insert(name.to_owned(), (offset, size, sha256));
        Ok(())
    }

    /// Writes the index and returns the output, flushed.
    ///
    /// # Errors
    /// When the pack cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        let index = serde_json::to_vec(&self.index)?;
        self.out.write_all(&index)?;
        self.out.write_all(Sha256::digest(&index).as_bytes())?;
        self.out.write_all(&(index.len() as u64).to_le_bytes())?;
        self.out.write_all(MAGIC)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn push(&mut self, path: &TreePath, meta: FileMeta, kind: IndexKind) {
        let FileMeta { mode, uid, gid, mtime } = meta;
        self.index.entries.push((path.to_string(), mode, uid, gid, mtime, kind));
    }

    fn copy(&mut self, mut content: impl Read) -> io::Result<(u64, u64, Digest)> {
        let start = self.offset;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match content.read(&mut buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            self.out.write_all(&buffer[..read])?;
            self.offset += read as u64;
        }
        Ok((start, self.offset - start, hash.finalize()))
    }
}

/// Mode, owner and time of a file that is added to a pack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FileMeta {
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Time of the last change.
    pub mtime: Epoch,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Index {
    entries: Vec<(String, u32, u32, u32, Epoch, IndexKind)>,
    attachments: BTreeMap<String, (u64, u64, Digest)>,
}

#[derive(Debug, Deserialize, Serialize)]
enum IndexKind {
    #[serde(rename = "d")]
    Directory,
    #[serde(rename = "f")]
    File { offset: u64, size: u64, sha256: Digest },
    #[serde(rename = "l")]
    Symlink(String),
    #[serde(rename = "h")]
    HardLink(String),
}

fn read(path: &Path) -> io::Result<Pack> {
    let bad = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
    let mut file = fs_err::File::open(path)?;
    let length = file.metadata()?.len();
    let tail_at = length.checked_sub(TAIL).ok_or_else(|| bad("shorter than its own end"))?;
    file.seek(SeekFrom::Start(tail_at))?;
    let mut tail = [0; TAIL as usize];
    file.read_exact(&mut tail)?;
    let (sha256, rest) = tail.split_at(32);
    let (size, magic) = rest.split_at(8);
    if magic != MAGIC {
        return Err(bad("not a pack, or cut short"));
    }
    let size = u64::from_le_bytes(size.try_into().map_err(|_| bad("cut short"))?);
    let start = tail_at.checked_sub(size).filter(|_| size <= INDEX_LIMIT);
    let start = start.ok_or_else(|| bad("the index is longer than the file"))?;
    file.seek(SeekFrom::Start(start))?;
    let mut hashing = Hashing::new(file.take(size));
    let index: Index = serde_json::from_reader(io::BufReader::new(&mut hashing))?;
    if hashing.finish().0.as_bytes() != sha256 {
        return Err(bad("its index was changed"));
    }

    let path: Arc<Path> = path.into();
    let content = |offset: u64, size: u64, sha256| {
        let inside = offset.checked_add(size).is_some_and(|end| end <= start);
        let slice = || Content::from_slice(Arc::clone(&path), offset, size, sha256);
        inside.then(slice).ok_or_else(|| bad("a file reaches over the index"))
    };
    let tree_path = |text: &str| TreePath::from_member(text).map_err(|_| bad("a bad path"));
    let mut pack = Pack::default();
    for (name, mode, uid, gid, mtime, kind) in index.entries {
        let kind = match kind {
            IndexKind::Directory => Kind::Directory,
            IndexKind::File { offset, size, sha256 } => Kind::File(content(offset, size, sha256)?),
            IndexKind::Symlink(target) => Kind::Symlink(target),
            IndexKind::HardLink(target) => Kind::HardLink(tree_path(&target)?),
        };
        pack.entries.push((tree_path(&name)?, Node::of_root(mode, mtime, kind).owned_by(uid, gid)));
    }
    for (name, (offset, size, sha256)) in index.attachments {
        pack.attachments.insert(name, content(offset, size, sha256)?);
    }
    Ok(pack)
}
