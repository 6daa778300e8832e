//! From the locks to an image and packages.

pub(crate) mod error;
pub(crate) mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use names::Arch;
use oci_writer::Image;

pub use error::BuildError;
pub use request::{BuildRequest, Format};

use crate::assemble;
use crate::components::{self, Library};
use crate::describe::Description;
use crate::deviations::Deviations;
use crate::layers::MadeLayer;
use crate::layers_error::LayersError;
use crate::locking::{LockMode, LockRequest, Older, Update, draft, lock};
use crate::locks::Locks;
use crate::package::{self, PackageError};
use crate::parts::parts;
use crate::plan::{self, Plan, PlanError, Target};
use crate::setting::{Listener, Setting};
use crate::sources::argument_place;
use crate::summary::{self, ImageSummary, PackageSummary, Summary};
use crate::{Event, Stage, examples, image, stale};

/// Builds a service: locks first where that is needed and allowed, fetches what is not in the store,
/// makes the layers that have not been made yet, and writes what is asked for to
/// `<out>/<release>/<service>`: an OCI image layout, `oci`; Debian packages, in `deb`; and a summary,
/// `build.json`.
///
/// # Errors
/// [`BuildError`], each with who must act.
pub fn build(
    setting: &Setting<'_>,
    request: &BuildRequest,
    tell: Listener<'_>,
) -> Result<Summary, BuildError> {
    let prepared = prepare(setting, request, tell)?;
    finish(setting, request, prepared, tell)
}

/// What is known before the layers are made.
#[derive(Debug)]
pub(crate) struct Prepared {
    description: Description,
    mended: Mended,
}

/// The locks of a build.
#[derive(Debug)]
struct Mended {
    /// What has changed in them for this build.
    changes: Vec<String>,
    locks: Locks,
    /// Whether they are those in the tree.
    written: bool,
}

/// What is kept of a [`Prepared`] while others are prepared, which may change the locks in the tree.
#[derive(Clone, Debug)]
pub(crate) struct SetAside {
    changes: Vec<String>,
    /// The locks, where they are not those in the tree.
    locks: Option<Locks>,
}

impl Prepared {
    /// Keeps what cannot be read again.
    pub(crate) fn set_aside(self) -> SetAside {
        let Mended { changes, locks, written } = self.mended;
        SetAside { changes, locks: (!written).then_some(locks) }
    }
}

impl SetAside {
    /// Reads the tree once more.
    pub(crate) fn resume(
        self,
        setting: &Setting<'_>,
        request: &BuildRequest,
    ) -> Result<Prepared, BuildError> {
        let (changes, written) = (self.changes, self.locks.is_none());
        let locks = match self.locks {
            Some(locks) => locks,
            None => Locks::read(setting.root, request.release, &request.distro)?,
        };
        let description = describe(setting, request)?;
        Ok(Prepared { description, mended: Mended { changes, locks, written } })
    }
}

fn describe(setting: &Setting<'_>, request: &BuildRequest) -> Result<Description, BuildError> {
    let description = Description::read(setting.root, &request.distro)?;
    Ok(description.with_folders(&request.folders))
}

/// Checks what can be checked before the work, and mends the locks.
pub(crate) fn prepare(
    setting: &Setting<'_>,
    request: &BuildRequest,
    tell: Listener<'_>,
) -> Result<Prepared, BuildError> {
    let description = describe(setting, request)?;
    description.release(request.release)?;
    description.service(&request.service)?;
    refuse_folders(request, &description)?;
    description.warn(tell);
    summary::prepare(request)?;
    tell(Event::StageStarted { stage: Stage::Lock });
    let mended = mend_locks(setting, request, &description, tell)?;
    Ok(Prepared { description, mended })
}

/// What a folder holds may be another thing each time.
fn refuse_folders(request: &BuildRequest, description: &Description) -> Result<(), BuildError> {
    if !request.locked {
        return Ok(());
    }
    let refused =
        |place, service| Err(BuildError::LockedFolder { place, service, release: request.release });
    if let Some(name) = request.folders.keys().next() {
        return refused(argument_place(), name.to_string());
    }
    let release = description.release(request.release)?;
    let (from, place) = description.source(release, &request.service)?;
    if from.is_folder() {
        return refused(place, request.service.to_string());
    }
    let libraries = description.libraries(release)?;
    let is_folder =
        |library: &Library| library.from.as_ref().is_some_and(components::From::is_folder);
    match libraries.into_iter().find(is_folder) {
        Some(library) => refused(library.place, library.component),
        None => Ok(()),
    }
}

