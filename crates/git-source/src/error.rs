//! What can go wrong between a reference and its files.

use std::path::PathBuf;

use source_refs::CommitId;

use crate::pbr::VersionError;

/// Why a repository does not give what is asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// The cache cannot be used.
    #[error("the git cache {}: {reason}", .path.display())]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The network is needed and may not be used.
    #[error("{what} is not in the git cache, and the network is off: run once without --offline")]
    Offline {
        /// What is missing.
        what: String,
    },
    /// No address gives an answer.
    #[error("no address of the repository works: {}", .attempts.join("; "))]
    Unreachable {
        /// Each address, a colon, and what is wrong there.
        attempts: Vec<String>,
    },
    /// The reference is not there.
    #[error("{url} has no {reference}: check the name, and whether it was deleted")]
    NoReference {
        /// The repository.
        url: String,
        /// What was looked for.
        reference: String,
    },
    /// Several things have this name.
    #[error("{reference} is ambiguous: {}: give one of them in full", .candidates.join(", "))]
    Ambiguous {
        /// The name.
        reference: String,
        /// What has it.
        candidates: Vec<String>,
    },
    /// A tag was moved after it was recorded.
    #[error(
        "the tag {tag} of {url} was moved: recorded is commit {recorded}, and it is {found} now: ask \
         who moved it; if that was right, name the commit in place of the tag"
    )]
    TagMoved {
        /// The repository.
        url: String,
        /// The tag.
        tag: String,
        /// The commit in the lock.
        recorded: CommitId,
        /// The commit that it leads to now.
        found: CommitId,
    },
    /// An object is not what it should be.
    #[error("{what}: {reason}")]
    Object {
        /// Which object, or which file of which commit.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A tree has more than it may have.
    #[error("commit {commit}: {what} is more than the {most} that are taken")]
    TooLarge {
        /// The commit.
        commit: CommitId,
        /// What there is too much of.
        what: String,
        /// How much there may be.
        most: u64,
    },
    /// There is no version.
    #[error("commit {commit} has no version")]
    Version {
        /// The commit.
        commit: CommitId,
        /// Why.
        source: VersionError,
    },
}

/// An error of gix with its causes, in one line.
pub(crate) fn told(error: &gix::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.iter_errors() {
        let text: String = cause.to_string().chars().take(400).collect();
        if parts.iter().all(|part| !part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
