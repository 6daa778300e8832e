//! A release tree, read as a whole.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use constraints::{Constraints, Effective, Provenance, apply_all};
use names::{Fault, ReleaseId, ServiceName, nearest};
use source_refs::SourceRefs;

use crate::folder::{Folder, fault};
use crate::{ReleaseFile, Service};

mod clashes;
mod layout;
mod overrides;
mod selections;

use layout::{Shape, names_of};

/// The releases and services of a tree, checked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    /// The releases, by time.
    pub releases: BTreeMap<ReleaseId, Release>,
    /// The services, by name.
    pub services: BTreeMap<ServiceName, Service>,
    /// What is not wrong and yet worth mending: overrides that change nothing.
    pub remarks: Vec<Fault>,
}

/// A release, with all that its folder and its overrides say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Release {
    /// Its name.
    pub id: ReleaseId,
    /// `release.toml`.
    pub file: ReleaseFile,
    /// `source-refs.yaml`.
    pub sources: SourceRefs,
    /// `upper-constraints.txt`, as the overrides of the release change it.
    pub constraints: Effective,
    /// Where `upper-constraints.txt` was taken from, as far as its header says.
    pub provenance: Option<Provenance>,
}

/// Whether the names in `patches` have to be right.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Patches {
    Checked,
    PassedOver,
}

/// A release or service that the tree does not have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no {kind} {name}: {}", self.hint())]
pub struct UnknownName {
    /// `release` or `service`.
    pub kind: &'static str,
    /// The name that was asked for.
    pub name: String,
    /// Those that there are, in order.
    pub known: Vec<String>,
}

impl UnknownName {
    fn new<N: fmt::Display>(
        kind: &'static str,
        name: &str,
        known: impl Iterator<Item = N>,
    ) -> Self {
        let known = known.map(|name| name.to_string()).collect();
        Self { kind, name: name.to_owned(), known }
    }

    /// What to do: the name that is probably meant, or all that there are.
    pub fn hint(&self) -> String {
        let known = self.known.iter().map(String::as_str);
        // Releases differ by digits alone: all are near, and none is a misspelling of another.
        let words = known.filter(|name| !name.starts_with(|first: char| first.is_ascii_digit()));
        match nearest(&self.name, words) {
            Some(near) => format!("did you mean {near}?"),
            None if self.known.is_empty() => "the tree has none".to_owned(),
            None => format!("the tree has {}", self.known.join(", ")),
        }
    }
}

/// What stands for every service of a release where a service is asked for.
pub const ALL: &str = "all";

/// What stands for the meta package of a release where a service is asked for.
pub const META: &str = "meta";

/// What a word stands for that is no service.
fn reserved(word: &str) -> Option<&'static str> {
    match word {
        ALL => Some("every service"),
        META => Some("the meta package of a release"),
        _ => None,
    }
}

/// Reads the tree at `root` and returns every fault and remark, in order of their places. An empty
/// list means that all is well.
pub fn check(root: &Path) -> Vec<Fault> {
    let mut faults = match Tree::read(root) {
        Ok(tree) => tree.remarks,
        Err(faults) => faults,
    };
    faults.sort();
    faults.dedup();
    faults
}

impl Tree {
    /// Reads the tree at `root`: its folders `releases`, `services` and `overrides`, and the names
    /// in `patches`. Nothing outside `root` is read, even where a link leads there.
    ///
    /// # Errors
    /// Every fault of every file, in order of their places.
    pub fn read(root: &Path) -> Result<Self, Vec<Fault>> {
        Self::read_with(root, Patches::Checked)
    }

    /// As [`Tree::read`], but for the names in `patches`, which may belong to components and releases
    /// that are not there.
    ///
    /// # Errors
    /// As there.
    pub fn read_but_patches(root: &Path) -> Result<Self, Vec<Fault>> {
        Self::read_with(root, Patches::PassedOver)
    }

