//! The package that brings in those of a release's services.

use std::collections::{BTreeMap, BTreeSet};

use names::ServiceName;
use release::{META, MetaPackage, Release, Service};

use super::made::{self, Made};
use super::sides::{self, Side};
use super::{BuildError, BuildRequest, Format, mend};
use crate::describe::Description;
use crate::lock::LockedSource;
use crate::locks::Locks;
use crate::package::{MAKERS, Maker, MetaTask, Output};
use crate::setting::{Listener, Setting};
use crate::summary::{self, Summary};
use crate::{Event, Stage};

/// Whether `request` is for the meta package of its release.
pub(crate) fn is_asked(request: &BuildRequest) -> bool {
    request.service.as_str() == META
}

/// Makes the meta package that `request` asks for, in each of its formats but that of images: where none is
/// named, in that of the distribution. It follows from the locks, which are mended first where that is needed and
/// allowed.
///
/// # Errors
/// When the release does not say how, none of its services is there, or one of `not_built` would be brought
/// in.
pub(crate) fn build(
    setting: &Setting<'_>,
    request: &BuildRequest,
    not_built: &BTreeSet<ServiceName>,
    tell: Listener<'_>,
) -> Result<Summary, BuildError> {
    let release = request.release;
    let sides = of_packages(sides::of(setting.root, request)?, request)?;
    for Side { description, .. } in &sides {
        recipe(description.release(release)?)?;
    }
    let folder = summary::prepare(request)?;
    tell(Event::StageStarted { stage: Stage::Lock });
    let mut made = Made::default();
    for Side { request, description } in &sides {
        let in_tree = description.release(release)?;
        let recipe = recipe(in_tree)?;
        let names = services(description, recipe, &Locks::of(description, setting.root, release)?)?;
        let missing: Vec<_> = names.intersection(not_built).cloned().collect();
        if !missing.is_empty() {
            return Err(BuildError::NotBuilt { release, services: missing });
        }
        for name in &names {
            // What folders hold is in no lock.
            let folders = BTreeMap::new();
            let of_service = BuildRequest { service: name.clone(), folders, ..request.clone() };
            mend::refuse_folders(&of_service, description)?;
            made.changes.extend(mend::locks(setting, &of_service, description, tell)?.changes);
        }
        let locks = Locks::of(description, setting.root, release)?;
        let sources = names.iter().map(|name| locked(description, &locks, name));
        let task = MetaTask {
            description,
            release: in_tree,
            recipe,
            services: sources.collect::<Result<_, _>>()?,
            output: Output { folder: &folder, epoch: request.epoch },
        };
        made.version = task.version().map_err(|error| failed(request, error))?;
        tell(Event::StageStarted { stage: Stage::Packages });
        for maker in makers(request) {
            let package = maker.make_meta(setting, &task, tell);
            made.packages.push(package.map_err(|error| failed(request, error))?);
        }
    }
    for maker in sides.iter().flat_map(|side| makers(&side.request)) {
        made::sweep(&folder, maker.name, &made.packages)?;
    }
    tell(Event::StageStarted { stage: Stage::Write });
    made::write(setting, request, made, &folder)
}

/// Whether something that stands for all services of a release stands for its meta package, too: where the
/// release has one and packages are asked for. Packages of folders go by other versions than the locks.
pub(crate) fn is_among_all(sides: &[Side], release: &Release, request: &BuildRequest) -> bool {
    let of_packages = sides.iter().any(|side| makers(&side.request).next().is_some());
    release.file.meta_package.is_some() && of_packages && request.folders.is_empty()
}

fn makers(request: &BuildRequest) -> impl Iterator<Item = &'static Maker> {
    MAKERS.iter().filter(|maker| request.formats.contains(&maker.format))
}

/// The sides without images; a distribution of .debs for which nothing is named has one of these.
fn of_packages(sides: Vec<Side>, asked: &BuildRequest) -> Result<Vec<Side>, BuildError> {
    let mut left = Vec::new();
    for mut side in sides {
        let formats = &mut side.request.formats;
        let is_image = formats.remove(&Format::Oci);
        if is_image && asked.formats.is_empty() {
            formats.insert(Format::Deb);
        }
        if !formats.is_empty() {
            left.push(side);
        }
    }
    if left.is_empty() {
        return Err(BuildError::MetaImage { release: asked.release });
    }
    Ok(left)
}

fn recipe(release: &Release) -> Result<&MetaPackage, BuildError> {
    let recipe = release.file.meta_package.as_ref();
    recipe.ok_or(BuildError::NoMeta { release: release.id })
}

/// The services that the package brings in: those that its recipe names, or else those that are locked, for
/// whatever architecture, and have packages.
fn services(
    description: &Description,
    recipe: &MetaPackage,
    locks: &Locks,
) -> Result<BTreeSet<ServiceName>, BuildError> {
    let mut names: BTreeSet<ServiceName> = recipe.services.keys().cloned().collect();
    if names.is_empty() {
        let locked = locks.release.services.iter().map(|list| &list.name);
        let has_package = |name: &&ServiceName| {
            description.tree.services.get(*name).is_some_and(|service| service.package.is_some())
        };
        names = locked.filter(has_package).cloned().collect();
    }
    if names.is_empty() {
        let (release, distro) = (locks.release.release, description.id.clone());
        return Err(BuildError::NothingLocked { release, distro });
    }
    Ok(names)
}

/// A service, and its source as it is locked. The package is for all architectures: so must the source be.
fn locked<'a>(
    description: &'a Description,
    locks: &'a Locks,
    name: &ServiceName,
) -> Result<(&'a Service, &'a LockedSource), BuildError> {
    let lists = locks.release.services.iter().filter(|list| list.name == *name);
    let mut sources = BTreeMap::new();
    for list in lists {
        sources.insert(&list.source, locks.source(list)?);
    }
    match sources.into_values().collect::<Vec<_>>()[..] {
        [source] => Ok((description.service(name)?, source)),
        ref several => Err(BuildError::SeveralVersions {
            service: name.clone(),
            release: locks.release.release,
            distro: description.id.clone(),
            versions: several.iter().map(|source| source.version.clone()).collect(),
        }),
    }
}

fn failed(request: &BuildRequest, error: crate::PackageError) -> BuildError {
    let (service, release) = (request.service.clone(), request.release);
    BuildError::Package { service, release, source: Box::new(error) }
}
