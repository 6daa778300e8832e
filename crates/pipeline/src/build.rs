//! From the locks to an image.

use std::collections::BTreeMap;
use std::path::PathBuf;

use names::{Arch, DistroId, Epoch, ReleaseId, ServiceName};
use oci_writer::{Image, ImageError, LayoutError};

use crate::assemble::{self, LayersError};
use crate::blame::Blame;
use crate::describe::{DescribeError, Description};
use crate::layers::MadeLayer;
use crate::locking::{LockError, LockMode, LockRequest, Update, lock};
use crate::locks::{Locks, LocksError};
use crate::plan;
use crate::setting::{Listener, Setting};
use crate::summary::{self, Summary};
use crate::{Event, examples, image, stale};

/// What to build.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BuildRequest {
    /// The service.
    pub service: ServiceName,
    /// The release.
    pub release: ReleaseId,
    /// The distribution of the image.
    pub distro: DistroId,
    /// The architecture of the image.
    pub arch: Arch,
    /// Whether the locks must be there, follow from the tree and be served, instead of being mended.
    pub locked: bool,
    /// `SOURCE_DATE_EPOCH`: the time of the build. No file is later than it.
    pub epoch: Option<Epoch>,
    /// Where the results go, below `<release>/<service>/`.
    pub out: PathBuf,
}

/// Why an image was not built. What was there before stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The tree does not describe it.
    #[error(transparent)]
    Describe(#[from] DescribeError),
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
    /// The locks cannot be made.
    #[error("the locks cannot be written anew")]
    Lock(#[from] LockError),
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
    /// The image's documents cannot be written.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The layout cannot be written.
    #[error("the image layout cannot be written: name another folder with --out")]
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
        match self {
            BuildError::Lock(error) => error.blame(),
            BuildError::Layers { source, .. } => source.blame(),
            _ => Blame::Input,
        }
    }
}

/// Builds the image of a service: locks first where that is needed and allowed, fetches what is not
/// in the store, makes the layers that have not been made yet, and writes an OCI image layout to
/// `<out>/<release>/<service>/oci` and a summary beside it, `build.json`.
///
/// # Errors
/// [`BuildError`], each with who must act.
pub fn build(
    setting: &Setting<'_>,
    request: &BuildRequest,
    tell: Listener<'_>,
) -> Result<Summary, BuildError> {
    let description = Description::read(setting.root, &request.distro)?;
    description.release(request.release)?;
    description.service(&request.service)?;
    let folder = summary::prepare(request)?;

    let (mut locks, mut relocked) = current_locks(setting, request, &description, tell)?;
    let layers = match layers(setting, request, &description, &locks, tell) {
        Err(BuildError::Layers { source, .. }) if source.is_gone() && !request.locked => {
            tell(Event::Note {
                text: "locked packages are on no mirror any more: all are chosen anew".to_owned(),
            });
            relocked = relock(setting, request, Update::Gone, tell)?;
            locks = Locks::read(setting.root, request.release, &request.distro)?;
            self::layers(setting, request, &description, &locks, tell)?
        }
        other => other?,
    };
    write(setting, request, &description, &locks, layers, folder, relocked)
}

/// The locks, made or mended where they are missing or stale and that is allowed; and what changed.
fn current_locks(
    setting: &Setting<'_>,
    request: &BuildRequest,
    description: &Description,
    tell: Listener<'_>,
) -> Result<(Locks, Vec<String>), BuildError> {
    let locks = Locks::read(setting.root, request.release, &request.distro)?;
    let services = std::slice::from_ref(&request.service);
    let reasons = stale::reasons(description, &locks, request.release, services, request.arch)?;
    if reasons.is_empty() {
        return Ok((locks, Vec::new()));
    }
    if request.locked {
        let (release, service) = (request.release, request.service.clone());
        return Err(BuildError::Stale { release, service, reasons });
    }
    let changes = relock(setting, request, Update::Nothing, tell)?;
    Ok((Locks::read(setting.root, request.release, &request.distro)?, changes))
}

fn relock(
    setting: &Setting<'_>,
    request: &BuildRequest,
    update: Update,
    tell: Listener<'_>,
) -> Result<Vec<String>, BuildError> {
    let locking = LockRequest {
        release: request.release,
        services: vec![request.service.clone()],
        distro: request.distro.clone(),
        arch: request.arch,
        update,
        mode: LockMode::Write,
    };
    Ok(lock(setting, &locking, tell)?.changes)
}

fn layers(
    setting: &Setting<'_>,
    request: &BuildRequest,
    description: &Description,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<Vec<MadeLayer>, BuildError> {
    let service = description.service(&request.service)?;
    let (release, arch, epoch) = (request.release, request.arch, request.epoch);
    let plan = plan::plan(description, locks, service, release, arch, epoch)?;
    let failed = |source| BuildError::Layers {
        service: request.service.clone(),
        release: request.release,
        source: Box::new(source),
    };
    let unknown = |deb: &&&distro::LockedDeb| !setting.outside.knows(&deb.archive);
    let apt = plan.base.iter().find(|deb| deb.name == "apt");
    if let (Some(apt), Some(_)) = (apt, plan.base.iter().chain(&plan.system).find(unknown)) {
        let learnt = examples::learn(setting, apt, tell);
        learnt.map_err(LayersError::Debs).map_err(failed)?;
    }
    assemble::layers(setting, &description.distro, &plan, tell).map_err(failed)
}

fn write(
    setting: &Setting<'_>,
    request: &BuildRequest,
    description: &Description,
    locks: &Locks,
    layers: Vec<MadeLayer>,
    folder: PathBuf,
    relocked: Vec<String>,
) -> Result<Summary, BuildError> {
    let service = description.service(&request.service)?;
    let source = locks.source(locks.service(&request.service, request.arch)?)?;
    let newest = layers.iter().map(|layer| layer.newest).max().unwrap_or_default();
    let created = request.epoch.unwrap_or(newest);
    let config = image::config(service, request.release, source, request.arch, created);
    let image = Image {
        arch: request.arch,
        created,
        config,
        layers: layers.iter().map(|made| made.layer.clone()).collect(),
        annotations: BTreeMap::new(),
    };
    let manifest = oci_writer::write_image(setting.store, &image)?;
    let layout = folder.join("oci");
    let manifests = std::slice::from_ref(&manifest);
    oci_writer::write_layout(setting.store, &layout, manifests, &source.version)?;
    let summary = Summary::new(request, source, &manifest, &layers, created, layout, relocked);
    summary.write(&folder.join("build.json"))?;
    Ok(summary)
}
