//! Which layers an image has, and their keys.

use std::collections::BTreeSet;

use distro::{Distro, LockedDeb};
use names::{Arch, Digest, Epoch, ReleaseId};
use oci_writer::Compression;
use release::{Bytecode, Package, Service};
use wheels::LockedWheel;

use crate::built_wheel::{MadeFrom, WheelStep};
use crate::components::From;
use crate::describe::{DescribeError, Description};
use crate::groups::{self, Group};
use crate::image_info;
use crate::key::Key;
use crate::layers::FORMAT_LEVEL;
use crate::lock::{LockedSource, SourceKind};
use crate::locks::{Locks, LocksError};
use crate::parts::BUILD;
use crate::patch_files::PatchFile;

/// All that decides about the layers of one image. Plain data: nothing is read or fetched for it.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) arch: Arch,
    pub(crate) service: &'a Service,
    /// Times later than this are set to it.
    pub(crate) clamp: Option<Epoch>,
    /// How the layers are compressed.
    pub(crate) compression: Compression,
    /// The packages of the base, and what of them a person asked for.
    pub(crate) base: Vec<&'a LockedDeb>,
    pub(crate) base_asked: Vec<String>,
    /// The packages that the service adds, and what of them the recipe asks for.
    pub(crate) system: Vec<&'a LockedDeb>,
    pub(crate) system_asked: Vec<String>,
    /// The architecture of this machine.
    pub(crate) host: Arch,
    /// The packages of the base for it, in which bytecode is compiled, and what of them a person asked for; none
    /// where no bytecode is wanted.
    pub(crate) compiler: Vec<&'a LockedDeb>,
    pub(crate) compiler_asked: Vec<String>,
    /// The interpreter's version.
    pub(crate) python: &'a str,
    /// Every locked wheel of the service.
    pub(crate) wheels: Vec<&'a LockedWheel>,
    /// The service's own wheel.
    pub(crate) own: Own<'a>,
    /// The libraries that are built.
    pub(crate) libraries: Vec<PlannedLibrary<'a>>,
    /// The version of the service.
    pub(crate) version: &'a str,
    /// The wheels by layer, the most shared first; the service's own is in none.
    pub(crate) groups: Vec<Group>,
    /// The files of `/etc/image_info`.
    pub(crate) info: Vec<(&'static str, String)>,
    /// The layers, the lowest first.
    pub(crate) layers: Vec<PlannedLayer>,
}

impl<'a> Plan<'a> {
    /// The steps that build wheels, the service's own first.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &WheelStep<'a>> {
        let own = match &self.own {
            Own::Built(step) => Some(&**step),
            Own::Locked(_) => None,
        };
        own.into_iter().chain(self.libraries.iter().map(|library| &library.step))
    }
}

/// A library that is built from source.
#[derive(Debug)]
pub(crate) struct PlannedLibrary<'a> {
    /// What stands for its wheel in the groups.
    pub(crate) key: String,
    pub(crate) source: &'a LockedSource,
    pub(crate) step: WheelStep<'a>,
}

