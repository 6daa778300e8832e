//! What becomes of the patches of a tree.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use constraints::{Version, parse_version};
use filetree::{Kind, Node, Pack};
use names::{DistroId, PackageName, ReleaseId, ServiceName};
use patcher::{AppliedPatch, Failure, Options, Outcome, ParseError, Patch};
use release::{Release, Tree};
use source_refs::Source;
use wheels::LockedWheel;

use super::QueryError;
use crate::describe::{DescribeError, distros};
use crate::files::write_file;
use crate::locks::Locks;
use crate::patch_files::{self, PatchFile};
use crate::sdist_of::sdist_of;
use crate::setting::{Listener, Setting};

/// What becomes of a patch of the tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PatchReport {
    /// The component, as its folder is called.
    pub component: String,
    /// The release, as its folder is called.
    pub release: String,
    /// The patch, by its path in the tree.
    pub path: PathBuf,
    /// What becomes of it.
    pub fate: PatchFate,
}

/// What becomes of a patch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PatchFate {
    /// It applies; some hunks perhaps not exactly where the patch has them.
    Applies(AppliedPatch),
    /// The source has it: taking it back would succeed.
    Upstream,
    /// It does not apply.
    Conflicts(Vec<Failure>),
    /// It is no patch.
    Unreadable(ParseError),
    /// Nothing is patched with it; this is why.
    Orphan(String),
}

/// Tells of each patch of the tree, or of those for `only`, what becomes of it: by component, release
/// and name, each on the result of those before it that apply. Sources that are not in the store are
/// fetched.
///
/// # Errors
/// When the tree has faults (but for what is in `patches`) or no such release, or a source cannot be
/// had.
pub fn patch_status(
    setting: &Setting<'_>,
    only: Option<ReleaseId>,
    tell: Listener<'_>,
) -> Result<Vec<PatchReport>, QueryError> {
    let tried = try_all(setting, only, tell)?;
    Ok(tried.into_iter().map(|tried| tried.report).collect())
}

/// Writes the line numbers of where their hunks apply into the patches that apply elsewhere than they
/// say. Gives those that were written, and those that a person has to make anew: with what is told of
/// each.
///
/// # Errors
/// As [`patch_status`], and when a patch cannot be written.
pub fn refresh_patches(
    setting: &Setting<'_>,
    only: Option<ReleaseId>,
    tell: Listener<'_>,
) -> Result<(Vec<PatchReport>, Vec<PatchReport>), QueryError> {
    let (mut written, mut left) = (Vec::new(), Vec::new());
    for Tried { report, patch } in try_all(setting, only, tell)? {
        let (PatchFate::Applies(applied), Some((bytes, patch))) = (&report.fate, patch) else {
            continue;
        };
        match patcher::refreshed(&bytes, &patch, applied) {
            Some(new) if new != bytes => {
                let failed = |source| QueryError::Write { path: report.path.clone(), source };
                write_file(&setting.root.join(&report.path), &new).map_err(failed)?;
                written.push(report);
            }
            None => left.push(report),
            Some(_) => {}
        }
    }
    Ok((written, left))
}

/// A patch that was tried, with its text and what was read from it.
struct Tried {
    report: PatchReport,
    patch: Option<(Vec<u8>, Patch)>,
}

/// The patches of one component for one release.
struct Folder<'a> {
    component: String,
    release: String,
    patches: Vec<PatchFile>,
    /// The source that they are for, or why there is none.
    source: Result<Wanted<'a>, String>,
}

/// A source archive, and how strictly it is patched.
#[derive(Clone)]
struct Wanted<'a> {
    project: PackageName,
    archive: Archive,
    release: &'a Release,
    options: Options,
}

/// Which source archive.
#[derive(Clone)]
enum Archive {
    /// That of a version on the index.
    OfIndex(Version),
    /// The one that the lock was made with.
    Locked(LockedWheel),
}

