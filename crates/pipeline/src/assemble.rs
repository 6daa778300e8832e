//! From a plan to the layers of an image.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use distro::{DistroFile, Python as Interpreter, UnpackedDeb};
use filetree::{Node, Tree, TreePath};
use names::Epoch;
use oci_writer::LayerWriter;
use rootfs::Request;
use venv::Layout;

use crate::Event;
use crate::built_wheel;
use crate::environment;
use crate::groups;
use crate::layers::{self, MadeLayer};
use crate::layers_error::{LayersError, MakeLayer};
use crate::libraries::{Libraries, libraries};
use crate::needs::Needs;
use crate::plan::{LayerKind, Own, Plan, PlannedLayer};
use crate::service_layer::{self, PREFIX};
use crate::setting::{Listener, Setting};
use crate::unpacked::{Packs, Unpacked, newest_of};

/// The layers of a plan that there are, and what the others need.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) plan: &'a Plan<'a>,
    /// What is to be fetched and unpacked.
    pub(crate) needs: Needs<'a>,
    done: Done<'a>,
}

impl<'a> Start<'a> {
    /// Finds the layers of `plan` in the store; the plan is one of `several` or alone.
    pub(crate) fn of(
        setting: &'a Setting<'a>,
        plan: &'a Plan<'a>,
        writer: &'a Mutex<LayerWriter>,
        several: bool,
        tell: Listener<'_>,
    ) -> Self {
        let done = Done::find(setting, plan, writer, several, tell);
        let needs = Needs::of(plan, |kind| done.misses(kind));
        Self { plan, needs, done }
    }

    /// Gives the layers of the plan, the lowest first: those that there are, and those that are made now,
    /// here or, where plans share them, for another plan.
    pub(crate) fn layers(
        &self,
        distro: &DistroFile,
        unpacked: &Unpacked,
        tell: Listener<'_>,
    ) -> Result<Vec<MadeLayer>, LayersError> {
        let Self { plan, needs, done } = self;
        let shared = Mutex::new(&mut *tell);
        let mut tell_roots = |event| shared.lock().unwrap_or_else(PoisonError::into_inner)(event);
        let mut tell_python = tell_roots;
        let (system, python) = parallel::both(
            done.setting.jobs,
            || roots(distro, needs, unpacked, done, &mut tell_roots),
            || python(distro, needs, unpacked, done, &mut tell_python),
        );
        let (system, python) = (system?, python?);
        if done.misses(LayerKind::Service) {
            let mut lower = system;
            for group in python.groups.values() {
                lower.overlay(group)?;
            }
            let mut upper = lower.clone();
            upper.overlay(&python.own)?;
            let time = python.own.newest();
            service_layer::add(&mut upper, plan.service, &python.own, &plan.info, time)?;
            check_libraries(plan, &upper, tell)?;
            done.make(LayerKind::Service, &lower, &upper, tell)?;
        }
        Ok(done.layers.iter().filter_map(OnceLock::get).cloned().collect())
    }
}

/// Finds what the extension modules of the image need and do not have, and tells of packages of
/// libraries that nothing needs.
fn check_libraries(plan: &Plan<'_>, root: &Tree, tell: Listener<'_>) -> Result<(), LayersError> {
    let prefix = TreePath::from_member(PREFIX).expect("the prefix is a clean path");
    let found = needed_libraries(plan, root, &prefix)?;
    for (package, libraries) in found.unused {
        let libraries = libraries.join(", ");
        let text = format!(
            "the recipe of {} lists {package}, and no extension module of {} needs {libraries}",
            plan.service.name, plan.arch
        );
        tell(Event::Note { text });
    }
    Ok(())
}

/// The libraries that the files below `prefix` need; an error where `root` does not have them.
pub(crate) fn needed_libraries(
    plan: &Plan<'_>,
    root: &Tree,
    prefix: &TreePath,
) -> Result<Libraries, LayersError> {
    let optional = &plan.service.optional_libraries;
    let mut found = libraries(root, plan.arch, prefix, &plan.system_asked, optional)
        .map_err(LayersError::ReadLibraries)?;
    match std::mem::take(&mut found.missing) {
        missing if missing.is_empty() => Ok(found),
        missing => Err(LayersError::Libraries { service: plan.service.name.clone(), missing }),
    }
}

