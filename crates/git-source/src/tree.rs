//! The files of a commit, out of the objects: no work tree is written.

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use source_refs::CommitId;

use crate::error::told;
use crate::stored::object_id;
use crate::{GitCache, GitError, Limits};

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum FileMode {
    /// A file (git's mode 100644).
    Plain,
    /// A file that may be run (git's mode 100755).
    Executable,
    /// A symbolic link; its content is its target, which may lead anywhere.
    Link,
    /// The place of a submodule (git's mode 160000), without content.
    Submodule,
}

/// One entry of a tree.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FileEntry {
    /// The path below the root: parts joined by `/`, none of them `.`, `..` or `.git` in any spelling
    /// that a file system could take for it.
    pub path: String,
    /// What it is.
    pub mode: FileMode,
    /// The name of its object: the hash that git gives its content, or the commit of a submodule. In
    /// lower-case hexadecimal digits.
    pub object: String,
    /// Bytes of its content.
    pub size: u64,
}

impl GitCache {
    /// The entries of the tree of a commit in the order of their paths, by bytes. The commit must have
    /// been [fetched](GitCache::fetch).
    ///
    /// # Errors
    /// An object is missing or broken, or a path could do harm ([`GitError::Object`]); the tree is
    /// larger than the limits ([`GitError::TooLarge`]).
    pub fn files(&self, commit: CommitId) -> Result<Vec<FileEntry>, GitError> {
        let repository = self.repository()?;
        entries(&repository, commit, &self.settings().limits)
    }

    /// Gives each entry with its content to `take`, in the order of [`files`](GitCache::files), and ends
    /// early where that says so. One file is in memory at a time.
    ///
    /// # Errors
    /// Those of [`files`](GitCache::files).
    pub fn export<B>(
        &self,
        commit: CommitId,
        mut take: impl FnMut(&FileEntry, &[u8]) -> std::ops::ControlFlow<B>,
    ) -> Result<std::ops::ControlFlow<B>, GitError> {
        let mut repository = self.repository()?;
        repository.object_cache_size(None);
        let files = entries(&repository, commit, &self.settings().limits)?;
        let mut buffer = Vec::new();
        for entry in &files {
            buffer.clear();
            if entry.mode != FileMode::Submodule {
                read(&repository, commit, entry, &mut buffer)?;
            }
            let flow = take(entry, &buffer);
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(std::ops::ControlFlow::Continue(()))
    }

    /// The content of one file of a commit; `None` where there is no such file. Links are not followed.
    ///
    /// # Errors
    /// An object is missing or broken, or the file is larger than the limit.
    pub fn file(&self, commit: CommitId, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let repository = self.repository()?;
        let bad = |error: gix::Error| broken(format!("{path} of commit {commit}"), told(&error));
        let tree = repository
            .find_commit(object_id(commit))
            .and_then(|found| found.tree())
            .map_err(bad)?;
        let Some(entry) = tree.lookup_entry_by_path(path).map_err(bad)? else { return Ok(None) };
        if !entry.mode().is_blob_or_symlink() {
            return Ok(None);
        }
        let size = repository.find_header(entry.object_id()).map_err(bad)?.size();
        if size > self.settings().limits.file_bytes {
            let (what, most) = (format!("{path}, a file"), self.settings().limits.file_bytes);
            return Err(GitError::TooLarge { commit, what, most });
        }
        Ok(Some(repository.find_blob(entry.object_id()).map_err(bad)?.take_data()))
    }
}

fn broken(what: String, reason: String) -> GitError {
    GitError::Object { what, reason }
}

/// The content of an entry.
fn read(
    repository: &gix::Repository,
    commit: CommitId,
    entry: &FileEntry,
    buffer: &mut Vec<u8>,
) -> Result<(), GitError> {
    use gix::prelude::FindExt as _;
    let bad = |reason: String| broken(format!("{} of commit {commit}", entry.path), reason);
    let id = ObjectId::from_hex(entry.object.as_bytes()).map_err(|error| bad(error.to_string()))?;
    repository.objects.find_blob(&id, buffer).map(drop).map_err(|error| bad(told(&error)))
}

/// All entries of the tree of a commit, checked.
pub(crate) fn entries(
    repository: &gix::Repository,
    commit: CommitId,
    limits: &Limits,
) -> Result<Vec<FileEntry>, GitError> {
    let root = repository
        .find_commit(object_id(commit))
        .and_then(|found| found.tree_id().map(|id| id.detach()))
        .map_err(|error| broken(format!("the tree of commit {commit}"), told(&error)))?;
    let mut listing =
        Listing { repository, commit, limits, found: Vec::new(), folders: 0, bytes: 0 };
    listing.folder(root, "", 1)?;
    listing.found.sort();
    Ok(listing.found)
}

struct Listing<'a> {
    repository: &'a gix::Repository,
    commit: CommitId,
    limits: &'a Limits,
    found: Vec<FileEntry>,
    folders: usize,
    bytes: u64,
}

