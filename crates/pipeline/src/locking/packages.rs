//! The packages of the distribution: those of the base, and what services add to it.

use distro::{ClassifyError, DistroFile, Index, LockedDeb, ScriptKind, UnpackedDeb, classify};
use names::{Arch, ReleaseId, ServiceName};
use release::{Service, Target};
use store::FetchError;

use super::request::Older;
use super::source_bindep::{source_bindep, source_profiles};
use super::{LockError, LockRequest, ScriptFault, Work, older};
use crate::Event;
use crate::describe::Description;
use crate::fetching;
use crate::lock::{BaseList, BuildList, LockFile as _, ReleaseLock, deb_key};
use crate::locks::Locks;
use crate::parts::{BUILD, Part};
use crate::setting::{Listener, Setting};
use crate::suites::Archives;

/// Locks the bases and the packages of the services in `locks`. Where a base moves, the packages of
/// every other service on it are chosen anew, those of `others`, the locks of other releases, among
/// them.
pub(super) fn lock(
    work: &Work<'_>,
    locks: &mut Locks,
    others: &mut [ReleaseLock],
    tell: Listener<'_>,
) -> Result<(), LockError> {
    let Work { setting, request, description, part, .. } = *work;
    let Part { arch, ref bases, services, ref builds } = *part;
    let debian = description.debian()?;
    tell(Event::LockingDistro { distro: request.distro.to_string(), arch });
    let held: Vec<LockedDeb> = {
        let all = locks.distro.debs.iter().chain(&locks.release.debs);
        let all = all.chain(others.iter().flat_map(|other| &other.debs));
        let serves = |deb: &&LockedDeb| deb.arch == "all" || deb.arch == arch.debian();
        all.filter(serves).cloned().collect()
    };
    let (mut index, suites) = Archives::new(setting, description, debian)?.read(arch, tell)?;
    if request.older == Older::Refuse {
        older::refuse(&locks.distro.suites, &suites)?;
    }
    add_held(setting, &mut index, &held, tell)?;
    let keep: Vec<LockedDeb> =
        held.iter().filter(|deb| request.keeps(&deb.name)).cloned().collect();

    let mut chosen = Vec::new();
    let mut any_moved = false;
    for name in bases {
        let asked = description.base(name)?;
        let what = format!("the base {name} of {}", request.distro);
        let solving = distro::Request {
            packages: asked.packages.clone(),
            essential: asked.essential,
            prefer: keep.clone(),
            ..distro::Request::default()
        };
        let base = solve(&index, &solving, &what)?;
        let list = BaseList {
            name: (*name).to_owned(),
            arch,
            packages: asked.packages.clone(),
            debs: base.iter().map(deb_key).collect(),
        };
        let old = locks.distro.base(name, arch);
        let moved = old.is_none_or(|old| old.debs != list.debs);
        any_moved |= moved;
        let mut wanted = Vec::new();
        for service in services {
            let service = description.service(service)?;
            if service.base == *name {
                wanted.push((service, asked_for(work, service, locks, tell)?));
            }
        }
        let mut solver = Solver { index: &index, base: &base, keep: &keep, arch, chosen: vec![] };
        for (service, asked) in wanted {
            solver.lock_service(&mut locks.release, &service.name, name, asked.packages)?;
            let list = locks.release.list_mut(&service.name, arch);
            list.source_packages = asked.of_source;
            list.source_profiles = source_profiles(service);
        }
        if *name == BUILD {
            let target = Target { distro: &request.distro, release: request.release, arch };
            for service in builds {
                let packages = description.build_packages(description.service(service)?, target)?;
                solver.lock_build(&mut locks.release, service.as_str(), packages)?;
            }
        }
        if moved {
            solver.move_others(&mut locks.release, name, services)?;
            for other in others.iter_mut() {
                solver.move_others(other, name, &[])?;
                if *name == BUILD {
                    solver.move_builds(other)?;
                }
                other.sort();
            }
        }
        chosen.extend(solver.chosen);
        chosen.extend(base.iter().cloned());
        locks.distro.bases.retain(|old| (&*old.name, old.arch) != (*name, arch));
        locks.distro.bases.push(list);
        locks.distro.debs.extend(base);
    }
    check_scripts(setting, debian, &chosen, &held, tell)?;
    // Nothing moved: the suites that the bases were chosen from stay those in the lock.
    if any_moved || locks.distro.suites.is_empty() {
        locks.distro.suites = suites;
    }
    locks.sort();
    Ok(())
}

