//! The two tar archives inside a .deb, by the rules of dpkg's own reader (deb(5), `lib/dpkg/tarfn.c`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Read, Write};

use filetree::{FileMeta, Kind, Node, PackWriter, TreePath};
use names::Epoch;
use tar::{Archive, Entry, EntryType};

use super::DebFault;
use super::control::{MODES, OWNERS};

/// The kernel's own limit for paths and links (`PATH_MAX`).
const NAME_LIMIT: u64 = 4096;
/// The largest packages have some 100,000 files. The index of so many takes some 200 MB.
const ENTRY_LIMIT: usize = 500_000;

/// Reads the control archive: each of its files becomes an attachment of the pack.
pub(super) fn read_control<W: Write>(
    input: impl Read,
    pack: &mut PackWriter<W>,
) -> Result<(), DebFault> {
    let mut modes = BTreeMap::new();
    walk(input, |member, entry| {
        if member.path.is_root() {
            return Ok(());
        }
        let name = member.path.as_str();
        if member.kind != EntryType::Regular {
            return Err(member.refused("only files may be among the control files"));
        }
        if name.contains('/') || name.starts_with('.') {
            return Err(member.refused("not the name of a control file"));
        }
        if modes.insert(name.to_owned(), member.meta.mode).is_some() {
            return Err(member.refused("it comes twice"));
        }
        let mut content = Counted { inner: entry, read: 0 };
        pack.attach(name, &mut content)?;
        content.check(&member)
    })?;
    let mut text = String::new();
    for (name, mode) in &modes {
        writeln!(text, "{mode:04o} {name}").expect("a String takes every write");
    }
    pack.attach(MODES, text.as_bytes())?;
    Ok(())
}

/// Reads the data archive: its entries become those of the pack.
pub(super) fn read_data<W: Write>(
    input: impl Read,
    pack: &mut PackWriter<W>,
) -> Result<(), DebFault> {
    let mut seen: BTreeMap<TreePath, EntryType> = BTreeMap::new();
    let mut holders: BTreeSet<TreePath> = BTreeSet::new();
    let mut owners = String::new();
    walk(input, |member, entry| {
        let Member { path, meta, .. } = &member;
        let mut above = path.parent();
        while let Some(parent) = above.filter(|parent| !parent.is_root()) {
            if seen.get(&parent).is_some_and(|kind| *kind != EntryType::Directory) {
                return Err(member.refused("what holds it is no directory in this archive"));
            }
            above = parent.parent();
            if !holders.insert(parent) {
                break;
            }
        }
        if member.kind != EntryType::Directory && holders.contains(path) {
            return Err(member.refused("it is no directory, and others lie in it"));
        }
        match seen.insert(path.clone(), member.kind) {
            Some(EntryType::Directory) if member.kind == EntryType::Directory => return Ok(()),
            Some(_) => return Err(member.refused("it comes twice")),
            None => {}
        }
        if !(member.user == "root" && member.group == "root") {
            let (user, group) = (&member.user, &member.group);
            writeln!(owners, "{user}\t{group}\t{path}").expect("a String takes every write");
        }
        let mut add = |kind| {
            let FileMeta { mode, uid, gid, mtime } = *meta;
            pack.add_other(path, &Node::of_root(mode, mtime, kind).owned_by(uid, gid))
        };
        match member.kind {
            EntryType::Directory => add(Kind::Directory)?,
            EntryType::Symlink => {
                if member.target.is_empty() {
                    return Err(member.refused("a link to nothing"));
                }
                add(Kind::Symlink(member.target.clone()))?;
            }
            EntryType::Link => {
                let target = TreePath::from_member(&member.target)
                    .map_err(|error| member.refused(&error.to_string()))?;
                let file = matches!(seen.get(&target), Some(EntryType::Regular | EntryType::Link));
                if !file || target == *path {
                    return Err(member.refused("a hard link to no file before it"));
                }
                add(Kind::HardLink(target))?;
            }
            _ if path.is_root() => return Err(member.refused("the root is a directory")),
            _ => {
                let mut content = Counted { inner: entry, read: 0 };
                pack.add_file(path, *meta, &mut content).map_err(|error| match error.kind() {
                    io::ErrorKind::FileTooLarge => member.refused(&error.to_string()),
                    _ => DebFault::Read(error),
                })?;
                content.check(&member)?;
            }
        }
        Ok(())
    })?;
    pack.attach(OWNERS, owners.as_bytes())?;
    Ok(())
}

/// A member of a tar archive.
pub(super) struct Member {
    name: String,
    pub(super) path: TreePath,
    pub(super) kind: EntryType,
    meta: FileMeta,
    pub(super) size: u64,
    target: String,
    user: String,
    group: String,
}

impl Member {
    fn refused(&self, reason: &str) -> DebFault {
        DebFault::Member { member: self.name.clone(), reason: reason.to_owned() }
    }

