//! The source of a release with patches.

mod metadata;

use std::collections::BTreeSet;
use std::sync::Arc;

use constraints::Requirement;
use filetree::{Content, Kind, Node, Pack, Tree, TreeError, TreePath};
use names::Epoch;
use wheels::{Metadata, MetadataError};

pub(crate) use metadata::needs;

use crate::patch_files::PatchFile;

/// What a build is told by `pyproject.toml`; without that file, what PEP 517 says then.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BuildSystem {
    /// What must be installed.
    pub(crate) requires: Vec<Requirement>,
    /// `module` or `module:object`.
    pub(crate) backend: String,
    /// Folders of the source that the back end is looked for in.
    pub(crate) backend_path: Vec<String>,
}

/// A patched source.
#[derive(Debug)]
pub(crate) struct Patched {
    /// Its files.
    pub(crate) tree: Tree,
    /// Its metadata.
    pub(crate) metadata: Arc<Metadata>,
    /// How it is built.
    pub(crate) build_system: BuildSystem,
    /// The newest time of a file in the source archive.
    pub(crate) time: Epoch,
    /// Where hunks were not found where they should be, and what of the metadata is not certain, a
    /// sentence each.
    pub(crate) notes: Vec<String>,
}

/// Why a source cannot be patched, or built as it then is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchedError {
    /// A patch cannot be read.
    #[error("a patch cannot be read")]
    Parse(#[from] patcher::ParseError),
    /// The patches do not apply.
    #[error("the patches do not apply to {file}; nothing was written")]
    Apply {
        /// The source archive.
        file: String,
        /// Why.
        source: patcher::ApplyError,
    },
    /// What the patches make is no tree.
    #[error("the patched source of {file} is no tree of files")]
    Tree {
        /// The source archive.
        file: String,
        /// Why.
        source: TreeError,
    },
    /// A file of the source cannot be read.
    #[error("cannot read {path} of {file}")]
    Read {
        /// The source archive.
        file: String,
        /// The file in it.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The metadata is wrong.
    #[error("{file}: PKG-INFO is wrong")]
    Metadata {
        /// The source archive.
        file: String,
        /// Why.
        source: MetadataError,
    },
    /// A requirement is wrong.
    #[error("{file}: {path} requires `{text}`, which is no requirement")]
    Requirement {
        /// The source archive.
        file: String,
        /// The file in it.
        path: &'static str,
        /// The requirement.
        text: String,
        /// Why.
        source: constraints::RequirementError,
    },
    /// The patches change what the project needs, and nobody knows how without running its code.
    #[error(
        "{file}: the patches change {path}, and what the project needs then is not known before it is \
         built: {reason}\nhint: let the patches change PKG-INFO, too: its Requires-Dist are what counts"
    )]
    Unknown {
        /// The source archive.
        file: String,
        /// The file in it that the patches change.
        path: &'static str,
        /// Why.
        reason: String,
    },
    /// `pyproject.toml` is wrong.
    #[error("{file}: pyproject.toml: {reason}")]
    BuildSystem {
        /// The source archive.
        file: String,
        /// Why.
        reason: String,
    },
}

/// Applies `patches`, in their order, to the files of a source archive, all or nothing; `fuzz` is what
/// the recipe allows.
///
/// The list of sources that setuptools has left in the archive (`*.egg-info/SOURCES.txt`) is changed
/// with them: its build takes the files of the wheel from there, PBR as well as setuptools itself, and
/// would leave out what a patch adds outside of Python packages.
///
/// The version of the metadata stays that of the release: PBR reads it when the service runs, and those
/// of the releases up to 2026.1 refuse a local part (`28.1.0+p1`). Where patches touch the files that it
/// was made from, what the project needs changes with them, see [`metadata::patched`].
pub(crate) fn patched(
    file: &str,
    pack: &Pack,
    patches: &[PatchFile],
    fuzz: usize,
) -> Result<Patched, PatchedError> {
    let file = || file.to_owned();
    let mut tree = Tree::new();
    for (path, node) in &pack.entries {
        tree.insert_with_parents(path.clone(), node.clone())
            .map_err(|source| PatchedError::Tree { file: file(), source })?;
    }
    let time = tree.newest();
    let mut series = Vec::new();
    for patch in patches {
        series.push(patcher::parse(&patch.bytes, &patch.path.display().to_string())?);
    }
    let applied = patcher::apply(&TreeSource(&tree), &series, &patcher::Options { fuzz })
        .map_err(|source| PatchedError::Apply { file: file(), source })?;
    let before = tree.clone();
    let mut added = BTreeSet::new();
    let mut removed = BTreeSet::new();
    for (path, change) in &applied.files {
        // The patcher gives clean relative paths alone.
        let place = TreePath::from_member(path).expect("a path that the patcher has checked");
        let there = tree.get(&place).is_some();
        match change {
            None => {
                tree.remove(&place);
                removed.insert(path.clone());
            }
            Some(new) => {
                let node = node_of(new, time);
                tree.insert_with_parents(place, node)
                    .map_err(|source| PatchedError::Tree { file: file(), source })?;
                if !there {
                    added.insert(path.clone());
                }
            }
        }
    }
    list_sources(&mut tree, &file(), &added, &removed, time)?;
    let changed: BTreeSet<&str> = applied.files.keys().map(String::as_str).collect();
    let (metadata, of_metadata) = metadata::patched(&file(), &before, &tree, &changed)?;
    let build_system = build_system(&tree, &file())?;
    let notes = applied.notes().into_iter().chain(of_metadata).collect();
    Ok(Patched { tree, metadata: Arc::new(metadata), build_system, time, notes })
}

