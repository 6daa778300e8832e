//! Why there is no answer.

use std::path::PathBuf;

use constraints::{RequirementError, VersionError};
use distro::SolveError;
use git_source::GitError;
use names::{Fault, PackageName, ReleaseId, render_faults};
use release::UnknownName;
use wheels::{ClosureErrors, LocateError, SdistError};

use crate::blame::Blame;
use crate::build::BuildError;
use crate::describe::DescribeError;
use crate::layers_error::{of_closure, of_locate};
use crate::locking::LockError;
use crate::locks::LocksError;
use crate::sources::SourceError;
use crate::sources::error::of_git;
use crate::suites::ArchivesError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The tree does not describe what is asked about.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// Files of the tree have faults.
    #[error("{}", render_faults(.0))]
    Faults(Vec<Fault>),
    /// There is no such release.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The locks cannot be read, or do not have it.
    #[error(transparent)]
    Locks(#[from] LocksError),
    /// What is asked for is not made for the distribution.
    #[error(transparent)]
    Build(Box<BuildError>),
    /// It cannot be told whether the locks follow from the tree.
    #[error(transparent)]
    Stale(Box<LockError>),
    /// The archives of the distribution cannot be read.
    #[error(transparent)]
    Archives(#[from] ArchivesError),
    /// No set of packages will do.
    #[error("no set of packages will do")]
    Solve(#[from] SolveError),
    /// A requirement is none.
    #[error("`{text}` is no requirement, such as 'keystone[ldap]==28.1.0'")]
    Requirement {
        /// What was given.
        text: String,
        /// Why.
        source: RequirementError,
    },
    /// The interpreter's version is none.
    #[error("`{version}` is not a version of Python, such as 3.13")]
    Python {
        /// The version.
        version: String,
        /// Why.
        source: VersionError,
    },
    /// The requirements cannot be met.
    #[error("the requirements cannot be met with the constraints of {release}:\n{source}")]
    Closure {
        /// The release.
        release: ReleaseId,
        /// All that is wrong. Printed above, so not a cause.
        #[source]
        source: Box<ClosureErrors>,
    },
    /// The source archive of a component cannot be had.
    #[error("cannot get the source of {component} {release}")]
    Sdist {
        /// The component.
        component: String,
        /// The release.
        release: ReleaseId,
        /// Why.
        source: LocateError,
    },
    /// A source archive cannot be unpacked.
    #[error(transparent)]
    Unpack(#[from] SdistError),
    /// A file of the source cannot be read.
    #[error(transparent)]
    Patch(#[from] patcher::ApplyError),
    /// A file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file, by its path in the tree.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A repository does not give what is asked of it.
    #[error("cannot ask the repository {url}")]
    Git {
        /// Its address.
        url: String,
        /// Why.
        source: GitError,
    },
    /// The repository of a component is not known.
    #[error(transparent)]
    Source(Box<SourceError>),
    /// Nothing names the source of a component.
    #[error(
        "{release} has no source of {component}: name it in releases/{release}/source-refs.yaml, or pin it"
    )]
    NoComponent {
        /// The component.
        component: String,
        /// The release.
        release: ReleaseId,
    },
    /// No constraint names the project.
    #[error("{release} pins no {name}{}", near.as_ref().map(|near| format!(": did you mean {near}?")).unwrap_or_default())]
    NotPinned {
        /// The project.
        name: PackageName,
        /// The release.
        release: ReleaseId,
        /// The name that is probably meant.
        near: Option<String>,
    },
}

impl From<BuildError> for QueryError {
    fn from(error: BuildError) -> Self {
        Self::Build(Box::new(error))
    }
}

impl QueryError {
    /// Who must act.
    pub fn blame(&self) -> Blame {
        match self {
            QueryError::Build(error) => error.blame(),
            QueryError::Archives(error) => error.blame(),
            QueryError::Closure { source, .. } => of_closure(source),
            QueryError::Sdist { source, .. } => of_locate(source),
            QueryError::Unpack(_) => Blame::Verification,
            QueryError::Git { source, .. } => of_git(source),
            QueryError::Source(error) => error.blame(),
            _ => Blame::Input,
        }
    }
}
