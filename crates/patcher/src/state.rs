//! The tree as it is after the patches so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use crate::limits::{MAX_FILE_BYTES, MAX_TOTAL_BYTES};
use crate::path::{check_path, parents};
use crate::{File, FileKind, Reason, Source};

/// What is laid over the source.
pub(crate) type Changes = BTreeMap<String, Option<Arc<File>>>;

/// The source with the changes so far.
pub(crate) struct State<'a> {
    source: &'a dyn Source,
    /// What was read of it.
    read: RefCell<BTreeMap<String, Option<Arc<File>>>>,
    pub(crate) changes: Changes,
    /// How many bytes the changed files have.
    total: usize,
}

/// Why a path cannot be looked at.
pub(crate) enum Blocked {
    Reason(Reason),
    Read(String, io::Error),
}

impl<'a> State<'a> {
    /// The source with `changes`.
    pub(crate) fn new(source: &'a dyn Source, changes: Changes) -> Self {
        let total = changes.values().flatten().map(|file| file.bytes.len()).sum();
        Self { source, read: RefCell::default(), changes, total }
    }

    /// Changes a file.
    pub(crate) fn set(&mut self, path: &str, file: Option<File>) -> Result<(), Reason> {
        self.total += file.as_ref().map_or(0, |file| file.bytes.len());
        let file = file.map(Arc::new);
        let replaced = self.changes.insert(path.to_owned(), file).flatten();
        self.total -= replaced.map_or(0, |file| file.bytes.len());
        if self.total > MAX_TOTAL_BYTES { Err(Reason::TooLarge) } else { Ok(()) }
    }

    /// The file at `path`, if there is one and its path is one inside the tree, not behind a link.
    pub(crate) fn file(&self, path: &str) -> Result<Option<Arc<File>>, Blocked> {
        self.file_in(&self.changes, path)
    }

    /// The same with `changes` in place of those of this state.
    pub(crate) fn file_in(
        &self,
        changes: &Changes,
        path: &str,
    ) -> Result<Option<Arc<File>>, Blocked> {
        check_path(path).map_err(|reason| Blocked::Reason(Reason::Outside { reason }))?;
        for parent in parents(path) {
            match self.at(changes, parent)?.as_deref() {
                None => {}
                Some(File { kind: FileKind::Link, .. }) => {
                    let link = parent.to_owned();
                    return Err(Blocked::Reason(Reason::ThroughLink { link }));
                }
                Some(_) => {
                    let file = parent.to_owned();
                    return Err(Blocked::Reason(Reason::InFile { file }));
                }
            }
        }
        self.at(changes, path)
    }

    fn at(&self, changes: &Changes, path: &str) -> Result<Option<Arc<File>>, Blocked> {
        match changes.get(path) {
            Some(file) => Ok(file.clone()),
            None => self.before(path),
        }
    }

    /// The file as the source has it.
    pub(crate) fn before(&self, path: &str) -> Result<Option<Arc<File>>, Blocked> {
        if let Some(file) = self.read.borrow().get(path) {
            return Ok(file.clone());
        }
        let file = self.source.read(path).map_err(|error| Blocked::Read(path.to_owned(), error))?;
        if file.as_ref().is_some_and(|file| file.bytes.len() > MAX_FILE_BYTES) {
            return Err(Blocked::Reason(Reason::TooLarge));
        }
        let file = file.map(Arc::new);
        self.read.borrow_mut().insert(path.to_owned(), file.clone());
        Ok(file)
    }

    /// Whether a folder with something in it is at `path`.
    pub(crate) fn is_folder(&self, path: &str) -> Result<bool, Blocked> {
        let below = format!("{path}/");
        let mut made = self.changes.range(below.clone()..);
        let made = made.by_ref().take_while(|(other, _)| other.starts_with(&below));
        if made.into_iter().any(|(_, file)| file.is_some()) {
            return Ok(true);
        }
        self.source.is_folder(path).map_err(|error| Blocked::Read(path.to_owned(), error))
    }

    /// The files that differ from those of the source.
    pub(crate) fn result(&self) -> Result<BTreeMap<String, Option<File>>, (String, Blocked)> {
        let mut files = BTreeMap::new();
        for (path, after) in &self.changes {
            let before = self.before(path).map_err(|blocked| (path.clone(), blocked))?;
            if before != *after {
                files.insert(path.clone(), after.as_deref().cloned());
            }
        }
        Ok(files)
    }
}

/// What the sections of one mail have done so far. Git applies them to the files as they are before
/// the mail: a copy takes a file before the mail changes it, and two files can swap their names.
#[derive(Default)]
pub(crate) struct Mail {
    /// The changes before the mail.
    pub(crate) before: Changes,
    /// Names that a section of the mail has given to a file.
    pub(crate) placed: BTreeSet<String>,
    /// Names that a section of the mail, earlier or later, takes from a file.
    pub(crate) vacated: BTreeSet<String>,
}
