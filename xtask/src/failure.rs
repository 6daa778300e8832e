//! Why the command did not do what it was asked.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use names::{Fault, render_faults};
use pipeline::Blame;
use pkg_repo::RepoError;
use store::BundleError;

/// Why the command did not do what it was asked. Each knows who must act: the exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the working directory cannot be found out")]
    Surroundings(#[source] std::io::Error),
    #[error(
        "no tree here or above: run it in a folder with releases/, services/ and distros/, or name \
         one with --root"
    )]
    NoTree,
    #[error("no place for the store: name a folder with --store, or set HOME")]
    NoStore,
    #[error("--mirror {argument}: {reason}")]
    Mirror { argument: String, reason: String },
    #[error("--source {argument}: {reason}")]
    Source { argument: String, reason: String },
    #[error("{argument}: {reason}")]
    Reference { argument: String, reason: String },
    #[error("SOURCE_DATE_EPOCH is `{0}`: want whole seconds since 1970, such as 1795228558")]
    Epoch(String),
    #[error("{}\n{}", render_faults(.0), count(.0.len()))]
    Faults(Vec<Fault>),
    #[error("the lock does not follow from the tree:\n  {}\nwrite it anew with `cargo xtask lock {}`", .reasons.join("\n  "), .release)]
    Stale { release: names::ReleaseId, reasons: Vec<String> },
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    #[error("cannot write {}", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    #[error("cannot print the result")]
    Print(#[source] std::io::Error),
    #[error("{failed} of {total} builds have failed")]
    NotAll { failed: usize, total: usize, blame: Blame },
    #[error("cannot start {}: races are run in a checkout of Cooperage", .races.display())]
    NoRaces { races: PathBuf, source: std::io::Error },
    #[error("the races have not ended: {0}")]
    Races(std::process::ExitStatus),
    #[error("{} is no folder: --source names the folder with the source", .0.display())]
    NoSource(PathBuf),
    #[error(transparent)]
    Platform(#[from] bindep::PlatformError),
    #[error(transparent)]
    Patch(#[from] patcher::ParseError),
    #[error(transparent)]
    ApplyPatch(#[from] patcher::ApplyError),
    #[error(transparent)]
    WritePatched(#[from] patcher::WriteError),
    #[error(transparent)]
    Describe(#[from] pipeline::DescribeError),
    #[error("no mirror serves {}: name one with --mirror ARCHIVE=URL, or set a proxy", .0.join(", "))]
    Mirrors(Vec<String>),
    #[error("{}", damage(*.count, *.removed))]
    Damaged { count: usize, removed: bool },
    #[error(
        "{0} of the repository's files are not as they should be: publish the packages again, then \
         `repo refresh`, which makes indexes anew"
    )]
    Findings(usize),
    #[error("{0} is neither a digest nor a package of {1}: see `repo list {1}`")]
    NoSuchPackage(String, pkg_repo::ChannelName),
    #[error("image and packages differ in {0} paths: build them anew, in one go")]
    NotEquivalent(usize),
    #[error(transparent)]
    Equivalence(#[from] pipeline::EquivalenceError),
    #[error("{} is no repository: make one with `repo init`", .0.display())]
    NoRepository(PathBuf),
    #[error("cannot serve at {0}: name another place with --listen ADDRESS:PORT")]
    Listen(std::net::SocketAddr, #[source] std::io::Error),
    #[error("{} is no keyring", .0.display())]
    Keyring(PathBuf, #[source] signer::KeyringError),
    #[error("{} is no provenance of a package: build it anew, or take the file away", .0.display())]
    Provenance(PathBuf, #[source] pkg_repo::ProvenanceError),
    #[error(transparent)]
    Repo(#[from] pkg_repo::RepoError),
    #[error("the repository cannot be opened")]
    OpenRepo(#[from] pkg_repo::StorageError),
    #[error(transparent)]
    NoKey(#[from] signer::NoKeyError),
    #[error(transparent)]
    OpenKey(#[from] signer::OpenKeyError),
    #[error("keys cannot be kept out of core dumps")]
    CoreDumps(#[source] std::io::Error),
    #[error("{source}; the store has the kinds {known}")]
    Key {
        known: String,
        /// Printed above, so not a cause.
        source: store::KeyError,
    },
    #[error(transparent)]
    Name(names::NameError),
    #[error("there is no command {word}{hint}")]
    NoCommand { word: String, hint: String },
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Inventory(#[from] store::InventoryError),
    #[error(transparent)]
    Bundle(#[from] store::BundleError),
    #[error(transparent)]
    Query(#[from] pipeline::QueryError),
    #[error(transparent)]
    Fetch(#[from] store::FetchError),
    #[error(transparent)]
    Lock(#[from] pipeline::LockError),
    #[error(transparent)]
    Build(#[from] pipeline::BuildError),
}

impl Failure {
    /// Who must act. A disk that is full is the user's, wherever it stops the work.
    pub(crate) fn blame(&self) -> Blame {
        if is_of_disk(self) {
            return Blame::Input;
        }
        match self {
            Failure::Mirrors(_) => Blame::Upstream,
            Failure::Damaged { .. } | Failure::Findings(_) | Failure::NotEquivalent(_) => {
                Blame::Verification
            }
            Failure::Repo(
                RepoError::Missing { .. }
                | RepoError::Damaged { .. }
                | RepoError::OldSnapshot { .. },
            ) => Blame::Verification,
            Failure::Races(_) => Blame::Step,
            Failure::Bundle(
                BundleError::Damaged { .. }
                | BundleError::WrongBytes { .. }
                | BundleError::Incomplete { .. },
            ) => Blame::Verification,
            Failure::Query(error) => error.blame(),
            Failure::Fetch(error) => Blame::of_fetch(error),
            Failure::Lock(error) => error.blame(),
            Failure::Build(error) => error.blame(),
            Failure::NotAll { blame, .. } => *blame,
            _ => Blame::Input,
        }
    }
}

/// Whether a full or read-only disk is among the causes.
fn is_of_disk(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if let Some(
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem,
        ) = kind
        {
            return true;
        }
        cause = error.source();
    }
    false
}

fn count(faults: usize) -> String {
    match faults {
        1 => "1 fault".to_owned(),
        faults => format!("{faults} faults"),
    }
}

fn damage(count: usize, removed: bool) -> String {
    match (count, removed) {
        (1, false) => "1 file of the store is damaged: remove it with --remove".to_owned(),
        (1, true) => "1 file of the store was damaged, and is removed: build again".to_owned(),
        (_, false) => format!("{count} files of the store are damaged: remove them with --remove"),
        (_, true) => {
            format!("{count} files of the store were damaged, and are removed: build again")
        }
    }
}
