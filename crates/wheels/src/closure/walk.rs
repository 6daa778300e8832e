//! The walk from the roots on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use constraints::{Bound, EffectivePin, Origin, Requirement, Version};
use names::{Digest, PackageName};
use store::{FetchError, Store};

use super::choose::{Choice, NoChoice, Terms};
use super::round::{Asker, Demand, Round, conflicts, unknown_extras};
use super::{Closure, ClosureError, ClosureErrors, ClosureWheel, Given, Request};
use crate::dist_info::metadata_of;
use crate::index::{File, ProjectPage};
use crate::locator::{LocateError, Locator};
use crate::locked::LockedWheel;
use crate::metadata::Metadata;
use crate::python::python_allowed;
use crate::tags::Ranks;

pub(super) fn closure(
    request: &Request<'_>,
    store: &Store,
    locator: &Locator<'_>,
) -> Result<Closure, ClosureErrors> {
    let mut walker = Walker {
        request,
        store,
        locator,
        ranks: request.target.ranks(),
        ceilings: BTreeMap::new(),
        moved: BTreeSet::new(),
        refused: BTreeSet::new(),
        metadata: BTreeMap::new(),
    };
    // Each round but the last lowers a choice, gives up a locked one or refuses a file, and there
    // are finitely many of each.
    loop {
        let mut round = Round::default();
        walker.walk(&mut round).map_err(|error| ClosureErrors(vec![*error]))?;
        if walker.settle(&mut round) {
            continue;
        }
        return if round.errors.is_empty() {
            Ok(walker.finish(&round))
        } else {
            Err(ClosureErrors(round.errors))
        };
    }
}

/// What stands for a choice where a project is built from source.
fn built(given: &Given) -> (Choice, Arc<Metadata>) {
    let Given { file, metadata } = given;
    let file = File { name: file.clone(), ..File::default() };
    (Choice { version: metadata.version.clone(), file, open: false }, Arc::clone(metadata))
}

struct Walker<'a> {
    request: &'a Request<'a>,
    store: &'a Store,
    locator: &'a Locator<'a>,
    ranks: Ranks,
    /// Choices for open projects go down only.
    ceilings: BTreeMap<PackageName, Version>,
    /// Open projects whose locked version does not fit any more.
    moved: BTreeSet<PackageName>,
    /// Files whose METADATA says that they do not run here.
    refused: BTreeSet<Digest>,
    metadata: BTreeMap<Digest, Arc<Metadata>>,
}

