//! Commits out of a repository, and the version of one.

use std::num::NonZeroU32;

use gix::ObjectId;
use source_refs::{CommitId, GitUrl};

use crate::pbr::{
    Annotation, Commit, Commits, Tag, UnreadableCommit, VersionError, WalkError, version,
};
use crate::{GitCache, GitError};

/// The commits of a repository. One whose object is not at hand is beyond the history.
pub(crate) struct Stored<'a> {
    repository: &'a gix::Repository,
    mailmap: gix::mailmap::Snapshot,
}

impl<'a> Stored<'a> {
    pub(crate) fn new(repository: &'a gix::Repository) -> Self {
        Self { repository, mailmap: gix::mailmap::Snapshot::default() }
    }

    /// With authors as the content of a `.mailmap` names them (gitmailmap(5)).
    pub(crate) fn with_mailmap(repository: &'a gix::Repository, mailmap: &[u8]) -> Self {
        Self { repository, mailmap: gix::mailmap::Snapshot::from_bytes(mailmap) }
    }

    pub(crate) fn is_commit(&self, id: ObjectId) -> bool {
        let found = self.repository.find_header(id);
        found.is_ok_and(|header| header.kind() == gix::objs::Kind::Commit)
    }
}

impl Commits for Stored<'_> {
    fn commit(&self, id: &CommitId) -> Result<Option<Commit>, UnreadableCommit> {
        let unreadable = |reason: String| UnreadableCommit { commit: *id, reason };
        let object = self
            .repository
            .try_find_object(object_id(*id))
            .map_err(|error| unreadable(error.to_string()))?;
        let Some(object) = object else { return Ok(None) };
        let commit = object.try_into_commit().map_err(|error| unreadable(error.to_string()))?;
        let decoded = commit.decode().map_err(|error| unreadable(error.to_string()))?;
        // Git has two encodings in old histories; of others it shows what is not UTF-8 as broken.
        let latin = decoded.encoding.is_some_and(|encoding| {
            ["iso-8859-1", "latin1", "latin-1"]
                .iter()
                .any(|name| encoding.eq_ignore_ascii_case(name.as_bytes()))
        });
        let decode = |bytes: &[u8]| {
            if latin { bytes.iter().map(|byte| char::from(*byte)).collect() } else { text(bytes) }
        };
        // Git takes the time of a commit that has a broken one as 0.
        let time = decoded.committer().map_or(0, |committer| committer.seconds());
        let author = decoded.author().map_or_else(
            |_| String::new(),
            |author| {
                let author = self.mailmap.resolve_cow(author);
                format!("{} <{}>", decode(&author.name), decode(&author.email))
            },
        );
        let message = decode(decoded.message);
        let parents = decoded.parents().map(commit_id).collect();
        Ok(Some(Commit { parents, time, author, message }))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Our name for a commit of gix.
pub(crate) fn commit_id(id: ObjectId) -> CommitId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&id.as_slice()[..20]);
    CommitId::from_bytes(bytes)
}

/// The name that gix has for a commit.
pub(crate) fn object_id(id: CommitId) -> ObjectId {
    ObjectId::from_bytes_or_panic(id.as_bytes())
}

/// Generations of commits that are fetched until the version is clear; all of them at last.
const STEPS: [Option<NonZeroU32>; 3] = [NonZeroU32::new(64), NonZeroU32::new(1_024), None];

impl GitCache {
    /// A commit that was [fetched](GitCache::fetch).
    ///
    /// # Errors
    /// It is not at hand, or broken.
    pub fn commit(&self, id: CommitId) -> Result<Commit, GitError> {
        let what = || format!("commit {id}");
        let repository = self.repository()?;
        let found = Stored::new(&repository).commit(&id);
        let found = found.map_err(|UnreadableCommit { reason, .. }| {
            let what = what();
            GitError::Object { what, reason }
        })?;
        found.ok_or_else(|| GitError::Object { what: what(), reason: "it is not there".to_owned() })
    }

    /// The tags of the repository. What annotated tags have of their own is read for those of `commit`
    /// alone; no other is asked for when a version is computed.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn tags(&self, urls: &[GitUrl], commit: CommitId) -> Result<Vec<Tag>, GitError> {
        let (_, found) = self.references(urls, &["refs/tags/"])?;
        let of_commit = |tag: &&crate::connection::RemoteReference| {
            tag.object != tag.peeled && commit_id(tag.peeled) == commit
        };
        let objects: Vec<ObjectId> = found.iter().filter(of_commit).map(|tag| tag.object).collect();
        let mut repository = self.repository()?;
        if objects.iter().any(|object| !repository.has_object(object)) {
            self.fetch_history(urls, &objects, NonZeroU32::new(1))?;
            repository = self.repository()?;
        }
        let annotation = |object: ObjectId| {
            let tag = repository.find_tag(object).ok()?;
            let decoded = tag.decode().ok()?;
            let time = decoded.tagger().ok().flatten().map_or(0, |tagger| tagger.seconds());
            Some(Annotation { name: text(decoded.name), time })
        };
        Ok(found
            .iter()
            .map(|tag| Tag {
                name: tag.name["refs/tags/".len()..].to_owned(),
                commit: commit_id(tag.peeled),
                annotation: if of_commit(&tag) { annotation(tag.object) } else { None },
            })
            .collect())
    }

    /// The version that PBR gives `commit`, see [`version`]. As much of the history is fetched as it
    /// takes, as far as the server can without files.
    ///
    /// # Errors
    /// Nobody answers, or there is no version.
    pub fn version(
        &self,
        urls: &[GitUrl],
        commit: CommitId,
        target: Option<&str>,
    ) -> Result<String, GitError> {
        let tags = self.tags(urls, commit)?;
        let mut steps = STEPS.iter();
        loop {
            let repository = self.repository()?;
            let found = version(&Stored::new(&repository), &tags, commit, target);
            match (found, steps.next()) {
                (Err(VersionError::Walk(WalkError::TooShort { .. })), Some(depth)) => {
                    self.fetch_history(urls, &[object_id(commit)], *depth)?;
                }
                (Err(source), _) => return Err(GitError::Version { commit, source }),
                (Ok(version), _) => return Ok(version),
            }
        }
    }
}