/// How a service's own wheel is had.
#[derive(Debug)]
pub(crate) enum Own<'a> {
    /// It is locked.
    Locked(&'a LockedWheel),
    /// It is built.
    Built(Box<WheelStep<'a>>),
}

/// A layer that an image has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PlannedLayer {
    /// What it holds, for people.
    pub(crate) name: String,
    /// The digest of all its inputs.
    pub(crate) key: Digest,
    pub(crate) kind: LayerKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LayerKind {
    Base,
    System,
    /// The group of this number.
    Python(usize),
    Service,
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// The architecture of this machine.
    pub(crate) host: Arch,
    pub(crate) release: ReleaseId,
    pub(crate) arch: Arch,
    pub(crate) clamp: Option<Epoch>,
    pub(crate) compression: Compression,
}

/// Why an image cannot be planned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    #[error(transparent)]
    Describe(#[from] DescribeError),
    #[error(transparent)]
    Locks(#[from] LocksError),
}

/// Plans the image of `service`.
pub(crate) fn plan<'a>(
    description: &'a Description,
    locks: &'a Locks,
    service: &'a Service,
    target: Target,
) -> Result<Plan<'a>, PlanError> {
    let Target { host, release, arch, clamp, compression } = target;
    let list = locks.service(&service.name, arch)?;
    let base_list = match description.distro {
        Distro::Debian(_) => Some(locks.base(&list.base, arch)?),
        Distro::Rpm(_) => None,
    };
    let source = locks.source(list)?;
    let base = base_list.map(|base| locks.distro.base_debs(base)).unwrap_or_default();
    let is_compiled = |package: &Package| package.bytecode == Bytecode::Compiled;
    let compiler = match base_list.filter(|_| service.package.as_ref().is_some_and(is_compiled)) {
        Some(_) => Some(locks.base(&list.base, host)?),
        None => None,
    };
    let system = locks.release.service_debs(list);
    let wheels = locks.release.service_wheels(list);
    let missing = || locks.missing(&service.name, arch);
    let of_tree = description.release(release)?;
    let steps = Steps { description, locks, host };
    let own = match source.kind {
        SourceKind::Wheel => {
            let own = wheels.iter().find(|wheel| wheel.file == source.file);
            Own::Locked(own.ok_or_else(missing)?)
        }
        _ => {
            let from = description.source(of_tree, &service.name)?.0;
            let patches = description.patches(&service.name, release)?;
            let step = steps.step(source, Some(from), patches, service.fuzz)?;
            Own::Built(Box::new(step.ok_or_else(missing)?))
        }
    };
    let of_tree = description.libraries(of_tree)?;
    let mut libraries = Vec::new();
    for source in locks.release.libraries(list) {
        let (sdist, _) = locks.release.build_of(source).ok_or_else(missing)?;
        let library = of_tree.iter().find(|library| library.project == sdist.project);
        let from = library.and_then(|library| library.from.clone());
        let patches = library.map(|library| library.patches.clone()).unwrap_or_default();
        let step = steps.step(source, from, patches, 0)?.ok_or_else(missing)?;
        libraries.push(PlannedLibrary { key: source.key(), source, step });
    }
    let all: Vec<&LockedDeb> = base.iter().chain(&system).copied().collect();
    let info = image_info::files(service, release, source, &all, &wheels, &own, &libraries).into();
    let mut plan = Plan {
        arch,
        service,
        clamp,
        compression,
        base,
        base_asked: base_list.map(|base| base.packages.clone()).unwrap_or_default(),
        system,
        system_asked: list.packages.clone(),
        host,
        compiler: compiler.map(|base| locks.distro.base_debs(base)).unwrap_or_default(),
        compiler_asked: compiler.map(|base| base.packages.clone()).unwrap_or_default(),
        python: &list.python,
        wheels,
        own,
        libraries,
        version: &source.version,
        groups: groups::groups(&locks.release, list),
        info,
        layers: Vec::new(),
    };
    // There are layers where there are images.
    if let Some(base) = base_list {
        plan.layers = layers(&plan, description, release, &base.name);
    }
    Ok(plan)
}

/// What the steps of builds have in common.
struct Steps<'a> {
    description: &'a Description,
    locks: &'a Locks,
    host: Arch,
}

impl<'a> Steps<'a> {
    /// The step that builds the wheel of a source; `None` where the lock lacks what it is built of.
    fn step(
        &self,
        source: &'a LockedSource,
        from: Option<From>,
        patches: Vec<PatchFile>,
        fuzz: usize,
    ) -> Result<Option<WheelStep<'a>>, PlanError> {
        let Self { description, locks, host } = *self;
        let Some((sdist, build)) = locks.release.build_of(source) else { return Ok(None) };
        let (distro, distro_text) =
            description.builder(&source.component, locks.release.release)?;
        let base = locks.build_base(BUILD, host)?;
        let list = locks.release.build_list(&source.component, host);
        let more = list.map(|list| locks.release.build_debs(list)).unwrap_or_default();
        let asked = list.map(|list| list.packages.clone()).unwrap_or_default();
        let made = match from {
            Some(From::Origin(origin)) => {
                Some(MadeFrom { origin, component: &source.component, source })
            }
            _ => None,
        };
        Ok(Some(WheelStep {
            host,
            distro,
            distro_text,
            project: &sdist.project,
            version: &sdist.version,
            sdist,
            made,
            patches,
            fuzz,
            build,
            base: locks.builder().base_debs(base).into_iter().chain(more).collect(),
            base_asked: [base.packages.clone(), asked].concat(),
        }))
    }
}

