//! Why a source cannot be had.

use filetree::{PathError, TarError, TreeError};
use git_source::{GitError, LocalFolderError};
use names::{Digest, Place};
use store::{BlobError, FetchError};
use wheels::SdistError;

use crate::blame::Blame;

/// Why the source of a component cannot be had. Nothing was written but what is in the caches.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The repository does not give it.
    #[error("the source of {component} cannot be had from its repository")]
    Git {
        /// The component.
        component: String,
        /// Why.
        source: Box<GitError>,
    },
    /// No address of a repository is known.
    #[error(
        "the repository of {component} is not known: {reason}; name the base of all repositories with \
         --mirror openstack=URL, or this one with `url` in source-refs.yaml"
    )]
    NoRepository {
        /// The component.
        component: String,
        /// Why.
        reason: String,
    },
    /// A lock names a source from git without its commit.
    #[error("the lock has no commit of {component}: lock it anew with --update {component}")]
    NoCommit {
        /// The component.
        component: String,
    },
    /// An archive cannot be fetched.
    #[error("the source of {component} cannot be had from {url}")]
    Fetch {
        /// The component.
        component: String,
        /// Its address.
        url: String,
        /// Why.
        source: FetchError,
    },
    /// A folder cannot be read.
    #[error("the source of {component} cannot be read")]
    Folder {
        /// The component.
        component: String,
        /// Why.
        source: LocalFolderError,
    },
    /// A file of this machine cannot be read, or one of the store written.
    #[error("the source of {component} cannot be read")]
    Read {
        /// The component.
        component: String,
        /// Why.
        source: std::io::Error,
    },
    /// An archive cannot be unpacked.
    #[error("the source of {component} cannot be unpacked")]
    Unpack {
        /// The component.
        component: String,
        /// Why.
        source: SdistError,
    },
    /// There is no Python project of this name.
    #[error(
        "the source of {component}, {what}, is not its Python project: {reason}\nhint: name the folder \
         that has the project's pyproject.toml or setup.cfg, with `subdirectory` where it is below"
    )]
    NoProject {
        /// The component.
        component: String,
        /// The source.
        what: String,
        /// Why.
        reason: String,
    },
    /// A path cannot be used.
    #[error("a path in the source of {component} cannot be used")]
    Path {
        /// The component.
        component: String,
        /// Why.
        source: PathError,
    },
    /// The files do not fit together.
    #[error("the files of the source of {component} do not fit together")]
    Tree {
        /// The component.
        component: String,
        /// Why.
        source: TreeError,
    },
    /// The archive cannot be written.
    #[error("the source archive of {component} cannot be written")]
    Write {
        /// The component.
        component: String,
        /// Why.
        source: TarError,
    },
    /// The archive does not enter the store.
    #[error("the source archive of {component} cannot be put into the store")]
    Store {
        /// The component.
        component: String,
        /// Why.
        source: BlobError,
    },
    /// What is there now is not what was locked.
    #[error(
        "the source of {component} is not what was locked: its files have {made}, and the lock has \
         {locked}\nhint: lock it anew with --update {component} if that is right"
    )]
    Differs {
        /// The component.
        component: String,
        /// The digest in the lock.
        locked: Digest,
        /// The digest of what was made.
        made: Digest,
    },
    /// An address in overrides is none that can be built.
    #[error("{place}: `{line}` {what}\nhint: {hint}")]
    Address {
        /// Where it stands.
        place: Place,
        /// The line.
        line: String,
        /// What is wrong.
        what: String,
        /// What to do.
        hint: &'static str,
    },
}

impl SourceError {
    pub(super) fn git(component: &str, source: GitError) -> Self {
        Self::Git { component: component.to_owned(), source: Box::new(source) }
    }

    /// Who must act.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Git { source, .. } => of_git(source),
            Self::Fetch { source, .. } => Blame::of_fetch(source),
            Self::Unpack { .. } | Self::Differs { .. } => Blame::Verification,
            Self::Store { source: BlobError::WrongDigest { .. }, .. } => Blame::Verification,
            _ => Blame::Input,
        }
    }
}

/// Who must act when a repository does not give what is asked.
pub(crate) fn of_git(error: &GitError) -> Blame {
    match error {
        GitError::Offline { .. } | GitError::Unreachable { .. } => Blame::Upstream,
        GitError::TagMoved { .. } | GitError::Object { .. } | GitError::TooLarge { .. } => {
            Blame::Verification
        }
        _ => Blame::Input,
    }
}
