//! What to build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use names::{Arch, DistroId, Epoch, ReleaseId, ServiceName};
use oci_writer::Compression;

use crate::parts::Wanted;

/// What a build can make of a service.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Format {
    /// An OCI image.
    Oci,
    /// A Debian package.
    Deb,
    /// An RPM package.
    Rpm,
}

/// What to build.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BuildRequest {
    /// The service; `meta` stands for the release's meta package.
    pub service: ServiceName,
    /// The release.
    pub release: ReleaseId,
    /// The distribution: of the image and the Debian package, or where it is one of rpms, of these.
    pub distro: DistroId,
    /// What rpms are made for where `distro` is one of .debs.
    pub rpm_distro: DistroId,
    /// The architectures of the image, at least one: several become one index.
    pub arches: Vec<Arch>,
    /// What is made; nothing stands for an image, or where the distribution is one of rpms, for an rpm.
    pub formats: BTreeSet<Format>,
    /// How its layers are compressed.
    pub compression: Compression,
    /// Whether the locks must be there, follow from the tree and be served, instead of being mended.
    pub locked: bool,
    /// `SOURCE_DATE_EPOCH`: the time of the build. No file is later than it.
    pub epoch: Option<Epoch>,
    /// Folders in place of the sources of services. The locks in the tree stay as they are.
    pub folders: BTreeMap<ServiceName, PathBuf>,
    /// Where the results go, below `<release>/<service>/`.
    pub out: PathBuf,
}

impl BuildRequest {
    /// What must be locked for it.
    pub(crate) fn wanted(&self) -> Wanted {
        self.arches.iter().map(|arch| (*arch, vec![self.service.clone()])).collect()
    }
}
