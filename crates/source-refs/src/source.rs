//! The forms of a source.

use std::fmt;

/// Where the source of a component comes from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Source {
    /// A release of the component: its official sdist or wheel on the Python index.
    Release {
        /// The version, which is also the tag in the component's repository: `28.1.0`.
        version: String,
    },
}

/// The short form of the file: the version.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Release { version } => f.write_str(version),
        }
    }
}

/// What is wrong with a text that should be a source, and what to do.
pub(crate) struct Refused {
    pub(crate) what: &'static str,
    pub(crate) hint: &'static str,
}

const ONLY_TAGS: &str = "name a release by its tag, such as \"28.1.0\"";

impl Source {
    /// Reads the short form: a release tag.
    pub(crate) fn from_short(text: &str) -> Result<Self, Refused> {
        if is_release_tag(text) {
            return Ok(Source::Release { version: text.to_owned() });
        }
        let what = if text.is_empty() {
            "is empty"
        } else if text.contains("://") || text.starts_with("git@") {
            "is an address, and only release tags are known here"
        } else if text.starts_with(['.', '/', '~']) {
            "is a folder, and only release tags are known here"
        } else if text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            "is a commit, and only release tags are known here"
        } else if text.starts_with("refs/") {
            "is a git reference, and only release tags are known here"
        } else if ["master", "main"].contains(&text)
            || ["stable/", "unmaintained/", "bugfix/"].iter().any(|start| text.starts_with(start))
        {
            "is a branch, and only release tags are known here"
        } else if is_number(text) {
            return Err(Refused {
                what: "is not a release tag",
                hint: "a tag has at least two dots and stands in quotes: \"28.1.0\"",
            });
        } else if text.strip_prefix('v').is_some_and(is_release_tag) {
            return Err(Refused {
                what: "is not a release tag",
                hint: "write the tag without the `v`",
            });
        } else if [">", "<", "=", "~", "!", "^"].iter().any(|sign| text.starts_with(sign)) {
            return Err(Refused { what: "is a range, and one release is wanted", hint: ONLY_TAGS });
        } else {
            "is not a release tag"
        };
        Err(Refused { what, hint: ONLY_TAGS })
    }
}

/// OpenStack's tags: three numbers, for betas and candidates a fourth one with a suffix
/// (`29.0.0.0b1`, `29.0.0.0rc1`), as the release tools make them.
fn is_release_tag(text: &str) -> bool {
    let number = |part: &str| {
        (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split('.').collect();
    let (numbers, last) = parts.split_at(parts.len().min(3));
    let suffix_ok = match last {
        [] => true,
        [pre] => ["0a", "0b", "0rc"].iter().any(|kind| pre.strip_prefix(kind).is_some_and(number)),
        _ => false,
    };
    numbers.len() == 3 && numbers.iter().all(|part| number(part)) && suffix_ok
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
