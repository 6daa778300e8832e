//! Where a source comes from, in one form for `source-refs.yaml`, overrides and arguments.

use std::path::{Path, PathBuf};

use constraints::Bound;
use names::{Digest, Place};
use source_refs::{GitReference, GitUrl, Source, SubFolder, Submodules};

use super::SourceError;
use crate::lock::{LockedSource, SourceKind};

/// Where a source comes from that is no release.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    Git(Git),
    Tarball(Tarball),
    Folder(Folder),
}

/// A commit of a repository.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Git {
    /// `None` for the repository of the component.
    pub(crate) url: Option<GitUrl>,
    pub(crate) mirrors: Vec<GitUrl>,
    pub(crate) reference: GitReference,
    pub(crate) subdirectory: Option<SubFolder>,
    pub(crate) submodules: Submodules,
}

/// An archive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tarball {
    pub(crate) url: String,
    /// `None` where only the lock says it.
    pub(crate) sha256: Option<Digest>,
    pub(crate) subdirectory: Option<SubFolder>,
}

/// A folder of this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Folder {
    /// Absolute.
    pub(crate) path: PathBuf,
    /// As it is written.
    pub(crate) written: String,
    pub(crate) subdirectory: Option<SubFolder>,
}

/// What of an origin stands in a lock, to be compared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reference {
    pub(crate) kind: SourceKind,
    pub(crate) reference: String,
    pub(crate) url: Option<String>,
    pub(crate) subdirectory: Option<String>,
    pub(crate) submodules: bool,
    pub(crate) sha256: Option<Digest>,
}

impl Origin {
    /// The origin that `source-refs.yaml` of the tree at `root` names; `None` for a release.
    pub(crate) fn of(source: &Source, root: &Path) -> Option<Self> {
        Some(match source.clone() {
            Source::Git(git) => Self::Git(Git {
                url: git.url,
                mirrors: git.mirrors,
                reference: git.reference,
                subdirectory: git.subdirectory,
                submodules: git.submodules,
            }),
            Source::Tarball { url, sha256, subdirectory } => {
                Self::Tarball(Tarball { url, sha256: Some(sha256), subdirectory })
            }
            Source::Folder { path, subdirectory } => {
                Self::Folder(Folder { path: root.join(&path), written: path, subdirectory })
            }
            _ => return None,
        })
    }

    /// The folder of `--source`.
    pub(crate) fn of_argument(path: &Path) -> Self {
        let written = "--source".to_owned();
        Self::Folder(Folder { path: path.to_owned(), written, subdirectory: None })
    }

    /// The origin that an address in overrides names: `git+<url>@<ref>`, `file:///...`, or an archive with
    /// its digest (pip, "VCS Support" and "Local project installs"). `None` for a bound without address.
    pub(crate) fn of_address(bound: &Bound) -> Option<Result<Self, SourceError>> {
        let address = bound.requirement.url.as_deref()?;
        Some(of_url(address).map_err(|(what, hint)| {
            let (place, line) = (bound.place.clone(), bound.requirement.text.clone());
            SourceError::Address { place, line, what, hint }
        }))
    }

    /// What a lock has of it.
    pub(crate) fn reference(&self) -> Reference {
        let text = |folder: &Option<SubFolder>| folder.as_ref().map(ToString::to_string);
        match self {
            Self::Git(git) => Reference {
                kind: SourceKind::Git,
                reference: git.reference.to_string(),
                url: git.url.as_ref().map(ToString::to_string),
                subdirectory: text(&git.subdirectory),
                submodules: git.submodules == Submodules::Taken,
                sha256: None,
            },
            Self::Tarball(tarball) => Reference {
                kind: SourceKind::Tarball,
                reference: tarball.url.clone(),
                url: None,
                subdirectory: text(&tarball.subdirectory),
                submodules: false,
                sha256: tarball.sha256,
            },
            Self::Folder(folder) => Reference {
                kind: SourceKind::Folder,
                reference: folder.written.clone(),
                url: None,
                subdirectory: text(&folder.subdirectory),
                submodules: false,
                sha256: None,
            },
        }
    }
}

impl Reference {
    /// What a lock has. An archive whose digest the lock alone knows is compared without it.
    pub(crate) fn locked(source: &LockedSource) -> Self {
        Self {
            kind: source.kind,
            reference: source.reference.clone(),
            url: source.url.clone(),
            subdirectory: source.subdirectory.clone(),
            submodules: source.submodules,
            sha256: source.sha256,
        }
    }

    /// As one text: of a release its version alone.
    pub(crate) fn text(&self) -> String {
        let mut parts = vec![self.reference.clone()];
        parts.extend(self.url.as_ref().map(|url| format!("of {url}")));
        parts.extend(self.subdirectory.as_ref().map(|folder| format!("in {folder}")));
        parts.extend(self.submodules.then(|| "with submodules".to_owned()));
        parts.extend(self.sha256.map(|digest| format!("sha256 {}", digest.hex())));
        parts.join(" ")
    }

