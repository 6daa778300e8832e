//! The ChangeLog that PBR writes into an sdist.

use std::fmt::Write as _;

use pep440_rs::Version;
use source_refs::CommitId;

use super::history::{Commits, Log, Tag, WalkError};
use super::semantic::SemanticVersion;

/// Why there is no ChangeLog.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeLogError {
    /// The history cannot be read to its beginning.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// PBR takes a tag for a version, and Python does not: its own build stops there.
    #[error("the tag {0} is a version for PBR and none by PEP 440: remove it")]
    Tag(String),
}

/// The ChangeLog of `head`: the subjects of all commits but merges, below the tags that are versions.
///
/// The rules are those of `pbr.git.write_git_changelog`, PBR 7. Of several tags of a commit the highest
/// counts, of equal ones the first by name.
///
/// # Errors
/// See [`ChangeLogError`].
pub fn change_log(
    commits: &dyn Commits,
    tags: &[Tag],
    head: CommitId,
) -> Result<String, ChangeLogError> {
    let mut text = "CHANGES\n=======\n\n".to_owned();
    let mut log = Log::new(commits, &[head])?;
    let mut first = true;
    while let Some((id, commit)) = log.newest() {
        if let Some(tag) = highest(tags, id)? {
            let gap = if first { "" } else { "\n" };
            let line = "-".repeat(tag.chars().count());
            write!(text, "{gap}{tag}\n{line}\n\n").expect("a String takes every write");
        }
        let subject = subject(&commit.message);
        if !subject.starts_with("Merge ") {
            let subject = subject.strip_suffix('.').unwrap_or(&subject);
            let subject = subject.replace('*', r"\*").replace('_', r"\_").replace('`', r"\`");
            writeln!(text, "* {subject}").expect("a String takes every write");
        }
        first = false;
        log.go_on(&commit)?;
    }
    Ok(text)
}

/// The highest of the tags of a commit that are versions, with a `.` for each `-`.
fn highest(tags: &[Tag], commit: CommitId) -> Result<Option<String>, ChangeLogError> {
    let mut found = Vec::new();
    for tag in tags.iter().filter(|tag| tag.commit == commit) {
        let name = tag.name.replace('-', ".");
        if SemanticVersion::parse(&name).is_some() {
            let version = name.parse::<Version>();
            found.push((version.map_err(|_| ChangeLogError::Tag(name.clone()))?, name));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
    Ok(found.pop().map(|(_, name)| name))
}

/// What git calls the subject: the lines of the first paragraph, joined by a blank.
pub(crate) fn subject(message: &str) -> String {
    let blank = |line: &&str| line.trim_matches(is_space).is_empty();
    let lines = message.split('\n').skip_while(blank).take_while(|line| !blank(line));
    lines.map(|line| line.trim_end_matches(is_space)).collect::<Vec<_>>().join(" ")
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}
