//! A folder of this machine.

use std::collections::BTreeMap;

use filetree::{Content, Node, Tree, TreePath};
use git_source::{
    FileEntry, FileMode, FolderState, Limits, LocalFolder, LocalFolderError, local_authors,
    local_change_log, local_folder, local_version, sdist_files,
};
use names::Epoch;

use super::facts::facts;
use super::origin::Folder;
use super::{Found, SourceError, Wanted, archive};

/// The time of files that no commit has: the first that a wheel can hold (1980-01-01), so that the
/// contents alone decide.
const FIRST: Epoch = Epoch(315_532_800);

/// The files of a folder as it is now.
pub(super) fn found(wanted: Wanted<'_>, folder: &Folder) -> Result<Found, SourceError> {
    let component = || wanted.component.to_owned();
    let path = match &folder.subdirectory {
        Some(below) => folder.path.join(below.as_str()),
        None => folder.path.clone(),
    };
    let failed = |source| SourceError::Folder { component: component(), source };
    let local = local_folder(&path, &Limits::USUAL).map_err(failed)?;
    let read = |file: &str| {
        let bytes = fs_err::read(path.join(file));
        let reason = |error: std::io::Error| LocalFolderError {
            path: path.clone(),
            reason: error.to_string(),
        };
        bytes.map_err(reason).map_err(failed)
    };
    let mut targets = BTreeMap::new();
    let mut entries = Vec::new();
    for file in &local.files {
        if file.mode == FileMode::Link {
            let target = fs_err::read_link(path.join(&file.path)).ok();
            let target = target.and_then(|target| target.to_str().map(str::to_owned));
            targets.extend(target.map(|target| (file.path.clone(), target)));
        }
        let (object, size) = (String::new(), 0);
        entries.push(FileEntry { path: file.path.clone(), mode: file.mode, object, size });
    }
    let mut files: Vec<(String, String, bool)> = sdist_files(&entries, &targets)
        .into_iter()
        .map(|file| (file.path, file.from, file.executable))
        .collect();
    // Where they are not written from the history they are what there is.
    let made = local.files.iter().filter(|file| ["AUTHORS", "ChangeLog"].contains(&&*file.path));
    let made = made.filter(|file| file.mode == FileMode::Plain);
    files.extend(made.map(|file| (file.path.clone(), file.path.clone(), false)));
    let mut tree = Tree::new();
    for (name, from, executable) in files {
        let mode = if executable { 0o755 } else { 0o644 };
        let place = TreePath::from_member(&name)
            .map_err(|source| SourceError::Path { component: component(), source })?;
        let node = Node::file(mode, FIRST, Content::from_bytes(read(&from)?));
        tree.insert_with_parents(place, node)
            .map_err(|source| SourceError::Tree { component: component(), source })?;
    }
    for (name, text) in generated(&path, &local, &tree).map_err(failed)? {
        archive::put(&mut tree, name, &text, FIRST)
            .map_err(|source| SourceError::Tree { component: component(), source })?;
    }
    let version = version(&path, &local, &tree).map_err(failed)?;
    let changed = local.state == FolderState::Changed;
    let (commit, sha256, pbr_json) = (local.commit, None, None);
    Ok(Found { tree, version, commit, changed, sha256, pbr_json })
}

/// AUTHORS and ChangeLog as PBR writes them from the history; nothing where it would not.
fn generated(
    path: &std::path::Path,
    local: &LocalFolder,
    tree: &Tree,
) -> Result<Vec<(&'static str, String)>, LocalFolderError> {
    let told = facts(&|file: &str| archive::text(tree, file));
    if !told.is_ok_and(|told| told.pbr) || tree.at("PKG-INFO").is_some() {
        return Ok(Vec::new());
    }
    let authors = local_authors(path, local)?.map(|text| ("AUTHORS", text));
    // It is in no wheel: a tag that stops PBR here is no reason to stop.
    let change_log = local_change_log(path, local).ok().flatten();
    Ok(authors.into_iter().chain(change_log.map(|text| ("ChangeLog", text))).collect())
}

/// The version that the history of the folder tells, where neither PKG-INFO nor another file does.
fn version(
    path: &std::path::Path,
    local: &LocalFolder,
    tree: &Tree,
) -> Result<Option<String>, LocalFolderError> {
    let told = facts(&|file: &str| archive::text(tree, file));
    // What is no project is told with more words where the archive is made.
    let Ok(told) = told else { return Ok(None) };
    if told.version.is_some() || local.commit.is_none() || tree.at("PKG-INFO").is_some() {
        return Ok(None);
    }
    local_version(path, local, told.target.as_deref()).map(Some)
}
