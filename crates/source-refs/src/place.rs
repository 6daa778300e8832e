//! Addresses of repositories, and folders in them.

use std::fmt;
use std::str::FromStr;

/// The address of a git repository: `https://`, `http://`, `ssh://`, `git://`, `file:///`, or the
/// form of scp, `git@host:path`.
///
/// It never holds a password: that belongs to git's credential helpers or the netrc file.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GitUrl(String);

/// Why a text is not the address of a repository.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the address {what}: {hint}")]
pub struct GitUrlError {
    /// What is wrong with it.
    pub what: &'static str,
    /// What to do.
    pub hint: &'static str,
}

impl GitUrl {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for GitUrl {
    type Err = GitUrlError;
    fn from_str(text: &str) -> Result<Self, GitUrlError> {
        let bad = |what, hint| Err(GitUrlError { what, hint });
        const EXAMPLE: &str = "write one such as https://example.org/openstack/keystone";
        if text.is_empty() || text.len() > 2000 {
            return bad("is empty or longer than 2000 bytes", EXAMPLE);
        }
        if text.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
            return bad("has white space or control characters", EXAMPLE);
        }
        if text.contains(['?', '#']) {
            return bad("has a query or a fragment", "name the commit in `ref`");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            // git@host:path
            let Some((host, path)) = text.split_once(':') else {
                return bad("has no scheme", EXAMPLE);
            };
            if host.contains('/') || path.starts_with(['/', '-', ':']) || path.is_empty() {
                return bad("is neither an address nor of the form git@host:path", EXAMPLE);
            }
            return if is_host(host) {
                Ok(Self(text.to_owned()))
            } else {
                bad("has no host that can be one", EXAMPLE)
            };
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        match scheme {
            "file" if host.is_empty() && !path.is_empty() => return Ok(Self(text.to_owned())),
            "file" => {
                return bad("names no folder of this machine", "write file:///srv/git/keystone");
            }
            "https" | "http" | "ssh" | "git" => {}
            _ => return bad("has a scheme that is not known", "use https, http, ssh, git or file"),
        }
        if host.rsplit_once('@').is_some_and(|(login, _)| login.contains(':')) {
            let hint = "remove it: git's credential helpers and the netrc file are asked";
            return bad("holds a password", hint);
        }
        if !is_host(host) || path.is_empty() {
            return bad("has no host or no path", EXAMPLE);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A user, a host and a port, none of which could be taken for an option of ssh.
fn is_host(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let word = |text: &str, also: &str| {
        !text.starts_with('-')
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || also.contains(letter))
    };
    !host.is_empty() && word(host, ".-_:[]") && word(user, ".-_~%+")
}

/// A folder below another: parts joined by `/`, never `.`, `..` or an absolute path.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubFolder(String);

/// Why a text is not a folder below another.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{0}` is not a folder below another: want a relative path without `..`, such as lib/python"
)]
pub struct SubFolderError(pub String);

impl SubFolder {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SubFolder {
    type Err = SubFolderError;
    fn from_str(text: &str) -> Result<Self, SubFolderError> {
        let part = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= 255;
        let clean = !text.contains(|letter: char| letter.is_control() || letter == '\\');
        if clean && text.len() <= 1000 && text.split('/').all(part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SubFolderError(text.chars().take(60).flat_map(char::escape_debug).collect()))
        }
    }
}