fn try_all(
    setting: &Setting<'_>,
    only: Option<ReleaseId>,
    tell: Listener<'_>,
) -> Result<Vec<Tried>, QueryError> {
    let tree = Tree::read_but_patches(setting.root).map_err(QueryError::Faults)?;
    if let Some(only) = only {
        tree.release(only)?;
    }
    let locked = locked_sdists(setting.root, &tree)?;
    let folders = folders(setting.root, &tree, &locked, only)?;
    // Fetching tells what it does; the rest is done by several threads at a time.
    let mut packs = Vec::new();
    for folder in &folders {
        packs.push(match &folder.source {
            Err(_) => None,
            Ok(wanted) => {
                let project = &wanted.project;
                let locate = |source| {
                    let (component, release) = (folder.component.clone(), wanted.release.id);
                    QueryError::Sdist { component, release, source }
                };
                let files = locked.get(&wanted.release.id).map(Vec::as_slice).unwrap_or_default();
                match &wanted.archive {
                    Archive::OfIndex(version) => {
                        Some(sdist_of(setting, project, version, files, tell).map_err(locate)?.1)
                    }
                    Archive::Locked(sdist) => setting.store.blob(&sdist.sha256),
                }
            }
        });
    }
    let work: Vec<_> = folders.iter().zip(packs).collect();
    let unpacked = Mutex::new(BTreeMap::<_, std::sync::Arc<Pack>>::new());
    let tried = parallel::for_each(&work, setting.jobs, |(folder, blob)| {
        let (Some(blob), Ok(wanted)) = (blob, &folder.source) else {
            return Ok(orphans(folder));
        };
        let guard = |mutex| Mutex::lock(mutex).unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = guard(&unpacked).get(&blob.digest).cloned();
        let pack = match known {
            Some(pack) => pack,
            None => {
                let pack = std::sync::Arc::new(wheels::unpack_sdist(setting.store, blob)?);
                guard(&unpacked).insert(blob.digest, pack.clone());
                pack
            }
        };
        try_folder(folder, &pack, &wanted.options)
    })?;
    Ok(tried.into_iter().flatten().collect())
}

/// The folders `patches/<component>/<release>`, in order.
fn folders<'a>(
    root: &Path,
    tree: &'a Tree,
    locked: &BTreeMap<ReleaseId, Vec<LockedWheel>>,
    only: Option<ReleaseId>,
) -> Result<Vec<Folder<'a>>, QueryError> {
    let mut folders = Vec::new();
    for component in names_in(&root.join("patches"))? {
        for release in names_in(&root.join("patches").join(&component))? {
            if only.is_some_and(|only| release != only.to_string()) {
                continue;
            }
            let patches = patch_files::read_folder(root, &component, &release)?;
            if patches.is_empty() {
                continue;
            }
            let source = wanted(tree, locked, &component, &release);
            folders.push(Folder { component: component.clone(), release, patches, source });
        }
    }
    Ok(folders)
}

/// The folders in a folder, by name; none where it is not there.
fn names_in(folder: &Path) -> Result<BTreeSet<String>, QueryError> {
    let failed = |source| DescribeError::Read { path: folder.to_owned(), source };
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(failed(error).into()),
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            names.insert(name);
        }
    }
    Ok(names)
}

/// The source that a folder of patches is for: that of the component in `source-refs.yaml`, or the
/// version of a library that the constraints pin. What is no release is tried as it was locked.
fn wanted<'a>(
    tree: &'a Tree,
    locked: &BTreeMap<ReleaseId, Vec<LockedWheel>>,
    component: &str,
    release: &str,
) -> Result<Wanted<'a>, String> {
    let id: ReleaseId = release.parse().map_err(|_| format!("`{release}` is no release"))?;
    let release = tree.release(id).map_err(|error| error.to_string())?;
    let service = component.parse::<ServiceName>().ok();
    let normal = PackageName::new(component).ok();
    let of_library = normal.as_ref().and_then(|name| name.as_str().parse().ok());
    let named = service.clone().or(of_library);
    let reference = named.as_ref().and_then(|name| release.sources.get(name));
    let recipe = service.and_then(|name| tree.services.get(&name));
    let no_version = |text: &str| format!("`{text}` is no version of {component}");
    let address = normal.as_ref().map(|name| release.constraints.bounds(name)).unwrap_or_default();
    let address = address.iter().any(|bound| bound.requirement.url.is_some());
    if reference.is_some() || address {
        let project = match recipe {
            Some(recipe) => recipe.project.clone(),
            None => PackageName::new(component).map_err(|error| error.to_string())?,
        };
        let archive = match reference.map(|reference| &reference.source) {
            Some(Source::Release { version }) => {
                Archive::OfIndex(parse_version(version).map_err(|_| no_version(version))?)
            }
            _ => {
                let mut sdists = locked.get(&id).into_iter().flatten();
                let made =
                    sdists.find(|sdist| sdist.project == project && sdist.file.ends_with(".tar"));
                let made = made.ok_or_else(|| {
                    format!(
                        "{component} comes from elsewhere than a release, and is not locked yet"
                    )
                })?;
                Archive::Locked(made.clone())
            }
        };
        let options = Options { fuzz: recipe.map_or(0, |recipe| recipe.fuzz) };
        return Ok(Wanted { project, archive, release, options });
    }
    if recipe.is_some() {
        return Err(format!("releases/{id}/source-refs.yaml does not name {component}"));
    }
    let unknown = || format!("{id} has neither a service nor a pinned library {component}");
    let project = PackageName::new(component).map_err(|_| unknown())?;
    let pins = release.constraints.all(&project);
    let Some(pin) =
        pins.iter().rev().map(|entry| &entry.pin).max_by_key(|pin| pin.marker.is_none())
    else {
        return Err(unknown());
    };
    let version = parse_version(&pin.version).map_err(|_| no_version(&pin.version))?;
    let archive = Archive::OfIndex(version);
    Ok(Wanted { project, archive, release, options: Options::default() })
}