/// Builds from the locks as they are.
pub(crate) fn finish(
    setting: &Setting<'_>,
    request: &BuildRequest,
    prepared: Prepared,
    tell: Listener<'_>,
) -> Result<Summary, BuildError> {
    let folder = summary::prepare(request)?;
    let Prepared { description, mended: Mended { changes, locks, .. } } = prepared;
    let build = Build { setting, request, description: &description };
    match build.make(&locks, &folder, tell) {
        Err(BuildError::Layers { source, .. }) if source.is_gone() && !request.locked => {
            tell(Event::Note {
                text: "locked packages are on no mirror any more: all are chosen anew".to_owned(),
            });
            let Mended { changes, locks, .. } = relock(setting, request, Update::Gone, tell)?;
            let made = build.make(&locks, &folder, tell)?;
            build.write(&locks, made, folder, changes, tell)
        }
        made => build.write(&locks, made?, folder, changes, tell),
    }
}

/// Makes or mends the locks where they are missing or stale and that is allowed.
fn mend_locks(
    setting: &Setting<'_>,
    request: &BuildRequest,
    description: &Description,
    tell: Listener<'_>,
) -> Result<Mended, BuildError> {
    let locks = Locks::read(setting.root, request.release, &request.distro)?;
    let services = std::slice::from_ref(&request.service);
    let arches = request.arches.iter().copied().collect();
    let mut reasons = Vec::new();
    for part in parts(description, request.release, services, &arches, setting.host)? {
        reasons.extend(stale::reasons(description, &locks, request.release, &part)?);
    }
    if reasons.is_empty() {
        return Ok(Mended { changes: Vec::new(), locks, written: true });
    }
    if request.locked {
        let (release, service) = (request.release, request.service.clone());
        return Err(BuildError::Stale { release, service, reasons });
    }
    relock(setting, request, Update::Nothing, tell)
}

fn relock(
    setting: &Setting<'_>,
    request: &BuildRequest,
    update: Update,
    tell: Listener<'_>,
) -> Result<Mended, BuildError> {
    let locking = LockRequest {
        release: request.release,
        services: vec![request.service.clone()],
        distro: request.distro.clone(),
        arches: request.arches.clone(),
        update,
        older: Older::Refuse,
        mode: LockMode::Write,
        folders: request.folders.clone(),
    };
    if request.folders.is_empty() {
        let changes = lock(setting, &locking, tell)?.changes;
        let locks = Locks::read(setting.root, request.release, &request.distro)?;
        return Ok(Mended { changes, locks, written: true });
    }
    let (locks, changes) = draft(setting, &locking, tell)?;
    Ok(Mended { changes, locks, written: false })
}

/// What a build works with, besides the locks.
struct Build<'a> {
    setting: &'a Setting<'a>,
    request: &'a BuildRequest,
    description: &'a Description,
}

/// What there is before the results are written down.
#[derive(Debug, Default)]
struct Made {
    version: String,
    /// The layers of the image of each architecture; none where no image was asked for.
    images: Vec<(Arch, Vec<MadeLayer>)>,
    packages: Vec<PackageSummary>,
}