    fn read_with(root: &Path, patches: Patches) -> Result<Self, Vec<Fault>> {
        let folder = Folder::open(root).map_err(|fault| vec![fault])?;
        let (mut tree, mut faults) = (Self::default(), Vec::new());
        let ids = names_of::<ReleaseId>(&folder, "releases", Shape::Folder, &mut faults);
        if ids.is_empty() && faults.is_empty() {
            let hint = "name a folder that has releases/2025.2/release.toml, or the like";
            return Err(vec![fault(root, "there is no release in it", hint)]);
        }
        for id in &ids {
            if let Some((release, remarks)) = collect(read_release(&folder, *id), &mut faults) {
                tree.remarks.extend(remarks);
                tree.releases.insert(*id, release);
            }
        }
        for name in names_of::<ServiceName>(&folder, "services", Shape::Toml, &mut faults) {
            if let Some(meaning) = reserved(name.as_str()) {
                let path = format!("services/{name}.toml");
                let message = format!("`{name}` stands for {meaning} where a service is asked for");
                faults.push(fault(Path::new(&path), message, "call the recipe otherwise"));
            }
            if let Some(service) = collect(read_service(&folder, &name), &mut faults) {
                tree.services.insert(name, service);
            }
        }
        selections::read(&folder, &mut tree.services, &mut faults);
        // Recipes with faults are not in the tree.
        if faults.is_empty() {
            faults.extend(clashes::meta_packages(&tree));
            faults.extend(clashes::packages(&tree));
        }
        faults.extend(clashes::accounts(&tree.services));
        layout::check_overrides(&folder, &ids, &mut faults);
        if patches == Patches::Checked {
            let (releases, services) = (&tree.releases, &tree.services);
            layout::check_patches(&folder, &ids, releases, services, &mut faults);
        }
        tree.remarks.sort();
        faults.sort();
        if faults.is_empty() { Ok(tree) } else { Err(faults) }
    }

    /// The release `id`.
    ///
    /// # Errors
    /// When the tree does not have it; the error names those that there are.
    pub fn release(&self, id: ReleaseId) -> Result<&Release, UnknownName> {
        let known = || UnknownName::new("release", &id.to_string(), self.releases.keys());
        self.releases.get(&id).ok_or_else(known)
    }

    /// The service `name`.
    ///
    /// # Errors
    /// When the tree does not have it; the error names those that there are.
    pub fn service(&self, name: &ServiceName) -> Result<&Service, UnknownName> {
        let known = || UnknownName::new("service", name.as_str(), self.services.keys());
        self.services.get(name).ok_or_else(known)
    }
}

fn collect<T>(outcome: Result<T, Vec<Fault>>, faults: &mut Vec<Fault>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(found) => {
            faults.extend(found);
            None
        }
    }
}

fn read_release(folder: &Folder, id: ReleaseId) -> Result<(Release, Vec<Fault>), Vec<Fault>> {
    const FILES: [&str; 3] = ["release.toml", "source-refs.yaml", "upper-constraints.txt"];
    let home = Path::new("releases").join(id.to_string());
    let mut faults = Vec::new();
    let entries = folder.list(&home, &mut faults);
    if !faults.is_empty() {
        // A folder that cannot be read would be told once more for each of its files.
        return Err(faults);
    }
    for entry in entries {
        let lock = entry.name.ends_with(".lock") && !entry.is_folder;
        if !lock && !FILES.contains(&entry.name.as_str()) {
            let hint = match nearest(&entry.name, FILES) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("a release has {} and its locks", FILES.join(", ")),
            };
            faults.push(fault(&home.join(&entry.name), "it does not belong here", hint));
        }
    }
    let mut text = |name: &str| {
        let path = home.join(name);
        if !folder.has(&path) {
            let hint = "a release has a release.toml, a source-refs.yaml and an \
                        upper-constraints.txt: docs/formats explains each";
            faults.push(fault(&path, "the file is missing", hint));
            return None;
        }
        collect(folder.text(&path).map_err(|fault| vec![fault]), &mut faults)
            .map(|text| (path, text))
    };
    let (file, sources, pins) = (text(FILES[0]), text(FILES[1]), text(FILES[2]));
    let changes = overrides::read(folder, id, "constraints", &mut faults);
    let of_builds = overrides::read(folder, id, "build-constraints", &mut faults);
    let file = file.and_then(|(path, text)| collect(ReleaseFile::parse(&text, &path), &mut faults));
    let sources =
        sources.and_then(|(path, text)| collect(SourceRefs::parse(&text, &path), &mut faults));
    let provenance = pins.as_ref().and_then(|(_, text)| Provenance::of(text));
    let pins = pins.and_then(|(path, text)| collect(Constraints::parse(&text, &path), &mut faults));
    let applied = pins.map(|pins| apply_all(&pins, &changes)).unwrap_or_default();
    faults.extend(applied.faults);
    match (file, sources) {
        (Some(mut file), Some(sources)) if faults.is_empty() => {
            let constraints = applied.effective;
            for overrides in &of_builds {
                overrides.change_requirements(&mut file.build_constraints);
            }
            Ok((Release { id, file, sources, constraints, provenance }, applied.remarks))
        }
        _ => Err(faults),
    }
}

fn read_service(folder: &Folder, name: &ServiceName) -> Result<Service, Vec<Fault>> {
    let path = Path::new("services").join(format!("{name}.toml"));
    let text = folder.text(&path).map_err(|fault| vec![fault])?;
    Service::parse(name, &text, &path)
}
