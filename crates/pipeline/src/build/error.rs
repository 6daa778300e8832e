//! Why an image was not built.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use filetree::DamagedContent;
use names::{DistroId, Place, ReleaseId, ServiceName};
use oci_writer::{ImageError, LayoutError};

use crate::blame::Blame;
use crate::describe::DescribeError;
use crate::layers_error::LayersError;
use crate::locking::LockError;
use crate::locks::LocksError;
use crate::package::PackageError;
use crate::suites::ArchivesError;

/// Why an image was not built. What was there before stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The tree does not describe it.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// The distribution of rpms has other packages.
    #[error(
        "no rpms are made for {distro}: name a file of distros/ that has `packages = \"rpm\"` with \
         --rpm-distro"
    )]
    NoRpms {
        /// The distribution.
        distro: DistroId,
    },
    /// The locks cannot be used.
    #[error(transparent)]
    Locks(#[from] LocksError),
    /// The locks do not follow from the tree, and may not be changed.
    #[error(
        "--locked: the lock of {service} {release} does not follow from the tree:\n  {}\n\
         write it anew with `cargo xtask lock {release} {service}`", .reasons.join("\n  ")
    )]
    Stale {
        /// The service.
        service: ServiceName,
        /// The release.
        release: ReleaseId,
        /// What differs.
        reasons: Vec<String>,
    },
    /// A folder is no source that a lock can hold.
    #[error(
        "--locked: {place}: {service} {release} comes from a folder of this machine, which no lock can hold\n\
         hint: leave out --locked, or name a release or a commit"
    )]
    LockedFolder {
        /// Where the folder is named.
        place: Place,
        /// The service or library.
        service: String,
        /// The release.
        release: ReleaseId,
    },
    /// The release has no meta package.
    #[error(
        "releases/{release}/release.toml does not say how the meta package is made: add [meta-package] with \
         maintainer"
    )]
    NoMeta {
        /// The release.
        release: ReleaseId,
    },
    /// There are no images of meta packages.
    #[error("the meta package of {release} has no image: build it with --format deb,rpm")]
    MetaImage {
        /// The release.
        release: ReleaseId,
    },
    /// There is nothing for the meta package to bring in.
    #[error(
        "no service with [package] is locked for {release} on {distro}: lock one with \
         `cargo xtask lock {release} keystone --distro {distro}`"
    )]
    NothingLocked {
        /// The release.
        release: ReleaseId,
        /// The distribution.
        distro: DistroId,
    },
    /// A package for all architectures would need several versions of a service.
    #[error(
        "{service} {release} is locked in several versions, {}, and one meta package is for all architectures: \
         move it with `cargo xtask lock {release} {service} --update {service} --arch amd64,arm64 --distro {distro}`",
        .versions.join(" and ")
    )]
    SeveralVersions {
        /// The service.
        service: ServiceName,
        /// The release.
        release: ReleaseId,
        /// The distribution.
        distro: DistroId,
        /// The versions.
        versions: Vec<String>,
    },
    /// Services that the meta package brings in were not built beside it.
    #[error(
        "the meta package of {release} needs {}, which {} not built: see above, or name others with \
         `services` of [meta-package] in releases/{release}/release.toml",
        .services.iter().map(ServiceName::as_str).collect::<Vec<_>>().join(", "),
        if .services.len() == 1 { "was" } else { "were" }
    )]
    NotBuilt {
        /// The release.
        release: ReleaseId,
        /// The services.
        services: Vec<ServiceName>,
    },
    /// The locks cannot be made.
    #[error("the locks cannot be written anew")]
    Lock(#[from] LockError),
    /// It cannot be learnt where the archives of locked packages are.
    #[error("cannot learn where the archives of {distro} are that no mirror is named for")]
    Archives {
        /// The distribution.
        distro: DistroId,
        /// Why.
        source: ArchivesError,
    },
    /// The layers cannot be made.
    #[error("cannot build {service} {release}")]
    Layers {
        /// The service.
        service: ServiceName,
        /// The release.
        release: ReleaseId,
        /// Why.
        source: Box<LayersError>,
    },
    /// A package cannot be made.
    #[error("cannot make the package of {service} {release}")]
    Package {
        /// The service.
        service: ServiceName,
        /// The release.
        release: ReleaseId,
        /// Why.
        source: Box<PackageError>,
    },
    /// The image's documents cannot be written.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The layout cannot be written.
    #[error("the image layout cannot be written")]
    Layout(#[from] LayoutError),
    /// The output folder cannot be used.
    #[error("cannot write to {}: name another folder with --out", .path.display())]
    Out {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl BuildError {
    /// Who must act.
    pub fn blame(&self) -> Blame {
        if of_damage(self) {
            return Blame::Verification;
        }
        match self {
            BuildError::Lock(error) => error.blame(),
            BuildError::Archives { source, .. } => source.blame(),
            BuildError::Layers { source, .. } => source.blame(),
            BuildError::Package { source, .. } => source.blame(),
            BuildError::Layout(LayoutError::DamagedBlob { .. }) => Blame::Verification,
            _ => Blame::Input,
        }
    }
}

/// Whether bytes of the store that were changed are among the causes.
fn of_damage(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if inner.is_some_and(|error| error.is::<DamagedContent>()) {
            return true;
        }
        cause = error.source();
    }
    false
}