fn layers(
    plan: &Plan<'_>,
    description: &Description,
    release: ReleaseId,
    base_name: &str,
) -> Vec<PlannedLayer> {
    let clamp = plan.clamp.map_or("none".to_owned(), |clamp| clamp.0.to_string());
    let start = |layer: &str| {
        let key = Key::new(FORMAT_LEVEL).with("writer", oci_writer::LAYER_FORMAT);
        let compression = format!("{:?}", plan.compression);
        key.with("layer", layer).with("clamp", &clamp).with("compression", compression)
    };
    let digests = |debs: &[&LockedDeb]| {
        let mut digests: Vec<String> = debs.iter().map(|deb| deb.sha256.to_string()).collect();
        digests.sort();
        digests
    };
    let base = start("base")
        .with("arch", plan.arch.debian())
        .with("distro", &description.distro_text)
        .with_all("debs", digests(&plan.base))
        .with_all("asked", &plan.base_asked)
        .finish();
    let mut layers = vec![PlannedLayer {
        name: format!(
            "{base_name} base of {}: {}",
            description.distro.name(),
            counted(plan.base.len(), "package")
        ),
        key: base,
        kind: LayerKind::Base,
    }];
    let system = start("system")
        .with("base", base.as_bytes())
        .with_all("debs", digests(&plan.system))
        .with_all("asked", &plan.system_asked)
        .finish();
    if !plan.system.is_empty() {
        layers.push(PlannedLayer {
            name: format!(
                "system of {}: {}",
                plan.service.name,
                counted(plan.system.len(), "package")
            ),
            key: system,
            kind: LayerKind::System,
        });
    }
    let digest = |file: &String| input(plan, file);
    let mut python = Vec::new();
    for (index, group) in plan.groups.iter().enumerate() {
        let below: Vec<String> = groups::below(&plan.groups, group)
            .flat_map(|group| group.wheels.iter().map(digest))
            .collect();
        let key = start("python")
            .with("interpreter", &description.distro.python().path)
            .with("version", plan.python)
            .with("environment", if index == 0 { "made here" } else { "below" })
            .with_all("below", below)
            .with_all("wheels", group.wheels.iter().map(digest))
            .finish();
        python.push(key);
        layers.push(PlannedLayer {
            name: format!("python {}: {}", users(group), counted(group.wheels.len(), "wheel")),
            key,
            kind: LayerKind::Python(index),
        });
    }
    let own = own_input(plan);
    let info = plan.info.iter().map(|(name, text)| format!("{name}\n{text}"));
    let service = start("service")
        .with("system", system.as_bytes())
        .with_all("python", python.iter().map(Digest::as_bytes))
        .with("recipe", recipe(plan.service))
        .with("release", release.to_string())
        .with("wheel", own)
        .with_all("info", info)
        .finish();
    layers.push(PlannedLayer {
        name: format!("{} {}", plan.service.name, plan.version),
        key: service,
        kind: LayerKind::Service,
    });
    layers
}

/// What stands for a wheel of a group in the key of a step: its digest, or the key of what builds it.
pub(crate) fn input(plan: &Plan<'_>, file: &str) -> String {
    let wheel = plan.wheels.iter().find(|wheel| wheel.file == *file);
    let library = plan.libraries.iter().find(|library| library.key == *file);
    let built = library.map(|library| format!("{file} built {}", library.step.key()));
    wheel.map(|wheel| format!("{file} {}", wheel.sha256)).or(built).unwrap_or_default()
}

/// What stands for the service's own wheel in the key of a step.
pub(crate) fn own_input(plan: &Plan<'_>) -> String {
    match &plan.own {
        Own::Locked(wheel) => format!("{} {}", wheel.file, wheel.sha256),
        Own::Built(step) => format!("built {}", step.key()),
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Who uses a group, for people.
fn users(group: &Group) -> String {
    let services: BTreeSet<_> = group.images.iter().map(|(service, _)| service.as_str()).collect();
    let arches: BTreeSet<_> = group.images.iter().map(|(_, arch)| arch).collect();
    let services: Vec<&str> = services.into_iter().collect();
    let services = match &services[..] {
        [_] => "of this service alone".to_owned(),
        [some @ .., last] if some.len() < 3 => format!("of {} and {last}", some.join(", ")),
        all => format!("of {} services", all.len()),
    };
    match arches.len() {
        1 => services,
        arches => format!("{services} on {arches} architectures"),
    }
}

/// What of a recipe shows in the layer of the service: its account, directories and files.
fn recipe(service: &Service) -> String {
    format!("{:?}\n{:?}\n{:?}", service.user, service.directories, service.files)
}
