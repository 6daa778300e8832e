//! What can be wrong in a closure.

use std::fmt;

use constraints::Version;
use names::{PackageName, Place};
use store::FetchError;

use super::Chain;
use crate::dist_info::WheelMetadataError;
use crate::locator::LocateError;

/// One thing that is wrong in a closure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClosureError {
    /// A pin does not satisfy a requirement.
    #[error(
        "{place}: {project} is pinned to {version}, which does not satisfy `{requirement}`: \
         override the pin of {project}, or that of the project that requires it\n{chain}"
    )]
    Conflict {
        /// The pin.
        place: Place,
        /// The project that is pinned.
        project: PackageName,
        /// The pinned version.
        version: String,
        /// The requirement that it does not satisfy.
        requirement: String,
        /// Who requires it.
        chain: Chain,
    },
    /// The pinned version is not in the index.
    #[error(
        "{place}: {project} is pinned to {version}, and the index has no such version: {hint}\n{chain}"
    )]
    NotInIndex {
        /// The pin.
        place: Place,
        /// The project that is pinned.
        project: PackageName,
        /// The pinned version.
        version: String,
        /// What to do.
        hint: String,
        /// Who requires it.
        chain: Chain,
    },
    /// The pinned version has no wheel for the target.
    #[error(
        "{place}: {project} is pinned to {version}, which has no wheel for {target}; \
         the index has {}: {hint}\n{chain}", .files.join(", ")
    )]
    NoWheel {
        /// The pin.
        place: Place,
        /// The project that is pinned.
        project: PackageName,
        /// The pinned version.
        version: String,
        /// What it must run on, in words.
        target: String,
        /// The files of that version, with the reason why they do not do.
        files: Vec<String>,
        /// What to do.
        hint: String,
        /// Who requires it.
        chain: Chain,
    },
    /// No version of a project without a pin fits.
    #[error(
        "no version of {project} fits on {target}: {reason}\n{}",
        .chains.iter().map(Chain::to_string).collect::<Vec<_>>().join("\n")
    )]
    NoVersion {
        /// The project.
        project: PackageName,
        /// What it must run on, in words.
        target: String,
        /// What the index has, and what to do.
        reason: String,
        /// Who requires it, each by its own way.
        chains: Vec<Chain>,
    },
    /// Overrides have replaced all pins of a project, and none of them counts for the target.
    #[error(
        "{place}: {project} is overridden, but no line of it counts for {target}: \
         add one with a marker for it\n{chain}"
    )]
    NoVariant {
        /// The first of its lines.
        place: Place,
        /// The project.
        project: PackageName,
        /// What it must run on, in words.
        target: String,
        /// Who requires it.
        chain: Chain,
    },
    /// An override says where the source of a project is, in place of a version.
    #[error(
        "{place}: `{text}` names a source of {project}, and only versions of the index can be locked: \
         write {project}===VERSION in that line\n{chain}"
    )]
    Source {
        /// The line.
        place: Place,
        /// The project.
        project: PackageName,
        /// The line's text.
        text: String,
        /// Who requires it.
        chain: Chain,
    },
    /// A requirement names an address, not a version of the index.
    #[error("a requirement names an address: only versions of the index can be locked\n{chain}")]
    Url {
        /// Who requires it.
        chain: Chain,
    },
    /// A user asks for an extra that the project does not offer.
    #[error("{place}: {project} {version} has no extra {extra}: it offers {offered}")]
    Extra {
        /// Where it is written.
        place: Place,
        /// The project.
        project: PackageName,
        /// Its version.
        version: Version,
        /// The extra.
        extra: PackageName,
        /// Those that it offers, separated by commas.
        offered: String,
    },
    /// METADATA of a wheel cannot be had.
    #[error("cannot tell what {project} needs\n{chain}")]
    Metadata {
        /// The project.
        project: PackageName,
        /// Who requires it.
        chain: Chain,
        /// Why.
        source: WheelMetadataError,
    },
    /// The files of a project cannot be found.
    #[error("cannot find the files of {project}\n{chain}")]
    Locate {
        /// The project.
        project: PackageName,
        /// Who requires it.
        chain: Chain,
        /// Why.
        source: LocateError,
    },
}

/// All that is wrong in a closure, in the order in which it was found; never empty.
#[derive(Debug)]
pub struct ClosureErrors(pub Vec<ClosureError>);

impl ClosureErrors {
    /// What is missing because the network may not be used: pages of projects and files, each as it was
    /// asked for. Empty where something else is wrong alone.
    pub fn offline(&self) -> Vec<String> {
        let missing = |error: &ClosureError| match error {
            ClosureError::Locate {
                source: LocateError::Fetch { source: FetchError::Offline { address }, .. },
                ..
            } => Some(address.clone()),
            ClosureError::Metadata {
                source: WheelMetadataError::Fetch { file, source: FetchError::Offline { .. } },
                ..
            } => Some(file.clone()),
            _ => None,
        };
        self.0.iter().filter_map(missing).collect()
    }
}

/// Each error with its causes, below one another.
impl fmt::Display for ClosureErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}{error}")?;
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                write!(f, "\n  because {cause}")?;
                source = cause.source();
            }
        }
        Ok(())
    }
}

impl std::error::Error for ClosureErrors {}
