//! Paths inside a tree.

use std::fmt;
use std::str::FromStr;

/// A path inside a tree: relative, clean (no `.`, `..`, empty component), UTF-8, at most 4,095
/// bytes with components of at most 255 (Linux `PATH_MAX` and `NAME_MAX`). The empty path is the
/// root of the tree. Sorts by bytes, so a parent always comes before its children.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TreePath(String);

/// Why a text is not a path inside a tree.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{}` is not a path inside the tree: {reason}", .path.escape_debug())]
pub struct PathError {
    /// The path as it was given.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl TreePath {
    /// The root of the tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads a member name of an archive: a leading `./` and trailing `/` are taken off, and so is
    /// a single leading `/` (dpkg lists and recipes write absolute paths).
    ///
    /// # Errors
    /// When a component is `..`, too long, or holds a NUL or a newline.
    pub fn from_member(name: &str) -> Result<Self, PathError> {
        let bad = |reason| PathError { path: name.to_owned(), reason };
        let inner = name.strip_prefix('/').or_else(|| name.strip_prefix("./")).unwrap_or(name);
        let inner = inner.trim_end_matches('/');
        if inner.is_empty() || inner == "." {
            return Ok(Self::root());
        }
        for component in inner.split('/') {
            match component {
                "" => return Err(bad("an empty component")),
                "." => return Err(bad("a `.` inside")),
                ".." => return Err(bad("it leaves the tree with `..`")),
                _ if component.len() > 255 => return Err(bad("a component over 255 bytes")),
                _ if component.bytes().any(|byte| byte == 0 || byte == b'\n') => {
                    return Err(bad("a NUL or a newline inside"));
                }
                _ => {}
            }
        }
        if inner.len() > 4095 {
            return Err(bad("over 4,095 bytes"));
        }
        Ok(Self(inner.to_owned()))
    }

    /// The path as text, without a leading slash; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root of the tree.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path one level up; `None` for the root.
    pub fn parent(&self) -> Option<TreePath> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map_or(String::new(), |(parent, _)| parent.to_owned())))
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// This path followed by `below`, which may have several components.
    ///
    /// # Errors
    /// As [`TreePath::from_member`] for `below`.
    pub fn join(&self, below: &str) -> Result<TreePath, PathError> {
        let below = Self::from_member(below)?;
        Ok(match (self.is_root(), below.is_root()) {
            (true, _) => below,
            (_, true) => self.clone(),
            _ => Self(format!("{}/{}", self.0, below.0)),
        })
    }

    /// What follows `prefix` in this path, when this path is `prefix` or lies below it.
    pub fn strip_prefix(&self, prefix: &TreePath) -> Option<TreePath> {
        if prefix.is_root() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(&prefix.0)?;
        if rest.is_empty() {
            return Some(Self::root());
        }
        rest.strip_prefix('/').map(|rest| Self(rest.to_owned()))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TreePath {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::from_member(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_names_become_clean_paths() {
        for (member, path) in [
            ("./", ""),
            (".", ""),
            ("./usr/bin/", "usr/bin"),
            ("/etc/passwd", "etc/passwd"),
            ("a", "a"),
        ] {
            assert_eq!(TreePath::from_member(member).unwrap().as_str(), path);
        }
    }

    #[test]
    fn names_that_leave_the_tree_are_refused() {
        for member in
            ["..", "../x", "./a/../../b", "a/..", "//etc", "a//b", "a/./b", "a\0b", "a\nb"]
        {
            assert!(TreePath::from_member(member).is_err(), "{member:?}");
        }
    }

    #[test]
    fn prefixes_end_at_a_slash() {
        let path = |text: &str| text.parse::<TreePath>().unwrap();
        assert_eq!(path("usr/bin").strip_prefix(&path("usr")), Some(path("bin")));
        assert_eq!(path("usr2/bin").strip_prefix(&path("usr")), None);
    }
}
