//! Submodules: commits of other repositories in the folders of one.

use source_refs::{CommitId, GitUrl};

use crate::{FileMode, GitCache, GitError};

/// Most submodules of a source, those of submodules included.
const MOST: usize = 100;

/// A commit whose files belong to a source, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The folder of the source, empty for its root.
    pub folder: String,
    /// The address that the commit belongs to: of a submodule as `.gitmodules` names it.
    pub url: Option<GitUrl>,
    /// The commit.
    pub commit: CommitId,
}

impl GitCache {
    /// [Fetches](GitCache::fetch) a commit, its submodules, and theirs. The first part is the commit
    /// itself, the others follow their folders' order.
    ///
    /// Addresses that are relative begin at the first of `urls` (gitmodules(5)). A repository of another
    /// machine may not name folders of this one.
    ///
    /// # Errors
    /// Those of [`fetch`](GitCache::fetch); a submodule has no usable address, or there are too many.
    pub fn fetch_with_submodules(
        &self,
        urls: &[GitUrl],
        commit: CommitId,
    ) -> Result<Vec<Part>, GitError> {
        self.fetch(urls, commit)?;
        let url = urls.first().cloned();
        let mut parts = vec![Part { folder: String::new(), url, commit }];
        let mut next = 0;
        while let Some(part) = parts.get(next).cloned() {
            for inner in self.submodules(&part)? {
                if parts.len() > MOST {
                    let (what, most) = ("the number of submodules".to_owned(), MOST as u64);
                    return Err(GitError::TooLarge { commit, what, most });
                }
                self.fetch(inner.url.as_slice(), inner.commit)?;
                parts.push(inner);
            }
            next += 1;
        }
        Ok(parts)
    }

    /// The submodules of a part.
    fn submodules(&self, part: &Part) -> Result<Vec<Part>, GitError> {
        let files = self.files(part.commit)?;
        let mut links = files.iter().filter(|file| file.mode == FileMode::Submodule).peekable();
        if links.peek().is_none() {
            return Ok(Vec::new());
        }
        let listed = self.file(part.commit, ".gitmodules")?.unwrap_or_default();
        let bad = |path: &str, reason: String| GitError::Object {
            what: format!("submodule {path} of commit {}", part.commit),
            reason,
        };
        let addresses = addresses(&listed).map_err(|reason| bad(".gitmodules", reason))?;
        links
            .map(|link| {
                let address = addresses.iter().find(|(path, _)| *path == link.path);
                let (_, address) = address.ok_or_else(|| {
                    bad(&link.path, ".gitmodules has no address of it".to_owned())
                })?;
                let url = resolved(address, part.url.as_ref())
                    .map_err(|reason| bad(&link.path, reason))?;
                let commit = link.object.parse().map_err(|_| {
                    bad(&link.path, format!("{} is not the name of a commit", link.object))
                })?;
                let slash = if part.folder.is_empty() { "" } else { "/" };
                let folder = format!("{}{slash}{}", part.folder, link.path);
                Ok(Part { folder, url: Some(url), commit })
            })
            .collect()
    }
}

/// The path and the address of each submodule that a `.gitmodules` lists.
fn addresses(text: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "the file is not UTF-8".to_owned())?;
    let config = gix::config::File::try_from(text).map_err(|error| error.to_string())?;
    let sections = config.sections_by_name("submodule").into_iter().flatten();
    Ok(sections
        .filter_map(|section| {
            let value = |key: &str| section.value(key).map(|value| value.to_string());
            Some((value("path")?, value("url")?))
        })
        .collect())
}

/// The address of a submodule whose repository is at `base`.
fn resolved(address: &str, base: Option<&GitUrl>) -> Result<GitUrl, String> {
    let relative = address.starts_with("./") || address.starts_with("../");
    let full = match base {
        Some(base) if relative => {
            let mut start = base.as_str().trim_end_matches('/');
            let mut rest = address;
            loop {
                if let Some(after) = rest.strip_prefix("./") {
                    rest = after;
                } else if let Some(after) = rest.strip_prefix("../") {
                    let cut = start.rfind('/').or_else(|| start.rfind(':'));
                    start = &start[..cut.ok_or("its address leads out of the server")?];
                    rest = after;
                } else {
                    break format!("{start}/{rest}");
                }
            }
        }
        _ => address.to_owned(),
    };
    let url: GitUrl = full.parse().map_err(|error| format!("{error}"))?;
    let local = |url: &GitUrl| url.as_str().starts_with("file:");
    if local(&url) && !base.is_some_and(local) {
        return Err("a repository of another machine names a folder of this one".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_begin_at_the_repository() {
        let found = |address: &str, base: &str| {
            let base: GitUrl = base.parse().unwrap();
            resolved(address, Some(&base)).map(|url| url.to_string())
        };
        let base = "https://example.org/openstack/x/";
        assert_eq!(found("../y", base).unwrap(), "https://example.org/openstack/y");
        assert_eq!(found("./y", base).unwrap(), "https://example.org/openstack/x/y");
        assert_eq!(found("../../a/y", base).unwrap(), "https://example.org/a/y");
        assert_eq!(found("https://b.example.org/y", base).unwrap(), "https://b.example.org/y");
        for bad in ["../../../../y", "file:///etc", "/etc", "ext::sh -c x", "--upload-pack=x"] {
            assert!(found(bad, base).is_err(), "{bad}");
        }
        assert_eq!(found("../y", "file:///srv/x").unwrap(), "file:///srv/y");
    }
}
