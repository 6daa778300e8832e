//! From a plan to the layers of an image.

use std::borrow::Cow;
use std::collections::BTreeMap;

use distro::{DistroFile, Python as Interpreter, UnpackedDeb};
use filetree::{Node, Pack, Tree, TreePath};
use names::Epoch;
use rootfs::Request;
use venv::Layout;
use wheels::LockedWheel;

use crate::built_wheel;
use crate::environment;
use crate::groups;
use crate::layers::{self, MadeLayer, WriteOptions};
use crate::layers_error::{LayersError, MakeLayer};
use crate::libraries::{Libraries, libraries};
use crate::needs::Needs;
use crate::plan::{LayerKind, Own, Plan, PlannedLayer};
use crate::service_layer::{self, PREFIX};
use crate::setting::{Listener, Setting};
use crate::{Event, Stage, fetching};

/// Gives the layers of `plan`, the lowest first. A layer that was made before is taken from the
/// store; what the others need is fetched and unpacked, and nothing else.
pub(crate) fn layers(
    setting: &Setting<'_>,
    distro: &DistroFile,
    plan: &Plan<'_>,
    tell: Listener<'_>,
) -> Result<Vec<MadeLayer>, LayersError> {
    tell(Event::StageStarted { stage: Stage::Assemble });
    let mut done = Done::find(setting, plan, tell);
    let needs = Needs::of(plan, |kind| done.misses(kind));
    if setting.outside.is_offline() {
        needs.check(setting.store).map_err(LayersError::Missing)?;
    }
    let system = roots(setting, distro, &needs, &mut done, tell)?;
    let python = python(setting, distro, &needs, &mut done, tell)?;
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
    Ok(done.layers.into_iter().flatten().collect())
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
struct Done<'a> {
    setting: &'a Setting<'a>,
    plan: &'a Plan<'a>,
    layers: Vec<Option<MadeLayer>>,
}

impl<'a> Done<'a> {
    fn find(setting: &'a Setting<'a>, plan: &'a Plan<'a>, tell: Listener<'_>) -> Self {
        let find =
            |planned: &PlannedLayer| layers::find(setting.store, &planned.key, &planned.name);
        let layers: Vec<Option<MadeLayer>> = plan.layers.iter().map(find).collect();
        for made in layers.iter().flatten() {
            tell(Event::LayerReused { layer: made.name.clone(), digest: made.layer.digest });
        }
        Self { setting, plan, layers }
    }

    fn misses(&self, kind: LayerKind) -> bool {
        let mut all = self.plan.layers.iter().zip(&self.layers);
        all.any(|(planned, made)| planned.kind == kind && made.is_none())
    }

    /// Makes the layer of this kind, if the plan has it and it is missing: what `upper` adds to
    /// `lower`.
    fn make(
        &mut self,
        kind: LayerKind,
        lower: &Tree,
        upper: &Tree,
        tell: Listener<'_>,
    ) -> Result<(), LayersError> {
        for (planned, made) in self.plan.layers.iter().zip(&mut self.layers) {
            if planned.kind != kind || made.is_some() {
                continue;
            }
            tell(Event::LayerStarted { layer: planned.name.clone() });
            let entries = filetree::changes(lower, upper, upper.newest());
            let Setting { store, jobs, .. } = *self.setting;
            let Plan { clamp, compression, .. } = *self.plan;
            let options = WriteOptions { clamp, compression, jobs };
            let layer = layers::make(store, &planned.key, &planned.name, &entries, options)
                .map_err(MakeLayer::from)?;
            let (digest, size) = (layer.layer.digest, layer.layer.size);
            *made = Some(layer);
            tell(Event::LayerFinished { layer: planned.name.clone(), digest, size });
        }
        Ok(())
    }
}

/// Makes the layers of the distribution that are missing, and gives the root that the service is laid
/// over; an empty tree where nobody needs it.
fn roots(
    setting: &Setting<'_>,
    distro: &DistroFile,
    needs: &Needs<'_>,
    done: &mut Done<'_>,
    tell: Listener<'_>,
) -> Result<Tree, LayersError> {
    if !needs.base && !needs.whole {
        return Ok(Tree::new());
    }
    let plan = done.plan;
    let mut debs = fetching::unpacked_debs::<LayersError>(setting, &needs.debs, tell)?;
    let assemble = |debs: &[UnpackedDeb], asked: &[String], newest: &[UnpackedDeb]| {
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
    debs.clear();
    done.make(LayerKind::System, &base, &whole, tell)?;
    Ok(whole)
}

/// The newest time in packages.
pub(crate) fn newest_of(debs: &[UnpackedDeb]) -> Epoch {
    let entries = debs.iter().flat_map(|deb| &deb.pack.entries);
    entries.map(|(_, node)| node.mtime).max().unwrap_or_default()
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
    setting: &Setting<'_>,
    distro: &DistroFile,
    needs: &Needs<'_>,
    done: &mut Done<'_>,
    tell: Listener<'_>,
) -> Result<Python, LayersError> {
    let plan = done.plan;
    let service = done.misses(LayerKind::Service);
    if !service && needs.groups.is_empty() {
        return Ok(Python { groups: BTreeMap::new(), own: Tree::new() });
    }
    let packs = unpacked(setting, plan, needs, tell)?;
    let layout = layout(&distro.python, plan, PREFIX)?;
    let mut trees = BTreeMap::new();
    // That of the wheels in its own layer, which other images have, too.
    let first = plan.groups[0].wheels.iter().filter_map(|file| packs.get(file.as_str()));
    let time = environment::newest(first.map(|(_, pack)| pack));
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

/// Wheels by their file names, or by their keys where they are built, unpacked.
pub(crate) type Packs<'a> = BTreeMap<&'a str, (Cow<'a, LockedWheel>, Pack)>;

/// Fetches the wheels of the index, builds those of libraries, and unpacks them all.
pub(crate) fn unpacked<'a>(
    setting: &Setting<'_>,
    plan: &'a Plan<'_>,
    needs: &Needs<'a>,
    tell: Listener<'_>,
) -> Result<Packs<'a>, LayersError> {
    let packs = fetching::unpacked_wheels::<LayersError>(setting, &needs.wheels, tell)?;
    let named = needs.wheels.iter().zip(packs);
    let named = named.map(|(wheel, pack)| (&*wheel.file, (Cow::Borrowed(*wheel), pack)));
    let mut named: Packs<'_> = named.collect();
    for library in &plan.libraries {
        if needs.groups.iter().any(|index| plan.groups[*index].wheels.contains(&library.key)) {
            let built = built_wheel::build(setting, &library.step, tell)?;
            let pack = wheels::unpack(setting.store, &built.blob)?;
            named.insert(&library.key, (Cow::Owned(built.wheel), pack));
        }
    }
    Ok(named)
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
    let wheels: Vec<_> = wheels.map(|(wheel, pack)| (&**wheel, pack)).collect();
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
