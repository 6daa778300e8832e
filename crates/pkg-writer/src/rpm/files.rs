//! The files of a package, as its header lists them.

use std::collections::BTreeMap;

use filetree::TreePath;

use super::header::{Header, Value};
use super::{Mark, Package, RpmError, tag};
use crate::Accounts;
use crate::entries::{Entry, Form};

/// The largest file that fits into `FILESIZES` and into a header of cpio.
const LARGEST: u64 = u32::MAX as u64;

/// All attributes of a file are verified (`RPMVERIFY_ALL`); of a ghost not its digest, size, target
/// and time.
const VERIFY_ALL: u32 = u32::MAX;
const VERIFY_GHOST: u32 = !0b10_0111;

/// One file of a package.
#[derive(Clone, Debug)]
pub(super) struct File<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) mark: Option<Mark>,
    pub(super) user: &'a str,
    pub(super) group: &'a str,
    /// The same for all names of one file.
    pub(super) inode: u32,
}

impl File<'_> {
    /// File type and permissions (`stat(2)`).
    pub(super) fn mode(&self) -> u16 {
        let file_type = match self.entry.form {
            Form::Directory => 0o040_000,
            Form::Symlink(_) => 0o120_000,
            Form::File { .. } => 0o100_000,
        };
        file_type | (self.entry.mode & 0o7777) as u16
    }

    /// Number of bytes; of a symbolic link those of its target.
    pub(super) fn size(&self) -> u64 {
        match self.entry.form {
            Form::Directory => 0,
            Form::Symlink(target) => target.len() as u64,
            Form::File { content, .. } => content.size,
        }
    }

    /// The time, as far as 32 bits go: the year 2106.
    pub(super) fn mtime(&self) -> u32 {
        u32::try_from(self.entry.mtime.0).unwrap_or(u32::MAX)
    }

    /// Whether the payload has it.
    pub(super) fn is_packed(&self) -> bool {
        self.mark != Some(Mark::Ghost)
    }
}

/// The files of `package`, in the order of the tree.
pub(super) fn files<'a>(
    entries: Vec<Entry<'a>>,
    package: &Package,
    accounts: &'a Accounts,
) -> Result<Vec<File<'a>>, RpmError> {
    let known = |path: &TreePath| entries.binary_search_by(|entry| entry.path.cmp(path)).is_ok();
    if let Some(path) = package.marks.keys().chain(&package.left_out).find(|path| !known(path)) {
        return Err(RpmError::NoEntry { path: path.clone() });
    }
    let mut inodes: BTreeMap<&TreePath, u32> = BTreeMap::new();
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        let mark = package.marks.get(entry.path).copied();
        let left_out = package.left_out.contains(entry.path);
        if let Form::File { names: 2.., .. } = entry.form
            && (left_out || mark == Some(Mark::Ghost))
        {
            return Err(RpmError::HardLinkApart { path: entry.path.clone() });
        }
        if left_out {
            continue;
        }
        let unnamed = |kind, number| {
            let path = entry.path.clone();
            RpmError::Account { path, kind, number }
        };
        let user = accounts.user(entry.uid).ok_or_else(|| unnamed("user", entry.uid))?;
        let group = accounts.group(entry.gid).ok_or_else(|| unnamed("group", entry.gid))?;
        let next = inodes.len() as u32 + 1;
        let identity = match entry.form {
            Form::File { first, .. } => first,
            _ => entry.path,
        };
        let inode = *inodes.entry(identity).or_insert(next);
        files.push(File { entry, mark, user, group, inode });
    }
    Ok(files)
}

