//! The files of a source as PBR puts them into an sdist.

use std::collections::{BTreeMap, BTreeSet};

use source_refs::{CommitId, GitUrl};

use crate::pbr::{authors, change_log};
use crate::stored::Stored;
use crate::{FileEntry, FileMode, GitCache, GitError};

/// One file of an sdist.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SdistFile {
    /// Its path below the top folder of the sdist.
    pub path: String,
    /// The path in the repository of the file whose content it has: another one where a link was
    /// followed.
    pub from: String,
    /// Whether it may be run.
    pub executable: bool,
}

/// What PBR generates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Generated {
    /// The text of AUTHORS.
    pub authors: String,
    /// The text of ChangeLog.
    pub change_log: String,
}

/// The files of `git ls-files` that PBR 7 puts into an sdist, by path.
///
/// Left out are `.gitignore` and `.gitreview` at the root, compiled Python, what lies in `build` or in
/// folders of other version control systems, submodules, AUTHORS and ChangeLog (they are
/// [generated](GitCache::generated)), and links that lead to no file of the tree. Links to files become
/// files. `targets` has the content of each link, by path.
///
/// Not done: the orders of a MANIFEST.in, `skip_git_sdist`, and what setuptools adds of its own
/// (PKG-INFO, the `.egg-info` folder, the rewritten setup.cfg).
pub fn sdist_files(files: &[FileEntry], targets: &BTreeMap<String, String>) -> Vec<SdistFile> {
    let by_path: BTreeMap<&str, &FileEntry> =
        files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !is_left_out(&file.path)) {
        let Some(origin) = follow(file, &by_path, targets) else { continue };
        found.push(SdistFile {
            path: file.path.clone(),
            from: origin.path.clone(),
            executable: origin.mode == FileMode::Executable,
        });
    }
    found
}

fn is_left_out(path: &str) -> bool {
    let other_system = |part: &str| ["RCS", "CVS", ".svn"].contains(&part);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    matches!(path, ".gitignore" | ".gitreview" | "AUTHORS" | "ChangeLog")
        || name.ends_with(".pyc")
        || path.starts_with("build/")
        || folder.split('/').any(other_system)
}

/// The file that an entry is in the end: itself, or what its link leads to inside the tree.
fn follow<'a>(
    file: &'a FileEntry,
    by_path: &BTreeMap<&str, &'a FileEntry>,
    targets: &BTreeMap<String, String>,
) -> Option<&'a FileEntry> {
    let mut path = file.path.clone();
    let mut seen = BTreeSet::new();
    loop {
        if !seen.insert(path.clone()) {
            return None;
        }
        let (link, rest) = match by_path.get(path.as_str()) {
            Some(found) if found.mode == FileMode::Link => (path.as_str(), ""),
            Some(found) if found.mode == FileMode::Submodule => return None,
            Some(found) => return Some(found),
            // A folder on the way may be a link.
            None => path.match_indices('/').map(|(at, _)| (&path[..at], &path[at..])).find(
                |(start, _)| by_path.get(start).is_some_and(|found| found.mode == FileMode::Link),
            )?,
        };
        let target = targets.get(link)?;
        if target.starts_with('/') {
            return None;
        }
        let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in target.split('/').chain(rest.split('/')) {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        path = parts.join("/");
    }
}

impl GitCache {
    /// The files of a commit as PBR puts them into an sdist, see [`sdist_files`]. The commit must have
    /// been [fetched](GitCache::fetch).
    ///
    /// # Errors
    /// Those of [`files`](GitCache::files).
    pub fn sdist_files(&self, commit: CommitId) -> Result<Vec<SdistFile>, GitError> {
        let files = self.files(commit)?;
        let mut targets = BTreeMap::new();
        for file in files.iter().filter(|file| file.mode == FileMode::Link) {
            let content = self.file(commit, &file.path)?.unwrap_or_default();
            targets.extend(String::from_utf8(content).map(|target| (file.path.clone(), target)));
        }
        Ok(sdist_files(&files, &targets))
    }

    /// AUTHORS and ChangeLog as PBR writes them for a commit that was [fetched](GitCache::fetch). They
    /// need the whole history, which is fetched, without files where the server can.
    ///
    /// # Errors
    /// Nobody answers, or the history or a tag is not fit for them.
    pub fn generated(&self, urls: &[GitUrl], commit: CommitId) -> Result<Generated, GitError> {
        let tags = self.tags(urls, commit)?;
        let authors = self.authors(urls, commit)?;
        let repository = self.repository()?;
        let mailmap = self.file(commit, ".mailmap")?.unwrap_or_default();
        let change_log = change_log(&Stored::with_mailmap(&repository, &mailmap), &tags, commit);
        let change_log = change_log.map_err(|error| unfit(commit, &error))?;
        Ok(Generated { authors, change_log })
    }

    /// AUTHORS alone, which does not depend on tags: for one commit it is the same for ever. As
    /// [`generated`](GitCache::generated) otherwise.
    ///
    /// # Errors
    /// As there.
    pub fn authors(&self, urls: &[GitUrl], commit: CommitId) -> Result<String, GitError> {
        let read = |path: &str| Ok::<_, GitError>(self.file(commit, path)?.unwrap_or_default());
        let (mailmap, before) = (read(".mailmap")?, read("AUTHORS.in")?);
        let before = String::from_utf8_lossy(&before).into_owned();
        let mut fetched = false;
        loop {
            let repository = self.repository()?;
            let stored = Stored::with_mailmap(&repository, &mailmap);
            let made = authors(&stored, commit, &before);
            if matches!(made, Err(crate::WalkError::TooShort { .. })) && !fetched {
                self.fetch_history(urls, &[crate::stored::object_id(commit)], None)?;
                fetched = true;
                continue;
            }
            return made.map_err(|error| unfit(commit, &error));
        }
    }
}

fn unfit(commit: CommitId, error: &dyn std::error::Error) -> GitError {
    let what = format!("the history of commit {commit}");
    GitError::Object { what, reason: error.to_string() }
}
