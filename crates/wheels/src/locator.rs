//! Where files are: project pages, and locked wheels without them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use constraints::Version;
use names::{ArchiveName, Digest, PackageName};
use store::{Address, Blob, Document, FetchError, Fetcher, Store, Want};

use crate::index::{ACCEPT, LONGEST_PAGE, PageError, ProjectPage};
use crate::locked::LockedWheel;

/// How many pages are asked for at a time.
const AT_ONCE: usize = 8;

/// Finds files in a Python package index, and remembers the pages that it has read. Each page is
/// fetched once as long as the locator lives.
pub struct Locator<'a> {
    fetcher: &'a dyn Fetcher,
    index: ArchiveName,
    pages: Mutex<BTreeMap<PackageName, Arc<ProjectPage>>>,
}

impl std::fmt::Debug for Locator<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Locator").field("index", &self.index).finish_non_exhaustive()
    }
}

/// Why a file cannot be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocateError {
    /// The page of a project cannot be fetched.
    #[error("cannot get the page of {project}")]
    Fetch {
        /// The project.
        project: PackageName,
        /// Why.
        source: FetchError,
    },
    /// The page of a project cannot be read.
    #[error("cannot read the page of {project}")]
    Page {
        /// The project.
        project: PackageName,
        /// Why.
        source: PageError,
    },
    /// The page of a project does not have a locked file any more.
    #[error("the index has no {file} any more; lock {project} anew with `--update {project}`")]
    Gone {
        /// The project.
        project: PackageName,
        /// The file.
        file: String,
    },
    /// The page of a project has a locked file with another digest. Files of an index never change,
    /// so one of the two is not to be trusted.
    #[error(
        "the hash of {file} is {found} in the index and {sha256} in the lock: the lock was edited, \
         or the file replaced; find out which before you lock {project} anew"
    )]
    Replaced {
        /// The project.
        project: PackageName,
        /// The file.
        file: String,
        /// The digest in the lock.
        sha256: Digest,
        /// That in the index.
        found: Digest,
    },
    /// A version has no source archive.
    #[error("the index has no source archive {project}-{version}.tar.gz with a SHA-256")]
    NoSdist {
        /// The project.
        project: PackageName,
        /// The version.
        version: String,
    },
    /// A file cannot be fetched.
    #[error("cannot get the wheels")]
    Blobs {
        /// Why.
        source: FetchError,
    },
}

impl<'a> Locator<'a> {
    /// A locator for the index `index`, such as `pypi`: an archive whose base is the simple index
    /// itself, so that the page of keystone is its path `keystone/`.
    pub fn new(fetcher: &'a dyn Fetcher, index: ArchiveName) -> Self {
        Self { fetcher, index, pages: Mutex::default() }
    }

