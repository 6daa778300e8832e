//! The directories that are searched: `/etc/ld.so.conf` and the built-in ones.

use std::collections::BTreeSet;

use filetree::{Node, Tree, TreePath};
use names::Arch;

use super::super::files;
use super::{FileError, LdCacheError};

/// More files than this are not read, nor deeper ones: one includes itself.
const FILE_LIMIT: usize = 1000;
const DEPTH_LIMIT: usize = 16;

/// A directory that is searched for libraries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Directory {
    /// As it was written: this is what the cache names.
    pub(super) path: String,
    /// Where it is.
    pub(super) place: TreePath,
    /// The name of a directory below `glibc-hwcaps`.
    pub(super) hwcaps: Option<String>,
}

/// All directories in the order of the search, each once.
pub(super) fn directories(tree: &Tree, arch: Arch) -> Result<Vec<Directory>, LdCacheError> {
    let mut list = List { tree, found: Vec::new(), places: BTreeSet::new(), files: 0 };
    list.read_file("/etc/ld.so.conf", 0)?;
    let triplet = arch.triplet();
    for path in [&format!("/lib/{triplet}"), &format!("/usr/lib/{triplet}"), "/lib", "/usr/lib"] {
        list.add(path)?;
    }
    Ok(list.found)
}

struct List<'a> {
    tree: &'a Tree,
    found: Vec<Directory>,
    places: BTreeSet<TreePath>,
    files: usize,
}

impl List<'_> {
    fn read_file(&mut self, path: &str, depth: usize) -> Result<(), LdCacheError> {
        self.files += 1;
        if self.files > FILE_LIMIT || depth > DEPTH_LIMIT {
            let path = TreePath::from_member(path).unwrap_or_default();
            return Err(LdCacheError::Includes { path });
        }
        let Some(text) = files::text(self.tree, path)? else { return Ok(()) };
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let line = line.trim_start_matches(is_space);
            if line.is_empty() {
                continue;
            }
            match line.strip_prefix("include").and_then(|rest| rest.strip_prefix([' ', '\t'])) {
                Some(patterns) => {
                    for pattern in patterns.split([' ', '\t']).filter(|word| !word.is_empty()) {
                        self.include(path, pattern, depth)?;
                    }
                }
                None if is_hwcap_line(line) => {}
                None => self.add(line)?,
            }
        }
        Ok(())
    }

    /// A pattern without a slash in front is relative to the file that has it.
    fn include(&mut self, file: &str, pattern: &str, depth: usize) -> Result<(), LdCacheError> {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let pattern = match pattern.strip_prefix('/') {
            Some(_) => pattern.to_owned(),
            None => format!("{folder}/{pattern}"),
        };
        for path in matches(self.tree, &pattern)? {
            self.read_file(&path, depth + 1)?;
        }
        Ok(())
    }

    fn add(&mut self, line: &str) -> Result<(), LdCacheError> {
        let path = line.trim_end_matches(is_space).trim_end_matches('/');
        // What is not below the root, or has `..` in it, is not supported: no package has it.
        let Ok(inner) = TreePath::from_member(path) else { return Ok(()) };
        if path.is_empty() {
            return Ok(());
        }
        let place = self.tree.resolve(&inner).map_err(FileError::from)?;
        if !place.is_root() && !self.tree.get(&place).is_some_and(Node::is_directory) {
            return Ok(());
        }
        if !self.places.insert(place.clone()) {
            return Ok(());
        }
        self.found.push(Directory { path: path.to_owned(), place: place.clone(), hwcaps: None });
        let Ok(hwcaps) = place.join("glibc-hwcaps") else { return Ok(()) };
        for name in files::children(self.tree, &hwcaps)? {
            if name.starts_with('.') || name.contains(':') {
                continue;
            }
            let Ok(inner) = hwcaps.join(&name) else { continue };
            let place = self.tree.resolve(&inner).map_err(FileError::from)?;
            if self.tree.get(&place).is_some_and(Node::is_directory)
                && self.places.insert(place.clone())
            {
                let path = format!("{path}/glibc-hwcaps/{name}");
                self.found.push(Directory { path, place, hwcaps: Some(name) });
            }
        }
        Ok(())
    }
}

/// White space in the C locale.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// `hwcap N name` lines are of the past: ldconfig warns and goes on.
fn is_hwcap_line(line: &str) -> bool {
    line.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("hwcap"))
        && line[5..].starts_with([' ', '\t'])
}

/// Paths that match a glob(3) pattern with `*`, `?` and `[...]`, in byte order.
fn matches(tree: &Tree, pattern: &str) -> Result<Vec<String>, FileError> {
    let mut paths = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for path in &paths {
            let Ok(folder) = TreePath::from_member(path) else { continue };
            if !part.contains(['*', '?', '[']) {
                next.push(format!("{path}/{part}"));
                continue;
            }
            for name in files::children(tree, &folder)? {
                let hidden = name.starts_with('.') && !part.starts_with('.');
                if !hidden && is_match(part.as_bytes(), name.as_bytes()) {
                    next.push(format!("{path}/{name}"));
                }
            }
        }
        paths = next;
    }
    paths.sort();
    Ok(paths)
}

/// fnmatch(3) without `/` and without character classes by name; a star is tried only once more
/// than it must, so that time is bounded by the product of the lengths.
fn is_match(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        let step = match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, seen));
                at += 1;
                continue;
            }
            Some(b'?') => Some(1),
            Some(b'[') => bracket(&pattern[at..], name[seen]),
            Some(byte) => (*byte == name[seen]).then_some(1),
            None => None,
        };
        match (step, star) {
            (Some(step), _) => (at, seen) = (at + step, seen + 1),
            (None, Some((after, from))) => {
                star = Some((after, from + 1));
                (at, seen) = (after, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// The length of a bracket expression at the start of `pattern` when `byte` is in it.
fn bracket(pattern: &[u8], byte: u8) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let start = if negated { 2 } else { 1 };
    let end = start + 1 + pattern.get(start + 1..)?.iter().position(|byte| *byte == b']')?;
    let set = &pattern[start..end];
    let mut found = false;
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == b'-' {
            found |= (set[at]..=set[at + 2]).contains(&byte);
            at += 3;
        } else {
            found |= set[at] == byte;
            at += 1;
        }
    }
    (found != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_the_shell() {
        for (pattern, name, expected) in [
            ("*.conf", "libc.conf", true),
            ("*.conf", "libc.conf~", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?[a-c]?", "xbz", true),
            ("?[!a-c]?", "xbz", false),
            ("[]]", "]", true),
            ("[a", "a", false),
            ("***", "", true),
        ] {
            assert_eq!(is_match(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
