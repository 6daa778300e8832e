//! A repository in a plain folder, which any web server or rsync can serve.

mod partial;

use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::{Builder, NamedTempFile};

use self::partial::{Partial, allow_present, parent, persist};
use crate::storage::{Content, Incoming, PointerChange, Storage, StorageError};

const FORMAT: &str = "1\n";

/// A repository in a folder.
///
/// `pointers/NAME` is a symbolic link to a folder below `snapshots/`, changed by rename(2); what is
/// served are links through it, so that a web server that follows links has the new files at once.
/// Everything else is written beside its place and linked into it, once. Every process that has the
/// folder open holds a lock on `lock`, so that [`crate::collect`] removes nothing that somebody is
/// about to use. A killed process leaves files in `partial/`, which the next one sweeps.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    _lock: fs_err::File,
}

/// A repository that nobody else has open: the only one that files are removed from.
#[derive(Debug)]
pub struct SoleFolder(Folder);

impl SoleFolder {
    /// Opens the folder and waits until nobody else has it open.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open(root: &Path) -> Result<Self, StorageError> {
        let lock = prepare(root)?;
        let failed = |source| StorageError::Io { action: "lock", path: root.to_owned(), source };
        lock.file().lock().map_err(failed)?;
        let folder = Folder { root: root.to_owned(), _lock: lock };
        folder.sweep().map_err(failed)?;
        check_format(root, true)?;
        Ok(Self(folder))
    }

    /// The folder.
    pub fn folder(&self) -> &Folder {
        &self.0
    }
}

impl Folder {
    /// Opens the repository at `root`, an absolute path; an empty folder, or none, becomes an empty
    /// repository.
    ///
    /// # Errors
    /// When the folder cannot be made or written, or has a format of a later version.
    pub fn open(root: &Path) -> Result<Self, StorageError> {
        let lock = prepare(root)?;
        let failed = |source| StorageError::Io { action: "lock", path: root.to_owned(), source };
        if lock.file().try_lock().is_ok() {
            let folder = Self { root: root.to_owned(), _lock: lock };
            folder.sweep().map_err(failed)?;
            check_format(root, true)?;
            folder._lock.file().lock_shared().map_err(failed)?;
            return Ok(folder);
        }
        lock.file().lock_shared().map_err(failed)?;
        check_format(root, false)?;
        Ok(Self { root: root.to_owned(), _lock: lock })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn sweep(&self) -> io::Result<()> {
        for entry in fs_err::read_dir(self.root.join("partial"))? {
            fs_err::remove_file(entry?.path())?;
        }
        Ok(())
    }

    fn at(&self, path: &str) -> Result<PathBuf, StorageError> {
        let clean = |segment: &str| {
            !matches!(segment, "" | "." | "..") && !segment.contains(|c: char| c.is_control())
        };
        if path.len() > 1024 || !path.split('/').all(clean) {
            return Err(StorageError::Path { path: path.to_owned() });
        }
        Ok(self.root.join(path))
    }

    /// Opens the lock of a pointer, which is held by who has it open and locked.
    fn lock_file(&self, name: &str, suffix: &str) -> Result<fs_err::File, StorageError> {
        let path = self.root.join("locks").join(format!("{}{suffix}", name.replace('/', "_")));
        let mut options = fs_err::OpenOptions::new();
        options.create(true).append(true);
        options.open(&path).map_err(|source| StorageError::Io { action: "open", path, source })
    }

    fn write(&self, path: &Path, content: Content<'_>) -> io::Result<()> {
        match content {
            Content::Same(from) => match fs_err::hard_link(self.root.join(from), path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs_err::create_dir_all(parent(path))?;
                    allow_present(fs_err::hard_link(self.root.join(from), path))
                }
                result => allow_present(result),
            },
            Content::Bytes(bytes) => {
                let mut file = self.partial()?;
                file.write_all(bytes)?;
                persist(file, path)
            }
        }
    }

    fn partial(&self) -> io::Result<NamedTempFile> {
        Builder::new().prefix("put-").tempfile_in(self.root.join("partial"))
    }

    /// Makes `dists/trixie/InRelease` lead through the pointer.
    fn serve(&self, name: &str, file: &str) -> Result<(), StorageError> {
        let path = self.at(&format!("{name}/{file}"))?;
        if path.is_symlink() {
            return Ok(());
        }
        let up = "../".repeat(name.split('/').count() + file.split('/').count() - 1);
        let target = format!("{up}pointers/{name}/{file}");
        let make = || {
            fs_err::create_dir_all(parent(&path))?;
            allow_present(symlink(&target, &path))
        };
        make().map_err(|source| StorageError::Io { action: "link", path, source })
    }

    fn replace_pointer(&self, change: &PointerChange<'_>) -> Result<(), StorageError> {
        let path = self.at(&format!("pointers/{}", change.name))?;
        let failed =
            |source| StorageError::Io { action: "change the pointer", path: path.clone(), source };
        let Some(to) = change.to else {
            return fs_err::remove_file(&path).map_err(failed);
        };
        let up = "../".repeat(change.name.split('/').count());
        let target = format!("{up}snapshots/{}/{to}", change.name);
        let make = || {
            fs_err::create_dir_all(parent(&path))?;
            let partial = self.root.join("partial");
            let link =
                Builder::new().prefix("pointer-").make_in(partial, |at| symlink(&target, at))?;
            link.persist(&path).map_err(|error| error.error)
        };
        make().map_err(failed)
    }
}