    /// An archive that ends too early looks like a short file otherwise.
    pub(super) fn check_size(&self, read: u64) -> Result<(), DebFault> {
        if self.kind != EntryType::Regular || read == self.size {
            return Ok(());
        }
        Err(self.refused("the archive ends before the file does"))
    }
}

/// Calls `each` for every member, long names put together; then reads the input to its end, so that
/// the checksums of the compression are checked too.
pub(super) fn walk<'a, R: Read + 'a>(
    input: R,
    mut each: impl FnMut(Member, &mut Entry<'_, R>) -> Result<(), DebFault>,
) -> Result<(), DebFault> {
    let mut archive = Archive::new(input);
    let (mut long_name, mut long_target) = (None, None);
    for (index, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        let header = entry.header();
        let name = match header.entry_type() {
            EntryType::GNULongName | EntryType::GNULongLink => String::new(),
            _ => match long_name.take() {
                Some(name) => name,
                None => text(&header.path_bytes())?,
            },
        };
        let refused =
            |reason: &str| DebFault::Member { member: name.clone(), reason: reason.to_owned() };
        if index >= ENTRY_LIMIT {
            return Err(refused("there are too many members before it"));
        }
        let kind = match header.entry_type() {
            EntryType::GNULongName => {
                long_name = Some(read_long(&mut entry)?);
                continue;
            }
            EntryType::GNULongLink => {
                long_target = Some(read_long(&mut entry)?);
                continue;
            }
            EntryType::Regular | EntryType::Continuous if name.ends_with('/') => {
                EntryType::Directory
            }
            EntryType::Regular | EntryType::Continuous => EntryType::Regular,
            kind @ (EntryType::Directory | EntryType::Symlink | EntryType::Link) => kind,
            EntryType::Block | EntryType::Char | EntryType::Fifo => {
                return Err(refused("devices and pipes are not supported"));
            }
            EntryType::XHeader | EntryType::XGlobalHeader => {
                return Err(refused("extended headers are not part of the format"));
            }
            _ => return Err(refused("an unknown type of member")),
        };
        let path = TreePath::from_member(&name).map_err(|error| refused(&error.to_string()))?;
        let number = |value: io::Result<u64>| {
            let value = value.map_err(|_| refused("a number in its header is damaged"))?;
            u32::try_from(value).map_err(|_| refused("a number in its header is too large"))
        };
        let meta = FileMeta {
            mode: header.mode().map_err(|_| refused("its mode is damaged"))? & 0o7777,
            uid: number(header.uid())?,
            gid: number(header.gid())?,
            mtime: Epoch(header.mtime().map_err(|_| refused("its time is damaged"))?),
        };
        let size = header.entry_size().map_err(|_| refused("its size is damaged"))?;
        if kind != EntryType::Regular && size != 0 {
            return Err(refused("it has a size and is no file"));
        }
        let target = match long_target.take() {
            Some(target) => target,
            None => text(&header.link_name_bytes().unwrap_or_default())?,
        };
        // A link shows mode 0777 on Linux, whatever the archive says.
        let meta = match kind {
            EntryType::Symlink => FileMeta { mode: 0o777, ..meta },
            _ => meta,
        };
        let user = owner(header.username_bytes())?;
        let group = owner(header.groupname_bytes())?;
        each(Member { name, path, kind, meta, size, target, user, group }, &mut entry)?;
    }
    if long_name.is_some() || long_target.is_some() {
        let reason = "it names no member".to_owned();
        return Err(DebFault::Member { member: long_name.unwrap_or_default(), reason });
    }
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(())
}

/// A GNU long name: the content of a member before the one that it names.
fn read_long(entry: &mut impl Read) -> Result<String, DebFault> {
    let mut bytes = Vec::new();
    entry.take(NAME_LIMIT + 1).read_to_end(&mut bytes)?;
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.len() as u64 >= NAME_LIMIT {
        let member = String::from_utf8_lossy(&bytes[..60]).into_owned();
        return Err(DebFault::Member { member, reason: "its name is too long".to_owned() });
    }
    text(&bytes)
}

fn text(bytes: &[u8]) -> Result<String, DebFault> {
    let text = str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    text.map(str::to_owned).ok_or_else(|| DebFault::Member {
        member: String::from_utf8_lossy(bytes).escape_debug().to_string(),
        reason: "its name or target is not UTF-8 text".to_owned(),
    })
}

fn owner(bytes: Option<&[u8]>) -> Result<String, DebFault> {
    let name = text(bytes.unwrap_or_default())?;
    let good = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    if name.bytes().all(good) {
        return Ok(name);
    }
    Err(DebFault::Member { member: name, reason: "not the name of a user or group".to_owned() })
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl<R> Counted<R> {
    fn check(&self, member: &Member) -> Result<(), DebFault> {
        member.check_size(self.read)
    }
}