/// Whether a file is too large for an ordinary payload.
pub(super) fn has_large(files: &[File<'_>]) -> bool {
    files.iter().any(|file| file.size() > LARGEST)
}

/// Number of bytes of all files and links, those with several names once.
pub(super) fn total_size(files: &[File<'_>]) -> u64 {
    let size = |file: &File<'_>| match file.entry.form {
        Form::File { position: 1.., .. } => 0,
        _ => file.size(),
    };
    files.iter().map(size).sum()
}

/// The places of the files in the order of the payload: that of the header, but files with several names
/// come at its end, their names one after the other. rpm keeps only one file open for names to come.
pub(super) fn payload_order(files: &[File<'_>]) -> Vec<usize> {
    let packed = (0..files.len()).filter(|index| files[*index].is_packed());
    let mut order: Vec<usize> = packed.collect();
    // Stable: what is alike stays in the order of the header.
    order.sort_by_key(|index| match files[*index].entry.form {
        Form::File { names: 2.., .. } => files[*index].inode,
        _ => 0,
    });
    order
}

/// Sets the tags that list `files`.
pub(super) fn describe(files: &[File<'_>], header: &mut Header) {
    let total = total_size(files);
    match u32::try_from(total) {
        Ok(total) => header.set_number(tag::SIZE, total),
        Err(_) => header.set(tag::LONG_SIZE, Value::Int64(vec![total])),
    }
    if files.is_empty() {
        return;
    }
    let numbers = |of: &dyn Fn(&File<'_>) -> u32| Value::Int32(files.iter().map(of).collect());
    let texts = |of: &dyn Fn(&File<'_>) -> String| Value::Texts(files.iter().map(of).collect());
    if has_large(files) {
        let sizes = files.iter().map(File::size).collect();
        header.set(tag::LONG_FILE_SIZES, Value::Int64(sizes));
    } else {
        header.set(tag::FILE_SIZES, numbers(&|file| file.size() as u32));
    }
    header.set(tag::FILE_MODES, Value::Int16(files.iter().map(File::mode).collect()));
    header.set(tag::FILE_RDEVS, Value::Int16(vec![0; files.len()]));
    header.set(tag::FILE_MTIMES, numbers(&|file| file.mtime()));
    header.set(
        tag::FILE_DIGESTS,
        texts(&|file| match file.entry.form {
            Form::File { content, .. } if file.is_packed() => content.sha256.hex(),
            _ => String::new(),
        }),
    );
    header.set(
        tag::FILE_LINKTOS,
        texts(&|file| match file.entry.form {
            Form::Symlink(target) => target.to_owned(),
            _ => String::new(),
        }),
    );
    header.set(tag::FILE_FLAGS, numbers(&|file| file.mark.map_or(0, Mark::flags)));
    header.set(tag::FILE_USERNAME, texts(&|file| file.user.to_owned()));
    header.set(tag::FILE_GROUPNAME, texts(&|file| file.group.to_owned()));
    let verify = |file: &File<'_>| if file.is_packed() { VERIFY_ALL } else { VERIFY_GHOST };
    header.set(tag::FILE_VERIFY_FLAGS, numbers(&verify));
    header.set(tag::FILE_DEVICES, numbers(&|_| 1));
    header.set(tag::FILE_INODES, numbers(&|file| file.inode));
    header.set(tag::FILE_LANGS, texts(&|_| String::new()));
    header.set_number(tag::FILE_DIGEST_ALGORITHM, tag::SHA256);
    describe_names(files, header);
}

/// Each path as a folder, by its place in a list, and a name.
fn describe_names(files: &[File<'_>], header: &mut Header) {
    let mut places: BTreeMap<String, u32> = BTreeMap::new();
    let (mut folders, mut indexes, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        let parent = file.entry.path.parent().unwrap_or_default();
        let folder = if parent.is_root() { "/".to_owned() } else { format!("/{parent}/") };
        let next = folders.len() as u32;
        let index = *places.entry(folder.clone()).or_insert(next);
        if index == next {
            folders.push(folder);
        }
        indexes.push(index);
        names.push(file.entry.path.file_name().to_owned());
    }
    header.set(tag::DIR_INDEXES, Value::Int32(indexes));
    header.set(tag::BASE_NAMES, Value::Texts(names));
    header.set(tag::DIR_NAMES, Value::Texts(folders));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use filetree::{Content, Node, Tree};
    use names::{Digest, Epoch};

    use super::*;

    #[test]
    fn a_file_over_four_gibibytes_has_a_long_size() {
        let digest = Digest::from_bytes([1; 32]);
        for (size, large) in [(LARGEST, false), (LARGEST + 1, true)] {
            let content = Content::from_slice(Path::new("/none").into(), 0, size, digest);
            let mut tree = Tree::new();
            tree.insert("a".parse().unwrap(), Node::file(0o644, Epoch(1), content)).unwrap();
            tree.insert("b".parse().unwrap(), Node::symlink("a", Epoch(1))).unwrap();
            let entries = crate::entries::list(&tree, Epoch(2), None).unwrap();
            let accounts = Accounts::default();
            let files = files(entries, &Package::default(), &accounts).unwrap();
            assert_eq!(has_large(&files), large);
            let mut header = Header::default();
            describe(&files, &mut header);
            let long = large.then(|| Value::Int64(vec![size, 1]));
            assert_eq!(header.value(tag::LONG_FILE_SIZES), long.as_ref());
            assert_eq!(header.value(tag::FILE_SIZES).is_some(), !large);
            // The link's target counts too.
            assert_eq!(header.value(tag::LONG_SIZE), Some(&Value::Int64(vec![size + 1])));
        }
    }
}
