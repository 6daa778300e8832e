//! Sources by themselves: what a reference names, and which version a commit has.

use git_source::GitError;
use names::{DistroId, PackageName, ReleaseId, ServiceName};
use source_refs::{CommitId, GitReference, GitUrl};

use super::QueryError;
use crate::components::From;
use crate::describe::Description;
use crate::locks::Locks;
use crate::setting::Setting;
use crate::sources::{Origin, addresses, cache, target};

/// What the source of a component is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResolvedSource {
    /// As it is written: a version, a reference, an address or a folder.
    pub written: String,
    /// The commit that it names at this moment, where it is one.
    pub commit: Option<CommitId>,
    /// The full name of the reference, where one was named.
    pub reference: Option<String>,
    /// The address that told it.
    pub url: Option<GitUrl>,
    /// The commit in the lock, where there is one.
    pub locked: Option<CommitId>,
}

/// The version that PBR gives a commit of a repository: PKG-INFO and what setup.cfg states count as
/// there.
///
/// # Errors
/// The repository does not answer, has no such commit, or the commit has no version.
pub fn source_version(
    setting: &Setting<'_>,
    repository: &GitUrl,
    commit: &GitReference,
) -> Result<String, QueryError> {
    let urls = [repository.clone()];
    let failed = |source: GitError| QueryError::Git { url: repository.to_string(), source };
    let cache = cache(setting).map_err(failed)?;
    let commit = cache.resolve(&urls, commit, None).map_err(failed)?.commit;
    cache.fetch(&urls, commit).map_err(failed)?;
    match target(&cache, commit).map_err(failed)? {
        (Some(stated), _) => Ok(stated),
        (None, target) => cache.version(&urls, commit, target.as_deref()).map_err(failed),
    }
}

/// What the source of a component of a release is at this moment. The lock of `distro` is told, and not
/// changed.
///
/// # Errors
/// The tree has faults or no such component, or the repository does not answer or has no such reference.
pub fn resolve_source(
    setting: &Setting<'_>,
    release: ReleaseId,
    component: &str,
    distro: &DistroId,
) -> Result<ResolvedSource, QueryError> {
    let description = Description::read(setting.root, distro)?;
    let of_tree = description.release(release)?;
    let service = component.parse::<ServiceName>().ok();
    let service = service.filter(|name| description.service(name).is_ok());
    let project = component.parse::<PackageName>().ok();
    let (name, from) = match &service {
        Some(name) => (name.to_string(), description.source(of_tree, name)?.0),
        None => {
            let libraries = description.libraries(of_tree)?;
            let found = libraries.into_iter().find(|one| Some(&one.project) == project.as_ref());
            let of_refs = component.parse().ok().and_then(|name| of_tree.sources.get(&name));
            let of_refs = of_refs.map(|named| From::of(&named.source, setting.root));
            let pinned = |project: &PackageName| {
                let pin = of_tree.constraints.all(project).first();
                pin.map(|entry| From::Release(entry.pin.version.clone()))
            };
            let from = found.as_ref().and_then(|library| library.from.clone());
            let from = from.or(of_refs).or_else(|| project.as_ref().and_then(pinned));
            let name = found.map_or(component.to_owned(), |library| library.component);
            let (component, release) = (component.to_owned(), release);
            (name, from.ok_or(QueryError::NoComponent { component, release })?)
        }
    };
    let locks = Locks::read(setting.root, release, distro)?;
    let mut locked = locks.release.sources.iter().filter(|source| source.component == name);
    let locked = locked.find(|source| from.is(source)).and_then(|source| source.commit);
    let written = from.text();
    let From::Origin(Origin::Git(git)) = &from else {
        let (commit, reference, url) = (None, None, None);
        return Ok(ResolvedSource { written, commit, reference, url, locked });
    };
    let urls =
        addresses(setting, &name, git).map_err(|error| QueryError::Source(Box::new(error)))?;
    let found = cache(setting).and_then(|cache| cache.resolve(&urls, &git.reference, locked));
    let found = found.map_err(|source| QueryError::Git {
        url: urls.first().map(ToString::to_string).unwrap_or_default(),
        source,
    })?;
    let commit = Some(found.commit);
    Ok(ResolvedSource { written, commit, reference: found.reference, url: found.url, locked })
}
