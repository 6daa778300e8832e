//! The choice of one version and one file.

use std::collections::{BTreeMap, BTreeSet};

use constraints::{EffectivePin, Requirement, Version, parse_version};
use names::{Digest, Epoch, PackageName};

use crate::index::{File, ProjectPage};
use crate::locked::LockedWheel;
use crate::python::python_allowed;
use crate::tags::{Ranks, Target};

/// What a choice is made by.
pub(super) struct Terms<'a> {
    pub(super) project: &'a PackageName,
    pub(super) target: &'a Target,
    pub(super) ranks: &'a Ranks,
    /// The pins that count; none leaves the version open.
    pub(super) pins: &'a [&'a EffectivePin],
    pub(super) demands: &'a [&'a Requirement],
    pub(super) cutoff: Option<Epoch>,
    /// What is locked of this project.
    pub(super) locked: Option<&'a LockedWheel>,
    /// Whether the locked version of an open project may still be taken.
    pub(super) keep_locked: bool,
    /// The highest version that an open project may take.
    pub(super) ceiling: Option<&'a Version>,
    /// Files whose METADATA says that they do not run here.
    pub(super) refused: &'a BTreeSet<Digest>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Choice {
    pub(super) version: Version,
    pub(super) file: File,
    /// No constraint and no requirement names one version.
    pub(super) open: bool,
}

/// Why there is no choice.
pub(super) enum NoChoice {
    /// The index does not have the pinned version.
    NotInIndex { hint: String },
    /// It has no wheel of the pinned version that would do.
    NoWheel { files: Vec<String>, hint: String },
    /// No version fits.
    NoVersion { reason: String },
}