    /// Whether the lock has the same, where `tree` does not know the digest of an archive.
    pub(crate) fn is(&self, locked: &Self) -> bool {
        let sha256 = self.sha256.or(locked.sha256);
        Self { sha256, ..self.clone() } == *locked
    }
}

/// What is wrong with an address, and what to do.
type Refused = (String, &'static str);

fn of_url(address: &str) -> Result<Origin, Refused> {
    let (path, fragment) = address.split_once('#').unwrap_or((address, ""));
    let value =
        |key: &str| fragment.split('&').find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
    let subdirectory = value("subdirectory")
        .map(|folder| folder.parse::<SubFolder>())
        .transpose()
        .map_err(|error| (error.to_string(), "mend `subdirectory`"))?;
    if let Some(rest) = path.strip_prefix("git+") {
        let at = rest.rfind('@').filter(|at| rest[*at..].find("://").is_none());
        let authority = rest.find("://").map_or(0, |at| at + 3);
        let host_end = rest[authority..].find('/').map_or(rest.len(), |at| authority + at);
        let Some(at) = at.filter(|at| *at > host_end) else {
            let hint = "name a branch, a tag or a commit behind `@`, as in git+https://h/x@main";
            return Err(("does not say which commit".to_owned(), hint));
        };
        let url = rest[..at].parse::<GitUrl>().map_err(|error| (error.what.to_owned(), error.hint));
        let reference = rest[at + 1..].parse::<GitReference>();
        let reference = reference.map_err(|error| (error.what.to_owned(), error.hint))?;
        let (mirrors, submodules) = (Vec::new(), Submodules::LeftOut);
        let url = Some(url?);
        return Ok(Origin::Git(Git { url, mirrors, reference, subdirectory, submodules }));
    }
    if path.ends_with(".whl") {
        let hint = "pin the version, and serve the wheel from an index";
        return Err(("names a wheel, and sources are what is built".to_owned(), hint));
    }
    let sha256 = value("sha256").map(|digest| format!("sha256:{digest}").parse::<Digest>());
    let sha256 = sha256.transpose().map_err(|error| (error.to_string(), "mend `sha256`"))?;
    if let Some(file) = path.strip_prefix("file://") {
        if !file.starts_with('/') {
            let hint = "write file:///srv/oslo.config";
            return Err(("names no file of this machine".to_owned(), hint));
        }
        if Path::new(file).is_dir() {
            let (path, written) = (PathBuf::from(file), path.to_owned());
            return Ok(Origin::Folder(Folder { path, written, subdirectory }));
        }
        return Ok(Origin::Tarball(Tarball { url: path.to_owned(), sha256, subdirectory }));
    }
    if (path.starts_with("https://") || path.starts_with("http://")) && sha256.is_some() {
        return Ok(Origin::Tarball(Tarball { url: path.to_owned(), sha256, subdirectory }));
    }
    let hint = "write git+https://...@REF, file:///..., or an archive with #sha256=...";
    Err(("is an address that nothing can be built from".to_owned(), hint))
}

/// Where something that stands nowhere is asked for.
pub(crate) fn argument_place() -> Place {
    Place { file: "--source".into(), ..Place::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kind and the text of an address, or what is wrong with it.
    fn told(address: &str) -> String {
        match of_url(address) {
            Ok(origin) => {
                let reference = origin.reference();
                format!("{:?} {}", reference.kind, reference.text())
            }
            Err((what, hint)) => format!("{what}: {hint}"),
        }
    }

    #[test]
    fn addresses_name_a_commit_an_archive_or_a_folder() {
        let digest = "ab".repeat(32);
        let archive = format!("https://h/x-1.0.tar.gz#sha256={digest}&egg=x");
        for (address, want) in [
            ("git+https://h/x@main", "Git main of https://h/x".to_owned()),
            ("git+https://h/x@stable/1#egg=x", "Git stable/1 of https://h/x".to_owned()),
            (
                "git+ssh://git@h:29418/x@refs/changes/24/923324/1#subdirectory=a/b",
                "Git refs/changes/24/923324/1 of ssh://git@h:29418/x in a/b".to_owned(),
            ),
            (&archive, format!("Tarball https://h/x-1.0.tar.gz sha256 {digest}")),
            ("file:///srv/x-1.0.tar.gz", "Tarball file:///srv/x-1.0.tar.gz".to_owned()),
            ("file:///", "Folder file:///".to_owned()),
        ] {
            assert_eq!(told(address), want);
        }
        for (address, part) in [
            ("git+https://h/x", "behind `@`"),
            ("git+ssh://git@h/x", "behind `@`"),
            ("git+https://h/x@a..b", "is not a name of git"),
            ("git+https://h/x@main#subdirectory=../y", "subdirectory"),
            ("https://h/x-1.0.tar.gz", "nothing can be built from"),
            ("https://h/x-1.0.tar.gz#sha256=12", "sha256"),
            ("file:///srv/x-1.0-py3-none-any.whl", "names a wheel"),
            ("file://h/x", "names no file"),
            ("hg+https://h/x@1", "nothing can be built from"),
        ] {
            assert!(told(address).contains(part), "{address}: {}", told(address));
        }
    }
}
