//! Sources that are no release: a commit, an archive or a folder becomes a source archive in the store.
//!
//! What is made is what PBR's `sdist` makes, as far as the wheel depends on it: the files, PKG-INFO, the
//! list of files, and AUTHORS. Without compression, so that the same files are the same bytes for ever;
//! the lock has their digest.

mod archive;
pub(crate) mod error;
mod facts;
mod git;
mod local;
mod origin;
mod setup_cfg;
mod tarball;

use names::{Digest, PackageName};
use source_refs::CommitId;
use store::Blob;
use wheels::LockedWheel;

pub use error::SourceError;
pub(crate) use facts::{Facts, facts};
pub(crate) use git::{addresses, cache, target};
pub(crate) use origin::{Origin, Reference, argument_place};

use crate::Event;
use crate::lock::{LockedSource, SourceKind};
use crate::setting::{Listener, Setting};

/// A component whose source is no release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The component, which its repository is called by.
    pub(crate) component: &'a str,
    pub(crate) project: &'a PackageName,
    pub(crate) origin: &'a Origin,
}

/// A source archive that was made, and what the lock has of its source.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) source: LockedSource,
    pub(crate) sdist: LockedWheel,
    pub(crate) blob: Blob,
}

/// What the lock has of the source of a component, and whether it may stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held<'a> {
    pub(crate) source: &'a LockedSource,
    pub(crate) sdist: &'a LockedWheel,
    pub(crate) stays: bool,
}

/// Finds out what the source of a component is at this moment, or takes what is `held`, and puts the
/// source archive into the store.
///
/// # Errors
/// [`SourceError`]: nobody answers, there is no such reference, a tag was moved, or what is there is no
/// Python project or one of another name.
pub(crate) fn make(
    setting: &Setting<'_>,
    wanted: Wanted<'_>,
    held: Option<Held<'_>>,
    tell: Listener<'_>,
) -> Result<Made, SourceError> {
    tell(Event::StepStarted { what: format!("source of {}", wanted.component) });
    let same = |held: &Held<'_>| wanted.origin.reference().is(&Reference::locked(held.source));
    let held = held.filter(same);
    if let Some(Held { source, sdist, stays: true }) = held
        && source.kind != SourceKind::Folder
    {
        let blob = again(setting, wanted, source, sdist)?;
        return Ok(Made { source: source.clone(), sdist: sdist.clone(), blob });
    }
    let recorded = held.and_then(|held| held.source.commit);
    let found = match wanted.origin {
        Origin::Git(git) => git::found(setting, wanted, git, recorded)?,
        Origin::Tarball(tarball) => tarball::found(setting, wanted, tarball, tarball.sha256)?,
        Origin::Folder(folder) => local::found(wanted, folder)?,
    };
    let (sdist, blob) = archive::write(setting.store, wanted, &found)?;
    let Reference { kind, reference, url, subdirectory, submodules, .. } =
        wanted.origin.reference();
    let source = LockedSource {
        component: wanted.component.to_owned(),
        reference,
        kind,
        version: sdist.version.clone(),
        file: sdist.file.clone(),
        commit: found.commit,
        changed: found.changed,
        url,
        subdirectory,
        submodules,
        sha256: found.sha256,
        patches: vec![],
        build: vec![],
    };
    Ok(Made { source, sdist, blob })
}

/// Puts the source archive that a lock names into the store, if it is not there.
///
/// # Errors
/// As [`make`], and when what is there now is not what was locked.
pub(crate) fn again(
    setting: &Setting<'_>,
    wanted: Wanted<'_>,
    source: &LockedSource,
    sdist: &LockedWheel,
) -> Result<Blob, SourceError> {
    if let Some(blob) = setting.store.blob(&sdist.sha256) {
        return Ok(blob);
    }
    let found = match (wanted.origin, source.commit, source.sha256) {
        (Origin::Git(git), Some(commit), _) => {
            git::at(setting, wanted, git, commit, Some(&sdist.version))?
        }
        (Origin::Tarball(tarball), _, sha256) => tarball::found(setting, wanted, tarball, sha256)?,
        (Origin::Folder(folder), ..) => local::found(wanted, folder)?,
        (Origin::Git(_), None, _) => {
            return Err(SourceError::NoCommit { component: wanted.component.to_owned() });
        }
    };
    let (made, blob) = archive::write(setting.store, wanted, &found)?;
    match made.sha256 == sdist.sha256 {
        true => Ok(blob),
        false => Err(SourceError::Differs {
            component: wanted.component.to_owned(),
            locked: sdist.sha256,
            made: made.sha256,
        }),
    }
}

/// The files of a source, and what is known of them.
#[derive(Debug)]
struct Found {
    tree: filetree::Tree,
    /// The version that the history tells; PKG-INFO in the tree goes first.
    version: Option<String>,
    commit: Option<CommitId>,
    /// Whether the files are others than those of the commit.
    changed: bool,
    /// The digest of the archive.
    sha256: Option<Digest>,
    /// The content of `pbr.json`.
    pbr_json: Option<String>,
}
