//! The libraries of one directory after the other, and the links to their SONAMEs.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use filetree::{Kind, Tree, TreePath};
use names::Arch;

use super::super::files;
use super::conf::Directory;
use super::{FileError, LdCacheError};

/// Entries are kept in order by insertion, as ldconfig does: time grows with the square.
const ENTRY_LIMIT: usize = 20_000;

/// The dynamic loaders of Debian's architectures: a link to one that exists is never changed.
const LOADERS: [&str; 10] = [
    "ld-kfreebsd-x86-64.so.1",
    "ld-linux-aarch64.so.1",
    "ld-linux-aarch64_be.so.1",
    "ld-linux-armhf.so.3",
    "ld-linux-ia64.so.2",
    "ld-linux-mipsn8.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux.so.2",
    "ld-linux.so.3",
    "ld64.so.1",
];

/// An entry of the cache.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    pub(super) soname: Vec<u8>,
    /// Path of the file, as the directory was written.
    pub(super) path: Vec<u8>,
    pub(super) flags: i32,
    pub(super) isa_level: u32,
    pub(super) hwcaps: Option<String>,
}

/// What was found so far; the entries are in the order of the cache.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) entries: Vec<Entry>,
    pub(super) links: BTreeMap<TreePath, String>,
    pub(super) stale: BTreeSet<TreePath>,
}

/// The file that stands for a SONAME in one directory.
struct Candidate {
    name: String,
    is_link: bool,
    flags: i32,
    isa_level: u32,
}

impl Scan {
    pub(super) fn add_directory(
        &mut self,
        tree: &Tree,
        arch: Arch,
        directory: &Directory,
    ) -> Result<(), LdCacheError> {
        let mut candidates: BTreeMap<Vec<u8>, Candidate> = BTreeMap::new();
        for name in files::children(tree, &directory.place)? {
            let Some((soname, found)) = self.candidate(tree, arch, directory, &name)? else {
                continue;
            };
            match candidates.get_mut(&soname) {
                None => {
                    candidates.insert(soname, found);
                }
                Some(old) => {
                    // A file is better than a link; of two alike, the newer one.
                    let newer = compare_names(arch, old.name.as_bytes(), name.as_bytes()).is_lt();
                    if (!found.is_link && old.is_link) || (found.is_link == old.is_link && newer) {
                        *old = Candidate { flags: old.flags, ..found };
                    }
                }
            }
        }
        for (soname, found) in candidates {
            let file = match directory.hwcaps {
                Some(_) => found.name.clone().into_bytes(),
                None => soname.clone(),
            };
            if directory.hwcaps.is_none() && !found.is_link {
                self.add_link(tree, &directory.place, &found.name, &soname)?;
            }
            let path = [directory.path.as_bytes(), b"/", &file].concat();
            let Candidate { flags, isa_level, .. } = found;
            let hwcaps = directory.hwcaps.clone();
            self.insert(arch, Entry { soname, path, flags, isa_level, hwcaps })?;
        }
        Ok(())
    }

    /// The SONAME for which the file `name` may stand.
    fn candidate(
        &mut self,
        tree: &Tree,
        arch: Arch,
        directory: &Directory,
        name: &str,
    ) -> Result<Option<(Vec<u8>, Candidate)>, LdCacheError> {
        let Ok(path) = directory.place.join(name) else { return Ok(None) };
        let Some(node) = tree.get(&path) else { return Ok(None) };
        let is_link = matches!(node.kind, Kind::Symlink(_));
        let looks_like_one = is_library_name(name) || (is_link && directory.hwcaps.is_some());
        if node.is_directory() || is_temporary(name) || !looks_like_one {
            return Ok(None);
        }
        let place = tree.resolve(&path).map_err(FileError::from)?;
        match tree.get(&place) {
            None if name.contains(".so.") => {
                self.stale.insert(path);
                return Ok(None);
            }
            None => return Ok(None),
            Some(node) if node.is_directory() => return Ok(None),
            Some(_) => {}
        }
        let Some((place, content)) = files::find(tree, &path)? else { return Ok(None) };
        let library = elf::library(content, arch)
            .map_err(|source| FileError::Read { path: place, source })?;
        let Some(library) = library else { return Ok(None) };
        let soname = library.soname.unwrap_or_else(|| name.as_bytes().to_vec());
        // A link counts as one only when it is called like the SONAME or is the `.so` of the
        // developer's package; any other is taken for a file.
        let counts_as_link = is_link
            && (name.as_bytes() == soname
                || (name.ends_with(".so") && soname.starts_with(name.as_bytes())));
        let soname = if counts_as_link { name.as_bytes().to_vec() } else { soname };
        let found = Candidate {
            name: name.to_owned(),
            is_link: counts_as_link,
            flags: library.flags,
            isa_level: library.isa_level,
        };
        Ok(Some((soname, found)))
    }

