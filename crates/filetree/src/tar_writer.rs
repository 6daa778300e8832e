//! The tar writer: equal trees give equal bytes.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use names::{Epoch, Sha256};
use tar::{EntryType, Header};

use crate::{Content, Kind, Node, TreePath};

/// Why a tree could not be written as a tar archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TarError {
    /// A file's bytes could not be read, or are not what its digest says.
    #[error("cannot read the content of /{path}")]
    Content {
        /// The file.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// A hard link points at nothing, or at something that is no regular file.
    #[error("/{path}: a hard link to /{target}, which is no file of this archive")]
    DanglingHardLink {
        /// The link.
        path: TreePath,
        /// Where it points.
        target: TreePath,
    },
    /// The output could not be written.
    #[error("cannot write the tar archive")]
    Write(#[source] io::Error),
}

/// One member of an archive: its headers, and where its content comes from.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// Its name in the archive.
    pub path: &'a TreePath,
    /// The header, and the pax header before it where there is one.
    pub header: Vec<u8>,
    /// What follows the header.
    pub content: Option<&'a Content>,
}

impl Member<'_> {
    /// Number of bytes in the archive.
    pub fn size(&self) -> u64 {
        let content = self.content.map_or(0, |content| content.size.next_multiple_of(512));
        self.header.len() as u64 + content
    }

    /// Writes the headers, and the content with its padding.
    ///
    /// # Errors
    /// When the content cannot be read or is damaged, or when `out` fails.
    pub fn write(&self, out: &mut impl Write) -> Result<(), TarError> {
        out.write_all(&self.header).map_err(TarError::Write)?;
        self.content.map_or(Ok(()), |content| write_content(self.path, content, out))
    }
}

/// What ends an archive.
pub const TAR_END: [u8; 1024] = [0; 1024];

/// Writes `entries`, which must come in path order, as a POSIX tar archive with its two zero blocks:
/// the bytes of [`tar_members`] and [`TAR_END`].
///
/// # Errors
/// When a file's content cannot be read or is damaged, when a hard link dangles, or when `out` fails.
pub fn write_tar<'a>(
    entries: impl Iterator<Item = (&'a TreePath, &'a Node)> + Clone,
    clamp: Option<Epoch>,
    out: &mut impl Write,
) -> Result<(), TarError> {
    for member in tar_members(entries, clamp)? {
        member?.write(out)?;
    }
    out.write_all(&TAR_END).map_err(TarError::Write)
}

/// The members of a POSIX tar archive of `entries`, which must come in path order.
///
/// Headers are ustar; a path or target that does not fit, or is not ASCII, goes into a pax header
/// (POSIX.1-2017, pax, "pax Interchange Format"). Owners are numbers alone. Times later than `clamp`
/// are set to it. Extended attributes become pax records `SCHILY.xattr.NAME`, as GNU tar, star and the
/// engines of containers write and read them. The root's own entry is left out. Of the names of one file
/// the first in order carries the content, as unpackers need the target of a hard link before the link.
///
/// # Errors
/// When a hard link dangles.
pub fn tar_members<'a>(
    entries: impl Iterator<Item = (&'a TreePath, &'a Node)> + Clone,
    clamp: Option<Epoch>,
) -> Result<impl Iterator<Item = Result<Member<'a>, TarError>>, TarError> {
    let links = first_names(entries.clone())?;
    let entries = entries.filter(|(path, _)| !path.is_root());
    Ok(entries.map(move |(path, node)| {
        let mtime = clamp.map_or(node.mtime, |clamp| node.mtime.min(clamp));
        let meta = Node { mtime, ..node.clone() };
        let (entry_type, target, content) = match (links.get(path), &node.kind) {
            (Some(Name::Link(first)), _) => (EntryType::Link, Some(first.as_str()), None),
            (Some(&Name::First(content)), _) | (None, Kind::File(content)) => {
                (EntryType::Regular, None, Some(content))
            }
            (None, Kind::Directory) => (EntryType::Directory, None, None),
            (None, Kind::Symlink(target)) => (EntryType::Symlink, Some(target.as_str()), None),
            (None, Kind::HardLink(target)) => {
                let (path, target) = (path.clone(), target.clone());
                return Err(TarError::DanglingHardLink { path, target });
            }
        };
        let size = content.map_or(0, |content| content.size);
        Ok(Member { path, header: header(path, &meta, entry_type, size, target), content })
    }))
}

