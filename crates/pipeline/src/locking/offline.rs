//! Locking without the network: what was chosen before, and all that is missing.

use std::collections::BTreeSet;

use distro::{LockedDeb, SuiteError};
use git_source::GitError;
use serde::{Deserialize, Serialize};
use store::{Address, FetchError};
use wheels::{LocateError, LockedWheel};

use super::{LockError, LockRequest};
use crate::components::From;
use crate::describe::Description;
use crate::key::Key;
use crate::lock::{DistroLock, LockFile as _, ReleaseLock};
use crate::locks::Locks;
use crate::needs::absent;
use crate::parts::Part;
use crate::setting::Setting;
use crate::sources::SourceError;
use crate::suites::ArchivesError;

/// The kind under which the store has what was locked for folders: their locks are in no tree.
pub(crate) const DRAFTS: &str = "draft-1";

/// Locks that were made for folders of `--source`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    distro: DistroLock,
    release: ReleaseLock,
}

/// What a draft is found by: the locks of the tree, and which services come from folders. Not what the
/// folders hold, which is another thing each time.
fn key(request: &LockRequest, tree: &Locks) -> names::Digest {
    Key::new(DRAFTS)
        .with("distro", tree.distro.render())
        .with("release", tree.release.render())
        .with_all("services", request.services.iter().map(ToString::to_string))
        .with_all("folders", request.folders.keys().map(ToString::to_string))
        .with_all("arches", request.arches.iter().map(ToString::to_string))
        .finish()
}

/// Keeps the locks that were made for folders, for a build without the network. That they cannot be kept
/// is no reason to stop.
pub(super) fn keep(setting: &Setting<'_>, request: &LockRequest, tree: &Locks, drafted: &Locks) {
    if request.folders.is_empty() || tree.release == drafted.release {
        return;
    }
    let Locks { distro, release, .. } = drafted.clone();
    let text = serde_json::to_vec(&Draft { distro, release }).expect("a lock is plain text");
    let _ = setting.store.write_record(DRAFTS, &key(request, tree), &text);
}

/// The locks to begin with: those of the tree, or without the network those that were made for the same
/// folders before.
pub(super) fn begin(setting: &Setting<'_>, request: &LockRequest, tree: Locks) -> Locks {
    if request.folders.is_empty() || !setting.outside.is_offline() {
        return tree;
    }
    let record = setting.store.record(DRAFTS, &key(request, &tree));
    match record.and_then(|text| serde_json::from_slice(&text).ok()) {
        Some(Draft { distro, release }) => Locks { distro, release, ..tree },
        None => tree,
    }
}

/// Notes what an error says to be missing because the network may not be used; any other error is given
/// back.
pub(super) fn note(
    missing: &mut BTreeSet<String>,
    description: &Description,
    done: Result<(), LockError>,
) -> Result<(), LockError> {
    let Err(error) = done else { return Ok(()) };
    let lacks = match &error {
        // Which packages they are is in the indexes, and where these are in InRelease.
        LockError::Archives(ArchivesError::Suites {
            source: SuiteError::Fetch { source, .. },
            ..
        }) if matches!(**source, FetchError::Offline { .. }) => {
            let release = |suite: &distro::Suite| {
                Address::in_archive(&suite.archive, format!("dists/{}/InRelease", suite.suite))
            };
            let suites = description.debian()?.suites.iter();
            suites.map(|suite| release(suite).to_string()).collect()
        }
        LockError::Archives(ArchivesError::Examples(source)) | LockError::Fetch(source) => {
            lines(source)
        }
        LockError::Sdist {
            source: LocateError::Fetch { source, .. } | LocateError::Blobs { source },
            ..
        } => lines(source),
        LockError::Source { component, source, .. } => match &**source {
            SourceError::Git { source, .. } => match &**source {
                GitError::Offline { what } => vec![format!("{component}: {what}")],
                _ => vec![],
            },
            SourceError::Fetch { url, source: FetchError::Offline { .. }, .. } => vec![url.clone()],
            _ => vec![],
        },
        LockError::Closure { source, .. } => source.offline(),
        // Its package could not be chosen.
        LockError::NoPython { .. } if !missing.is_empty() => return Ok(()),
        _ => vec![],
    };
    if lacks.is_empty() {
        return Err(error);
    }
    missing.extend(lacks);
    Ok(())
}

fn lines(error: &FetchError) -> Vec<String> {
    match error {
        FetchError::Offline { address } => address.lines().map(str::to_owned).collect(),
        _ => vec![],
    }
}

/// What the locks name for `part` and the store does not have, so that one message tells all of it.
pub(super) fn locked(
    setting: &Setting<'_>,
    description: &Description,
    locks: &Locks,
    part: &Part<'_>,
) -> Result<BTreeSet<String>, LockError> {
    let bases = part.bases.iter().filter_map(|name| locks.distro.base(name, part.arch));
    let mut debs: Vec<&LockedDeb> = bases.flat_map(|base| locks.distro.base_debs(base)).collect();
    let mut wheels: Vec<&LockedWheel> = Vec::new();
    let release = description.release(locks.release.release)?;
    for name in part.services {
        let Some(list) = locks.release.service(name, part.arch) else { continue };
        debs.extend(locks.release.service_debs(list));
        // Its own wheel is built, unless it is that of a release.
        let released = matches!(description.source(release, name)?.0, From::Release(_));
        let project = &description.service(name)?.project;
        let all = locks.release.service_wheels(list).into_iter();
        wheels.extend(all.filter(|wheel| released || wheel.project != *project));
        let sources = locks.release.source(list).into_iter().chain(locks.release.libraries(list));
        let builds = sources.filter_map(|source| locks.release.build_of(source));
        wheels.extend(builds.flat_map(|(_, wheels)| wheels));
    }
    Ok(absent(setting.store, &debs, &wheels))
}