impl Listing<'_> {
    fn too_large(&self, what: &str, most: u64) -> GitError {
        GitError::TooLarge { commit: self.commit, what: what.to_owned(), most }
    }

    fn folder(&mut self, id: ObjectId, prefix: &str, depth: usize) -> Result<(), GitError> {
        use gix::prelude::FindExt as _;
        if depth > self.limits.depth {
            return Err(
                self.too_large("the number of folders inside each other", self.limits.depth as u64)
            );
        }
        self.folders += 1;
        // A small tree may name itself many times over.
        if self.folders > self.limits.files {
            return Err(self.too_large("the number of folders", self.limits.files as u64));
        }
        let bad =
            |reason: String| broken(format!("folder `{prefix}` of commit {}", self.commit), reason);
        let mut buffer = Vec::new();
        let tree = self
            .repository
            .objects
            .find_tree(&id, &mut buffer)
            .map_err(|error| bad(told(&error)))?;
        let entries: Vec<(String, EntryKind, ObjectId)> = tree
            .entries
            .iter()
            .map(|entry| {
                let name = name(entry.filename).map_err(bad)?;
                Ok((name.to_owned(), entry.mode.kind(), entry.oid.to_owned()))
            })
            .collect::<Result<_, GitError>>()?;
        let mut names: Vec<&str> = entries.iter().map(|(name, ..)| name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(bad(format!("`{}` is there twice", shown(twice[0]))));
        }
        for (name, kind, object) in entries {
            let path = format!("{prefix}{name}");
            if path.len() > self.limits.path_bytes {
                return Err(self.too_large("the length of a path", self.limits.path_bytes as u64));
            }
            let mode = match kind {
                EntryKind::Tree => {
                    self.folder(object, &format!("{path}/"), depth + 1)?;
                    continue;
                }
                EntryKind::Blob => FileMode::Plain,
                EntryKind::BlobExecutable => FileMode::Executable,
                EntryKind::Link => FileMode::Link,
                EntryKind::Commit => FileMode::Submodule,
            };
            self.file(path, mode, object)?;
        }
        Ok(())
    }

    fn file(&mut self, path: String, mode: FileMode, object: ObjectId) -> Result<(), GitError> {
        let size = if mode == FileMode::Submodule {
            0
        } else {
            let header = self.repository.find_header(object);
            let header = header.map_err(|error| {
                broken(format!("{path} of commit {}", self.commit), told(&error))
            })?;
            header.size()
        };
        self.bytes = self.bytes.saturating_add(size);
        if size > self.limits.file_bytes {
            return Err(self.too_large(&format!("the size of {path}"), self.limits.file_bytes));
        }
        if self.bytes > self.limits.tree_bytes {
            return Err(self.too_large("the size of all files", self.limits.tree_bytes));
        }
        if self.found.len() == self.limits.files {
            return Err(self.too_large("the number of files", self.limits.files as u64));
        }
        self.found.push(FileEntry { path, mode, object: object.to_string(), size });
        Ok(())
    }
}

/// The name of an entry, if it does no harm: neither empty nor `.` nor `..`, without separators, and no
/// spelling of `.git` that any file system takes for it.
fn name(bytes: &gix::bstr::BStr) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| format!("the name `{}` is not UTF-8", shown(&bytes.to_string())))?;
    let options = gix::validate::path::component::Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    gix::validate::path::component(bytes, None, options)
        .map_err(|error| format!("the name `{}` could do harm: {error}", shown(text)))?;
    if text.len() > 255 || text.contains(['/', '\0']) {
        return Err(format!("the name `{}` could do harm", shown(text)));
    }
    Ok(text)
}

fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}
