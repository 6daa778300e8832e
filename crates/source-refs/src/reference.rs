//! Ways to name a commit.

use std::fmt;
use std::str::FromStr;

use crate::CommitId;
use crate::source::Refused;

/// What names a commit in a repository.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum GitReference {
    /// A tag or a branch: `28.1.0`, `stable/2025.2`.
    Name(String),
    /// The full name of a reference: `refs/heads/main`, `refs/changes/24/923324/10`.
    Full(String),
    /// A commit.
    Commit(CommitId),
    /// The beginning of a commit's name: 7 to 39 hexadecimal digits in lower case.
    ShortCommit(String),
    /// The newest patch set of a Gerrit change.
    Gerrit {
        /// The number of the change.
        change: u32,
    },
}

/// The form of the file; `gerrit:923324` for the newest patch set.
impl fmt::Display for GitReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GitReference::Name(text)
            | GitReference::Full(text)
            | GitReference::ShortCommit(text) => f.write_str(text),
            GitReference::Commit(id) => fmt::Display::fmt(id, f),
            GitReference::Gerrit { change } => write!(f, "gerrit:{change}"),
        }
    }
}

/// Why a text is not a reference.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the reference {what}: {hint}")]
pub struct GitReferenceError {
    /// What is wrong with it.
    pub what: &'static str,
    /// What to do.
    pub hint: &'static str,
}

/// Hexadecimal digits are a commit, `refs/` begins a full name, `gerrit:` a change, and all else is a
/// tag or a branch.
impl FromStr for GitReference {
    type Err = GitReferenceError;
    fn from_str(text: &str) -> Result<Self, GitReferenceError> {
        Self::parse(text).map_err(|Refused { what, hint }| GitReferenceError { what, hint })
    }
}

impl GitReference {
    /// Whether it names the same commit for ever: a whole commit does. The beginning of one may
    /// become ambiguous, tags may be moved, and branches and changes move by nature.
    pub fn is_fixed(&self) -> bool {
        matches!(self, GitReference::Commit(_))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Refused> {
        if let Ok(commit) = text.parse() {
            return Ok(Self::Commit(commit));
        }
        if let Some(change) = text.strip_prefix("gerrit:") {
            return Self::gerrit(change.trim());
        }
        if (7..40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self::ShortCommit(text.to_ascii_lowercase()));
        }
        if let Some(what) = not_a_name(text) {
            let hint = "give a tag, a branch, a commit, or the full name of a reference (refs/...)";
            return Err(Refused::new(what, hint));
        }
        if text.starts_with("refs/") {
            if text.starts_with("refs/changes/") && !is_patch_set(text) {
                let hint = "write refs/changes/24/923324/10, or gerrit: 923324 for the newest one";
                return Err(Refused::new("is not a patch set of a change", hint));
            }
            return Ok(Self::Full(text.to_owned()));
        }
        Ok(Self::Name(text.to_owned()))
    }

    /// Reads the number of a change.
    pub(crate) fn gerrit(text: &str) -> Result<Self, Refused> {
        let digits = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(change) if digits && change > 0 => Ok(Self::Gerrit { change }),
            _ => Err(Refused::new(
                "is not the number of a change",
                "write the number from its address, such as gerrit: 923324",
            )),
        }
    }
}

/// `refs/changes/24/923324/10`: the first number is the last two digits of the second.
fn is_patch_set(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let [_, _, shard, change, set] = parts[..] else { return false };
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    number(change)
        && number(set)
        && change.parse().is_ok_and(|change: u32| format!("{:02}", change % 100) == shard)
}

/// Why git would refuse a name (git-check-ref-format(1)).
fn not_a_name(text: &str) -> Option<&'static str> {
    let bad_letter = |letter: char| letter.is_control() || " ~^:?*[\\".contains(letter);
    let bad_part = |part: &str| {
        part.is_empty() || part.starts_with('.') || part.ends_with('.') || part.ends_with(".lock")
    };
    if text.is_empty() {
        Some("is empty")
    } else if text.len() > 250 {
        Some("is longer than 250 bytes")
    } else if text.contains(bad_letter) {
        Some("has a letter that no name of git may have")
    } else if text.starts_with('-') || text == "@" || text.contains("..") || text.contains("@{") {
        Some("is not a name of git")
    } else if text.split('/').any(bad_part) {
        Some("has a part that no name of git may have")
    } else {
        None
    }
}
