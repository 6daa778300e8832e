//! What to lock, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use names::{Arch, DistroId, PackageName, ReleaseId, ServiceName};

use crate::describe::{DescribeError, Description};
use crate::locks::Locks;

/// What to lock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LockRequest {
    /// The release.
    pub release: ReleaseId,
    /// The services; none stands for those that are locked already.
    pub services: Vec<ServiceName>,
    /// The distribution.
    pub distro: DistroId,
    /// The architectures; none stands for those that the services are locked for already.
    pub arches: Vec<Arch>,
    /// What may move.
    pub update: Update,
    /// Whether a suite may be older than the lock says.
    pub older: Older,
    /// Whether to write.
    pub mode: LockMode,
    /// Folders in place of the sources of services. What is locked with them is not written.
    pub folders: BTreeMap<ServiceName, PathBuf>,
}

/// What may move though it is locked and still right.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Update {
    /// Nothing: what is locked stays.
    Nothing,
    /// Only what is on no mirror any more.
    Gone,
    /// These packages of the distribution and Python projects.
    Named(BTreeSet<String>),
    /// Everything.
    Everything,
}

/// What becomes of a suite whose index is older than the one that the lock was made from: a mirror that
/// is behind, or somebody who offers packages again that have known faults.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Older {
    /// It is refused.
    Refuse,
    /// It is taken: somebody has said so.
    Take,
}

/// Whether to write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LockMode {
    /// The locks are written where they change.
    Write,
    /// Only the difference is told.
    Compare,
}

/// What locking did, or would do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LockReport {
    /// The difference, a line for each package: `+ name version`, `- name version`,
    /// `~ name old -> new`.
    pub changes: Vec<String>,
}

impl LockRequest {
    /// The architectures that are meant: those that are named, else those of the services' lists, else
    /// the commonest.
    pub(crate) fn arches(&self, locks: &Locks) -> BTreeSet<Arch> {
        if !self.arches.is_empty() {
            return self.arches.iter().copied().collect();
        }
        let meant = |name| self.services.is_empty() || self.services.contains(name);
        let lists = locks.release.services.iter().filter(|list| meant(&list.name));
        let arches: BTreeSet<Arch> = lists.map(|list| list.arch).collect();
        if arches.is_empty() { BTreeSet::from([Arch::Amd64]) } else { arches }
    }

    /// The services that are meant: those that are named, else those that are locked already.
    pub(crate) fn services(
        &self,
        description: &Description,
        locks: &Locks,
    ) -> Result<Vec<ServiceName>, DescribeError> {
        for name in &self.services {
            description.service(name)?;
        }
        if !self.services.is_empty() {
            return Ok(self.services.clone());
        }
        let arches = self.arches(locks);
        let lists = locks.release.services.iter().filter(|list| arches.contains(&list.arch));
        let names: BTreeSet<ServiceName> = lists.map(|list| list.name.clone()).collect();
        Ok(names.into_iter().collect())
    }

    /// Whether a locked package may stay.
    pub(super) fn keeps(&self, name: &str) -> bool {
        match &self.update {
            Update::Nothing | Update::Gone => true,
            Update::Named(names) => !names.contains(name),
            Update::Everything => false,
        }
    }

    /// Whether a locked project may stay.
    pub(super) fn keeps_project(&self, project: &PackageName) -> bool {
        match &self.update {
            Update::Named(names) => !names.iter().any(|name| is_named(project, name)),
            Update::Nothing | Update::Gone => true,
            Update::Everything => false,
        }
    }
}

/// A project by its normal name, for those who look one up in a lock.
pub(crate) fn is_named(project: &PackageName, name: &str) -> bool {
    PackageName::new(name).is_ok_and(|name| name == *project)
}
