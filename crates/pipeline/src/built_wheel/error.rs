//! Why a wheel was not built.

use distro::DebError;
use filetree::{PathError, TreeError};
use names::Digest;
use rootfs::AssembleError;
use store::{BlobError, FetchError};
use wheels::{LocateError, MetadataError, NormalizeError, SdistError, UnpackError};

use crate::blame::Blame;
use crate::layers_error::of_locate;
use crate::patched::PatchedError;
use crate::sources::SourceError;

/// Why a wheel was not built. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuiltWheelError {
    /// The source archive or the back end cannot be had.
    #[error("cannot get what the wheel is built of")]
    Locate(#[from] LocateError),
    /// The source archive cannot be made again.
    #[error(transparent)]
    Source(#[from] Box<SourceError>),
    /// The packages of the root that it is built in cannot be had.
    #[error("cannot get the packages that the wheel is built in")]
    Debs(#[from] FetchError),
    /// The source archive cannot be unpacked.
    #[error("the source archive cannot be unpacked")]
    Sdist(#[from] SdistError),
    /// A package cannot be unpacked.
    #[error("a package of the distribution cannot be unpacked")]
    Deb(#[from] DebError),
    /// A wheel cannot be unpacked.
    #[error("a wheel cannot be unpacked")]
    Wheel(#[from] UnpackError),
    /// The patches do not apply.
    #[error(transparent)]
    Patched(#[from] PatchedError),
    /// The packages make no root file system.
    #[error("the root file system of the build cannot be made")]
    Root(#[from] AssembleError),
    /// The parts of the root do not fit together.
    #[error("the parts of the build do not fit together")]
    Tree(#[from] TreeError),
    /// A path of the source cannot be used.
    #[error("a path of the source cannot be used")]
    Path(#[from] PathError),
    /// There is no sandbox on this machine.
    #[error(
        "{file} must be built, and this machine denies the sandbox that this needs: build it where \
         `cooperage doctor` finds a sandbox, carry it here with `cooperage store export` and \
         `cooperage store import` (the step is {key}), or allow what is denied"
    )]
    Denied {
        /// The source archive.
        file: String,
        /// The key of the step.
        key: Digest,
        /// What is denied.
        source: sandbox::Denied,
    },
    /// The sandbox did not start, or did not end as it should.
    #[error("{file} cannot be built in the sandbox")]
    Sandbox {
        /// The source archive.
        file: String,
        /// Why.
        source: sandbox::SandboxError,
    },
    /// The root cannot be written.
    #[error("the root file system of the build cannot be written")]
    WriteTree(#[from] sandbox::WriteTreeError),
    /// The folder of the build cannot be used.
    #[error("cannot use a folder of the build in the store")]
    Folder {
        /// Why.
        source: std::io::Error,
    },
    /// The build failed.
    #[error("the build of {file} ended with {status}; the last that it said:\n{output}")]
    Failed {
        /// The source archive.
        file: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        output: String,
    },
    /// The build made something else.
    #[error("the build of {file} is not what was locked: {what}")]
    Wrong {
        /// The source archive.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// The wheel that was built cannot be put into its normal form.
    #[error("the wheel that was built cannot be used")]
    Normalize(#[from] NormalizeError),
    /// The metadata of the wheel that was built cannot be read.
    #[error("METADATA of the wheel that was built is wrong")]
    Metadata(#[from] MetadataError),
    /// The wheel did not enter the store.
    #[error("the wheel that was built cannot be put into the store")]
    Store(#[from] BlobError),
}

impl BuiltWheelError {
    /// Who must act.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::Locate(error) => of_locate(error),
            Self::Debs(error) => Blame::of_fetch(error),
            Self::Source(error) => error.blame(),
            Self::Sdist(_) | Self::Deb(_) | Self::Wheel(_) => Blame::Verification,
            Self::Patched(_) | Self::Store(_) | Self::Folder { .. } => Blame::Input,
            _ => Blame::Step,
        }
    }
}