/// Notes in `locks` which packages the services need where nothing is chosen: the system's own package
/// manager does, when a package of the service is installed.
pub(super) fn name(
    work: &Work<'_>,
    locks: &mut Locks,
    tell: Listener<'_>,
) -> Result<(), LockError> {
    for service in work.part.services {
        let service = work.description.service(service)?;
        let asked = asked_for(work, service, locks, tell)?;
        let list = locks.release.list_mut(&service.name, work.part.arch);
        list.packages = asked.packages;
        list.source_packages = asked.of_source;
        list.source_profiles = source_profiles(service);
    }
    Ok(())
}

/// The packages that a service asks for.
struct Asked {
    packages: Vec<String>,
    /// Those of them that the bindep file in its source selects.
    of_source: Vec<String>,
}

fn asked_for(
    work: &Work<'_>,
    service: &Service,
    locks: &Locks,
    tell: Listener<'_>,
) -> Result<Asked, LockError> {
    let Work { request, description, part, .. } = *work;
    let target = Target { distro: &request.distro, release: request.release, arch: part.arch };
    let source = source_bindep(work, service, locks, tell)?;
    let packages = description.system_packages(service, target, source.as_ref())?;
    let of_tree = description.system_packages(service, target, None)?;
    let of_source = packages.iter().filter(|name| !of_tree.contains(name)).cloned().collect();
    Ok(Asked { packages, of_source })
}

/// The locks of the other releases on the same distribution.
pub(super) fn others(
    setting: &Setting<'_>,
    request: &LockRequest,
    description: &Description,
) -> Result<Vec<ReleaseLock>, LockError> {
    let other = |id: &&ReleaseId| **id != request.release;
    let mut locks = Vec::new();
    for id in description.tree.releases.keys().filter(other) {
        let mut lock = Locks::read(setting.root, *id, &request.distro)?.release;
        if !lock.services.is_empty() {
            lock.sort();
            locks.push(lock);
        }
    }
    Ok(locks)
}