/// The layers that there are, by their place in the plan.
#[derive(Debug)]
struct Done<'a> {
    setting: &'a Setting<'a>,
    plan: &'a Plan<'a>,
    /// Whether whoever listens hears of other plans, too.
    several: bool,
    /// It writes one layer at a time, by all threads: its blocks, and what compressors keep of them, are much of the
    /// memory that a build takes.
    writer: &'a Mutex<LayerWriter>,
    layers: Vec<OnceLock<MadeLayer>>,
}

impl<'a> Done<'a> {
    fn find(
        setting: &'a Setting<'a>,
        plan: &'a Plan<'a>,
        writer: &'a Mutex<LayerWriter>,
        several: bool,
        tell: Listener<'_>,
    ) -> Self {
        let find = |planned: &PlannedLayer| {
            let made = layers::find(setting.store, &planned.key, &planned.name);
            made.map(OnceLock::from).unwrap_or_default()
        };
        let layers = plan.layers.iter().map(find).collect();
        let done = Self { setting, plan, several, writer, layers };
        for made in done.layers.iter().filter_map(OnceLock::get) {
            tell(Event::LayerReused { layer: done.called(&made.name), digest: made.layer.digest });
        }
        done
    }

    fn misses(&self, kind: LayerKind) -> bool {
        let mut all = self.plan.layers.iter().zip(&self.layers);
        all.any(|(planned, made)| planned.kind == kind && made.get().is_none())
    }

    /// What listeners know a layer by.
    fn called(&self, name: &str) -> String {
        match self.several {
            true => format!("{name}, {}", self.plan.arch),
            false => name.to_owned(),
        }
    }

    /// Makes the layer of this kind, if the plan has it and it is missing: what `upper` adds to
    /// `lower`.
    fn make(
        &self,
        kind: LayerKind,
        lower: &Tree,
        upper: &Tree,
        tell: Listener<'_>,
    ) -> Result<(), LayersError> {
        let (store, clamp) = (self.setting.store, self.plan.clamp);
        for (planned, done) in self.plan.layers.iter().zip(&self.layers) {
            if planned.kind != kind || done.get().is_some() {
                continue;
            }
            let called = || self.called(&planned.name);
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            // A plan before this one may have it, too.
            let made = match layers::find(store, &planned.key, &planned.name) {
                Some(made) => {
                    tell(Event::LayerReused { layer: called(), digest: made.layer.digest });
                    made
                }
                None => {
                    tell(Event::LayerStarted { layer: called() });
                    let entries = filetree::changes(lower, upper, upper.newest());
                    let (key, name) = (&planned.key, &planned.name);
                    let made = layers::make(store, key, name, &entries, clamp, &mut writer)
                        .map_err(MakeLayer::from)?;
                    let (digest, size) = (made.layer.digest, made.layer.size);
                    tell(Event::LayerFinished { layer: called(), digest, size });
                    made
                }
            };
            done.get_or_init(|| made);
        }
        Ok(())
    }
}

/// Makes the layers of the distribution that are missing, and gives the root that the service is laid
/// over; an empty tree where nobody needs it.
fn roots(
    distro: &DistroFile,
    needs: &Needs<'_>,
    unpacked: &Unpacked,
    done: &Done<'_>,
    tell: Listener<'_>,
) -> Result<Tree, LayersError> {
    if !needs.base && !needs.whole {
        return Ok(Tree::new());
    }
    let plan = done.plan;
    let debs = unpacked.debs(&needs.debs);
    let assemble = |debs: &[&UnpackedDeb], asked: &[String], newest: &[&UnpackedDeb]| {
        let time = newest_of(newest);
        rootfs::assemble(&Request { arch: plan.arch, distro, debs, requested: asked, time })
    };
    let mut base = Tree::new();
    if needs.base {
        let debs = &debs[..plan.base.len()];
        base = assemble(debs, &plan.base_asked, debs)?;
        done.make(LayerKind::Base, &Tree::new(), &base, tell)?;
    }
    if plan.system.is_empty() || !needs.whole {
        return Ok(base);
    }
    let asked = [&plan.base_asked[..], &plan.system_asked[..]].concat();
    let whole = assemble(&debs, &asked, &debs[plan.base.len()..])?;
    done.make(LayerKind::System, &base, &whole, tell)?;
    Ok(whole)
}