/// What a name of a file with several names becomes.
enum Name<'a> {
    /// The first in path order: it carries the content.
    First(&'a Content),
    /// A later one: a link to the first.
    Link(&'a TreePath),
}

fn first_names<'a>(
    entries: impl Iterator<Item = (&'a TreePath, &'a Node)> + Clone,
) -> Result<BTreeMap<&'a TreePath, Name<'a>>, TarError> {
    let mut groups: BTreeMap<&TreePath, Vec<&TreePath>> = BTreeMap::new();
    for (path, node) in entries.clone() {
        if let Kind::HardLink(target) = &node.kind {
            groups.entry(target).or_insert_with(|| vec![target]).push(path);
        }
    }
    let mut contents = BTreeMap::new();
    for (path, node) in entries {
        if let (Kind::File(content), true) = (&node.kind, groups.contains_key(path)) {
            contents.insert(path, content);
        }
    }
    let mut names = BTreeMap::new();
    for (target, mut group) in groups {
        let Some(content) = contents.get(target) else {
            let (path, target) = (group[1].clone(), target.clone());
            return Err(TarError::DanglingHardLink { path, target });
        };
        group.sort();
        names.insert(group[0], Name::First(content));
        names.extend(group[1..].iter().map(|path| (*path, Name::Link(group[0]))));
    }
    Ok(names)
}

fn header(
    path: &TreePath,
    node: &Node,
    entry_type: EntryType,
    size: u64,
    target: Option<&str>,
) -> Vec<u8> {
    let name = match entry_type {
        EntryType::Directory => format!("{path}/"),
        _ => path.to_string(),
    };
    let mut header = Header::new_ustar();
    header.set_entry_type(entry_type);
    header.set_mode(node.mode);
    header.set_uid(u64::from(node.uid));
    header.set_gid(u64::from(node.gid));
    header.set_mtime(node.mtime.0);
    header.set_size(size);
    let mut extended = Vec::new();
    if !name.is_ascii() || set_ustar_name(&mut header, &name).is_none() {
        push_record(&mut extended, "path", name.as_bytes());
        let short: String = name.chars().filter(char::is_ascii).take(90).collect();
        set_ustar_name(&mut header, &short);
    }
    if let Some(target) = target
        && (!target.is_ascii()
            || target.len() > 100
            || header.set_link_name_literal(target).is_err())
    {
        push_record(&mut extended, "linkpath", target.as_bytes());
    }
    if size >= 1 << 33 {
        push_record(&mut extended, "size", size.to_string().as_bytes());
        header.set_size(0);
    }
    // Another name of a file has those of the first.
    if entry_type != EntryType::Link {
        for (name, value) in &node.attributes {
            push_record(&mut extended, &format!("SCHILY.xattr.{name}"), value);
        }
    }
    let mut bytes = Vec::with_capacity(512);
    if !extended.is_empty() {
        let mut pax = Header::new_ustar();
        pax.set_entry_type(EntryType::XHeader);
        set_ustar_name(&mut pax, "pax");
        pax.set_mode(0o644);
        pax.set_mtime(node.mtime.0);
        pax.set_uid(0);
        pax.set_gid(0);
        pax.set_size(extended.len() as u64);
        pax.set_cksum();
        bytes.extend_from_slice(pax.as_bytes());
        bytes.extend_from_slice(&extended);
        bytes.extend_from_slice(padding(extended.len() as u64));
    }
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    bytes
}

/// Fills `name`, and `prefix` where `name` alone is too short (ustar: 100 and 155 bytes, split at a
/// slash). `None` where the path does not fit.
fn set_ustar_name(header: &mut Header, path: &str) -> Option<()> {
    let ustar = header.as_ustar_mut().expect("the header was made as ustar");
    let bytes = path.as_bytes();
    if bytes.len() <= 100 {
        ustar.name[..bytes.len()].copy_from_slice(bytes);
        return Some(());
    }
    // The slash between the two is not stored; a directory's last slash stays with its name.
    let last = bytes.len() - 1;
    let split = (0..last).find(|&at| bytes[at] == b'/' && bytes.len() - at - 1 <= 100)?;
    if split > 155 || split == 0 {
        return None;
    }
    ustar.prefix[..split].copy_from_slice(&bytes[..split]);
    let name = &bytes[split + 1..];
    ustar.name[..name.len()].copy_from_slice(name);
    Some(())
}

/// Appends `LENGTH KEY=VALUE\n`, where the length counts itself too.
fn push_record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}

fn write_content(path: &TreePath, content: &Content, out: &mut impl Write) -> Result<(), TarError> {
    let failed = |source| TarError::Content { path: path.clone(), source };
    let mut reader = content.reader().map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = [0; 64 * 1024];
    let mut size = 0;
    loop {
        let read = reader.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        size += read as u64;
        hash.update(&buffer[..read]);
        out.write_all(&buffer[..read]).map_err(TarError::Write)?;
    }
    if size != content.size || hash.finalize() != content.sha256 {
        return Err(failed(content.damaged()));
    }
    out.write_all(padding(size)).map_err(TarError::Write)
}

fn padding(size: u64) -> &'static [u8] {
    &[0; 512][..(512 - (size % 512) as usize) % 512]
}
