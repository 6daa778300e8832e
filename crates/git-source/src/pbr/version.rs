//! The version that PBR computes for a commit.

use std::cmp::Ordering;

use source_refs::CommitId;

use super::history::{Commits, Log, Tag, WalkError, messages_between};
use super::semantic::{Growth, SemanticVersion};

/// Why there is no version.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// The history does not lead to the answer.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// The wanted version is lower than what tags and commits ask for.
    #[error(
        "the tag or setup.cfg wants version {target}, and the history needs {needed} at least: \
         remove one of the tags, or raise the version in setup.cfg"
    )]
    TargetTooLow {
        /// What the history needs.
        needed: String,
        /// What is wanted.
        target: String,
    },
    /// The `version` of setup.cfg cannot be read.
    #[error("`{0}` is not a version that PBR reads: mend `version` in setup.cfg, or remove it")]
    Target(String),
    /// A tag with a kind of pre-release that PBR cannot compare.
    #[error("PBR cannot compare {0}: pre-releases are a, b or rc")]
    NoOrder(String),
}

/// The version of `head`, as `pbr.packaging.get_version` (PBR 7) computes it from git.
///
/// `tags` are all tags of the repository in any order, those that are no versions included.
/// `target` is the `version` of the `[metadata]` of setup.cfg, where there is one. Neither the
/// environment (`PBR_VERSION`) nor PKG-INFO is asked; for the latter see
/// [`version_from_pkg_info`](crate::version_from_pkg_info), which goes first.
///
/// Where several tags of one commit are equal versions (`1.0` and `1.0.0`), PBR takes any of them;
/// this takes the last by name.
///
/// ```
/// use std::collections::BTreeMap;
/// use git_source::{Commit, CommitId, Tag, version};
/// let [old, new]: [CommitId; 2] = ["1", "2"].map(|digit| digit.repeat(40).parse().unwrap());
/// let message = "Add a table\n\nSem-Ver: feature\n".to_owned();
/// let history = BTreeMap::from([
///     (old, Commit { time: 1, ..Commit::default() }),
///     (new, Commit { time: 2, message, parents: vec![old], ..Commit::default() }),
/// ]);
/// let tags = [Tag { name: "28.0.2".to_owned(), commit: old, annotation: None }];
/// assert_eq!(version(&history, &tags, new, None)?, "28.1.0.dev1");
/// # Ok::<(), git_source::VersionError>(())
/// ```
///
/// # Errors
/// See [`VersionError`]. [`WalkError::TooShort`] asks for more history.
pub fn version(
    commits: &dyn Commits,
    tags: &[Tag],
    head: CommitId,
    target: Option<&str>,
) -> Result<String, VersionError> {
    let target = match (described(tags, head), target) {
        (Some(version), _) => Some(version),
        (None, None | Some("")) => None,
        (None, Some(text)) => {
            let version = SemanticVersion::parse(text);
            Some(version.ok_or_else(|| VersionError::Target(text.to_owned()))?)
        }
    };
    let (last, distance) = last_tag(commits, tags, head)?;
    let base = match &last {
        Some(last) => last.version.clone(),
        None => SemanticVersion::parse("0").expect("because 0 is a version"),
    };
    let next = if distance == 0 {
        base
    } else {
        let growth = growth(commits, tags, last.as_ref(), head)?;
        base.incremented(growth)
    };
    if let Some(target) = &target
        && above(&next, target)?
    {
        let (needed, target) = (next.to_string(), target.to_string());
        return Err(VersionError::TargetTooLow { needed, target });
    }
    if distance == 0 {
        return Ok(next.to_string());
    }
    let next = next.with_dev(distance);
    if let Some(target) = target.map(|target| target.with_dev(distance))
        && above(&target, &next)?
    {
        return Ok(target.to_string());
    }
    Ok(next.to_string())
}

/// What `git describe --exact-match` tells of `head`, as a version: of the annotated tags the newest,
/// of equally new ones the first by name.
fn described(tags: &[Tag], head: CommitId) -> Option<SemanticVersion> {
    let mut annotated: Vec<(&Tag, i64, &str)> = tags
        .iter()
        .filter(|tag| tag.commit == head)
        .filter_map(|tag| {
            let annotation = tag.annotation.as_ref()?;
            Some((tag, annotation.time, annotation.name.as_str()))
        })
        .collect();
    annotated.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.name.cmp(&b.0.name)));
    let (tag, _, name) = annotated.first()?;
    // To a tag that is filed under another name git appends the commit.
    let suffix = if tag.name == *name { String::new() } else { format!("-0-g{head}") };
    SemanticVersion::parse(&format!("{name}{suffix}").replace('-', "."))
}

/// The tag that versions are counted from.
struct LastTag {
    /// Its name, with a `.` for each `-`.
    name: String,
    version: SemanticVersion,
}

/// The first tag that the log meets, and the commits before it; without one, the number of commits
/// less one.
fn last_tag(
    commits: &dyn Commits,
    tags: &[Tag],
    head: CommitId,
) -> Result<(Option<LastTag>, u64), VersionError> {
    let mut log = Log::new(commits, &[head])?;
    let mut distance = 0;
    while let Some((id, commit)) = log.newest() {
        let found = highest(tags, id)?;
        if found.is_some() {
            return Ok((found, distance));
        }
        log.go_on(&commit)?;
        distance += 1;
    }
    Ok((None, distance.saturating_sub(1)))
}

/// The highest version among the tags of a commit.
fn highest(tags: &[Tag], commit: CommitId) -> Result<Option<LastTag>, VersionError> {
    let mut found: Vec<LastTag> = tags
        .iter()
        .filter(|tag| tag.commit == commit)
        .filter_map(|tag| {
            let name = tag.name.replace('-', ".");
            Some(LastTag { version: SemanticVersion::parse(&name)?, name })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let mut highest: Option<LastTag> = None;
    for tag in found {
        let higher = match &highest {
            Some(highest) => {
                tag.version == highest.version || above(&tag.version, &highest.version)?
            }
            None => true,
        };
        if higher {
            highest = Some(tag);
        }
    }
    Ok(highest)
}

/// PBR's `>`: versions that differ in the local part alone are each above the other.
fn above(a: &SemanticVersion, b: &SemanticVersion) -> Result<bool, VersionError> {
    if a == b {
        return Ok(false);
    }
    let order = a.order(b).ok_or_else(|| VersionError::NoOrder(format!("{a} and {b}")))?;
    Ok(order != Ordering::Less)
}

/// What the `Sem-Ver:` lines since the last tag ask for.
fn growth(
    commits: &dyn Commits,
    tags: &[Tag],
    last: Option<&LastTag>,
    head: CommitId,
) -> Result<Growth, VersionError> {
    let not = match last {
        // PBR asks git for the name with dots, and goes without the lines where there is none.
        Some(last) => match tags.iter().find(|tag| tag.name == last.name) {
            Some(tag) => Some(tag.commit),
            None => return Ok(Growth::default()),
        },
        None => None,
    };
    let mut growth = Growth::default();
    for message in messages_between(commits, not, head)? {
        for line in message.split('\n') {
            let line = line.to_lowercase();
            let Some(symbols) = stripped(&line).strip_prefix("sem-ver:") else { continue };
            for symbol in symbols.split(',') {
                match stripped(symbol) {
                    "feature" | "deprecation" => growth.minor = true,
                    "api-break" => growth.major = true,
                    _ => {}
                }
            }
        }
    }
    Ok(growth)
}

/// Python's `strip`, which takes four separators of ASCII for white space too.
fn stripped(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '\x1c'..='\x1f'))
}
