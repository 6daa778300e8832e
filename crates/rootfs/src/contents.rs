//! Contents of the files of a package.

use filetree::{Content, Kind, Node, Pack, TreePath};

/// The content of an entry of the pack, which may be another name of a file; `None` where it is no
/// file.
pub(crate) fn content<'a>(pack: &'a Pack, node: &'a Node) -> Option<&'a Content> {
    match &node.kind {
        Kind::File(content) => Some(content),
        // A hard link names a file before it, which may be a link itself.
        Kind::HardLink(target) => {
            let at = pack.entries.iter().position(|(_, other)| std::ptr::eq(other, node))?;
            let before = pack.entries[..at].iter().rev().find(|(path, _)| path == target);
            before.and_then(|(_, node)| content(pack, node))
        }
        _ => None,
    }
}

/// The content of the file at a path.
pub(crate) fn content_at<'a>(pack: &'a Pack, path: &str) -> Option<&'a Content> {
    let path = TreePath::from_member(path).ok()?;
    let (_, node) = pack.entries.iter().find(|(other, _)| *other == path)?;
    content(pack, node)
}
