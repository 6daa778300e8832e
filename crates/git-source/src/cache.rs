//! The cache: one bare repository for the commits of all others.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use source_refs::{CommitId, GitUrl};

use crate::connection::{Connection, Content, RemoteReference, Want};
use crate::error::told;
use crate::{GitError, Network, Settings};

/// Most commits of a source that a server is told of.
const MOST_KNOWN: usize = 8;

/// A folder with the objects of all repositories that were asked. Several processes may use it at
/// once: whoever writes holds a lock.
///
/// `objects.git/` is a bare repository without references; `sources/` has, for each repository, the
/// commits whose files are complete; `lock` is the lock file. Nothing in it is of use to other
/// programs, and all of it may be deleted while nobody uses it.
#[derive(Debug)]
pub struct GitCache {
    root: PathBuf,
    settings: Settings,
}

impl GitCache {
    /// The cache in the folder `root`, which is made where it is missing.
    ///
    /// # Errors
    /// [`GitError::Cache`]: the folder cannot be made or written.
    pub fn open(root: &Path, settings: Settings) -> Result<Self, GitError> {
        let cache = Self { root: root.to_owned(), settings };
        let failed = |error: std::io::Error| cache.broken(&error.to_string());
        fs_err::create_dir_all(root.join("sources")).map_err(failed)?;
        if !cache.objects().join("HEAD").exists() {
            let _lock = cache.lock()?;
            if !cache.objects().join("HEAD").exists() {
                // Made aside, so that a repository is there as a whole or not at all.
                let fresh = root.join("objects.new");
                if fresh.exists() {
                    fs_err::remove_dir_all(&fresh).map_err(failed)?;
                }
                let kind = gix::create::Kind::Bare;
                let (how, options) = (gix::create::Options::default(), isolated());
                gix::ThreadSafeRepository::init_opts(&fresh, kind, how, options)
                    .map_err(|error| cache.broken(&told(&error)))?;
                fs_err::rename(&fresh, cache.objects()).map_err(failed)?;
            }
        }
        Ok(cache)
    }

