//! Which files the locks of a tree name.

use std::collections::BTreeSet;
use std::path::Path;

use names::{Arch, Digest, DistroId, ReleaseId, ServiceName};

use oci_writer::Compression;
use store::StoreKey;

use super::QueryError;
use crate::describe::{Description, distros};
use crate::locks::Locks;
use crate::plan::{self, PlanError};
use crate::setting::Setting;

/// The digests of all files that any lock of the tree at `root` names.
///
/// # Errors
/// When a lock cannot be read.
pub fn files_of_locks(root: &Path) -> Result<BTreeSet<Digest>, QueryError> {
    let mut digests = BTreeSet::new();
    for distro in distros(root) {
        for release in releases(root) {
            let Locks { distro, release, .. } = Locks::read(root, release, &distro)?;
            digests.extend(distro.debs.iter().map(|deb| deb.sha256));
            digests.extend(release.debs.iter().map(|deb| deb.sha256));
            digests.extend(release.wheels.iter().map(|wheel| wheel.sha256));
            digests.extend(release.sdists.iter().map(|sdist| sdist.sha256));
        }
    }
    Ok(digests)
}

/// The files of the store that a build of `service` for `arches` takes: packages, wheels, and the
/// wheels that were built in the sandbox, if they were.
///
/// # Errors
/// When the tree does not have the service, the release or the distribution, or it is not locked.
pub fn files_of_service(
    setting: &Setting<'_>,
    service: &ServiceName,
    release: ReleaseId,
    distro: &DistroId,
    arches: &[Arch],
) -> Result<BTreeSet<StoreKey>, QueryError> {
    let description = Description::read(setting.root, distro)?;
    description.release(release)?;
    let recipe = description.service(service)?;
    let locks = Locks::of(&description, setting.root, release)?;
    let mut digests = BTreeSet::new();
    let mut keys = BTreeSet::new();
    for arch in arches {
        let list = locks.service(service, *arch)?;
        let target = plan::Target {
            host: setting.host,
            release,
            arch: list.arch,
            clamp: None,
            compression: Compression::default(),
        };
        let plan =
            plan::plan(&description, &locks, recipe, target).map_err(|error| match error {
                PlanError::Describe(error) => QueryError::from(error),
                PlanError::Locks(error) => QueryError::from(error),
            })?;
        for step in plan.steps() {
            if let Some(built) = step.find(setting.store) {
                keys.insert(step.record());
                digests.insert(built.blob.digest);
            }
        }
        digests.extend(plan.base.iter().chain(&plan.system).map(|deb| deb.sha256));
        digests.extend(locks.release.service_wheels(list).iter().map(|wheel| wheel.sha256));
    }
    keys.extend(digests.into_iter().map(StoreKey::Blob));
    Ok(keys)
}

/// The releases of a tree, also where it has faults.
fn releases(root: &Path) -> Vec<ReleaseId> {
    let Ok(folder) = fs_err::read_dir(root.join("releases")) else { return Vec::new() };
    let mut ids: Vec<ReleaseId> =
        folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    ids.sort();
    ids
}
