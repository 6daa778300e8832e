//! A commit of a repository.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::ControlFlow;

use filetree::{Content, Node, Tree, TreePath};
use git_source::{FileEntry, FileMode, GitCache, GitError, Part, sdist_files};
use names::Epoch;
use source_refs::{CommitId, GitReference, GitUrl, SubFolder, Submodules};

use super::facts::facts;
use super::origin::Git;
use super::{Found, SourceError, Wanted, archive};
use crate::setting::Setting;

/// Where repositories are kept, below the store.
const CACHE: &str = "git";
/// The archive that has the components' repositories.
const REPOSITORIES: &str = "openstack";

/// The cache of all repositories.
pub(crate) fn cache(setting: &Setting<'_>) -> Result<GitCache, GitError> {
    GitCache::open(&setting.store.root().join(CACHE), setting.outside.git().clone())
}

/// The addresses of a component's repository, and of one that is named.
pub(crate) fn addresses(
    setting: &Setting<'_>,
    component: &str,
    git: &Git,
) -> Result<Vec<GitUrl>, SourceError> {
    if let Some(url) = &git.url {
        return Ok([url].into_iter().chain(&git.mirrors).cloned().collect());
    }
    let archive = REPOSITORIES.parse().expect("it is the name of an archive");
    let no_address =
        |reason: String| SourceError::NoRepository { component: component.to_owned(), reason };
    let bases = setting.outside.addresses(&archive).map_err(no_address)?;
    let mut urls = Vec::new();
    for base in bases {
        let scheme = if base.url.starts_with('/') { "file://" } else { "" };
        let url = format!("{scheme}{}/{component}", base.url).parse::<GitUrl>();
        urls.push(url.map_err(|error| no_address(format!("{}: {error}", base.from)))?);
    }
    Ok(urls.into_iter().chain(git.mirrors.iter().cloned()).collect())
}

/// The version that the files of a commit state, and that which setup.cfg wants next of PBR.
pub(crate) fn target(
    cache: &GitCache,
    commit: CommitId,
) -> Result<(Option<String>, Option<String>), GitError> {
    let mut texts = BTreeMap::new();
    for path in ["PKG-INFO", "pyproject.toml", "setup.cfg", "setup.py"] {
        let content = cache.file(commit, path)?;
        let text = content.map(|content| String::from_utf8_lossy(&content).into_owned());
        texts.extend(text.map(|text| (path, text)));
    }
    let info = texts.get("PKG-INFO").and_then(|text| wheels::Metadata::parse(text).ok());
    let told = facts(&|path: &str| texts.get(path).cloned()).ok();
    let stated = info.map(|info| info.version.to_string());
    let stated = stated.or_else(|| told.as_ref().and_then(|facts| facts.version.clone()));
    Ok((stated, told.and_then(|facts| facts.target)))
}

/// The commit that a reference names at this moment, and its files.
pub(super) fn found(
    setting: &Setting<'_>,
    wanted: Wanted<'_>,
    git: &Git,
    recorded: Option<CommitId>,
) -> Result<Found, SourceError> {
    let failed = |source| SourceError::git(wanted.component, source);
    let commit = match &git.reference {
        GitReference::Commit(commit) => *commit,
        reference => {
            let urls = addresses(setting, wanted.component, git)?;
            cache(setting)
                .and_then(|cache| cache.resolve(&urls, reference, recorded))
                .map_err(failed)?
                .commit
        }
    };
    at(setting, wanted, git, commit, None)
}

