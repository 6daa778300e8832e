//! Source trees out of git: resolve a reference, fetch one commit, list its files, and tell the
//! version that PBR gives it, without git's work tree and without running PBR.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use std::path::Path;
//! use git_source::{GitCache, GitReference, GitUrl, Settings};
//!
//! let cache = GitCache::open(Path::new("/var/cache/sources"), Settings::new())?;
//! let urls: [GitUrl; 1] = ["https://example.org/openstack/keystone".parse()?];
//! let reference: GitReference = "stable/2025.2".parse()?;
//! let commit = cache.resolve(&urls, &reference, None)?.commit;
//! cache.fetch(&urls, commit)?;
//! let version = cache.version(&urls, commit, None)?;
//! let mut bytes = 0;
//! let _ = cache.export(commit, |file, content| {
//!     bytes += content.len();
//!     if file.path == "setup.cfg" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - **Servers**: https and http (smart, versions 0 and 2 of the protocol), git, ssh (the program `ssh`)
//!   and file (the program `git`). TLS roots are the system's, or those of `SSL_CERT_FILE` and
//!   `SSL_CERT_DIR`, which `rustls-platform-verifier` reads from the process's own environment; proxies
//!   and the netrc file come in as data.
//! - **Cache**: one bare repository for all. A commit is fetched with its files and without its parents;
//!   the parents come later, without files where the server can (`filter`), and only as many as the
//!   version takes.
//! - **Version**: [`version`] is a pure function of commits and tags; [`GitCache::version`] feeds it.
//!   PKG-INFO goes first, see [`version_from_pkg_info`]; patches add a local part, see
//!   [`patched_version`].
//! - **Sdists**: [`sdist_files`], [`authors`] and [`change_log`] are what PBR makes of a repository.
//! - **Folders**: [`local_folder`] reads a work tree as it is.
//!
//! Hashes of commits are SHA-1. Everything that a server sends is limited ([`Limits`]), and paths that
//! could leave the tree are refused.

mod cache;
mod connection;
mod credentials;
mod error;
mod folder;
mod pbr;
mod resolve;
mod sdist;
mod settings;
mod stored;
mod submodules;
mod tree;

pub use cache::GitCache;
pub use error::GitError;
pub use folder::{
    FolderState, LocalFile, LocalFolder, LocalFolderError, local_authors, local_change_log,
    local_folder, local_version,
};
pub use pbr::{
    Annotation, ChangeLogError, Commit, Commits, SemanticVersion, Tag, UnreadableCommit,
    VersionError, WalkError, authors, change_log, patched_version, version, version_from_pkg_info,
};
pub use resolve::Resolved;
pub use sdist::{Generated, SdistFile, sdist_files};
pub use settings::{Helpers, Limits, Network, Settings};
pub use source_refs::{CommitId, GitReference, GitUrl};
pub use submodules::Part;
pub use tree::{FileEntry, FileMode};
