//! From the locks to an image and packages.

pub(crate) mod error;
mod made;
mod mend;
pub(crate) mod meta;
pub(crate) mod request;
pub(crate) mod sides;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use distro::LockedDeb;
use names::Arch;
use oci_writer::{Image, LayerWriter};

pub use error::BuildError;
pub use request::{BuildRequest, Format};

use self::made::{Made, MadeImage};
use self::mend::Mended;
use self::sides::Side;
use crate::assemble::Start;
use crate::describe::Description;
use crate::deviations::Deviations;
use crate::layers::MadeLayer;
use crate::layers_error::LayersError;
use crate::locking::Update;
use crate::locks::Locks;
use crate::package::{self, MAKERS, Maker, Output, PackageError};
use crate::plan::{self, Plan, PlanError, Target};
use crate::setting::{Listener, Setting};
use crate::suites::Archives;
use crate::summary::{self, PackageSummary, Summary};
use crate::unpacked::Unpacked;
use crate::{Event, Stage, examples, image};

/// Builds a service: locks first where that is needed and allowed, fetches what is not in the store,
/// makes the layers that have not been made yet, and writes what is asked for to
/// `<out>/<release>/<service>`: an OCI image layout, `oci`; packages, in `deb` and `rpm`; and a summary,
/// `build.json`. The service `meta` stands for the release's meta package.
///
/// # Errors
/// [`BuildError`], each with who must act.
pub fn build(
    setting: &Setting<'_>,
    request: &BuildRequest,
    tell: Listener<'_>,
) -> Result<Summary, BuildError> {
    if meta::is_asked(request) {
        return meta::build(setting, request, &BTreeSet::new(), tell);
    }
    let prepared = prepare(setting, request, tell)?;
    finish(setting, request, prepared, tell)
}

/// What is known before the layers are made, of each side of the build.
#[derive(Debug)]
pub(crate) struct Prepared(Vec<(Side, Mended)>);

/// What is kept of a [`Prepared`] while others are prepared, which may change the locks in the tree.
#[derive(Clone, Debug)]
pub(crate) struct SetAside(Vec<(BuildRequest, mend::Kept)>);

impl Prepared {
    /// Keeps what cannot be read again.
    pub(crate) fn set_aside(self) -> SetAside {
        let sides = self.0.into_iter();
        SetAside(sides.map(|(side, mended)| (side.request, mended.keep())).collect())
    }
}

impl SetAside {
    /// Reads the tree once more.
    pub(crate) fn resume(self, setting: &Setting<'_>) -> Result<Prepared, BuildError> {
        let mut sides = Vec::new();
        for (request, kept) in self.0 {
            let side = Side::read(setting.root, request)?;
            let mended = kept.resume(setting, &side.request, &side.description)?;
            sides.push((side, mended));
        }
        Ok(Prepared(sides))
    }
}

/// Checks what can be checked before the work, and mends the locks.
pub(crate) fn prepare(
    setting: &Setting<'_>,
    request: &BuildRequest,
    tell: Listener<'_>,
) -> Result<Prepared, BuildError> {
    let sides = sides::of(setting.root, request)?;
    for Side { request, description } in &sides {
        description.release(request.release)?;
        description.service(&request.service)?;
        mend::refuse_folders(request, description)?;
        description.warn(tell);
    }
    summary::prepare(request)?;
    tell(Event::StageStarted { stage: Stage::Lock });
    let mut prepared = Vec::new();
    for side in sides {
        let mended = mend::locks(setting, &side.request, &side.description, tell)?;
        prepared.push((side, mended));
    }
    Ok(Prepared(prepared))
}

/// Builds from the locks as they are.
pub(crate) fn finish(
    setting: &Setting<'_>,
    request: &BuildRequest,
    prepared: Prepared,
    tell: Listener<'_>,
) -> Result<Summary, BuildError> {
    let folder = summary::prepare(request)?;
    let mut made = Made::default();
    for (side, mended) in prepared.0 {
        made.add(finish_side(setting, &side, mended, &folder, tell)?);
    }
    tell(Event::StageStarted { stage: Stage::Write });
    made::write(setting, request, made, &folder)
}

fn finish_side(
    setting: &Setting<'_>,
    side: &Side,
    mended: Mended,
    folder: &Path,
    tell: Listener<'_>,
) -> Result<Made, BuildError> {
    let Side { request, description } = side;
    let build = Build { setting, request, description };
    match build.make(&mended.locks, folder, tell) {
        Err(BuildError::Layers { source, .. }) if source.is_gone() && !request.locked => {
            tell(Event::Note {
                text: "locked packages are on no mirror any more: all are chosen anew".to_owned(),
            });
            let mended = mend::relock(setting, request, description, Update::Gone, tell)?;
            let made = build.make(&mended.locks, folder, tell)?;
            Ok(Made { changes: mended.changes, ..made })
        }
        made => Ok(Made { changes: mended.changes, ..made? }),
    }
}

/// What a build works with, besides the locks.
struct Build<'a> {
    setting: &'a Setting<'a>,
    request: &'a BuildRequest,
    description: &'a Description,
}