/// The trees of a service's wheels.
struct Python {
    /// By the number of the group; those that somebody needs.
    groups: BTreeMap<usize, Tree>,
    /// The service's own wheel; empty where nobody needs it.
    own: Tree,
}

/// Makes the layers of dependencies that are missing, and gives the trees that the service is laid
/// over.
fn python(
    distro: &DistroFile,
    needs: &Needs<'_>,
    unpacked: &Unpacked,
    done: &Done<'_>,
    tell: Listener<'_>,
) -> Result<Python, LayersError> {
    let (setting, plan) = (done.setting, done.plan);
    let service = done.misses(LayerKind::Service);
    if !service && needs.groups.is_empty() {
        return Ok(Python { groups: BTreeMap::new(), own: Tree::new() });
    }
    let packs = unpacked.packs(setting, plan, needs, tell)?;
    let layout = layout(&distro.python, plan, PREFIX)?;
    let mut trees = BTreeMap::new();
    // That of the wheels in its own layer, which other images have, too.
    let first = plan.groups[0].wheels.iter().filter_map(|file| packs.get(file.as_str()));
    let time = environment::newest(first.map(|(_, pack)| &**pack));
    for &index in &needs.groups {
        trees.insert(index, group(&layout, plan, index, &packs, time, tell)?);
    }
    for (index, group) in plan.groups.iter().enumerate() {
        if done.misses(LayerKind::Python(index)) {
            let mut below = parents(&layout)?;
            for other in groups::below(&plan.groups, group) {
                let place = plan.groups.iter().position(|group| group == other);
                below.overlay(&trees[&place.expect("it is one of the groups")])?;
            }
            let mut upper = below.clone();
            upper.overlay(&trees[&index])?;
            done.make(LayerKind::Python(index), &below, &upper, tell)?;
        }
    }
    let own = match service {
        true => own(setting, &layout, plan, &packs, tell)?,
        false => Tree::new(),
    };
    Ok(Python { groups: trees, own })
}

/// The virtual environment of an image or package at the absolute path `prefix`.
pub(crate) fn layout(
    python: &Interpreter,
    plan: &Plan<'_>,
    prefix: &str,
) -> Result<Layout, LayersError> {
    Ok(Layout {
        prefix: TreePath::from_member(prefix).map_err(LayersError::Prefix)?,
        python: python.path.clone(),
        version: plan.python.to_owned(),
    })
}

/// The tree of a group of wheels; the first one has the environment itself, which is of the time
/// `environment`.
pub(crate) fn group(
    layout: &Layout,
    plan: &Plan<'_>,
    index: usize,
    packs: &Packs<'_>,
    environment: Epoch,
    tell: Listener<'_>,
) -> Result<Tree, LayersError> {
    let wheels = plan.groups[index].wheels.iter().map(|file| &packs[file.as_str()]);
    let wheels: Vec<_> = wheels.map(|(wheel, pack)| (&**wheel, &**pack)).collect();
    let environment = (index == 0).then_some(environment);
    let made = environment::with_wheels(layout, &wheels, environment)?;
    for collision in &made.collisions {
        let text = format!(
            "/{} is in {} and in {}: the image has the latter's",
            collision.path, collision.loser, collision.winner
        );
        tell(Event::Note { text });
    }
    Ok(made.tree)
}

/// The tree of the service's own wheel, which is built where it is not locked.
pub(crate) fn own(
    setting: &Setting<'_>,
    layout: &Layout,
    plan: &Plan<'_>,
    packs: &Packs<'_>,
    tell: Listener<'_>,
) -> Result<Tree, LayersError> {
    match &plan.own {
        Own::Locked(own) => {
            let (wheel, pack) = &packs[own.file.as_str()];
            environment::of_service(layout, (wheel, pack))
        }
        Own::Built(step) => {
            let built = built_wheel::build(setting, step, tell)?;
            let pack = wheels::unpack(setting.store, &built.blob)?;
            environment::of_service(layout, (&built.wheel, &pack))
        }
    }
}

/// The directories above the prefix, which every Debian has: a layer of wheels does not depend on the
/// packages below it, and is shared by services that have others.
fn parents(layout: &Layout) -> Result<Tree, LayersError> {
    let mut tree = Tree::new();
    if let Some(parent) = layout.prefix.parent() {
        tree.insert_with_parents(parent, Node::directory(0o755, Epoch(0)))?;
    }
    Ok(tree)
}