    /// How repositories are reached.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn objects(&self) -> PathBuf {
        self.root.join("objects.git")
    }

    fn broken(&self, reason: &str) -> GitError {
        GitError::Cache { path: self.root.clone(), reason: reason.to_owned() }
    }

    /// The objects as they are now.
    pub(crate) fn repository(&self) -> Result<gix::Repository, GitError> {
        let opened = gix::open_opts(self.objects(), isolated());
        opened.map_err(|error| self.broken(&told(&error)))
    }

    /// Waits for the lock; it ends with the file.
    fn lock(&self) -> Result<fs_err::File, GitError> {
        let failed = |error: std::io::Error| self.broken(&error.to_string());
        let mut options = fs_err::OpenOptions::new();
        let file = options.create(true).append(true).open(self.root.join("lock"));
        let file = file.map_err(failed)?;
        file.file().lock().map_err(failed)?;
        Ok(file)
    }

    /// Tries the addresses in turn, until one gives an answer.
    pub(crate) fn ask<T>(
        &self,
        urls: &[GitUrl],
        what: &str,
        question: impl Fn(&GitUrl, &mut Connection) -> Result<T, String>,
    ) -> Result<T, GitError> {
        if self.settings.network == Network::Off {
            return Err(GitError::Offline { what: what.to_owned() });
        }
        let mut attempts = Vec::new();
        for url in urls {
            let connection = Connection::open(url, &self.settings);
            match connection.and_then(|mut connection| question(url, &mut connection)) {
                Ok(answer) => return Ok(answer),
                Err(reason) => attempts.push(format!("{url}: {reason}")),
            }
        }
        if urls.is_empty() {
            attempts.push("none is known".to_owned());
        }
        Err(GitError::Unreachable { attempts })
    }

    /// The references of the repository whose names begin with one of `prefixes`, and the address that
    /// told them.
    pub(crate) fn references(
        &self,
        urls: &[GitUrl],
        prefixes: &[&str],
    ) -> Result<(GitUrl, Vec<RemoteReference>), GitError> {
        self.ask(urls, "the list of references", |url, connection| {
            Ok((url.clone(), connection.references(prefixes)?))
        })
    }

    /// Makes sure that the commit and all its files are in the cache.
    ///
    /// Only this commit is asked for; a server that does not give single commits is asked for all
    /// branches and tags. Nothing is fetched twice.
    ///
    /// # Errors
    /// No address gives it ([`GitError::Unreachable`]), or the name is that of something else
    /// ([`GitError::Object`]).
    pub fn fetch(&self, urls: &[GitUrl], commit: CommitId) -> Result<(), GitError> {
        let list = self.complete_list(urls);
        if self.complete(&list)?.contains(&commit) {
            return Ok(());
        }
        let what = format!("commit {commit}");
        let object = ObjectId::from_bytes_or_panic(commit.as_bytes());
        let _lock = self.lock()?;
        let known = self.complete(&list)?;
        if known.contains(&commit) {
            return Ok(());
        }
        let have: Vec<ObjectId> = known
            .iter()
            .rev()
            .take(MOST_KNOWN)
            .map(|id| ObjectId::from_bytes_or_panic(id.as_bytes()))
            .collect();
        self.ask(urls, &what, |url, connection| {
            let (objects, depth) = (&[object][..], NonZeroU32::new(1));
            let want = Want { objects, have: &have, depth, content: Content::Files };
            let Err(refused) = self.receive(connection, &want) else { return Ok(()) };
            let mut again = Connection::open(url, &self.settings)?;
            let tips = tips(&again.references(&["refs/heads/", "refs/tags/"])?);
            let want = Want { objects: &tips, have: &[], depth: None, content: Content::Files };
            if tips.is_empty() {
                return Err(refused);
            }
            self.receive(&mut again, &want)?;
            let found = self.repository().is_ok_and(|repository| repository.has_object(object));
            if found { Ok(()) } else { Err(format!("{refused}; no branch and no tag has it")) }
        })?;
        let repository = self.repository()?;
        let kind = repository.find_object(object).map(|object| object.kind);
        if !matches!(kind, Ok(gix::objs::Kind::Commit)) {
            let reason = "this is no commit".to_owned();
            return Err(GitError::Object { what, reason });
        }
        self.note(&list, &known, commit)
    }

    /// Fetches commits without their files, where the server can leave them out.
    pub(crate) fn fetch_history(
        &self,
        urls: &[GitUrl],
        objects: &[ObjectId],
        depth: Option<NonZeroU32>,
    ) -> Result<(), GitError> {
        let _lock = self.lock()?;
        let want = Want { objects, have: &[], depth, content: Content::Commits };
        self.ask(urls, "the history", |_, connection| self.receive(connection, &want))
    }

    fn receive(&self, connection: &mut Connection, want: &Want<'_>) -> Result<(), String> {
        let repository = self.repository().map_err(|error| error.to_string())?;
        let shallow = self.root.join("shallow");
        let lines: String = want.have.iter().map(|id| format!("{id}\n")).collect();
        if lines.is_empty() {
            match fs_err::remove_file(&shallow) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.to_string());
                }
                _ => {}
            }
        } else {
            fs_err::write(&shallow, lines).map_err(|error| error.to_string())?;
        }
        let fetched = connection.fetch(want, &repository, &shallow, &self.settings);
        // It says what this one question was about.
        let _ = fs_err::remove_file(&shallow);
        fetched
    }

    fn complete_list(&self, urls: &[GitUrl]) -> PathBuf {
        let name = urls.first().map_or("", GitUrl::as_str).trim_end_matches('/');
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(name.as_bytes());
        let digest = hasher.try_finalize().map_or_else(|_| String::new(), |id| id.to_string());
        self.root.join("sources").join(digest)
    }

    /// The commits of a source whose files are at hand, the newest last.
    fn complete(&self, list: &Path) -> Result<Vec<CommitId>, GitError> {
        match fs_err::read_to_string(list) {
            Ok(text) => Ok(text.lines().filter_map(|line| line.parse().ok()).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.broken(&error.to_string())),
        }
    }

    fn note(&self, list: &Path, known: &[CommitId], commit: CommitId) -> Result<(), GitError> {
        let failed = |error: std::io::Error| self.broken(&error.to_string());
        let lines: String = known.iter().chain([&commit]).map(|id| format!("{id}\n")).collect();
        let fresh = list.with_extension("new");
        fs_err::write(&fresh, lines).map_err(failed)?;
        fs_err::rename(&fresh, list).map_err(failed)
    }
}

/// The objects of references, each once.
pub(crate) fn tips(references: &[RemoteReference]) -> Vec<ObjectId> {
    let mut tips: Vec<ObjectId> = references.iter().map(|reference| reference.object).collect();
    tips.sort();
    tips.dedup();
    tips
}

/// No configuration but the repository's own.
pub(crate) fn isolated() -> gix::open::Options {
    gix::open::Options::isolated()
}