impl Build<'_> {
    /// Makes the layers of the images, and the packages, of each architecture.
    fn make(&self, locks: &Locks, folder: &Path, tell: Listener<'_>) -> Result<Made, BuildError> {
        let formats = &self.request.formats;
        let mut made = Made::default();
        let arches: BTreeSet<Arch> = self.request.arches.iter().copied().collect();
        let plans = arches.iter().map(|arch| self.plan(locks, *arch));
        let plans = plans.collect::<Result<Vec<Plan<'_>>, _>>()?;
        for plan in &plans {
            made.version = plan.version.to_owned();
            self.learn(plan, tell)?;
        }
        if formats.contains(&Format::Oci) {
            made.images = self.images(locks, &plans, tell)?;
        }
        for plan in &plans {
            for maker in MAKERS.iter().filter(|maker| formats.contains(&maker.format)) {
                made.packages.extend(self.packages(locks, plan, folder, maker, tell)?);
            }
        }
        for maker in MAKERS.iter().filter(|maker| formats.contains(&maker.format)) {
            made::sweep(folder, maker.name, &made.packages)?;
        }
        Ok(made)
    }

    /// The images of `plans`, from what is fetched and unpacked for all of them.
    fn images(
        &self,
        locks: &Locks,
        plans: &[Plan<'_>],
        tell: Listener<'_>,
    ) -> Result<Vec<MadeImage>, BuildError> {
        let Self { setting, request, description } = *self;
        let distro = description.debian()?;
        tell(Event::StageStarted { stage: Stage::Assemble });
        let writer = Mutex::new(LayerWriter::new(request.compression, setting.jobs));
        let start = |plan| Start::of(setting, plan, &writer, plans.len() > 1, tell);
        let starts: Vec<Start<'_>> = plans.iter().map(start).collect();
        let needs: Vec<_> = starts.iter().map(|start| &start.needs).collect();
        let unpacked = Unpacked::of(setting, &needs, tell).map_err(|e| self.layers_error(e))?;
        let mut images = Vec::new();
        for start in starts {
            let arch = start.plan.arch;
            let layers = start.layers(distro, &unpacked, tell);
            images.push(self.image(
                locks,
                arch,
                layers.map_err(|e| self.failed(locks, arch, e))?,
            )?);
        }
        Ok(images)
    }

    /// The image that has `layers`.
    fn image(
        &self,
        locks: &Locks,
        arch: Arch,
        layers: Vec<MadeLayer>,
    ) -> Result<MadeImage, BuildError> {
        let Self { request, description, .. } = *self;
        let service = description.service(&request.service)?;
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
        Ok(MadeImage { created, layers, image })
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

    /// Learns where archives are that this machine is not set up for, if packages are to be fetched from
    /// them: from the locked `apt`, or, where that one is itself in such an archive, from the newest of
    /// the others.
    fn learn(&self, plan: &Plan<'_>, tell: Listener<'_>) -> Result<(), BuildError> {
        let Self { setting, request, description } = *self;
        let steps = plan.steps().filter(|step| step.find(setting.store).is_none());
        let mut debs: Vec<&LockedDeb> = steps.flat_map(|step| step.base.iter().copied()).collect();
        if request.formats.contains(&Format::Oci) {
            debs.extend(plan.base.iter().chain(&plan.system));
        }
        let unknown = |deb: &&LockedDeb| !setting.outside.knows(&deb.archive);
        let absent = |deb: &LockedDeb| setting.store.blob(&deb.sha256).is_none();
        let mut foreign = debs.iter().copied().filter(unknown);
        if setting.outside.is_offline() || !foreign.any(absent) {
            return Ok(());
        }
        if let Some(apt) = debs.iter().find(|deb| deb.name == "apt" && !unknown(deb)) {
            let learnt = examples::learn(setting, apt, tell);
            return learnt.map_err(|error| self.layers_error(LayersError::Debs(error)));
        }
        // A builder of rpms is of another distribution, whose indexes no build reads.
        let Ok(distro) = description.debian() else { return Ok(()) };
        tell(Event::Reading { what: format!("{} {}", description.id, plan.arch) });
        Archives::new(setting, description, distro)
            .and_then(|archives| archives.learn(plan.arch, tell))
            .map_err(|source| BuildError::Archives { distro: description.id.clone(), source })
    }

    fn packages(
        &self,
        locks: &Locks,
        plan: &Plan<'_>,
        folder: &Path,
        maker: &Maker,
        tell: Listener<'_>,
    ) -> Result<Vec<PackageSummary>, BuildError> {
        let Self { setting, request, description } = *self;
        let source = locks.source(locks.service(&request.service, plan.arch)?)?;
        let release = request.release;
        let output = Output { folder, epoch: request.epoch };
        let task = package::Task { description, plan, source, release, output };
        tell(Event::StageStarted { stage: Stage::Packages });
        // The image has told them already.
        let told = request.formats.contains(&Format::Oci);
        let mut heard = |event| match event {
            Event::Note { .. } if told => {}
            event => tell(event),
        };
        maker.make(setting, &task, &mut heard).map_err(|error| match error {
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