impl Storage for Folder {
    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let place = self.at(path)?;
        let failed = |source| StorageError::Io { action: "read", path: place.clone(), source };
        let Some(file) = open(&place)? else { return Ok(None) };
        let size = file.metadata().map_err(failed)?.len();
        if size > limit {
            return Err(StorageError::TooLarge { path: path.to_owned(), limit });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(bytes))
    }

    fn open(&self, path: &str) -> Result<Option<Box<dyn io::Read + '_>>, StorageError> {
        let file = open(&self.at(path)?)?;
        Ok(file.map(|file| Box::new(file) as Box<dyn io::Read>))
    }

    fn size(&self, path: &str) -> Result<Option<u64>, StorageError> {
        let place = self.at(path)?;
        match fs_err::metadata(&place) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(StorageError::Io { action: "read", path: place, source }),
        }
    }

    fn put(&self, path: &str, content: Content<'_>) -> Result<(), StorageError> {
        let place = self.at(path)?;
        if place.exists() {
            return Ok(());
        }
        self.write(&place, content).map_err(|source| StorageError::Io {
            action: "write",
            path: place,
            source,
        })
    }

    fn incoming(&self) -> Result<Box<dyn Incoming + '_>, StorageError> {
        let file = self.partial().map_err(|source| StorageError::Io {
            action: "write below",
            path: self.root.join("partial"),
            source,
        })?;
        Ok(Box::new(Partial { folder: self, file }))
    }

    fn pointer(&self, name: &str) -> Result<Option<String>, StorageError> {
        let path = self.at(&format!("pointers/{name}"))?;
        match fs_err::read_link(&path) {
            Ok(target) => Ok(target.file_name().and_then(|name| name.to_str()).map(str::to_owned)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(StorageError::Io { action: "read the pointer", path, source }),
        }
    }

    fn swap(&self, change: &PointerChange<'_>) -> Result<bool, StorageError> {
        let lock = self.lock_file(change.name, ".swap")?;
        lock.file().lock().map_err(|source| StorageError::Io {
            action: "lock",
            path: lock.path().to_owned(),
            source,
        })?;
        if self.pointer(change.name)?.as_deref() != change.from {
            return Ok(false);
        }
        for file in change.serve {
            self.serve(change.name, file)?;
        }
        self.replace_pointer(change)?;
        Ok(true)
    }

    fn turn(&self, name: &str) -> Result<Box<dyn Send>, StorageError> {
        const STEP: Duration = Duration::from_millis(5);
        // A writer that was stopped in its turn must not stop all others: a minute after the last
        // change they go on.
        const PATIENCE: Duration = Duration::from_secs(60);
        let lock = self.lock_file(name, ".turn")?;
        let (mut there, mut waited) = (self.pointer(name)?, Duration::ZERO);
        while waited < PATIENCE && lock.file().try_lock().is_err() {
            std::thread::sleep(STEP);
            waited += STEP;
            if waited.subsec_millis() == 0 {
                let now = self.pointer(name)?;
                if now != there {
                    (there, waited) = (now, Duration::ZERO);
                }
            }
        }
        Ok(Box::new(lock))
    }

    fn pointers(&self) -> Result<Vec<String>, StorageError> {
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let path = self.root.join("pointers").join(&folder);
            let failed = |source| StorageError::Io { action: "list", path: path.clone(), source };
            for entry in fs_err::read_dir(&path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
                let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                match entry.file_type().map_err(failed)? {
                    kind if kind.is_symlink() => found.push(name),
                    kind if kind.is_dir() => folders.push(name),
                    _ => {}
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StorageError> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let path = self.at(&folder)?;
            let failed = |source| StorageError::Io { action: "list", path: path.clone(), source };
            let entries = match fs_err::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if is_absent(&error) => continue,
                Err(error) => return Err(failed(error)),
            };
            for entry in entries {
                let entry = entry.map_err(failed)?;
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
                let name = format!("{folder}/{name}");
                match entry.file_type().map_err(failed)?.is_dir() {
                    true => folders.push(name),
                    false => found.push(name),
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        let place = self.at(path)?;
        match fs_err::remove_file(&place) {
            Ok(()) => {}
            Err(error) if is_absent(&error) => return Ok(()),
            Err(source) => {
                return Err(StorageError::Io { action: "remove", path: place, source });
            }
        }
        // Folders go when they are empty, up to those of the layout.
        for folder in place.ancestors().skip(1) {
            let deep = folder.strip_prefix(&self.root).is_ok_and(|path| path.iter().count() > 1);
            if !deep || fs_err::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Makes the layout and opens the lock.
fn prepare(root: &Path) -> Result<fs_err::File, StorageError> {
    let failed = |source| StorageError::Io { action: "use", path: root.to_owned(), source };
    for folder in ["locks", "partial", "pointers", "snapshots"] {
        fs_err::create_dir_all(root.join(folder)).map_err(failed)?;
    }
    let mut options = fs_err::OpenOptions::new();
    options.create(true).append(true).open(root.join("lock")).map_err(failed)
}

/// Checks the version of the layout. Who has the repository alone writes it down first.
fn check_format(root: &Path, alone: bool) -> Result<(), StorageError> {
    let failed = |source| StorageError::Io { action: "use", path: root.to_owned(), source };
    let format = root.join("format");
    match fs_err::read_to_string(&format) {
        Ok(found) if found == FORMAT => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && alone => {
            let mut file = NamedTempFile::new_in(root.join("partial")).map_err(failed)?;
            file.write_all(FORMAT.as_bytes()).map_err(failed)?;
            file.persist(&format).map(drop).map_err(|error| failed(error.error))
        }
        Err(error) => Err(failed(error)),
        Ok(found) => {
            let found = found.trim().chars().take(20).collect();
            Err(StorageError::Format { path: root.to_owned(), found })
        }
    }
}

fn open(path: &Path) -> Result<Option<fs_err::File>, StorageError> {
    match fs_err::File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(source) => Err(StorageError::Io { action: "read", path: path.to_owned(), source }),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
