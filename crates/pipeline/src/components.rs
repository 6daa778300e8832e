//! What is built from source: services, and libraries that take the place of wheels of the index.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use constraints::{Environment, Requirement};
use names::{PackageName, Place, ServiceName};
use release::{Release, Tree};
use source_refs::{Source, SourceRef};

use crate::describe::DescribeError;
use crate::lock::{LockedSource, SourceKind};
use crate::patch_files::{self, PatchFile};
use crate::sources::{Origin, Reference};

/// What a component is built from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum From {
    /// The source archive of a version on the index.
    Release(String),
    /// Something else.
    Origin(Origin),
}

/// A library that is built from source.
#[derive(Clone, Debug)]
pub(crate) struct Library {
    pub(crate) project: PackageName,
    /// What its repository and the folder of its patches are called.
    pub(crate) component: String,
    /// `None` for the version that the constraints pin.
    pub(crate) from: Option<From>,
    /// Where it is written that it is built.
    pub(crate) place: Place,
    /// Of an address in overrides: the line, whose marker says where it counts.
    requirement: Option<Requirement>,
    pub(crate) patches: Vec<PatchFile>,
}

impl From {
    pub(crate) fn of(source: &Source, root: &Path) -> Self {
        match (source, Origin::of(source, root)) {
            (Source::Release { version }, _) => Self::Release(version.clone()),
            (_, Some(origin)) => Self::Origin(origin),
            (other, None) => Self::Release(other.to_string()),
        }
    }

    /// As one text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Release(version) => version.clone(),
            Self::Origin(origin) => origin.reference().text(),
        }
    }

    /// Whether a lock has the same.
    pub(crate) fn is(&self, locked: &LockedSource) -> bool {
        match self {
            Self::Release(version) => {
                let of_index = matches!(locked.kind, SourceKind::Wheel | SourceKind::Sdist);
                of_index && *version == locked.reference
            }
            Self::Origin(origin) => origin.reference().is(&Reference::locked(locked)),
        }
    }

    pub(crate) fn is_folder(&self) -> bool {
        matches!(self, Self::Origin(Origin::Folder(_)))
    }
}

impl Library {
    /// Whether it is built for `environment`.
    pub(crate) fn counts(&self, environment: &Environment) -> bool {
        let line = self.requirement.as_ref();
        line.is_none_or(|line| line.applies(environment, &Default::default()))
    }

    /// What it is built from where `environment` counts; `None` where no pin says which version.
    pub(crate) fn source(&self, release: &Release, environment: &Environment) -> Option<From> {
        self.from.clone().or_else(|| {
            let entry = release.constraints.pins(&self.project, environment).next()?;
            Some(From::Release(entry.pin.version.clone()))
        })
    }
}

/// The libraries that `release` builds from source, by project.
pub(crate) fn libraries(
    root: &Path,
    tree: &Tree,
    release: &Release,
) -> Result<Vec<Library>, DescribeError> {
    let is_service = |name: &str| {
        name.parse::<ServiceName>().is_ok_and(|name| tree.services.contains_key(&name))
    };
    let mut found: BTreeMap<PackageName, Library> = BTreeMap::new();
    for (project, bound) in release.constraints.all_bounds() {
        let Some(origin) = Origin::of_address(bound) else { continue };
        let library = Library {
            project: project.clone(),
            component: project.to_string(),
            from: Some(From::Origin(origin.map_err(Box::new)?)),
            place: bound.place.clone(),
            requirement: Some(bound.requirement.clone()),
            patches: Vec::new(),
        };
        found.insert(project.clone(), library);
    }
    for (name, SourceRef { source, place }) in release.sources.iter() {
        let Ok(project) = name.as_str().parse::<PackageName>() else { continue };
        if is_service(name.as_str()) {
            continue;
        }
        let library = Library {
            project: project.clone(),
            component: name.to_string(),
            from: Some(From::of(source, root)),
            place: place.clone(),
            requirement: None,
            patches: Vec::new(),
        };
        found.insert(project, library);
    }
    for component in patched(root)? {
        let Ok(project) = component.parse::<PackageName>() else { continue };
        let patches = patch_files::read(root, &component, release.id)?;
        if is_service(&component) || patches.is_empty() {
            continue;
        }
        let file = patches.first().map(|patch| patch.path.clone()).unwrap_or_default();
        let library = found.entry(project.clone()).or_insert_with(|| Library {
            project,
            component: String::new(),
            from: None,
            place: Place { file, ..Place::default() },
            requirement: None,
            patches: Vec::new(),
        });
        library.component = component;
        library.patches.extend(patches);
    }
    // A release of the index without patches is its wheel.
    found.retain(|_, library| {
        !library.patches.is_empty() || matches!(library.from, Some(From::Origin(_)))
    });
    Ok(found.into_values().collect())
}

/// The folders in `patches`, by name.
fn patched(root: &Path) -> Result<Vec<String>, DescribeError> {
    let path = root.join("patches");
    let failed = |source| DescribeError::Read { path: "patches".into(), source };
    let entries = match fs_err::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
