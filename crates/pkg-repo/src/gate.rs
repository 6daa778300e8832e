//! The version gate: what a publication does to the packages that are there.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::record::Record;

/// What the version gate lets through.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct GateRules {
    /// Whether a package may be older than the one that is there, which is then removed.
    pub downgrade: Downgrade,
    /// Which packages a source package is taken to have stopped making.
    pub scope: Scope,
}

/// Whether a publication may go back to an older version.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Downgrade {
    /// An older version is an error.
    #[default]
    Refuse,
    /// An older version replaces the newer ones.
    Allow,
}

/// What a publication says of the packages that it does not hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scope {
    /// It holds all that a source package makes for the architectures that are in it: other packages
    /// of the source's older versions for these are dropped.
    #[default]
    Architectures,
    /// It holds all that a source package makes: other packages of its older versions are dropped,
    /// of whatever architecture.
    Source,
    /// It holds a part, and nothing is dropped.
    Part,
}

/// Why the gate is shut for a package.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// The same version has other content.
    #[error(
        "the same version with other content:\n  published: {published}\n  new: {new}\n  give the \
         new one another version: what was installed from the old one would never be upgraded"
    )]
    Conflict {
        /// The package that is there.
        published: Box<Record>,
        /// The one that was to be published.
        new: Box<Record>,
    },
    /// A newer version is there.
    #[error(
        "a newer version is published:\n  published: {published}\n  new: {new}\n  publish a newer \
         version, or allow the downgrade"
    )]
    Older {
        /// The package that is there.
        published: Box<Record>,
        /// The one that was to be published.
        new: Box<Record>,
    },
}

/// What happens to the packages of a channel.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GatePlan {
    /// They come.
    pub added: Vec<Record>,
    /// They are there already, with the same content.
    pub skipped: Vec<Record>,
    /// They go, each with the reason.
    pub removed: Vec<(Record, Removal)>,
}

/// Why a package is removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removal {
    /// Newer versions of it fill the number that is kept.
    Superseded,
    /// An older version replaces it.
    Downgraded,
    /// The new version of its source package does not make it any more.
    NoLongerMade,
    /// It is moved to another component.
    Moved,
    /// It was asked for.
    Asked,
}

/// Decides what becomes of `new` packages and of those that are `published`, of which `keep` versions
/// of each stay.
///
/// A package is another one where its name or its architecture differ. A newer version is added; the
/// same version with the same content is skipped; the same version with other content is an error; an
/// older version is one too, unless `rules` allow it. Nothing is read but the arguments.
///
/// # Errors
/// All packages that may not pass.
pub fn check_gate(
    published: &[Record],
    new: &[Record],
    rules: GateRules,
    keep: usize,
) -> Result<GatePlan, Vec<GateError>> {
    let mut plan = GatePlan::default();
    let mut errors = Vec::new();
    let mut present: BTreeMap<(&str, &str), Vec<&Record>> = BTreeMap::new();
    for record in published {
        present.entry((&record.name, &record.architecture)).or_default().push(record);
    }
    let mut gone: BTreeMap<String, (&Record, Removal)> = BTreeMap::new();
    let mut added: BTreeMap<String, &Record> = BTreeMap::new();
    for record in new {
        let there = present.get(&(record.name.as_str(), record.architecture.as_str()));
        let there = there.map(Vec::as_slice).unwrap_or_default();
        let order = |other: &Record| record.compare(&other.version, &record.version);
        let twin = added.get(&record.key()).copied();
        let same = there.iter().copied().chain(twin).find(|other| order(other) == Ordering::Equal);
        if let Some(other) = same {
            if other.sha256 != record.sha256 {
                let (published, new) = (Box::new(other.clone()), Box::new(record.clone()));
                errors.push(GateError::Conflict { published, new });
            } else if other.component != record.component {
                gone.insert(other.key(), (other, Removal::Moved));
                added.insert(record.key(), record);
            } else {
                plan.skipped.push(record.clone());
            }
            continue;
        }
        let newer: Vec<&&Record> =
            there.iter().filter(|other| order(other) == Ordering::Greater).collect();
        match (newer.first(), rules.downgrade) {
            (Some(other), Downgrade::Refuse) => {
                let published = Box::new((**other).clone());
                errors.push(GateError::Older { published, new: Box::new(record.clone()) });
                continue;
            }
            _ => {
                for other in newer {
                    gone.insert(other.key(), (other, Removal::Downgraded));
                }
            }
        }
        added.insert(record.key(), record);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (record, removal) in no_longer_made(published, new, rules) {
        gone.entry(record.key()).or_insert((record, removal));
    }
    for (_, versions) in staying(&present, &gone, &added) {
        for record in versions.into_iter().skip(keep.max(1)) {
            // What was just added may be too old to be kept; then it was added in vain.
            if added.remove(&record.key()).is_none() {
                gone.insert(record.key(), (record, Removal::Superseded));
            }
        }
    }
    plan.added = added.into_values().cloned().collect();
    plan.removed = gone.into_values().map(|(record, why)| (record.clone(), why)).collect();
    Ok(plan)
}

/// The versions of each package that was added to, from the newest.
fn staying<'a>(
    present: &BTreeMap<(&'a str, &'a str), Vec<&'a Record>>,
    gone: &BTreeMap<String, (&'a Record, Removal)>,
    added: &BTreeMap<String, &'a Record>,
) -> BTreeMap<(&'a str, &'a str), Vec<&'a Record>> {
    let mut staying: BTreeMap<(&str, &str), Vec<&Record>> = BTreeMap::new();
    for record in added.values().copied() {
        let name = (record.name.as_str(), record.architecture.as_str());
        staying.entry(name).or_default().push(record);
    }
    for (name, versions) in &mut staying {
        let there = present.get(name).map(Vec::as_slice).unwrap_or_default();
        versions.extend(there.iter().filter(|record| !gone.contains_key(&record.key())));
        versions.sort_by(|left, right| left.compare(&right.version, &left.version));
    }
    staying
}

/// The packages of older versions of the sources in `new` that these do not make any more.
fn no_longer_made<'a>(
    published: &'a [Record],
    new: &[Record],
    rules: GateRules,
) -> Vec<(&'a Record, Removal)> {
    if rules.scope == Scope::Part {
        return Vec::new();
    }
    /// What a source package makes now.
    #[derive(Default)]
    struct Made<'a> {
        names: BTreeSet<&'a str>,
        architectures: BTreeSet<&'a str>,
        versions: BTreeSet<&'a str>,
    }
    let mut sources: BTreeMap<&str, Made<'_>> = BTreeMap::new();
    for record in new {
        let made = sources.entry(&record.source).or_default();
        made.names.insert(&record.name);
        made.architectures.insert(&record.architecture);
        made.versions.insert(&record.source_version);
    }
    let dropped = |record: &&Record| {
        sources.get(record.source.as_str()).is_some_and(|made| {
            let older = |version: &&str| match rules.downgrade {
                Downgrade::Refuse => {
                    record.compare(&record.source_version, version) == Ordering::Less
                }
                Downgrade::Allow => record.source_version != *version,
            };
            made.versions.iter().all(older)
                && !made.names.contains(record.name.as_str())
                && (rules.scope == Scope::Source
                    || made.architectures.contains(record.architecture.as_str()))
        })
    };
    published.iter().filter(dropped).map(|record| (record, Removal::NoLongerMade)).collect()
}