impl Terms<'_> {
    pub(super) fn choose(&self, page: &ProjectPage) -> Result<Choice, NoChoice> {
        let versions = self.versions(page);
        if self.pins.is_empty() {
            self.choose_open(&versions)
        } else {
            self.choose_pinned(&versions)
        }
    }

    /// The files of each version: wheels and source archives.
    fn versions<'p>(&self, page: &'p ProjectPage) -> BTreeMap<Version, Vec<&'p File>> {
        let mut versions: BTreeMap<Version, Vec<&File>> = BTreeMap::new();
        for file in &page.files {
            let wheel = file.wheel().filter(|wheel| wheel.project == *self.project);
            let version = wheel.map(|wheel| wheel.version).or_else(|| file.sdist(self.project));
            if let Some(version) = version {
                versions.entry(version).or_default().push(file);
            }
        }
        versions
    }

    fn choose_pinned(&self, versions: &BTreeMap<Version, Vec<&File>>) -> Result<Choice, NoChoice> {
        let pinned =
            |version: &Version| self.pins.iter().all(|entry| entry.pin.specifier.contains(version));
        let mut files = Vec::new();
        for (version, all) in versions.iter().rev().filter(|(version, _)| pinned(version)) {
            if let Some(file) = self.best(all) {
                return Ok(Choice { version: version.clone(), file: file.clone(), open: false });
            }
            files.extend_from_slice(all);
        }
        if files.is_empty() {
            return Err(NoChoice::NotInIndex { hint: self.hint(versions) });
        }
        Err(NoChoice::NoWheel { files: self.described(&files), hint: self.hint(versions) })
    }

    fn choose_open(&self, versions: &BTreeMap<Version, Vec<&File>>) -> Result<Choice, NoChoice> {
        let named = |version: &Version| {
            let specifiers = self.demands.iter().flat_map(|demand| demand.specifiers.iter());
            specifiers.filter_map(|specifier| specifier.pinned()).any(|pin| pin == *version)
        };
        let locked = self
            .locked
            .filter(|wheel| wheel.open && self.keep_locked)
            .and_then(|wheel| parse_version(&wheel.version).ok());
        let prereleases = self
            .demands
            .iter()
            .any(|demand| demand.specifiers.iter().any(constraints::Specifier::names_prerelease));
        let usable = |version: &Version, all: &[&File]| {
            let exact = named(version) || locked.as_ref() == Some(version);
            let fits = self.fits(version)
                && self.ceiling.is_none_or(|ceiling| version <= ceiling)
                && (exact || prereleases || !version.any_prerelease());
            let files: Vec<&File> = all
                .iter()
                .filter(|file| exact || file.yanked.is_none())
                .filter(|file| self.in_time(file))
                .copied()
                .collect();
            fits.then(|| self.best(&files)).flatten().map(|file| Choice {
                version: version.clone(),
                file: file.clone(),
                open: !named(version),
            })
        };
        let kept = locked.as_ref().and_then(|version| usable(version, versions.get(version)?));
        kept.or_else(|| versions.iter().rev().find_map(|(version, all)| usable(version, all)))
            .ok_or_else(|| NoChoice::NoVersion { reason: self.reason(versions) })
    }

    fn fits(&self, version: &Version) -> bool {
        self.demands.iter().all(|demand| demand.specifiers.contains(version))
    }

    /// A file of which the index does not say when it came may be of any time.
    fn in_time(&self, file: &File) -> bool {
        self.cutoff.is_none_or(|cutoff| file.upload_time.is_some_and(|time| time <= cutoff))
    }

    /// The locked file if it still is there, else the best.
    fn best<'p>(&self, files: &[&'p File]) -> Option<&'p File> {
        let usable = || files.iter().copied().filter(|file| self.obstacle(file).is_none());
        let locked = self.locked.and_then(|wheel| {
            usable().find(|file| file.name == wheel.file && file.sha256 == Some(wheel.sha256))
        });
        locked.or_else(|| self.ranks.best(usable()))
    }

    /// Why a file cannot be taken, in words.
    fn obstacle(&self, file: &File) -> Option<String> {
        let Some(wheel) = file.wheel() else {
            return Some("a source archive".to_owned());
        };
        if self.ranks.of(&wheel).is_none() {
            return Some("for another platform or Python".to_owned());
        }
        let allowed = |text: &&String| !python_allowed(text, self.target.environment.python());
        if let Some(text) = file.requires_python.as_ref().filter(allowed) {
            return Some(format!("for Python {text}"));
        }
        match &file.sha256 {
            None => Some("without a SHA-256".to_owned()),
            Some(digest) if self.refused.contains(digest) => {
                Some("for another Python by its METADATA".to_owned())
            }
            Some(_) => None,
        }
    }

    /// The files with what is in the way of each; of more than three with the same, the last alone.
    fn described(&self, files: &[&File]) -> Vec<String> {
        let mut by_obstacle: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for file in files {
            let obstacle = self.obstacle(file).unwrap_or_else(|| "which would do".to_owned());
            by_obstacle.entry(obstacle).or_default().push(&file.name);
        }
        let described = by_obstacle.into_iter().flat_map(|(why, names)| match &names[..] {
            [some @ .., last] if some.len() > 2 => {
                vec![format!("{last} and {} others ({why})", some.len())]
            }
            all => all.iter().map(|name| format!("{name} ({why})")).collect(),
        });
        described.collect()
    }

    /// The override that would help: to the next version up, else down, that has a wheel and fits
    /// all that is required.
    fn hint(&self, versions: &BTreeMap<Version, Vec<&File>>) -> String {
        let pinned = self.pins.first().and_then(|entry| parse_version(&entry.pin.version).ok());
        let usable = |(version, all): &(&Version, &Vec<&File>)| {
            let files: Vec<&File> =
                all.iter().filter(|file| file.yanked.is_none()).copied().collect();
            !version.any_prerelease() && self.fits(version) && self.best(&files).is_some()
        };
        let pinned = pinned.as_ref();
        let above = |version: &Version| pinned.is_none_or(|pinned| version > pinned);
        let up = versions.iter().filter(|(version, _)| above(version)).find(usable);
        let down = || versions.iter().rev().filter(|(version, _)| !above(version)).find(usable);
        match up.or_else(down) {
            Some((version, _)) => {
                format!("override it with `{}==={version}`, which has a wheel", self.project)
            }
            None => "no version that is as required has a wheel".to_owned(),
        }
    }

    /// What stands in the way of the newest versions of an open project.
    fn reason(&self, versions: &BTreeMap<Version, Vec<&File>>) -> String {
        if versions.is_empty() {
            return "the index has no file of it".to_owned();
        }
        let fitting: Vec<_> =
            versions.iter().rev().filter(|(version, _)| self.fits(version)).take(3).collect();
        if fitting.is_empty() {
            let newest = versions.keys().next_back().map(Version::to_string).unwrap_or_default();
            return format!("none of its versions is as required, the newest is {newest}");
        }
        let files = fitting.into_iter().flat_map(|(version, all)| {
            all.iter().map(move |file| {
                let why = self.obstacle(file).unwrap_or_else(|| {
                    if file.yanked.is_some() {
                        "withdrawn".to_owned()
                    } else if file.upload_time.is_none() && self.cutoff.is_some() {
                        "uploaded at an unknown time, and there is a cut-off".to_owned()
                    } else if !self.in_time(file) {
                        "uploaded after the cut-off".to_owned()
                    } else if version.any_prerelease() {
                        "a pre-release".to_owned()
                    } else {
                        "against another choice".to_owned()
                    }
                });
                format!("{} ({why})", file.name)
            })
        });
        let files: Vec<String> = files.take(6).collect();
        format!("the newest that are as required are {}", files.join(", "))
    }
}
