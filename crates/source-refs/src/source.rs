//! The forms of a source.

use std::fmt;

use names::Digest;

use crate::{GitReference, GitUrl, SubFolder};

/// Where the source of a component comes from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Source {
    /// A release of the component: its official sdist or wheel on the Python index.
    Release {
        /// The version, which is also the tag in the component's repository: `28.1.0`.
        version: String,
    },
    /// A commit of a git repository.
    Git(GitSource),
    /// An archive that is named by its digest: an sdist, or any other `.tar.gz`.
    Tarball {
        /// Its address: `https://`, `http://` or `file:///`.
        url: String,
        /// The digest of the archive.
        sha256: Digest,
        /// The folder of the archive that holds the component, below the archive's one top folder.
        subdirectory: Option<SubFolder>,
    },
    /// A folder of this machine, whatever it holds at that time. Not to be had with `--locked`.
    Folder {
        /// The path as it stands in the file; a relative one begins at the root of the tree.
        path: String,
        /// The folder in it that holds the component.
        subdirectory: Option<SubFolder>,
    },
}

/// A commit of a git repository.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct GitSource {
    /// The repository; `None` for that of the component below the address that the machine is set up
    /// for.
    pub url: Option<GitUrl>,
    /// Other addresses of the same repository, which are tried in turn.
    pub mirrors: Vec<GitUrl>,
    /// Which commit.
    pub reference: GitReference,
    /// The folder of the repository that holds the component.
    pub subdirectory: Option<SubFolder>,
    /// Whether the files of submodules belong to the source.
    pub submodules: Submodules,
}

/// Whether the files of submodules belong to a source.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Submodules {
    /// They are left out: their folders are empty.
    #[default]
    LeftOut,
    /// They are taken, those of submodules too.
    Taken,
}

/// The short form of the file, where there is one: a release or a reference.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Release { version } => f.write_str(version),
            Source::Git(git) => match &git.url {
                Some(url) => write!(f, "{url} {}", git.reference),
                None => fmt::Display::fmt(&git.reference, f),
            },
            Source::Tarball { url, .. } => f.write_str(url),
            Source::Folder { path, .. } => f.write_str(path),
        }
    }
}

/// What is wrong with a text that should be a source, and what to do.
pub(crate) struct Refused {
    pub(crate) what: &'static str,
    pub(crate) hint: &'static str,
}

impl Refused {
    pub(crate) fn new(what: &'static str, hint: &'static str) -> Self {
        Self { what, hint }
    }
}

const A_RELEASE: &str =
    "name a release (\"28.1.0\"), a branch (stable/2025.2), a commit or refs/changes/24/923324/10";
const LONG_FORM: &str =
    "write the long form: {url: https://..., ref: main} or {kind: folder, path: ../keystone}";

impl Source {
    /// Reads the short form: a release, or what can only be a reference of git.
    pub(crate) fn from_short(text: &str) -> Result<Self, Refused> {
        if is_release_tag(text) {
            return Ok(Source::Release { version: text.to_owned() });
        }
        let is_hex = text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_branch = ["master", "main"].contains(&text)
            || ["stable/", "unmaintained/", "bugfix/"].iter().any(|start| text.starts_with(start));
        if text.is_empty() {
            Err(Refused::new("is empty", A_RELEASE))
        } else if text.contains("://") || text.starts_with("git@") {
            Err(Refused::new("is an address, and stands alone", LONG_FORM))
        } else if text.starts_with(['.', '/', '~']) {
            Err(Refused::new("is a folder, and stands alone", LONG_FORM))
        } else if is_number(text) {
            let hint = "a tag has at least two dots and stands in quotes: \"28.1.0\"";
            Err(Refused::new("is not a release tag", hint))
        } else if text.strip_prefix('v').is_some_and(is_release_tag) {
            Err(Refused::new("is not a release tag", "write the tag without the `v`"))
        } else if [">", "<", "=", "~", "!", "^"].iter().any(|sign| text.starts_with(sign)) {
            Err(Refused::new("is a range, and one release is wanted", A_RELEASE))
        } else if is_hex || is_branch || text.starts_with("refs/") {
            let reference = GitReference::parse(text)?;
            let submodules = Submodules::LeftOut;
            let (url, mirrors, subdirectory) = (None, Vec::new(), None);
            Ok(Source::Git(GitSource { url, mirrors, reference, subdirectory, submodules }))
        } else {
            Err(Refused::new("is neither a release nor a reference that is clear", LONG_FORM))
        }
    }
}

/// OpenStack's tags: three numbers, for betas and candidates a fourth one with a suffix
/// (`29.0.0.0b1`, `29.0.0.0rc1`), as the release tools make them.
pub(crate) fn is_release_tag(text: &str) -> bool {
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
