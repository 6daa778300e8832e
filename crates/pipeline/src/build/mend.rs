//! The locks that a build goes by: those of the tree, mended where that is needed and allowed.

use super::{BuildError, BuildRequest};
use crate::components::{self, Library};
use crate::describe::Description;
use crate::locking::{LockMode, LockRequest, Older, Update, draft, lock};
use crate::locks::Locks;
use crate::parts::parts;
use crate::setting::{Listener, Setting};
use crate::sources::argument_place;
use crate::stale;

/// The locks that a build goes by.
#[derive(Debug)]
pub(super) struct Mended {
    /// What has changed in them for this build.
    pub(super) changes: Vec<String>,
    pub(super) locks: Locks,
    /// Whether they are those in the tree.
    written: bool,
}

/// What of them cannot be read again.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    changes: Vec<String>,
    /// The locks, where they are not those in the tree.
    locks: Option<Locks>,
}

impl Mended {
    pub(super) fn keep(self) -> Kept {
        Kept { changes: self.changes, locks: (!self.written).then_some(self.locks) }
    }
}

impl Kept {
    /// Reads the locks once more where they are those in the tree.
    pub(super) fn resume(
        self,
        setting: &Setting<'_>,
        request: &BuildRequest,
        description: &Description,
    ) -> Result<Mended, BuildError> {
        let (changes, written) = (self.changes, self.locks.is_none());
        let locks = match self.locks {
            Some(locks) => locks,
            None => of_tree(setting, request, description)?,
        };
        Ok(Mended { changes, locks, written })
    }
}

fn of_tree(
    setting: &Setting<'_>,
    request: &BuildRequest,
    description: &Description,
) -> Result<Locks, BuildError> {
    Ok(Locks::of(description, setting.root, request.release)?)
}

/// What a folder holds may be another thing each time.
pub(super) fn refuse_folders(
    request: &BuildRequest,
    description: &Description,
) -> Result<(), BuildError> {
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

/// Makes or mends the locks where they are missing or stale and that is allowed.
pub(super) fn locks(
    setting: &Setting<'_>,
    request: &BuildRequest,
    description: &Description,
    tell: Listener<'_>,
) -> Result<Mended, BuildError> {
    let locks = of_tree(setting, request, description)?;
    let wanted = request.wanted();
    let mut reasons = Vec::new();
    for part in parts(description, request.release, &wanted, setting.host)? {
        reasons.extend(stale::reasons(description, &locks, request.release, &part)?);
    }
    if reasons.is_empty() {
        return Ok(Mended { changes: Vec::new(), locks, written: true });
    }
    if request.locked {
        let (release, service) = (request.release, request.service.clone());
        return Err(BuildError::Stale { release, service, reasons });
    }
    relock(setting, request, description, Update::Nothing, tell)
}

/// Makes the locks anew as far as `update` says.
pub(super) fn relock(
    setting: &Setting<'_>,
    request: &BuildRequest,
    description: &Description,
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
        return Ok(Mended {
            changes,
            locks: of_tree(setting, request, description)?,
            written: true,
        });
    }
    let (locks, changes) = draft(setting, &locking, tell)?;
    Ok(Mended { changes, locks, written: false })
}
