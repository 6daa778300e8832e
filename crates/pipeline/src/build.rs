//! From the locks to an image.

pub(crate) mod error;
pub(crate) mod request;

use std::collections::BTreeMap;
use std::path::PathBuf;

use oci_writer::Image;

pub use error::BuildError;
pub use request::BuildRequest;

use crate::assemble;
use crate::describe::Description;
use crate::layers::MadeLayer;
use crate::layers_error::LayersError;
use crate::locking::{LockMode, LockRequest, Update, lock};
use crate::locks::Locks;
use crate::plan;
use crate::setting::{Listener, Setting};
use crate::summary::{self, Summary};
use crate::{Event, examples, image, stale};

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