/// The source archives in the locks, by release.
fn locked_sdists(
    root: &Path,
    tree: &Tree,
) -> Result<BTreeMap<ReleaseId, Vec<LockedWheel>>, QueryError> {
    let distros: Vec<DistroId> = distros(root);
    let mut found: BTreeMap<ReleaseId, Vec<LockedWheel>> = BTreeMap::new();
    for id in tree.releases.keys() {
        for distro in &distros {
            let lock = Locks::read_release(root, *id, distro)?;
            found.entry(*id).or_default().extend(lock.into_iter().flat_map(|lock| lock.sdists));
        }
    }
    Ok(found)
}

fn report(folder: &Folder<'_>, path: &Path, fate: PatchFate) -> PatchReport {
    let (component, release) = (folder.component.clone(), folder.release.clone());
    PatchReport { component, release, path: path.to_owned(), fate }
}

fn orphans(folder: &Folder<'_>) -> Vec<Tried> {
    let gone = || "its source archive is not in the store: build it once".to_owned();
    let reason = folder.source.as_ref().err().cloned().unwrap_or_else(gone);
    let orphan = |patch: &PatchFile| {
        let fate = PatchFate::Orphan(reason.clone());
        Tried { report: report(folder, &patch.path, fate), patch: None }
    };
    folder.patches.iter().map(orphan).collect()
}

fn try_folder(
    folder: &Folder<'_>,
    pack: &Pack,
    options: &Options,
) -> Result<Vec<Tried>, QueryError> {
    let mut parsed = Vec::new();
    for file in &folder.patches {
        parsed.push(patcher::parse(&file.bytes, &file.path.display().to_string()));
    }
    let series: Vec<Patch> =
        parsed.iter().filter_map(|patch| patch.as_ref().ok()).cloned().collect();
    let told = patcher::status(&PackSource::new(pack), &series, options)?;
    let mut told = told.into_iter();
    let mut tried = Vec::new();
    for (file, patch) in folder.patches.iter().zip(parsed) {
        tried.push(match patch {
            Err(error) => Tried {
                report: report(folder, &file.path, PatchFate::Unreadable(error)),
                patch: None,
            },
            Ok(patch) => {
                let fate = match told.next().map(|status| status.outcome) {
                    Some(Outcome::Applies(applied)) => PatchFate::Applies(applied),
                    Some(Outcome::Conflicts(failures)) => PatchFate::Conflicts(failures),
                    Some(Outcome::Upstream) | None => PatchFate::Upstream,
                };
                let report = report(folder, &file.path, fate);
                Tried { report, patch: Some((file.bytes.clone(), patch)) }
            }
        });
    }
    Ok(tried)
}

/// The files of an archive, for the patcher.
struct PackSource<'a>(BTreeMap<&'a str, &'a Node>);

impl<'a> PackSource<'a> {
    fn new(pack: &'a Pack) -> Self {
        Self(pack.entries.iter().map(|(path, node)| (path.as_str(), node)).collect())
    }
}

impl patcher::Source for PackSource<'_> {
    fn read(&self, path: &str) -> io::Result<Option<patcher::File>> {
        self.0.get(path).map_or(Ok(None), |node| crate::patched::file_of(node))
    }

    fn is_folder(&self, path: &str) -> io::Result<bool> {
        let below = format!("{path}/");
        let mut after = self.0.range(below.as_str()..);
        let named = self.0.get(path).is_some_and(|node| matches!(node.kind, Kind::Directory));
        Ok(named || after.next().is_some_and(|(other, _)| other.starts_with(&below)))
    }
}