impl Build<'_> {
    /// Makes the layers of the images, and the packages, of each architecture.
    fn make(&self, locks: &Locks, folder: &Path, tell: Listener<'_>) -> Result<Made, BuildError> {
        let formats = &self.request.formats;
        let mut made = Made::default();
        let arches: BTreeSet<Arch> = self.request.arches.iter().copied().collect();
        for arch in arches {
            let plan = self.plan(locks, arch)?;
            made.version = plan.version.to_owned();
            self.learn(&plan, tell)?;
            if formats.contains(&Format::Oci) {
                let layers = assemble::layers(self.setting, &self.description.distro, &plan, tell);
                made.images.push((arch, layers.map_err(|e| self.failed(locks, arch, e))?));
            }
            if formats.contains(&Format::Deb) {
                made.packages.push(self.package(locks, &plan, folder, tell)?);
            }
        }
        if formats.contains(&Format::Deb) {
            sweep(&folder.join("deb"), &made.packages)?;
        }
        Ok(made)
    }

    fn plan<'a>(&'a self, locks: &'a Locks, arch: Arch) -> Result<Plan<'a>, BuildError> {
        let Self { setting, request, description } = *self;
        let service = description.service(&request.service)?;
        let target = Target {
            host: setting.host,
            release: request.release,
            arch,
            clamp: request.epoch,
            compression: request.compression,
        };
        plan::plan(description, locks, service, target).map_err(|error| match error {
            PlanError::Describe(error) => BuildError::from(error),
            PlanError::Locks(error) => BuildError::from(error),
        })
    }

    /// Learns where archives are that this machine is not set up for.
    fn learn(&self, plan: &Plan<'_>, tell: Listener<'_>) -> Result<(), BuildError> {
        let outside = self.setting.outside;
        let unknown = |deb: &&distro::LockedDeb| !outside.knows(&deb.archive);
        let apt = plan.base.iter().find(|deb| deb.name == "apt");
        let foreign = plan.base.iter().chain(&plan.system).any(unknown);
        if let (Some(apt), true, false) = (apt, foreign, outside.is_offline()) {
            let learnt = examples::learn(self.setting, apt, tell);
            learnt.map_err(|error| self.layers_error(LayersError::Debs(error)))?;
        }
        Ok(())
    }

    fn package(
        &self,
        locks: &Locks,
        plan: &Plan<'_>,
        folder: &Path,
        tell: Listener<'_>,
    ) -> Result<PackageSummary, BuildError> {
        let Self { setting, request, description } = *self;
        let source = locks.source(locks.service(&request.service, plan.arch)?)?;
        let (release, epoch) = (request.release, request.epoch);
        let task = package::Task { description, plan, source, release, epoch, folder };
        tell(Event::StageStarted { stage: Stage::Packages });
        // The image has told them already.
        let told = request.formats.contains(&Format::Oci);
        let mut heard = |event| match event {
            Event::Note { .. } if told => {}
            event => tell(event),
        };
        package::deb(setting, &task, &mut heard).map_err(|error| match error {
            PackageError::Layers(error) => self.failed(locks, plan.arch, error),
            error => BuildError::Package {
                service: request.service.clone(),
                release,
                source: Box::new(error),
            },
        })
    }

    fn failed(&self, locks: &Locks, arch: Arch, error: LayersError) -> BuildError {
        self.layers_error(with_packages(self.setting, locks, arch, error))
    }

    fn layers_error(&self, source: LayersError) -> BuildError {
        let (service, release) = (self.request.service.clone(), self.request.release);
        BuildError::Layers { service, release, source: Box::new(source) }
    }

    /// Writes the documents of the images, the layout and the summary.
    fn write(
        &self,
        locks: &Locks,
        made: Made,
        folder: PathBuf,
        lock_changes: Vec<String>,
        tell: Listener<'_>,
    ) -> Result<Summary, BuildError> {
        let Self { setting, request, description } = *self;
        let service = description.service(&request.service)?;
        let Made { version, images, packages } = made;
        let mut manifests = Vec::new();
        let mut summaries = Vec::new();
        for (arch, layers) in images {
            let list = locks.service(&request.service, arch)?;
            let source = locks.source(list)?;
            let release = description.release(request.release)?;
            let deviations = Deviations::of(release, &locks.release, list, source);
            let newest = layers.iter().map(|layer| layer.newest).max().unwrap_or_default();
            let created = request.epoch.unwrap_or(newest);
            let image = Image {
                arch,
                created,
                config: image::config(service, request.release, source, &deviations, arch, created),
                layers: layers.iter().map(|made| made.layer.clone()).collect(),
                annotations: BTreeMap::new(),
            };
            let manifest = oci_writer::write_image(setting.store, &image)?;
            summaries.push(ImageSummary::new(&manifest, created, &layers));
            manifests.push(manifest);
        }
        tell(Event::StageStarted { stage: Stage::Write });
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
            lock_changes,
            layout,
        };
        summary.write(&folder.join("build.json"))?;
        Ok(summary)
    }
}

/// Removes the packages of earlier builds: what is in the folder belongs together.
fn sweep(folder: &Path, packages: &[PackageSummary]) -> Result<(), BuildError> {
    let failed = |source| BuildError::Out { path: folder.to_owned(), source };
    for entry in fs_err::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_package = path.extension().is_some_and(|extension| extension == "deb");
        if is_package && packages.iter().all(|package| package.path != path) {
            fs_err::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}

/// Names the packages that have what is missing, as far as the locks know one: those of every base and
/// service of the release whose files are in the store.
fn with_packages(
    setting: &Setting<'_>,
    locks: &Locks,
    arch: Arch,
    mut error: LayersError,
) -> LayersError {
    let LayersError::Libraries { missing, .. } = &mut error else { return error };
    let serves = |deb: &&distro::LockedDeb| deb.arch == arch.debian();
    for deb in locks.distro.debs.iter().chain(&locks.release.debs).filter(serves) {
        let blob = setting.store.blob(&deb.sha256);
        let Some(Ok(unpacked)) = blob.map(|blob| distro::unpack_deb(setting.store, &blob)) else {
            continue;
        };
        let files: BTreeSet<&str> =
            unpacked.pack.entries.iter().map(|(path, _)| path.file_name()).collect();
        for one in missing.iter_mut().filter(|one| files.contains(one.library.as_str())) {
            one.package.get_or_insert_with(|| deb.name.clone());
        }
    }
    error
}

/// A version as a tag, which has no `+` (distribution-spec, "Pulling manifests").
fn tag(version: &str) -> String {
    version.replace('+', "-")
}
