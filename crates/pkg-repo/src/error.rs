//! What can go wrong in a repository.

use std::io;
use std::path::PathBuf;

use crate::channel::ChannelName;
use crate::gate::GateError;
use crate::storage::StorageError;

/// Why a repository did not do what was asked. It is then as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepoError {
    /// The storage failed.
    #[error("the repository cannot be used")]
    Storage(#[from] StorageError),
    /// A signature could not be made.
    #[error("the index of {channel} cannot be signed")]
    Sign {
        /// The channel.
        channel: ChannelName,
        /// Why.
        source: signer::SignError,
    },
    /// A signature of a folder's index could not be made.
    #[error("the index of {} cannot be signed", .folder.display())]
    SignFolder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: signer::SignError,
    },
    /// A folder that is to be indexed cannot be read, or its index not be written.
    #[error("cannot {action} {}", .path.display())]
    Folder {
        /// What was tried: "list".
        action: &'static str,
        /// The file or the folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A channel is not there.
    #[error("there is no channel {channel}: make it with `repo init`, or see `repo list`")]
    NoChannel {
        /// The channel.
        channel: ChannelName,
    },
    /// A channel is there already.
    #[error("the channel {channel} is there already, with other settings")]
    ChannelExists {
        /// The channel.
        channel: ChannelName,
    },
    /// The settings of a channel are wrong.
    #[error("the settings of the channel {channel} are wrong: {reason}")]
    Settings {
        /// The channel.
        channel: ChannelName,
        /// What is wrong.
        reason: String,
    },
    /// A snapshot is not there.
    #[error("the channel {channel} has no snapshot {snapshot}: see `repo list`")]
    NoSnapshot {
        /// The channel.
        channel: ChannelName,
        /// The snapshot.
        snapshot: String,
    },
    /// A snapshot that no channel is at cannot be read.
    #[error(
        "the snapshot {folder} cannot be read, and nobody else knows what it keeps: remove its folder, \
         unless a later version of cooperage has made it"
    )]
    OldSnapshot {
        /// Its folder.
        folder: String,
        /// What is damaged or missing.
        source: Box<RepoError>,
    },
    /// A package cannot be read.
    #[error("cannot read the package {}", .path.display())]
    Read {
        /// The package.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no Debian package.
    #[error("a package cannot be published")]
    Deb(#[from] distro::DebError),
    /// A package does not fit.
    #[error("the package {} cannot be published in {channel}: {reason}", .path.display())]
    Package {
        /// The package.
        path: PathBuf,
        /// The channel.
        channel: ChannelName,
        /// Why.
        reason: String,
    },
    /// A file is no package that an index could describe.
    #[error("the package {} cannot be indexed: {reason}", .path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A package that was named is not there.
    #[error("the channel {channel} has no package {wanted}: see `repo list {channel}`")]
    NoPackage {
        /// The channel.
        channel: ChannelName,
        /// What was asked for.
        wanted: String,
    },
    /// The version gate is shut.
    #[error("{} of the packages may not be published in {channel}:\n{}", .errors.len(), lines(.errors))]
    Gate {
        /// The channel.
        channel: ChannelName,
        /// Each package that may not pass.
        errors: Vec<GateError>,
    },
    /// A file of the repository is gone.
    #[error("the file {path} of the repository is missing: see `repo verify`")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file of the repository is not what it should be.
    #[error("the file {path} of the repository is damaged: {reason}: see `repo verify`")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        reason: &'static str,
    },
}

fn lines(errors: &[GateError]) -> String {
    errors.iter().map(|error| format!("- {error}")).collect::<Vec<_>>().join("\n")
}
