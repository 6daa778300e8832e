//! A tree as a flat list, in the order of an archive, with hard links sorted out.

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use filetree::{Content, Kind, Tree, TreePath};
use names::{Epoch, Sha256};

use crate::compress::Matter;

/// One entry of an archive.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) path: &'a TreePath,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: Epoch,
    pub(crate) form: Form<'a>,
    pub(crate) matter: Matter,
}

/// What an entry is.
#[derive(Clone, Debug)]
pub(crate) enum Form<'a> {
    Directory,
    Symlink(&'a str),
    File {
        content: &'a Content,
        /// The name of the file that comes first in the archive; the path itself where there is but
        /// one.
        first: &'a TreePath,
        /// How many names of the file come before this one.
        position: u32,
        /// How many names the file has.
        names: u32,
    },
}

/// Why a tree cannot become a list.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("/{path}: a hard link to /{target}, which is no file of this package")]
pub struct DanglingHardLink {
    /// The link.
    pub path: TreePath,
    /// Where it points.
    pub target: TreePath,
}

/// The entries of `tree` without its root, in its order, times later than `clamp` set to it.
///
/// With `code`, which says what programs are on the package's architecture, these come after all else,
/// so that a compressor meets like with like; both parts are in the order of the tree.
pub(crate) fn list(
    tree: &Tree,
    clamp: Epoch,
    code: Option<Matter>,
) -> Result<Vec<Entry<'_>>, DanglingHardLink> {
    let mut entries = Vec::with_capacity(tree.len());
    for (path, node) in tree {
        let (form, matter) = match &node.kind {
            _ if path.is_root() => continue,
            Kind::Directory => (Form::Directory, Matter::Text),
            Kind::Symlink(target) => (Form::Symlink(target.as_str()), Matter::Text),
            Kind::File(content) => (single(content, path), matter(path, code)),
            Kind::HardLink(target) => match tree.get(target).map(|node| &node.kind) {
                // All names of a file go where its own name goes.
                Some(Kind::File(content)) => (single(content, target), matter(target, code)),
                _ => {
                    let (path, target) = (path.clone(), target.clone());
                    return Err(DanglingHardLink { path, target });
                }
            },
        };
        let (mode, mtime) = (node.mode & 0o7777, node.mtime.min(clamp));
        entries.push(Entry { path, mode, uid: node.uid, gid: node.gid, mtime, form, matter });
    }
    // Stable: what is alike stays in the order of the tree.
    entries.sort_by_key(|entry| entry.matter != Matter::Text);
    count_names(&mut entries);
    Ok(entries)
}

/// A file with one name; until the names are counted, `first` is the name that the tree knows.
fn single<'a>(content: &'a Content, first: &'a TreePath) -> Form<'a> {
    Form::File { content, first, position: 0, names: 1 }
}

fn count_names(entries: &mut [Entry<'_>]) {
    // By the name that the tree knows: the first name in the list, and how many there are.
    let mut files: BTreeMap<&TreePath, (&TreePath, u32)> = BTreeMap::new();
    for entry in &mut *entries {
        if let Form::File { first, position, .. } = &mut entry.form {
            let (_, count) = files.entry(*first).or_insert((entry.path, 0));
            *position = *count;
            *count += 1;
        }
    }
    for entry in entries {
        if let Form::File { first, names, .. } = &mut entry.form
            && let Some((first_name, count)) = files.get(*first)
        {
            (*first, *names) = (*first_name, *count);
        }
    }
}

/// What a file holds, as far as its name tells: shared libraries are most of the code in a package.
fn matter(path: &TreePath, code: Option<Matter>) -> Matter {
    let name = path.file_name();
    let library = name.ends_with(".so") || name.contains(".so.");
    code.filter(|_| library).unwrap_or(Matter::Text)
}

/// Why a content cannot be copied.
pub(crate) enum CopyError {
    /// It cannot be read, or is not what its digest says.
    Read(io::Error),
    /// It cannot be written.
    Write(io::Error),
}

/// Copies `content` to `take` piece by piece, and checks its size and, where asked to, its digest.
pub(crate) fn copy(
    content: &Content,
    check_digest: bool,
    buffer: &mut [u8],
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), CopyError> {
    let mut reader = content.reader().map_err(CopyError::Read)?;
    let mut hash = Sha256::new();
    let mut size = 0;
    loop {
        let count = match reader.read(buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyError::Read(error)),
        };
        size += count as u64;
        if check_digest {
            hash.update(&buffer[..count]);
        }
        take(&buffer[..count]).map_err(CopyError::Write)?;
    }
    let right = || hash.finalize() == content.sha256;
    if size != content.size || check_digest && !right() {
        let text = format!("its bytes are not those of {}: make the tree anew", content.sha256);
        return Err(CopyError::Read(io::Error::new(io::ErrorKind::InvalidData, text)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use filetree::Node;

    use super::*;

    fn tree(files: &[(&str, Kind)]) -> Tree {
        let mut tree = Tree::new();
        for (path, kind) in files {
            let node = Node { kind: kind.clone(), ..Node::symlink("", Epoch(5)) };
            tree.insert_with_parents(path.parse().unwrap(), node).unwrap();
        }
        tree
    }

    #[test]
    fn programs_come_last_and_the_first_name_carries_the_content() {
        let file = || Kind::File(Content::from_bytes("x"));
        let link = |target: &str| Kind::HardLink(target.parse().unwrap());
        let tree = tree(&[
            ("a.so", file()),
            ("b", link("c")),
            ("c", file()),
            ("d", link("a.so")),
            ("e.so.1", Kind::Symlink("a.so".to_owned())),
        ]);
        let shown: Vec<String> = list(&tree, Epoch(3), Some(Matter::X86))
            .unwrap()
            .iter()
            .map(|entry| match &entry.form {
                Form::File { first, position, names, .. } => {
                    format!("{} {first} {position}/{names} {}", entry.path, entry.mtime.0)
                }
                _ => entry.path.to_string(),
            })
            .collect();
        let want = ["b b 0/2 3", "c b 1/2 3", "e.so.1", "a.so a.so 0/2 3", "d a.so 1/2 3"];
        assert_eq!(shown, want);
    }

    #[test]
    fn a_link_to_nothing_is_refused() {
        let tree = tree(&[("a", Kind::HardLink("b".parse().unwrap()))]);
        let error = list(&tree, Epoch(3), Some(Matter::X86)).unwrap_err();
        assert_eq!(error.to_string(), "/a: a hard link to /b, which is no file of this package");
    }
}
