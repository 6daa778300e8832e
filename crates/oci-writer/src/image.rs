//! One image: its configuration and its manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

use names::{Arch, Digest, Epoch};
use store::{BlobError, Store};

use crate::model::{self, to_json};
use crate::{
    Config, ConfigFile, Descriptor, History, Layer, Manifest, Platform, RootFs, media_type,
};

/// An image for one architecture.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// The architecture; the operating system is Linux.
    pub arch: Arch,
    /// Time of the build. It stands in the configuration alone, so that another time leaves every
    /// layer as it is.
    pub created: Epoch,
    /// How a container is started.
    pub config: RunConfig,
    /// The layers, the lowest first. Each becomes one line of the history.
    pub layers: Vec<Layer>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
}

/// How a container is started (image-spec 1.1, config.md). What is empty is left out.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RunConfig {
    /// User, or `uid:gid`: numbers work in every cluster policy, names do not.
    pub user: String,
    /// Variables by name.
    pub env: BTreeMap<String, String>,
    /// Folder in which the command starts.
    pub working_dir: String,
    /// The command's fixed first part.
    pub entrypoint: Vec<String>,
    /// The command's part that a user replaces.
    pub cmd: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Ports as `5000/tcp`.
    pub exposed_ports: BTreeSet<String>,
    /// Folders that hold data.
    pub volumes: BTreeSet<String>,
    /// Signal that ends a container: `SIGTERM`.
    pub stop_signal: String,
}

/// A manifest in the store, with all that it refers to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ManifestBlob {
    /// The architecture.
    pub arch: Arch,
    /// SHA-256 of the manifest: the digest of the image.
    pub digest: Digest,
    /// Number of bytes of the manifest.
    pub size: u64,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, the lowest first.
    pub layers: Vec<Descriptor>,
}

/// Why an image could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// There is nothing in it.
    #[error("an image for {arch} needs at least one layer")]
    NoLayer {
        /// The architecture.
        arch: Arch,
    },
    /// A document could not be written.
    #[error("cannot write the {document} of the image into the store")]
    Write {
        /// Which: `configuration` or `manifest`.
        document: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A document did not enter the store.
    #[error("cannot put the {document} of the image into the store")]
    Store {
        /// Which: `configuration` or `manifest`.
        document: &'static str,
        /// Why.
        source: BlobError,
    },
}

/// Writes the configuration and the manifest of `image` into `store`, where its layers must be.
///
/// # Errors
/// When the image has no layer (manifest.md asks for one), or the store cannot be written.
pub fn write_image(store: &Store, image: &Image) -> Result<ManifestBlob, ImageError> {
    if image.layers.is_empty() {
        return Err(ImageError::NoLayer { arch: image.arch });
    }
    let config = to_json(&config_file(image));
    let config = put(store, "configuration", media_type::CONFIG, &config)?;
    let layers: Vec<Descriptor> = image
        .layers
        .iter()
        .map(|layer| Descriptor::new(&layer.media_type, layer.digest, layer.size))
        .collect();
    let manifest = Manifest {
        schema_version: 2,
        media_type: media_type::MANIFEST.to_owned(),
        config: config.clone(),
        layers: layers.clone(),
        annotations: image.annotations.clone(),
    };
    let manifest = put(store, "manifest", media_type::MANIFEST, &to_json(&manifest))?;
    let Descriptor { digest, size, .. } = manifest;
    Ok(ManifestBlob { arch: image.arch, digest, size, config, layers })
}

/// The platform of an architecture.
pub(crate) fn platform(arch: Arch) -> Platform {
    let variant = match arch {
        Arch::Amd64 => None,
        Arch::Arm64 => Some("v8".to_owned()),
    };
    Platform { architecture: arch.debian().to_owned(), os: "linux".to_owned(), variant }
}

/// Puts a small document into the store.
pub(crate) fn put(
    store: &Store,
    document: &'static str,
    media_type: &str,
    bytes: &[u8],
) -> Result<Descriptor, ImageError> {
    let stored = |source| ImageError::Store { document, source };
    let mut writer = store.blob_writer().map_err(stored)?;
    writer.write_all(bytes).map_err(|source| ImageError::Write { document, source })?;
    let blob = writer.finish(None).map_err(stored)?;
    Ok(Descriptor::new(media_type, blob.digest, blob.size))
}

fn config_file(image: &Image) -> ConfigFile {
    let RunConfig { user, env, working_dir, entrypoint, cmd, labels, .. } = image.config.clone();
    let Platform { architecture, os, variant } = platform(image.arch);
    let created = Some(image.created.to_string());
    let history = |layer: &Layer| History {
        created: created.clone(),
        created_by: Some(layer.created_by.clone()),
        empty_layer: false,
    };
    ConfigFile {
        created: created.clone(),
        architecture,
        os,
        variant,
        config: Config {
            user,
            exposed_ports: model::set(&image.config.exposed_ports),
            env: env.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            entrypoint,
            cmd,
            volumes: model::set(&image.config.volumes),
            working_dir,
            labels,
            stop_signal: image.config.stop_signal.clone(),
        },
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: image.layers.iter().map(|layer| layer.diff_id).collect(),
        },
        history: image.layers.iter().map(history).collect(),
    }
}