    /// `create_links` of ldconfig.c.
    fn add_link(
        &mut self,
        tree: &Tree,
        folder: &TreePath,
        name: &str,
        soname: &[u8],
    ) -> Result<(), LdCacheError> {
        let plain = std::str::from_utf8(soname).ok().filter(|soname| !soname.contains('/'));
        let Some(soname) = plain else { return Ok(()) };
        let (Ok(link), Ok(library)) = (folder.join(soname), folder.join(name)) else {
            return Ok(());
        };
        let lead = |path: &TreePath| -> Result<TreePath, FileError> {
            let place = tree.resolve(path)?;
            Ok(match tree.get(&place).map(|node| &node.kind) {
                Some(Kind::HardLink(target)) => target.clone(),
                _ => place,
            })
        };
        let (old, new) = (lead(&link)?, lead(&library)?);
        let is_file =
            !matches!(tree.get(&link).map(|node| &node.kind), None | Some(Kind::Symlink(_)));
        let exists = tree.get(&old).is_some();
        if soname.is_empty() || (exists && (old == new || is_file || LOADERS.contains(&soname))) {
            return Ok(());
        }
        self.stale.remove(&link);
        self.links.insert(link, name.to_owned());
        Ok(())
    }

    /// Puts `entry` behind all that are not after it (`add_to_cache` of cache.c). The order is
    /// found step by step because it need not be one: names with long numbers overflow in glibc.
    fn insert(&mut self, arch: Arch, entry: Entry) -> Result<(), LdCacheError> {
        if self.entries.len() == ENTRY_LIMIT {
            return Err(LdCacheError::TooMany { limit: ENTRY_LIMIT });
        }
        let after = |old: &Entry| compare(arch, old, &entry).is_gt();
        let at = self.entries.iter().position(after).unwrap_or(self.entries.len());
        self.entries.insert(at, entry);
        Ok(())
    }
}

/// The order of the cache: newer names first, then larger flags, then those of glibc-hwcaps.
fn compare(arch: Arch, left: &Entry, right: &Entry) -> Ordering {
    compare_names(arch, &right.soname, &left.soname)
        .then_with(|| right.flags.cmp(&left.flags))
        .then_with(|| match (&left.hwcaps, &right.hwcaps) {
            (Some(left), Some(right)) => left.cmp(right),
            (left, right) => right.is_some().cmp(&left.is_some()),
        })
}

/// `_dl_cache_libcmp` of dl-cache.c: numbers by value. C's `char` is signed on x86-64.
fn compare_names(arch: Arch, left: &[u8], right: &[u8]) -> Ordering {
    let value = |byte: u8| match arch {
        Arch::Amd64 => i32::from(byte.cast_signed()),
        Arch::Arm64 => i32::from(byte),
    };
    let (mut left, mut right) = (left, right);
    loop {
        let (first, second) = (left.first().copied(), right.first().copied());
        let digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
        let Some(first) = first else { return 0.cmp(&value(second.unwrap_or(0))) };
        match (first.is_ascii_digit(), digit(second)) {
            (true, true) => {
                let (one, two) = (take_number(&mut left), take_number(&mut right));
                if one != two {
                    return one.wrapping_sub(two).cmp(&0);
                }
            }
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {
                let second = second.unwrap_or(0);
                if first != second {
                    return value(first).cmp(&value(second));
                }
                (left, right) = (&left[1..], &right[1..]);
            }
        }
    }
}

fn take_number(bytes: &mut &[u8]) -> i32 {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at(end);
    *bytes = rest;
    digits
        .iter()
        .fold(0_i32, |number, digit| number.wrapping_mul(10).wrapping_add(i32::from(digit - b'0')))
}

/// `_dl_is_dso` of dl-is_dso.h.
fn is_library_name(name: &str) -> bool {
    ((name.starts_with("lib") || name.starts_with("ld-")) && name.contains(".so"))
        || name.starts_with("ld.so.")
        || name.starts_with("ld64.so.")
}

/// Files that dpkg, rpm and prelink are just writing.
fn is_temporary(name: &str) -> bool {
    let bytes = name.as_bytes();
    name.contains(';')
        || [".dpkg-new", ".dpkg-tmp", ".#prelink#"].iter().any(|end| name.ends_with(end))
        || (bytes.len() >= 17 && bytes[bytes.len() - 17..].starts_with(b".#prelink#."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_compared_by_value() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, expected) in [
            ("libc.so.6", "libc.so.6", Equal),
            ("libc.so.10", "libc.so.9", Greater),
            ("libc.so.09", "libc.so.9", Equal),
            ("liba.so", "libb.so", Less),
            ("lib1", "libz", Greater),
            ("lib", "lib1", Less),
            ("", "", Equal),
            ("libx.4294967296", "libx.0", Equal),
        ] {
            let found = compare_names(Arch::Amd64, left.as_bytes(), right.as_bytes());
            assert_eq!(found, expected, "{left} {right}");
        }
        assert_eq!(compare_names(Arch::Amd64, b"\xc3", b"a"), Less);
        assert_eq!(compare_names(Arch::Arm64, b"\xc3", b"a"), Greater);
    }
}
