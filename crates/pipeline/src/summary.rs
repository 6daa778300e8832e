//! What a build has made, for people and machines.

use std::io;
use std::path::{Path, PathBuf};

use names::{Arch, Digest, Epoch};
use oci_writer::ManifestBlob;
use serde::Serialize;

use crate::build::error::BuildError;
use crate::build::request::BuildRequest;
use crate::files::write_file;
use crate::layers::MadeLayer;

/// What a build has made: `build.json`. The format is documented in `docs/formats/build.md`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// Version of the format.
    pub format: u32,
    /// `keystone:28.1.0`.
    pub name: String,
    /// The service.
    pub service: String,
    /// Its version.
    pub version: String,
    /// The release.
    pub release: String,
    /// The distribution.
    pub distro: String,
    /// What stands for the image in `index.json`: the digest of its manifest, or where there are
    /// several architectures that of the index of them. Nothing where no image was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The image for each architecture.
    pub images: Vec<ImageSummary>,
    /// The packages.
    pub packages: Vec<PackageSummary>,
    /// What changed in the locks because of this build, a line each.
    pub lock_changes: Vec<String>,
    /// Where the image layout is, where there is one. Not in the file, which may be moved together with
    /// it.
    #[serde(skip)]
    pub layout: Option<PathBuf>,
}

/// A package of a service.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageSummary {
    /// `deb`.
    pub format: String,
    /// The architecture as the package names it: `amd64`, `all`.
    pub arch: String,
    /// The name of the package.
    pub name: String,
    /// The version of the package.
    pub version: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Number of its bytes.
    pub size: u64,
    /// Its file, below the folder of the build's results.
    pub file: String,
    /// The file with its provenance, beside it.
    pub provenance: String,
    /// Where the file is. Not in `build.json`.
    #[serde(skip)]
    pub path: PathBuf,
}

/// The image for one architecture.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageSummary {
    /// The architecture.
    pub arch: Arch,
    /// The time in the image's configuration, RFC 3339.
    pub created: String,
    /// The digest of its manifest.
    pub digest: Digest,
    /// The digest of its configuration.
    pub config: Digest,
    /// The layers, the lowest first.
    pub layers: Vec<LayerSummary>,
}

/// A layer of a build.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LayerSummary {
    /// What it holds.
    pub name: String,
    /// The digest of its compressed bytes.
    pub digest: Digest,
    /// Number of compressed bytes.
    pub size: u64,
    /// The digest of the tar archive.
    pub diff_id: Digest,
    /// Number of bytes of the tar archive.
    pub uncompressed_size: u64,
}

impl ImageSummary {
    pub(crate) fn new(manifest: &ManifestBlob, created: Epoch, layers: &[MadeLayer]) -> Self {
        let layers = layers.iter().map(|made| LayerSummary {
            name: made.name.clone(),
            digest: made.layer.digest,
            size: made.layer.size,
            diff_id: made.layer.diff_id,
            uncompressed_size: made.layer.uncompressed_size,
        });
        Self {
            arch: manifest.arch,
            created: created.to_string(),
            digest: manifest.digest,
            config: manifest.config.digest,
            layers: layers.collect(),
        }
    }
}

impl Summary {
    /// The summary as JSON, in lines.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a summary is plain text and numbers")
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), BuildError> {
        write_file(path, format!("{}\n", self.to_json()))
            .map_err(|source| BuildError::Out { path: path.to_owned(), source })
    }
}

/// Makes the folder of a build's results, and finds out whether it can be written: before the work,
/// not after it.
pub(crate) fn prepare(request: &BuildRequest) -> Result<PathBuf, BuildError> {
    let folder = request.out.join(request.release.to_string()).join(request.service.as_str());
    let try_it = || -> io::Result<()> {
        fs_err::create_dir_all(&folder)?;
        tempfile::tempfile_in(&folder)?;
        Ok(())
    };
    try_it().map_err(|source| BuildError::Out { path: request.out.clone(), source })?;
    Ok(folder)
}
