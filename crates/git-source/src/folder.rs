//! A folder of this machine as a source: a work tree of git with whatever was changed in it, or any
//! other folder.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use source_refs::CommitId;

use crate::cache::isolated;
use crate::error::told;
use crate::pbr::{
    Annotation, ChangeLogError, Tag, VersionError, WalkError, authors, change_log, version,
};
use crate::stored::{Stored, commit_id, object_id};
use crate::{FileMode, Limits};

/// What a folder holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LocalFolder {
    /// The files of the source, by path.
    pub files: Vec<LocalFile>,
    /// The commit that is checked out; `None` where git knows nothing of the folder or there is none.
    pub commit: Option<CommitId>,
    /// Whether the files are others than those of the commit.
    pub state: FolderState,
    /// The tags of the repository.
    pub tags: Vec<Tag>,
}

/// One file of a folder.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LocalFile {
    /// Its path below the folder, parts joined by `/`.
    pub path: String,
    /// What it is.
    pub mode: FileMode,
}

/// How the files of a folder relate to its commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FolderState {
    /// They are those of the commit.
    Clean,
    /// A tracked file was changed or removed anywhere in the work tree, the folder has a new one, or
    /// there is no commit.
    Changed,
}

/// Why a folder cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the folder {}: {reason}", .path.display())]
pub struct LocalFolderError {
    /// The folder.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}

/// Reads the folder `path`, which is absolute.
///
/// Of a work tree of git, or a folder in one, the files are those of `git ls-files --cached --others
/// --exclude-standard` as far as they are there: what is tracked, and what is new and not ignored. A
/// person's own ignore file (`core.excludesFile`) is not asked, so that two people get the same.
/// Submodules and repositories inside are left out. Of any other folder the files are all but those
/// of folders named `.git`.
///
/// # Errors
/// The folder or its repository cannot be read, or holds more than the limits.
pub fn local_folder(path: &Path, limits: &Limits) -> Result<LocalFolder, LocalFolderError> {
    let failed = |reason: String| LocalFolderError { path: path.to_owned(), reason };
    let folder = fs_err::canonicalize(path).map_err(|error| failed(error.to_string()))?;
    let upwards = gix::discover::upwards::Options::default();
    let Ok(repository) = gix::discover_opts(&folder, upwards, isolated()) else {
        let mut paths = BTreeSet::new();
        walk(&folder, "", limits, 1, &mut paths).map_err(failed)?;
        let files = present(&folder, paths).map_err(failed)?;
        let (commit, state, tags) = (None, FolderState::Changed, Vec::new());
        return Ok(LocalFolder { files, commit, state, tags });
    };
    let top = repository.workdir().ok_or_else(|| failed("a bare repository".to_owned()))?;
    let top = fs_err::canonicalize(top).map_err(|error| failed(error.to_string()))?;
    let prefix = match folder.strip_prefix(&top).ok().and_then(Path::to_str) {
        Some("") => String::new(),
        Some(prefix) => format!("{prefix}/"),
        None => return Err(failed("it is not inside its work tree".to_owned())),
    };
    let (paths, new) = listed(&repository, &prefix).map_err(failed)?;
    if paths.len() > limits.files {
        return Err(failed(format!("more than {} files", limits.files)));
    }
    let files = present(&folder, paths).map_err(failed)?;
    let dirty = new || repository.is_dirty().map_err(|error| failed(told(&error)))?;
    let commit = repository.head_id().ok().map(|id| commit_id(id.detach()));
    let clean = !dirty && commit.is_some();
    let state = if clean { FolderState::Clean } else { FolderState::Changed };
    let tags = tags(&repository).map_err(failed)?;
    Ok(LocalFolder { files, commit, state, tags })
}

/// The version that PBR gives the work tree at `path`, which [`local_folder`] read; see [`version`].
/// Changes that are not committed do not count. A PKG-INFO in the folder goes first, which is a matter
/// of [`version_from_pkg_info`](crate::version_from_pkg_info).
///
/// # Errors
/// There is no commit or no version, or a shallow clone lacks the history that it takes.
pub fn local_version(
    path: &Path,
    folder: &LocalFolder,
    target: Option<&str>,
) -> Result<String, LocalFolderError> {
    let failed = |reason: String| LocalFolderError { path: path.to_owned(), reason };
    let commit = folder.commit.ok_or_else(|| failed("git knows no commit of it".to_owned()))?;
    let repository = repository_of(path)?;
    version(&Stored::new(&repository), &folder.tags, commit, target)
        .map_err(|error: VersionError| failed(error.to_string()))
}

/// The AUTHORS that PBR writes for the work tree at `path`, which [`local_folder`] read: the authors of the
/// history of its commit. `AUTHORS.in` of the folder and `.mailmap` of the work tree count as they lie
/// there, changed or not; nothing else that is not committed does. See [`authors`](crate::authors).
///
/// `None` where git knows no commit of the folder: PBR writes none then, and takes the one that lies there.
/// In a shallow clone, too, where PBR leaves out whoever is beyond it.
///
/// # Errors
/// The history cannot be read.
pub fn local_authors(
    path: &Path,
    folder: &LocalFolder,
) -> Result<Option<String>, LocalFolderError> {
    let failed = |reason: String| LocalFolderError { path: path.to_owned(), reason };
    let Some(commit) = folder.commit else { return Ok(None) };
    let repository = repository_of(path)?;
    let before = fs_err::read(path.join("AUTHORS.in")).unwrap_or_default();
    let before = String::from_utf8_lossy(&before);
    match authors(&Stored::with_mailmap(&repository, &mailmap(&repository)), commit, &before) {
        Ok(authors) => Ok(Some(authors)),
        Err(WalkError::TooShort { .. }) => Ok(None),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// The ChangeLog that PBR writes for the work tree at `path`, which [`local_folder`] read. See
/// [`change_log`](crate::change_log); `None` as of [`local_authors`].
///
/// # Errors
/// The history cannot be read, or a tag stops PBR, too.
pub fn local_change_log(
    path: &Path,
    folder: &LocalFolder,
) -> Result<Option<String>, LocalFolderError> {
    let failed = |reason: String| LocalFolderError { path: path.to_owned(), reason };
    let Some(commit) = folder.commit else { return Ok(None) };
    let repository = repository_of(path)?;
    match change_log(&Stored::new(&repository), &folder.tags, commit) {
        Ok(text) => Ok(Some(text)),
        Err(ChangeLogError::Walk(WalkError::TooShort { .. })) => Ok(None),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// The repository that a folder lies in.
fn repository_of(path: &Path) -> Result<gix::Repository, LocalFolderError> {
    let upwards = gix::discover::upwards::Options::default();
    gix::discover_opts(path, upwards, isolated())
        .map_err(|error| LocalFolderError { path: path.to_owned(), reason: told(&error) })
}

/// The `.mailmap` at the top of the work tree, as git reads it; a link is not followed (gitmailmap(5)).
fn mailmap(repository: &gix::Repository) -> Vec<u8> {
    let path = repository.workdir().map(|top| top.join(".mailmap"));
    let path = path.filter(|path| !path.is_symlink());
    path.and_then(|path| fs_err::read(path).ok()).unwrap_or_default()
}

/// The tracked and the new files below `prefix`, without it, and whether there are new ones.
fn listed(repository: &gix::Repository, prefix: &str) -> Result<(BTreeSet<String>, bool), String> {
    let index = repository.index_or_empty().map_err(|error| told(&error))?;
    let mut found = BTreeSet::new();
    let mut take = |path: &[u8]| {
        let path = std::str::from_utf8(path).map_err(|_| "a path is not UTF-8".to_owned())?;
        let below = path.strip_prefix(prefix);
        found.extend(below.map(str::to_owned));
        Ok::<_, String>(below.is_some())
    };
    for entry in index.entries() {
        if entry.mode != gix::index::entry::Mode::COMMIT {
            take(entry.path(&index))?;
        }
    }
    let options = repository.dirwalk_options().map_err(|error| told(&error))?;
    let interrupt = Arc::new(AtomicBool::new(false));
    let walk = repository
        .dirwalk_iter(index, None::<&str>, interrupt.into(), options)
        .map_err(|error| told(&error))?;
    let mut new = false;
    for item in walk {
        let entry = item.map_err(|error| told(&error))?.entry;
        let is_file = matches!(
            entry.disk_kind,
            Some(gix::dir::entry::Kind::File | gix::dir::entry::Kind::Symlink)
        );
        if entry.status == gix::dir::entry::Status::Untracked && is_file {
            new |= take(&entry.rela_path)?;
        }
    }
    Ok((found, new))
}

/// The files among `paths` that are there, with what they are.
fn present(folder: &Path, paths: BTreeSet<String>) -> Result<Vec<LocalFile>, String> {
    let mut files = Vec::new();
    for path in paths {
        let Ok(metadata) = fs_err::symlink_metadata(folder.join(&path)) else { continue };
        let mode = if metadata.is_symlink() {
            FileMode::Link
        } else if !metadata.is_file() {
            continue;
        } else if metadata.permissions().mode() & 0o100 != 0 {
            FileMode::Executable
        } else {
            FileMode::Plain
        };
        files.push(LocalFile { path, mode });
    }
    Ok(files)
}

/// All files below a folder that is no work tree.
fn walk(
    folder: &Path,
    prefix: &str,
    limits: &Limits,
    depth: usize,
    found: &mut BTreeSet<String>,
) -> Result<(), String> {
    if depth > limits.depth {
        return Err(format!("more than {} folders inside each other", limits.depth));
    }
    for entry in fs_err::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let name = entry.file_name().into_string().map_err(|_| "a path is not UTF-8".to_owned())?;
        let kind = entry.file_type().map_err(|error| error.to_string())?;
        let path = format!("{prefix}{name}");
        if kind.is_dir() && name != ".git" {
            walk(&entry.path(), &format!("{path}/"), limits, depth + 1, found)?;
        } else if !kind.is_dir() {
            found.insert(path);
        }
        if found.len() > limits.files {
            return Err(format!("more than {} files", limits.files));
        }
    }
    Ok(())
}

/// All tags that lead to commits.
fn tags(repository: &gix::Repository) -> Result<Vec<Tag>, String> {
    let references = repository.references().map_err(|error| told(&error))?;
    let mut found = Vec::new();
    for reference in references.tags().map_err(|error| told(&error))? {
        let Ok(mut reference) = reference else { continue };
        let Ok(name) = std::str::from_utf8(reference.name().as_bstr()).map(str::to_owned) else {
            continue;
        };
        let object = reference.try_id().map(|id| id.detach());
        let Ok(peeled) = reference.peel_to_id() else { continue };
        let commit = commit_id(peeled.detach());
        if !Stored::new(repository).is_commit(object_id(commit)) {
            continue;
        }
        let annotation = object.and_then(|id| repository.find_tag(id).ok()).and_then(|tag| {
            let decoded = tag.decode().ok()?;
            let time = decoded.tagger().ok().flatten().map_or(0, |tagger| tagger.seconds());
            Some(Annotation { name: String::from_utf8_lossy(decoded.name).into_owned(), time })
        });
        let name = name.trim_start_matches("refs/tags/").to_owned();
        found.push(Tag { name, commit, annotation });
    }
    found.sort();
    Ok(found)
}