/// Adds what is locked and in no suite any more, as long as it can still be had.
fn add_held(
    setting: &Setting<'_>,
    index: &mut Index,
    held: &[LockedDeb],
    tell: Listener<'_>,
) -> Result<(), LockError> {
    for deb in held {
        if index.find(&deb.name, &deb.version).is_some() {
            continue;
        }
        match fetching::debs(setting, &[deb], tell) {
            Ok(blobs) => {
                for blob in blobs {
                    let stanza = distro::unpack_deb(setting.store, &blob)?.stanza;
                    let fields = stanza.fields.iter();
                    let control: Vec<String> =
                        fields.map(|(name, value)| format!("{name}: {value}\n")).collect();
                    index.add_locked(deb, &control.concat())?;
                }
            }
            Err(FetchError::NotFound { .. }) => tell(Event::Note {
                text: format!("{} {} is on no mirror any more", deb.name, deb.version),
            }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn solve(
    index: &Index,
    request: &distro::Request,
    what: &str,
) -> Result<Vec<LockedDeb>, LockError> {
    let solution = distro::solve(index, request)
        .map_err(|source| LockError::Solve { what: what.to_owned(), source })?;
    Ok(solution.debs)
}

/// Chooses packages of services over one base.
struct Solver<'a> {
    index: &'a Index,
    base: &'a [LockedDeb],
    keep: &'a [LockedDeb],
    arch: Arch,
    /// All that was chosen besides the base.
    chosen: Vec<LockedDeb>,
}

impl Solver<'_> {
    fn lock_service(
        &mut self,
        lock: &mut ReleaseLock,
        service: &ServiceName,
        base: &str,
        packages: Vec<String>,
    ) -> Result<(), LockError> {
        let solving = distro::Request {
            packages: packages.clone(),
            prefer: self.keep.to_vec(),
            installed: self.base.to_vec(),
            ..distro::Request::default()
        };
        let debs = solve(self.index, &solving, &format!("{service} {}", lock.release))?;
        let list = lock.list_mut(service, self.arch);
        list.base = base.to_owned();
        list.packages = packages;
        list.debs = debs.iter().map(deb_key).collect();
        lock.debs.extend(debs.iter().cloned());
        self.chosen.extend(debs);
        Ok(())
    }

    /// Chooses what the build of a component takes besides the base of build steps.
    fn lock_build(
        &mut self,
        lock: &mut ReleaseLock,
        component: &str,
        packages: Vec<String>,
    ) -> Result<(), LockError> {
        let (arch, component) = (self.arch, component.to_owned());
        lock.builds.retain(|list| list.component != component || list.arch != arch);
        if packages.is_empty() {
            return Ok(());
        }
        let solving = distro::Request {
            packages: packages.clone(),
            prefer: self.keep.to_vec(),
            installed: self.base.to_vec(),
            ..distro::Request::default()
        };
        let what = format!("the build of {component} {}", lock.release);
        let debs = solve(self.index, &solving, &what)?;
        let list = debs.iter().map(deb_key).collect();
        lock.builds.push(BuildList { component, arch, packages, debs: list });
        lock.debs.extend(debs.iter().cloned());
        self.chosen.extend(debs);
        Ok(())
    }

    /// Chooses anew for the builds of `lock`.
    fn move_builds(&mut self, lock: &mut ReleaseLock) -> Result<(), LockError> {
        let arch = self.arch;
        for list in lock.builds.clone().into_iter().filter(|list| list.arch == arch) {
            self.lock_build(lock, &list.component, list.packages)?;
        }
        Ok(())
    }

    /// Chooses anew for the services of `lock` on the base called `base`, but for those in `done`.
    fn move_others(
        &mut self,
        lock: &mut ReleaseLock,
        base: &str,
        done: &[ServiceName],
    ) -> Result<(), LockError> {
        let moved: Vec<(ServiceName, Vec<String>)> = lock
            .services
            .iter()
            .filter(|list| list.arch == self.arch && list.base == base)
            .filter(|list| !done.contains(&list.name))
            .map(|list| (list.name.clone(), list.packages.clone()))
            .collect();
        for (service, packages) in moved {
            self.lock_service(lock, &service, base, packages)?;
        }
        Ok(())
    }
}

/// Every maintainer script of `chosen` must be classified: those that are not are told all at once,
/// with what has changed since the version in `held`.
fn check_scripts(
    setting: &Setting<'_>,
    distro: &DistroFile,
    chosen: &[LockedDeb],
    held: &[LockedDeb],
    tell: Listener<'_>,
) -> Result<(), LockError> {
    let mut unique: Vec<&LockedDeb> = chosen.iter().collect();
    unique.sort();
    unique.dedup();
    let debs = fetching::unpacked_debs::<LockError>(setting, &unique, tell)?;
    let mut faults = Vec::new();
    for deb in &debs {
        if let Err(error) = classify(deb, distro) {
            let difference = match &error {
                ClassifyError::Unknown(script) => former(setting, held, deb, script.kind)
                    .map(|(text, version)| script.difference(&text, &version)),
                _ => None,
            };
            faults.push(ScriptFault { error, difference });
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(LockError::Scripts(faults)) }
}

/// The script of the version that was locked before, where its .deb is still in the store.
fn former(
    setting: &Setting<'_>,
    held: &[LockedDeb],
    deb: &UnpackedDeb,
    kind: ScriptKind,
) -> Option<(String, String)> {
    let old = held.iter().find(|old| old.name == deb.package && old.version != deb.version)?;
    let blob = setting.store.blob(&old.sha256)?;
    let unpacked = distro::unpack_deb(setting.store, &blob).ok()?;
    Some((unpacked.scripts.get(&kind)?.clone(), old.version.to_string()))
}