impl Walker<'_> {
    /// Walks from the roots to all that they need. `Err` where going on has no use.
    fn walk(&mut self, round: &mut Round) -> Result<(), Box<ClosureError>> {
        let mut wave = BTreeSet::new();
        for root in self.request.roots {
            let extras = BTreeSet::new();
            if root.requirement.applies(&self.request.target.environment, &extras) {
                let from = Asker::Root(root.place.clone());
                let demand = Demand { requirement: root.requirement.clone(), from };
                round.demand(demand, &mut wave);
            }
        }
        while !wave.is_empty() {
            self.visit(round, &wave)?;
            let mut next = BTreeSet::new();
            for name in &wave {
                for demand in self.demands_of(round, name) {
                    round.demand(demand, &mut next);
                }
            }
            wave = next;
        }
        Ok(())
    }

    /// Makes the choices for a wave of projects and reads what they need.
    fn visit(
        &mut self,
        round: &mut Round,
        wave: &BTreeSet<PackageName>,
    ) -> Result<(), Box<ClosureError>> {
        let mut open: Vec<PackageName> = wave
            .iter()
            .filter(|name| {
                let visit = &round.visits[*name];
                visit.choice.is_none() && !visit.failed
            })
            .cloned()
            .collect();
        open.retain(|name| match self.request.given.get(name) {
            Some(given) => {
                round.visit(name).choice = Some(built(given));
                false
            }
            None => true,
        });
        let pages = self.locator.pages(&open);
        let mut found = Vec::new();
        for (name, page) in open.drain(..).zip(pages) {
            match page {
                Ok(page) => {
                    round.visit(&name).page = Some(page);
                    found.push(name);
                }
                Err(source) => {
                    let offline = matches!(
                        source,
                        LocateError::Fetch { source: FetchError::Offline { .. }, .. }
                    );
                    if let Some(page) = self.locked_page(&name).filter(|_| offline) {
                        round.visit(&name).page = Some(Arc::new(page));
                        found.push(name);
                        continue;
                    }
                    // Without the network the rest is looked at, too, to tell all that is missing.
                    let gone = offline
                        || matches!(
                            source,
                            LocateError::Fetch { source: FetchError::NotFound { .. }, .. }
                                | LocateError::Page { .. }
                        );
                    let chain = round.chain(&name);
                    let error = ClosureError::Locate { project: name.clone(), chain, source };
                    if !gone {
                        return Err(Box::new(error));
                    }
                    round.fail(&name, error);
                }
            }
        }
        // Again as long as METADATA says that a chosen file does not run here.
        while !found.is_empty() {
            found = self.choose_all(round, found)?;
        }
        Ok(())
    }

    /// What stands for the page of a project where the index may not be asked: the locked files, which
    /// were there and in time when they were locked.
    fn locked_page(&self, name: &PackageName) -> Option<ProjectPage> {
        let Request { prefer, cutoff, .. } = *self.request;
        let locked = prefer.iter().filter(|wheel| wheel.project == *name);
        let files: Vec<File> = locked
            .map(|wheel| File {
                name: wheel.file.clone(),
                sha256: Some(wheel.sha256),
                size: wheel.size,
                requires_python: wheel.requires_python.clone(),
                upload_time: cutoff,
                ..File::default()
            })
            .collect();
        (!files.is_empty()).then_some(ProjectPage { files })
    }

    /// Chooses for some projects; gives those for which it must be done again.
    fn choose_all(
        &mut self,
        round: &mut Round,
        names: Vec<PackageName>,
    ) -> Result<Vec<PackageName>, Box<ClosureError>> {
        let mut choices = Vec::new();
        for name in names {
            match self.choose(round, &name) {
                Ok(choice) => choices.push((name, choice)),
                Err(error) => round.fail(&name, *error),
            }
        }
        let unread = choices
            .iter()
            .map(|(_, choice)| &choice.file)
            .filter(|file| file.sha256.is_some_and(|digest| !self.metadata.contains_key(&digest)));
        let unread: Vec<_> = unread.collect();
        let all = metadata_of(self.store, self.locator, &unread).map_err(|source| {
            let first = choices.iter().find(|(_, choice)| unread.contains(&&choice.file));
            let project = first.map(|(name, _)| name.clone()).expect("a file was unread");
            let chain = round.chain(&project);
            Box::new(ClosureError::Metadata { project, chain, source })
        })?;
        let mut read = BTreeMap::new();
        for (file, metadata) in unread.iter().zip(all) {
            read.insert(file.sha256, metadata);
        }
        let mut again = Vec::new();
        for (name, choice) in choices {
            let digest = choice.file.sha256.expect("files without a digest are not chosen");
            match read.remove(&choice.file.sha256) {
                Some(Ok(metadata)) => {
                    self.metadata.insert(digest, Arc::new(metadata));
                }
                Some(Err(source)) => {
                    let chain = round.chain(&name);
                    let error = ClosureError::Metadata { project: name.clone(), chain, source };
                    round.fail(&name, error);
                    continue;
                }
                None => {}
            }
            let metadata = self.metadata[&digest].clone();
            let python = self.request.target.environment.python();
            if metadata.requires_python.as_ref().is_some_and(|text| !python_allowed(text, python)) {
                self.refused.insert(digest);
                again.push(name);
            } else {
                round.visit(&name).choice = Some((choice, metadata));
            }
        }
        Ok(again)
    }

    /// The requirements of a project that has been chosen, for the extras that are wanted by now.
    fn demands_of(&self, round: &mut Round, name: &PackageName) -> Vec<Demand> {
        let visit = &round.visits[name];
        let Some((_, metadata)) = &visit.choice else { return Vec::new() };
        let environment = &self.request.target.environment;
        let none = BTreeSet::new();
        // What a project needs without any extra it needs with every one, too.
        let applies = |requirement: &&Requirement| {
            requirement.applies(environment, &none)
                || requirement.applies(environment, &visit.extras)
        };
        let demand = |requirement: &Requirement| Demand {
            requirement: requirement.clone(),
            from: Asker::Project(name.clone()),
        };
        metadata.requires_dist.iter().filter(applies).map(demand).collect()
    }

    fn pins(&self, name: &PackageName) -> Vec<&EffectivePin> {
        if self.request.own.contains(name) {
            return Vec::new();
        }
        self.request.constraints.pins(name, &self.request.target.environment).collect()
    }

    fn choose(&self, round: &Round, name: &PackageName) -> Result<Choice, Box<ClosureError>> {
        let visit = &round.visits[name];
        let project = || name.clone();
        let target = || self.target();
        let pins = self.pins(name);
        let constraints = self.request.constraints;
        let environment = &self.request.target.environment;
        let own = self.request.own.contains(name);
        let bounds: Vec<&Bound> =
            constraints.bounds_in(name, environment).filter(|_| !own).collect();
        if let Some(bound) = bounds.iter().find(|bound| bound.requirement.url.is_some()) {
            let (place, text) = (bound.place.clone(), bound.requirement.text.clone());
            let chain = round.chain(name);
            return Err(Box::new(ClosureError::Source { place, project: project(), text, chain }));
        }
        let is_open = own || !bounds.is_empty() || constraints.is_excluded(name, environment);
        if pins.is_empty() && !is_open {
            if let Some(bound) = constraints.bounds(name).first() {
                let place = bound.place.clone();
                let (project, target, chain) = (project(), target(), round.chain(name));
                let error = ClosureError::NoVariant { place, project, target, chain };
                return Err(Box::new(error));
            }
            let replaced = |entry: &&EffectivePin| matches!(entry.origin, Origin::Override { .. });
            if let Some(entry) = constraints.all(name).iter().find(replaced) {
                let place = entry.pin.place.clone();
                let (project, target, chain) = (project(), target(), round.chain(name));
                let error = ClosureError::NoVariant { place, project, target, chain };
                return Err(Box::new(error));
            }
        }
        // A range that stands in place of a pin is one more thing that the version must meet.
        let ranges = bounds.iter().map(|bound| &bound.requirement);
        let demands: Vec<&Requirement> =
            visit.demands.iter().map(|demand| &demand.requirement).chain(ranges).collect();
        let terms = Terms {
            project: name,
            target: self.request.target,
            ranks: &self.ranks,
            pins: &pins,
            demands: &demands,
            cutoff: self.request.cutoff,
            locked: self.request.prefer.iter().find(|wheel| wheel.project == *name),
            keep_locked: !self.moved.contains(name),
            ceiling: self.ceilings.get(name),
            refused: &self.refused,
        };
        let page = visit.page.as_deref().expect("the page was read before");
        let place_and_version = || match pins.first() {
            Some(entry) => (entry.pin.place.clone(), entry.pin.version.clone()),
            None => Default::default(),
        };
        terms.choose(page).map_err(|why| {
            let chain = || round.chain(name);
            let (place, version) = place_and_version();
            Box::new(match why {
                NoChoice::NotInIndex { hint } => ClosureError::NotInIndex {
                    place,
                    project: project(),
                    version,
                    hint,
                    chain: chain(),
                },
                NoChoice::NoWheel { files, hint } => ClosureError::NoWheel {
                    place,
                    project: project(),
                    version,
                    target: target(),
                    files,
                    hint,
                    chain: chain(),
                },
                NoChoice::NoVersion { reason } => ClosureError::NoVersion {
                    project: project(),
                    target: target(),
                    reason,
                    chains: round.chains(name),
                },
            })
        })
    }

    /// Looks at all choices again with all that was required. Whether another round is needed.
    fn settle(&mut self, round: &mut Round) -> bool {
        let mut again = false;
        let names: Vec<PackageName> = round.visits.keys().cloned().collect();
        for name in names {
            let Some((choice, metadata)) = round.visits[&name].choice.clone() else { continue };
            let pins = self.pins(&name);
            if self.request.given.contains_key(&name) {
                round.errors.extend(conflicts(round, &name, &pins, &choice));
            } else if pins.is_empty() {
                match self.choose(round, &name) {
                    Ok(better) if better.version < choice.version => {
                        again = true;
                        self.ceilings.insert(name.clone(), better.version);
                    }
                    Ok(better) if better.version > choice.version => {
                        again |= self.moved.insert(name.clone());
                    }
                    Ok(better) => round.visit(&name).choice = Some((better, metadata.clone())),
                    Err(error) => round.errors.push(*error),
                }
            } else {
                let errors = conflicts(round, &name, &pins, &choice);
                round.errors.extend(errors);
            }
            round.errors.extend(unknown_extras(round, &name, &choice, &metadata));
        }
        for (name, visit) in &round.visits {
            for demand in visit.demands.iter().filter(|demand| demand.requirement.url.is_some()) {
                let chain = round.chain_of(demand, name);
                round.errors.push(ClosureError::Url { chain });
            }
        }
        again
    }

    fn finish(&self, round: &Round) -> Closure {
        let mut wheels = BTreeMap::new();
        for (name, visit) in &round.visits {
            let Some((choice, metadata)) = &visit.choice else { continue };
            if self.request.given.contains_key(name) {
                continue;
            }
            let sha256 = choice.file.sha256.expect("files without a digest are not chosen");
            let size = choice.file.size.or_else(|| self.store.blob(&sha256).map(|blob| blob.size));
            let wheel = LockedWheel {
                project: name.clone(),
                version: choice.version.to_string(),
                file: choice.file.name.clone(),
                sha256,
                size,
                requires_python: metadata.requires_python.clone(),
                hint: choice.file.hint().map(|(_, hint)| hint.to_owned()),
                open: choice.open,
            };
            let requires = round.visits.iter().filter(|(_, other)| {
                other.demands.iter().any(|demand| demand.from == Asker::Project(name.clone()))
            });
            let requires = requires.map(|(other, _)| other.clone()).collect();
            let (extras, yanked) = (visit.extras.clone(), choice.file.yanked.clone());
            wheels.insert(name.clone(), ClosureWheel { wheel, extras, requires, yanked });
        }
        Closure { wheels }
    }

    /// The target in words.
    fn target(&self) -> String {
        let environment = &self.request.target.environment;
        let (major, minor) = self.request.target.glibc;
        let (python, machine) = (environment.python_version(), environment.arch().machine());
        format!("Python {python} on {machine} with glibc {major}.{minor}")
    }
}
