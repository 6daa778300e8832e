//! What a build has made, and how it is written down.

use std::path::Path;

use names::Epoch;
use oci_writer::Image;

use super::{BuildError, BuildRequest};
use crate::layers::MadeLayer;
use crate::package::provenance_of;
use crate::setting::Setting;
use crate::summary::{ImageSummary, PackageSummary, Summary};

/// What there is before the results are written down.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) version: String,
    pub(super) images: Vec<MadeImage>,
    pub(super) packages: Vec<PackageSummary>,
    /// What has changed in the locks.
    pub(super) changes: Vec<String>,
}

/// The image for one architecture, without its documents.
#[derive(Debug)]
pub(super) struct MadeImage {
    pub(super) created: Epoch,
    pub(super) layers: Vec<MadeLayer>,
    pub(super) image: Image,
}

impl Made {
    /// Adds what was made for another distribution.
    pub(super) fn add(&mut self, other: Self) {
        self.version = other.version;
        self.images.extend(other.images);
        self.packages.extend(other.packages);
        self.changes.extend(other.changes);
    }
}

/// Writes the documents of the images, the layout and the summary.
pub(super) fn write(
    setting: &Setting<'_>,
    request: &BuildRequest,
    made: Made,
    folder: &Path,
) -> Result<Summary, BuildError> {
    let Made { version, images, packages, changes } = made;
    let mut manifests = Vec::new();
    let mut summaries = Vec::new();
    for MadeImage { created, layers, image } in images {
        let manifest = oci_writer::write_image(setting.store, &image)?;
        summaries.push(ImageSummary::new(&manifest, created, &layers));
        manifests.push(manifest);
    }
    let (mut digest, mut layout) = (None, None);
    if !manifests.is_empty() {
        let path = folder.join("oci");
        let top = oci_writer::write_layout(setting.store, &path, &manifests, &tag(&version))?;
        (digest, layout) = (Some(top.digest), Some(path));
    }
    let summary = Summary {
        format: 1,
        name: format!("{}:{}", request.service, tag(&version)),
        service: request.service.to_string(),
        version,
        release: request.release.to_string(),
        distro: request.distro.to_string(),
        digest,
        images: summaries,
        packages,
        lock_changes: changes,
        layout,
    };
    summary.write(&folder.join("build.json"))?;
    Ok(summary)
}

/// Removes the packages of earlier builds, and their provenance, from the folder of their format: what is there belongs together.
pub(super) fn sweep(
    folder: &Path,
    format: &str,
    packages: &[PackageSummary],
) -> Result<(), BuildError> {
    let folder = folder.join(format);
    let failed = |source| BuildError::Out { path: folder.clone(), source };
    for entry in fs_err::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ending = format!(".{format}");
        let is_ours = name.ends_with(&ending) || name.ends_with(&provenance_of(&ending));
        let is_of = |package: &PackageSummary| {
            let file = package.path.file_name().unwrap_or_default().to_string_lossy();
            package.format == format && (name == file || *name == provenance_of(&file))
        };
        if is_ours && !packages.iter().any(is_of) {
            fs_err::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}

/// A version as a tag, which has no `+` (distribution-spec, "Pulling manifests").
fn tag(version: &str) -> String {
    version.replace('+', "-")
}
