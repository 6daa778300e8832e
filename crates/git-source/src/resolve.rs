//! From a reference to a commit.

use std::collections::BTreeSet;

use gix::ObjectId;
use source_refs::{CommitId, GitReference, GitUrl};

use crate::cache::tips;
use crate::connection::RemoteReference;
use crate::pbr::{Log, WalkError};
use crate::stored::{Stored, commit_id};
use crate::{GitCache, GitError};

/// What a reference names at this moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resolved {
    /// The commit.
    pub commit: CommitId,
    /// The full name of the reference (`refs/tags/28.1.0`, `refs/changes/24/923324/10`); `None` where a
    /// commit was named.
    pub reference: Option<String>,
    /// The address that told it; `None` where nobody was asked.
    pub url: Option<GitUrl>,
}

impl GitCache {
    /// The commit that `reference` names in the repository at `urls`, which are tried in turn.
    ///
    /// `recorded` is the commit that a lock has for it: a tag that leads elsewhere now is an error. A
    /// branch and a change may move.
    ///
    /// # Errors
    /// See [`GitError`]: nobody answers, there is no such reference, several have the name, a tag was
    /// moved.
    pub fn resolve(
        &self,
        urls: &[GitUrl],
        reference: &GitReference,
        recorded: Option<CommitId>,
    ) -> Result<Resolved, GitError> {
        let prefixes = match reference {
            GitReference::Commit(commit) => {
                return Ok(Resolved { commit: *commit, reference: None, url: None });
            }
            GitReference::Full(name) => vec![name.clone()],
            GitReference::Name(name) => by_name(name).to_vec(),
            GitReference::Gerrit { change } => {
                vec![format!("refs/changes/{:02}/{change}/", change % 100)]
            }
            GitReference::ShortCommit(_) => vec!["refs/heads/".to_owned(), "refs/tags/".to_owned()],
        };
        let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        let (url, found) = self.references(urls, &prefixes)?;
        let missing = |reference: &str| GitError::NoReference {
            url: url.to_string(),
            reference: reference.to_owned(),
        };
        let named = |name: &str| found.iter().find(|found| found.name == name);
        let picked = match reference {
            GitReference::Commit(_) => unreachable!("it was answered above"),
            GitReference::Full(name) => named(name).ok_or_else(|| missing(name))?,
            GitReference::Name(name) => match by_name(name).each_ref().map(|name| named(name)) {
                [Some(tag), None] => tag,
                [None, Some(branch)] => branch,
                [None, None] => return Err(missing(&format!("tag and no branch {name}"))),
                [Some(tag), Some(branch)] if tag.peeled == branch.peeled => tag,
                [Some(_), Some(_)] => {
                    let (reference, candidates) = (name.clone(), by_name(name).to_vec());
                    return Err(GitError::Ambiguous { reference, candidates });
                }
            },
            GitReference::Gerrit { change } => {
                let number = |found: &&RemoteReference| {
                    found.name.rsplit('/').next().and_then(|set| set.parse::<u32>().ok())
                };
                let sets = found.iter().filter(|found| number(found).is_some());
                let newest = sets.max_by_key(number);
                newest.ok_or_else(|| missing(&format!("patch set of change {change}")))?
            }
            GitReference::ShortCommit(digits) => {
                if let Some(same) = by_name(digits).iter().find(|name| named(name).is_some()) {
                    let candidates =
                        vec![same.clone(), format!("commits that begin with {digits}")];
                    return Err(GitError::Ambiguous { reference: digits.clone(), candidates });
                }
                let commit = self.expand(&url, digits, &found)?;
                return Ok(Resolved { commit, reference: None, url: Some(url) });
            }
        };
        let commit = commit_id(picked.peeled);
        let (name, is_tag) = (picked.name.clone(), picked.name.starts_with("refs/tags/"));
        if let Some(recorded) = recorded
            && is_tag
            && recorded != commit
        {
            let (url, tag) = (url.to_string(), name["refs/tags/".len()..].to_owned());
            return Err(GitError::TagMoved { url, tag, recorded, found: commit });
        }
        Ok(Resolved { commit, reference: Some(name), url: Some(url) })
    }

    /// The one commit whose name begins with `digits`: a branch or tag itself, else one in the history
    /// of all of them, which is fetched.
    fn expand(
        &self,
        url: &GitUrl,
        digits: &str,
        found: &[RemoteReference],
    ) -> Result<CommitId, GitError> {
        let begins = |id: &CommitId| id.to_string().starts_with(digits);
        let mut matches: BTreeSet<CommitId> =
            found.iter().map(|found| commit_id(found.peeled)).filter(begins).collect();
        if matches.is_empty() {
            self.fetch_history(std::slice::from_ref(url), &tips(found), None)?;
            let repository = self.repository()?;
            let heads: BTreeSet<ObjectId> = found.iter().map(|found| found.peeled).collect();
            let unreadable = |error: WalkError| GitError::Object {
                what: format!("the history of {url}"),
                reason: error.to_string(),
            };
            let stored = Stored::new(&repository);
            let heads: Vec<CommitId> =
                heads.into_iter().filter(|head| stored.is_commit(*head)).map(commit_id).collect();
            let mut log = Log::new(&stored, &heads).map_err(unreadable)?;
            while let Some((id, commit)) = log.newest() {
                if begins(&id) {
                    matches.insert(id);
                }
                log.go_on(&commit).map_err(unreadable)?;
            }
        }
        match matches.len() {
            1 => Ok(matches.pop_first().expect("because there is one")),
            0 => Err(GitError::NoReference {
                url: url.to_string(),
                reference: format!("commit that begins with {digits}"),
            }),
            _ => Err(GitError::Ambiguous {
                reference: digits.to_owned(),
                candidates: matches.iter().take(10).map(CommitId::to_string).collect(),
            }),
        }
    }
}

/// The tag and the branch of this name.
fn by_name(name: &str) -> [String; 2] {
    [format!("refs/tags/{name}"), format!("refs/heads/{name}")]
}
