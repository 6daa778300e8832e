//! What to lock, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use names::{Arch, DistroId, PackageName, ReleaseId, ServiceName};

use crate::lock::ReleaseLock;
use crate::parts::Wanted;

/// What to lock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LockRequest {
    /// The release.
    pub release: ReleaseId,
    /// The services; none stands for those that are locked already.
    pub services: Vec<ServiceName>,
    /// The distribution.
    pub distro: DistroId,
    /// The architectures; none stands for those that each service is locked for already.
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
    /// The services that are meant, by architecture. Services: those that are named, else those that are
    /// locked already. Architectures: those that are named, else those that each service is locked for
    /// already, else the commonest.
    pub(crate) fn wanted(&self, lock: &ReleaseLock) -> Wanted {
        let locked: BTreeSet<(Arch, &ServiceName)> =
            lock.services.iter().map(|list| (list.arch, &list.name)).collect();
        let any_arch = |arch| self.arches.is_empty() || self.arches.contains(arch);
        let services: BTreeSet<&ServiceName> = if self.services.is_empty() {
            locked.iter().filter(|(arch, _)| any_arch(arch)).map(|(_, name)| *name).collect()
        } else {
            self.services.iter().collect()
        };
        let mut wanted: Wanted = self.arches.iter().map(|arch| (*arch, Vec::new())).collect();
        for name in services {
            let mut arches: BTreeSet<Arch> = self.arches.iter().copied().collect();
            if arches.is_empty() {
                arches = locked.iter().filter(|one| one.1 == name).map(|one| one.0).collect();
            }
            if arches.is_empty() {
                arches.insert(Arch::Amd64);
            }
            for arch in arches {
                wanted.entry(arch).or_default().push(name.clone());
            }
        }
        if wanted.is_empty() {
            wanted.insert(Arch::Amd64, Vec::new());
        }
        wanted
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_meant_for_what_it_is_locked_for() {
        let (release, distro) = ("2025.2".parse().unwrap(), "debian-trixie".parse().unwrap());
        let mut lock = ReleaseLock::new(release, distro);
        let wanted = |lock: &ReleaseLock, services: &[&str], arches: &[Arch]| {
            let request = LockRequest {
                release,
                services: services.iter().map(|name| name.parse().unwrap()).collect(),
                distro: lock.distro.clone(),
                arches: arches.to_vec(),
                update: Update::Nothing,
                older: Older::Refuse,
                mode: LockMode::Compare,
                folders: BTreeMap::new(),
            };
            let wanted = request.wanted(lock).into_iter();
            let line = |(arch, services): (Arch, Vec<ServiceName>)| {
                let names: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
                format!("{arch}: {}", names.join(" "))
            };
            wanted.map(line).collect::<Vec<_>>()
        };
        assert_eq!(wanted(&lock, &[], &[]), ["amd64: "]);
        for (name, arch) in
            [("glance", Arch::Amd64), ("glance", Arch::Arm64), ("horizon", Arch::Amd64)]
        {
            lock.list_mut(&name.parse().unwrap(), arch);
        }
        assert_eq!(wanted(&lock, &[], &[]), ["amd64: glance horizon", "arm64: glance"]);
        assert_eq!(wanted(&lock, &["horizon"], &[]), ["amd64: horizon"]);
        assert_eq!(wanted(&lock, &["glance"], &[]), ["amd64: glance", "arm64: glance"]);
        assert_eq!(wanted(&lock, &["nova"], &[]), ["amd64: nova"]);
        assert_eq!(wanted(&lock, &[], &[Arch::Arm64]), ["arm64: glance"]);
        let all = ["amd64: glance horizon", "arm64: glance horizon"];
        assert_eq!(wanted(&lock, &[], &[Arch::Amd64, Arch::Arm64]), all);
    }
}