/// The files of a commit. Its version is `locked`, where the lock has one: tags may have come since.
pub(super) fn at(
    setting: &Setting<'_>,
    wanted: Wanted<'_>,
    git: &Git,
    commit: CommitId,
    locked: Option<&str>,
) -> Result<Found, SourceError> {
    let urls = addresses(setting, wanted.component, git)?;
    let failed = |source| SourceError::git(wanted.component, source);
    let cache = cache(setting).map_err(failed)?;
    let parts = match git.submodules {
        Submodules::Taken => cache.fetch_with_submodules(&urls, commit),
        Submodules::LeftOut => cache.fetch(&urls, commit).map(|()| {
            let (folder, url) = (String::new(), urls.first().cloned());
            vec![Part { folder, url, commit }]
        }),
    };
    let files = Files::read(&cache, &parts.map_err(failed)?, git.subdirectory.as_ref());
    let files = files.map_err(failed)?;
    let time = cache.commit(commit).map_err(failed)?.time;
    let time = Epoch(u64::try_from(time).unwrap_or_default());
    let mut tree = files.tree(time).map_err(|source| {
        let component = wanted.component.to_owned();
        SourceError::Tree { component, source }
    })?;
    let told = facts(&|path: &str| archive::text(&tree, path)).ok();
    let stated =
        tree.at("PKG-INFO").is_some() || told.as_ref().is_some_and(|facts| facts.version.is_some());
    let pbr = told.as_ref().is_some_and(|facts| facts.pbr);
    let mut version = locked.filter(|_| !stated).map(str::to_owned);
    if !stated && version.is_none() {
        let target = told.as_ref().and_then(|facts| facts.target.as_deref());
        version = Some(cache.version(&urls, commit, target).map_err(failed)?);
    }
    let mut pbr_json = None;
    if pbr && tree.at("PKG-INFO").is_none() {
        // ChangeLog is left out: it is in no wheel, and depends on tags that may come later.
        let authors = cache.authors(&urls, commit).map_err(failed)?;
        archive::put(&mut tree, "AUTHORS", &authors, time).map_err(|source| {
            let component = wanted.component.to_owned();
            SourceError::Tree { component, source }
        })?;
        let is_release = version.as_ref().is_some_and(|version| !version.contains(".dev"));
        // Git abbreviates by how many objects there are; nine digits are what it takes for most services.
        let short = &commit.to_string()[..9];
        pbr_json = Some(format!("{{\"git_version\": \"{short}\", \"is_release\": {is_release}}}"));
    }
    let commit = Some(commit);
    Ok(Found { tree, version, commit, changed: false, sha256: None, pbr_json })
}

/// The files of a commit and its submodules, with their contents.
struct Files {
    entries: Vec<FileEntry>,
    contents: BTreeMap<String, Vec<u8>>,
}

impl Files {
    fn read(
        cache: &GitCache,
        parts: &[Part],
        folder: Option<&SubFolder>,
    ) -> Result<Self, GitError> {
        let prefix = folder.map(|folder| format!("{folder}/")).unwrap_or_default();
        let mut files = Self { entries: Vec::new(), contents: BTreeMap::new() };
        for part in parts {
            let above = match part.folder.as_str() {
                "" => String::new(),
                folder => format!("{folder}/"),
            };
            // Nothing ends it early.
            let ControlFlow::Continue(()) = cache.export(part.commit, |entry, content| {
                let path = format!("{above}{}", entry.path);
                if let Some(path) = path.strip_prefix(&prefix)
                    && entry.mode != FileMode::Submodule
                {
                    files.entries.push(FileEntry { path: path.to_owned(), ..entry.clone() });
                    files.contents.insert(path.to_owned(), content.to_vec());
                }
                ControlFlow::<Infallible>::Continue(())
            })?;
        }
        Ok(files)
    }

    /// Those that PBR puts into an sdist, all with the time of the commit.
    fn tree(&self, time: Epoch) -> Result<Tree, filetree::TreeError> {
        let links = self.entries.iter().filter(|entry| entry.mode == FileMode::Link);
        let target = |entry: &FileEntry| {
            let content = self.contents.get(&entry.path)?;
            Some((entry.path.clone(), String::from_utf8(content.clone()).ok()?))
        };
        let targets: BTreeMap<String, String> = links.filter_map(target).collect();
        let mut tree = Tree::new();
        for file in sdist_files(&self.entries, &targets) {
            let Some(content) = self.contents.get(&file.from) else { continue };
            let mode = if file.executable { 0o755 } else { 0o644 };
            // Names with a newline are no part of any Python project.
            let Ok(place) = TreePath::from_member(&file.path) else { continue };
            let node = Node::file(mode, time, Content::from_bytes(content));
            tree.insert_with_parents(place, node)?;
        }
        Ok(tree)
    }
}