/// The files of a tree, for the patcher.
struct TreeSource<'a>(&'a Tree);

impl patcher::Source for TreeSource<'_> {
    fn read(&self, path: &str) -> std::io::Result<Option<patcher::File>> {
        self.0.at(path).map_or(Ok(None), file_of)
    }

    fn is_folder(&self, path: &str) -> std::io::Result<bool> {
        Ok(self.0.at(path).is_some_and(Node::is_directory))
    }
}

/// What the patcher sees of a node: nothing of a folder.
pub(crate) fn file_of(node: &Node) -> std::io::Result<Option<patcher::File>> {
    Ok(match &node.kind {
        Kind::File(content) => Some(patcher::File {
            bytes: content.read()?,
            kind: if node.mode & 0o100 == 0 {
                patcher::FileKind::Plain
            } else {
                patcher::FileKind::Executable
            },
        }),
        Kind::Symlink(target) => {
            let (bytes, kind) = (target.clone().into_bytes(), patcher::FileKind::Link);
            Some(patcher::File { bytes, kind })
        }
        Kind::Directory | Kind::HardLink(_) => None,
    })
}

fn node_of(file: &patcher::File, time: Epoch) -> Node {
    match file.kind {
        patcher::FileKind::Plain => Node::file(0o644, time, Content::from_bytes(&file.bytes)),
        patcher::FileKind::Executable => Node::file(0o755, time, Content::from_bytes(&file.bytes)),
        patcher::FileKind::Link => {
            Node::symlink(String::from_utf8_lossy(&file.bytes).into_owned(), time)
        }
    }
}

fn text(tree: &Tree, file: &str, path: &str) -> Result<Option<String>, PatchedError> {
    let Some(Node { kind: Kind::File(content), .. }) = tree.at(path) else { return Ok(None) };
    let bytes = content.read().map_err(|source| {
        let (file, path) = (file.to_owned(), path.to_owned());
        PatchedError::Read { file, path, source }
    })?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Brings `*.egg-info/SOURCES.txt` up to date, where there is one.
fn list_sources(
    tree: &mut Tree,
    file: &str,
    added: &BTreeSet<String>,
    removed: &BTreeSet<String>,
    time: Epoch,
) -> Result<(), PatchedError> {
    let lists = tree.iter().map(|(path, _)| path.clone()).filter(|path| {
        let folder = path.as_str().strip_suffix(".egg-info/SOURCES.txt");
        folder.is_some_and(|folder| !folder.contains('/'))
    });
    let Some(list) = lists.into_iter().next() else { return Ok(()) };
    let before = text(tree, file, list.as_str())?.unwrap_or_default();
    let mut lines: BTreeSet<&str> = before.lines().filter(|line| !line.is_empty()).collect();
    lines.extend(added.iter().map(String::as_str));
    lines.retain(|line| !removed.contains(*line));
    let mut after = lines.into_iter().collect::<Vec<_>>().join("\n");
    after.push('\n');
    let node = Node::file(0o644, time, Content::from_bytes(after));
    tree.insert_with_parents(list, node)
        .map_err(|source| PatchedError::Tree { file: file.to_owned(), source })?;
    Ok(())
}

fn requirement(file: &str, path: &'static str, text: &str) -> Result<Requirement, PatchedError> {
    Requirement::parse(text).map_err(|source| PatchedError::Requirement {
        file: file.to_owned(),
        path,
        text: text.to_owned(),
        source,
    })
}

/// `[build-system]` of `pyproject.toml` (PEP 518 and 517). Other tables are left to the back end.
fn build_system(tree: &Tree, file: &str) -> Result<BuildSystem, PatchedError> {
    #[derive(serde::Deserialize)]
    struct Project {
        #[serde(rename = "build-system")]
        build_system: Option<Written>,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Written {
        requires: Vec<String>,
        build_backend: Option<String>,
        #[serde(default)]
        backend_path: Vec<String>,
    }
    let project = text(tree, file, "pyproject.toml")?.unwrap_or_default();
    let project: Project = toml::from_str(&project).map_err(|error| {
        let reason = error.message().to_owned();
        PatchedError::BuildSystem { file: file.to_owned(), reason }
    })?;
    let written = project.build_system.unwrap_or_else(|| Written {
        requires: vec!["setuptools".to_owned()],
        build_backend: None,
        backend_path: vec![],
    });
    let mut requires = Vec::new();
    for text in &written.requires {
        requires.push(requirement(file, "pyproject.toml", text)?);
    }
    let backend = written.build_backend;
    let legacy = backend.is_none();
    let backend = backend.unwrap_or_else(|| "setuptools.build_meta:__legacy__".to_owned());
    // What setup.py asks for at build time is told by running it; PBR is what OpenStack's asks for.
    let setup = text(tree, file, "setup.py")?.unwrap_or_default();
    if legacy && setup.contains("setup_requires") && setup.contains("pbr") {
        requires.push(requirement(file, "pyproject.toml", "pbr")?);
    }
    Ok(BuildSystem { requires, backend, backend_path: written.backend_path })
}
