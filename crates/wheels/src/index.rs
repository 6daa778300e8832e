//! Project pages of a Python package index (the simple repository API).

use constraints::Version;
use names::{Digest, Epoch, PackageName};
use store::Document;

use crate::file_name::{SdistName, WheelName};

mod html;
mod json;
mod link;

/// What to send as `Accept` for a project page: JSON (PEP 691) or HTML (PEP 503).
pub const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
    application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// The longest project page that is read, in bytes.
pub const LONGEST_PAGE: u64 = 64 << 20;

/// The files of one project in an index.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ProjectPage {
    /// The files, in the order of the page.
    pub files: Vec<File>,
}

/// One file of a project.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct File {
    /// Its name, such as `keystone-28.1.0-py3-none-any.whl`; a plain file name.
    pub name: String,
    /// Where it is: a whole URL without a fragment.
    pub url: String,
    /// Its SHA-256, where the index gives one. A file without one is never taken.
    pub sha256: Option<Digest>,
    /// Its size in bytes; only JSON gives it.
    pub size: Option<u64>,
    /// The versions of Python that it is for; see [`crate::python_allowed`].
    pub requires_python: Option<String>,
    /// Why it was withdrawn (PEP 592), where it was; the reason may be empty.
    pub yanked: Option<String>,
    /// When it was uploaded (PEP 700), where the index says so.
    pub upload_time: Option<Epoch>,
    /// SHA-256 of its METADATA at `url` + `.metadata` (PEP 658), where it is offered.
    pub metadata_sha256: Option<Digest>,
}

impl File {
    /// The parts of its name, where it is a wheel with a right name.
    pub fn wheel(&self) -> Option<WheelName> {
        WheelName::parse(&self.name).ok()
    }

    /// The version in its name, where it is a source archive of `project`.
    pub fn sdist(&self, project: &PackageName) -> Option<Version> {
        SdistName::parse(&self.name, project).map(|name| name.version)
    }

    /// The place of the file by the layout that the public index has and that its mirrors keep: the
    /// address up to it, and the part from `packages/` on, which names no host.
    ///
    /// ```
    /// # let base = format!("https://files.example.org/mirror/packages/aa/bb/{}", "c".repeat(60));
    /// # let html = format!("<a href={base}/a-1-py3-none-any.whl>");
    /// let page = wheels::ProjectPage::parse_html(&html, "https://example.org/simple/a/")?;
    /// let (origin, hint) = page.files[0].hint().expect("the layout is the public one");
    /// assert_eq!(origin, "https://files.example.org/mirror/");
    /// assert!(hint.starts_with("packages/aa/bb/cc"));
    /// # Ok::<(), wheels::PageError>(())
    /// ```
    pub fn hint(&self) -> Option<(&str, &str)> {
        let at = self.url.rfind("/packages/")? + 1;
        let (origin, hint) = self.url.split_at(at);
        is_hint(hint).then_some((origin, hint))
    }
}

/// Whether `text` is `packages/XX/YY/` and 60 hexadecimal digits, then a file name.
pub(crate) fn is_hint(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let hexadecimal = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match parts.as_slice() {
        ["packages", a, b, rest, file] => {
            hexadecimal(a, 2) && hexadecimal(b, 2) && hexadecimal(rest, 60) && link::is_file(file)
        }
        _ => false,
    }
}

/// Why a project page cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// It is neither of the two forms.
    #[error("{url} is a {media_type}, not a project page in HTML or JSON")]
    Form {
        /// The page.
        url: String,
        /// What the server calls it.
        media_type: String,
    },
    /// It is not in UTF-8.
    #[error("{url} is not in UTF-8")]
    Encoding {
        /// The page.
        url: String,
    },
    /// Its JSON is wrong.
    #[error("{url} is not a project page in JSON")]
    Json {
        /// The page.
        url: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It is of a later version of the API (PEP 629).
    #[error("{url} is of version {version} of the simple repository API: version 1 is known")]
    Version {
        /// The page.
        url: String,
        /// The version.
        version: String,
    },
}

impl ProjectPage {
    /// Reads a page in either form, by its media type; where the type says nothing, by its first
    /// character.
    ///
    /// # Errors
    /// When the page is in no known form or of a later version of the API. Entries that are no
    /// files are passed over, as PEP 503 allows other links.
    pub fn parse(document: &Document) -> Result<Self, PageError> {
        let url = || document.url.clone();
        let text = std::str::from_utf8(&document.bytes);
        let text = text.map_err(|_| PageError::Encoding { url: url() })?;
        let text = text.trim_start_matches('\u{feff}');
        match document.media_type.as_str() {
            "application/vnd.pypi.simple.v1+json" | "application/json" => {
                Self::parse_json(text, &document.url)
            }
            "application/vnd.pypi.simple.v1+html" | "text/html" | "application/xhtml+xml" => {
                Self::parse_html(text, &document.url)
            }
            "" | "application/octet-stream" | "text/plain" => {
                match text.trim_start().chars().next() {
                    Some('{') => Self::parse_json(text, &document.url),
                    _ => Self::parse_html(text, &document.url),
                }
            }
            other => {
                let media_type = other.chars().take(80).collect();
                Err(PageError::Form { url: url(), media_type })
            }
        }
    }

    /// Reads a page in HTML (PEP 503, 592, 629, 658, 714). `url` is the base of its links.
    ///
    /// # Errors
    /// When it is of a later version of the API.
    pub fn parse_html(text: &str, url: &str) -> Result<Self, PageError> {
        html::parse(text, url)
    }

    /// Reads a page in JSON (PEP 691, 700, 714). `url` is the base of its links.
    ///
    /// # Errors
    /// When it is no such JSON, or of a later version of the API.
    pub fn parse_json(text: &str, url: &str) -> Result<Self, PageError> {
        json::parse(text, url)
    }
}

/// PEP 629: a later major version may mean anything; a later minor one only adds.
fn check_version(version: &str, url: &str) -> Result<(), PageError> {
    match version.split_once('.') {
        Some(("1", minor)) if minor.parse::<u32>().is_ok() => Ok(()),
        _ => {
            let version = version.chars().take(40).collect();
            Err(PageError::Version { url: url.to_owned(), version })
        }
    }
}