    /// The fetcher.
    pub(crate) fn fetcher(&self) -> &'a dyn Fetcher {
        self.fetcher
    }

    /// The page of a project.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn page(&self, project: &PackageName) -> Result<Arc<ProjectPage>, LocateError> {
        match self.known(project) {
            Some(page) => Ok(page),
            None => self.read(project, self.document(project)),
        }
    }

    /// The pages of some projects, in their order; several are fetched at a time.
    pub fn pages(&self, projects: &[PackageName]) -> Vec<Result<Arc<ProjectPage>, LocateError>> {
        let unknown: Vec<&PackageName> =
            projects.iter().filter(|project| self.known(project).is_none()).collect();
        let mut failed = BTreeMap::new();
        let next = Mutex::new(unknown.iter());
        let (sender, arrived) = mpsc::sync_channel(1);
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(unknown.len()) {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    while let Some(project) = guard(next).next() {
                        // The other end is there until all have come.
                        let _ = sender.send((*project, self.document(project)));
                    }
                });
            }
            drop(sender);
            // Read by this thread alone: what pages leave behind then lies in one heap and not in many.
            for (project, document) in arrived {
                if let Err(error) = self.read(project, document) {
                    failed.insert(project, error);
                }
            }
        });
        projects
            .iter()
            .map(|project| failed.remove(project).map_or_else(|| self.page(project), Err))
            .collect()
    }

    fn document(&self, project: &PackageName) -> Result<Document, FetchError> {
        let address = Address::in_archive(&self.index, format!("{project}/"));
        self.fetcher.document(&address, ACCEPT, LONGEST_PAGE)
    }

    fn read(
        &self,
        project: &PackageName,
        document: Result<Document, FetchError>,
    ) -> Result<Arc<ProjectPage>, LocateError> {
        let project = project.clone();
        let document = match document {
            Ok(document) => document,
            Err(source) => return Err(LocateError::Fetch { project, source }),
        };
        match ProjectPage::parse(&document) {
            Ok(page) => {
                let page = Arc::new(page);
                self.lock().insert(project, page.clone());
                Ok(page)
            }
            Err(source) => Err(LocateError::Page { project, source }),
        }
    }

    /// The source archive of a version, a `.tar.gz` with a SHA-256, as the page of its project has it.
    ///
    /// # Errors
    /// When the page cannot be had, or has no such file.
    pub fn sdist(
        &self,
        project: &PackageName,
        version: &Version,
    ) -> Result<LockedWheel, LocateError> {
        let page = self.page(project)?;
        let fits = |file: &&crate::File| {
            file.sdist(project).as_ref() == Some(version) && file.name.ends_with(".tar.gz")
        };
        let found = page.files.iter().filter(fits).find_map(|file| Some((file, file.sha256?)));
        let (file, sha256) = found.ok_or_else(|| LocateError::NoSdist {
            project: project.clone(),
            version: version.to_string(),
        })?;
        Ok(LockedWheel {
            project: project.clone(),
            version: version.to_string(),
            file: file.name.clone(),
            sha256,
            size: file.size,
            requires_python: file.requires_python.clone(),
            hint: file.hint().map(|(_, hint)| hint.to_owned()),
            open: false,
        })
    }

    /// What to fetch for locked wheels, in their order: by their hints on the host that serves the
    /// index's files. That host is learnt from one page, of a project that is known already or of
    /// the first wheel. A wheel without a hint, or for whose hint no host is known, takes the
    /// address that its project's page gives.
    ///
    /// # Errors
    /// When a page that is needed cannot be had, or does not have the file.
    pub fn wants(&self, wheels: &[LockedWheel]) -> Result<Vec<Want>, LocateError> {
        let origin = match wheels.iter().find(|wheel| wheel.hint.is_some()) {
            Some(first) => self.origin(&first.project)?,
            None => None,
        };
        let bare = wheels.iter().filter(|wheel| origin.is_none() || wheel.hint.is_none());
        let projects: Vec<PackageName> = bare.map(|wheel| wheel.project.clone()).collect();
        for page in self.pages(&projects) {
            page?;
        }
        wheels
            .iter()
            .map(|wheel| match (&origin, &wheel.hint) {
                (Some(origin), Some(hint)) => Ok(want(wheel, format!("{origin}{hint}"))),
                _ => self.want_by_page(wheel),
            })
            .collect()
    }

    /// Puts locked wheels into the store and gives them in their order. No page is asked for when
    /// all are there, and one where all hints are right; where a file is not at its hint, the pages
    /// of all that are missing are asked. `arrived` is told of each wheel as it comes (its index,
    /// the blob, and whether it had to be fetched).
    ///
    /// # Errors
    /// When a wheel cannot be had, or is not what the lock says.
    pub fn fetch(
        &self,
        store: &Store,
        wheels: &[LockedWheel],
        arrived: &mut dyn FnMut(usize, &Blob, bool),
    ) -> Result<Vec<Blob>, LocateError> {
        let mut missing = Vec::new();
        for (index, wheel) in wheels.iter().enumerate() {
            match want(wheel, String::new()).find(store) {
                Some(blob) => arrived(index, &blob, false),
                None => missing.push(index),
            }
        }
        if !missing.is_empty() {
            let wanted: Vec<LockedWheel> =
                missing.iter().map(|&index| wheels[index].clone()).collect();
            let mut told = vec![false; wanted.len()];
            let mut tell = |index: usize, blob: &Blob, fetched: bool| {
                if !std::mem::replace(&mut told[index], true) {
                    arrived(missing[index], blob, fetched);
                }
            };
            let wants = self.wants(&wanted).map_err(|error| whole(error, &wanted))?;
            let first = self.fetcher.blobs(store, &wants, &mut tell);
            match first {
                Ok(_) => {}
                Err(FetchError::NotFound { .. } | FetchError::Damaged { .. }) => {
                    let wants = self.wants_by_page(store, &wanted)?;
                    self.fetcher
                        .blobs(store, &wants, &mut tell)
                        .map_err(|source| LocateError::Blobs { source })?;
                }
                Err(source) => return Err(LocateError::Blobs { source }),
            }
        }
        let wants: Vec<Want> = wheels.iter().map(|wheel| want(wheel, String::new())).collect();
        let blobs = self.fetcher.blobs(store, &wants, &mut |_, _, _| {});
        blobs.map_err(|source| LocateError::Blobs { source })
    }

    /// Where the index serves files from, by a page that is known or the page of `project`.
    fn origin(&self, project: &PackageName) -> Result<Option<String>, LocateError> {
        let of = |page: &ProjectPage| {
            page.files.iter().find_map(|file| file.hint()).map(|(origin, _)| origin.to_owned())
        };
        let known = self.lock().values().find_map(|page| of(page));
        match known {
            Some(origin) => Ok(Some(origin)),
            None => Ok(of(&*self.page(project)?)),
        }
    }

    /// The wants for those that are not in the store, by their projects' pages; the others keep
    /// their places.
    fn wants_by_page(
        &self,
        store: &Store,
        wheels: &[LockedWheel],
    ) -> Result<Vec<Want>, LocateError> {
        let missing = |wheel: &&LockedWheel| want(wheel, String::new()).find(store).is_none();
        let projects: Vec<PackageName> =
            wheels.iter().filter(missing).map(|wheel| wheel.project.clone()).collect();
        for page in self.pages(&projects) {
            page?;
        }
        wheels
            .iter()
            .map(|wheel| {
                let here = want(wheel, String::new());
                if here.find(store).is_some() { Ok(here) } else { self.want_by_page(wheel) }
            })
            .collect()
    }

    fn want_by_page(&self, wheel: &LockedWheel) -> Result<Want, LocateError> {
        let page = self.page(&wheel.project)?;
        let named = || page.files.iter().filter(|file| file.name == wheel.file);
        // What has no hash on its page is verified by that of the lock as it comes.
        let fits = |file: &&crate::File| file.sha256.is_none_or(|sha256| sha256 == wheel.sha256);
        if let Some(file) = named().find(fits) {
            return Ok(want(wheel, file.url.clone()));
        }
        let (project, file) = (wheel.project.clone(), wheel.file.clone());
        Err(match named().find_map(|file| file.sha256) {
            Some(found) => LocateError::Replaced { project, file, sha256: wheel.sha256, found },
            None => LocateError::Gone { project, file },
        })
    }

    fn known(&self, project: &PackageName) -> Option<Arc<ProjectPage>> {
        self.lock().get(project).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PackageName, Arc<ProjectPage>>> {
        guard(&self.pages)
    }
}

/// Without the network not even the first page is to be had: what is missing is all of `wheels`.
fn whole(error: LocateError, wheels: &[LockedWheel]) -> LocateError {
    match error {
        LocateError::Fetch { source: FetchError::Offline { .. }, .. } => {
            let files: Vec<&str> = wheels.iter().map(|wheel| wheel.file.as_str()).collect();
            LocateError::Blobs { source: FetchError::Offline { address: files.join("\n") } }
        }
        error => error,
    }
}

/// A thread that panicked has left nothing half-done under these locks.
fn guard<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to fetch for a wheel; an empty URL for one that is in the store.
fn want(wheel: &LockedWheel, url: String) -> Want {
    let addresses = if url.is_empty() { Vec::new() } else { vec![Address::Url(url)] };
    Want { addresses, sha256: wheel.sha256, size: wheel.size }
}
