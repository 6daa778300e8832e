//! Lock, plan and build: the only crate that knows the order of work.
//!
//! [`lock()`] turns the tree into exact lists of packages, [`build()`] turns those into an image and packages, and
//! [`check()`] reads everything that a user has written. All of them are functions from a [`Setting`]
//! and a request to a result; what happens meanwhile is told to a closure as [`Event`]s.
//!
//! ```no_run
//! use pipeline::{BuildRequest, Format, Outside, OutsideSettings, Setting};
//!
//! let store = store::Store::open("/var/cache/cooperage".as_ref())?;
//! let outside = Outside::new(OutsideSettings {
//!     variables: std::env::vars().collect(),
//!     mirrors: Default::default(),
//!     offline: false,
//!     version: "0.1.0".to_owned(),
//! });
//! let root = std::path::Path::new("/srv/releases");
//! let now = names::Epoch::from_rfc3339("2026-11-21").unwrap();
//! let setting = Setting {
//!     root,
//!     store: &store,
//!     outside: &outside,
//!     now,
//!     host: names::Arch::Amd64,
//!     program: "/proc/self/exe".as_ref(),
//!     jobs: 2,
//!     package_key: None,
//! };
//! let request = BuildRequest {
//!     service: "keystone".parse()?,
//!     release: "2025.2".parse()?,
//!     distro: "debian-trixie".parse()?,
//!     rpm_distro: "fedora-42".parse()?,
//!     arches: vec![names::Arch::Amd64],
//!     formats: [Format::Oci, Format::Deb].into(),
//!     compression: Default::default(),
//!     locked: true,
//!     epoch: None,
//!     folders: Default::default(),
//!     out: "/srv/out".into(),
//! };
//! let summary = pipeline::build(&setting, &request, &mut |event| println!("{event:?}"))?;
//! for package in &summary.packages {
//!     println!("{} {}", package.file, package.digest);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assemble;
mod blame;
mod build;
mod build_all;
mod built_wheel;
mod check;
mod components;
mod describe;
mod deviations;
mod environment;
mod equivalence;
mod event;
mod examples;
mod fetching;
mod files;
mod groups;
mod image;
mod image_info;
mod key;
mod layers;
mod layers_error;
mod libraries;
mod lock;
mod locking;
mod locks;
mod needs;
mod outside;
mod package;
mod parts;
mod patch_files;
mod patched;
mod plan;
mod query;
mod recorded;
mod sdist_of;
mod service_layer;
mod setting;
mod sources;
mod stale;
mod suites;
mod summary;
mod unpacked;

pub use blame::Blame;
pub use build::{BuildError, BuildRequest, Format, build};
pub use build_all::{build_all, everything};
pub use built_wheel::BuiltWheelError;
pub use check::check;
pub use describe::DescribeError;
pub use equivalence::{Equivalence, EquivalenceError, verify_equivalence};
pub use event::{Event, Stage};
pub use files::write_file;
pub use layers::FORMAT_LEVEL;
pub use layers_error::{LayersError, MakeLayer};
pub use libraries::MissingLibrary;
pub use lock::{
    BaseList, BuildList, DistroLock, LockFile, LockFileError, LockedPatch, LockedSource,
    ReleaseLock, ServiceList, SourceKind,
};
pub use locking::{LockError, LockMode, LockReport, LockRequest, Older, ScriptFault, Update, lock};
pub use locks::LocksError;
pub use outside::{Outside, OutsideSettings};
pub use package::{
    BytecodeError, DEB_FORMAT_LEVEL, META_FORMAT_LEVEL, PackageError, RPM_FORMAT_LEVEL,
};
pub use patched::PatchedError;
pub use query::{
    Answer, ClosureRequest, LockedVersions, MirrorReport, PackagesRequest, PatchFate, PatchReport,
    PlanReport, PlannedStep, QueryError, ResolvedSource, ShownPin, closure, fault_of_derived,
    files_of_locks, files_of_service, locked_versions, mirrors, overridden, packages, patch_status,
    pins, planned, refresh_patches, releases, resolve_source, source_version,
};
pub use service_layer::ServiceError;
pub use setting::{Listener, Setting};
pub use source_refs::{GitReference, GitReferenceError, GitUrl, GitUrlError};
pub use sources::SourceError;
pub use stale::stale;
pub use suites::ArchivesError;
pub use summary::{ImageSummary, LayerSummary, PackageSummary, Summary};
