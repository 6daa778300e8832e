//! Publish .deb and .rpm packages in signed apt and yum repositories on a plain folder.
//!
//! A [`Repository`] has channels: suites of the apt side (`apt:trixie-updates`) and repositories of
//! the yum side (`yum:el10`), over one pool of packages. Every change of a channel goes through a
//! version gate ([`check_gate`]), makes an immutable snapshot, and ends with the swap of one small
//! pointer; whoever reads meanwhile sees what was there before or what is there afterwards. Writers
//! do not lock each other out: who finds that the pointer has moved does its change again.
//!
//! Any web server that follows symbolic links can serve the folder, and `rsync -aH` can carry it:
//!
//! ```text
//! dists/SUITE/InRelease, ...          links through pointers/dists/SUITE
//! dists/SUITE/.../by-hash/            every index of every snapshot, under its digests
//! yum/NAME/repodata/repomd.xml        a link through pointers/yum/NAME
//! yum/NAME/repodata/DIGEST-*.xml.zst  every index of every snapshot
//! yum/NAME/Packages/                  hard links into the pool
//! pool/                               packages, with the digest in the name, and provenance
//! keys/                               public keys
//! snapshots/ pointers/                what a channel was, and which of it is current
//! chunks/ packages/ locks/ partial/   for publishers alone
//! ```
//!
//! ```
//! use names::Epoch;
//! use pkg_repo::{
//!     AptSettings, ChannelName, ChannelSettings, Folder, GateRules, NewPackage, Pinning, Repository,
//!     Signing,
//! };
//!
//! let folder = tempfile::tempdir()?;
//! let deb = folder.path().join("hello_1.0-1_all.deb");
//! fs_err::write(&deb, testkit::DebBuilder::new("hello", "1.0-1").build())?;
//!
//! let storage = Folder::open(&folder.path().join("repository"))?;
//! let repository = Repository { storage: &storage, workers: 2 };
//! // No keys: give some, unless it is meant to be unsigned.
//! let signing = Signing { keys: &[], now: Epoch(1_780_272_000) };
//! let channel: ChannelName = "apt:trixie".parse()?;
//! let settings = ChannelSettings::Apt(AptSettings {
//!     origin: "Example".to_owned(),
//!     label: "Example".to_owned(),
//!     codename: "trixie".to_owned(),
//!     description: String::new(),
//!     components: vec!["main".to_owned()],
//!     architectures: vec!["amd64".to_owned()],
//!     valid_for: None,
//!     keep: 2,
//!     pinning: Pinning::Normal,
//! });
//! repository.init(&channel, &settings, &signing)?;
//! let package = NewPackage { path: deb, component: "main".to_owned(), provenance: None };
//! let published = repository.publish(&channel, &[package], GateRules::default(), &signing)?;
//! assert_eq!(published.added[0].version, "1.0-1");
//!
//! let index = folder.path().join("repository/dists/trixie/main/binary-amd64/Packages");
//! assert!(fs_err::read_to_string(index)?.starts_with("Package: hello\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apt_index;
mod channel;
mod collect;
mod compress;
mod deb_package;
mod error;
mod extras;
mod folder;
mod gate;
mod in_place;
mod package;
mod provenance;
mod publish;
mod record;
mod repomd;
mod repository;
mod rpm_package;
mod rpm_version;
mod rpm_xml;
mod serve;
mod state;
mod storage;
mod table;
mod verify;
mod whole;
mod yum_index;

pub use channel::{
    AptSettings, ChannelName, ChannelNameError, ChannelSettings, Pinning, YumSettings,
};
pub use collect::{Collected, Retention, Snapshot, collect};
pub use compress::Format;
pub use error::RepoError;
pub use extras::Extras;
pub use folder::{Folder, SoleFolder};
pub use gate::{Downgrade, GateError, GatePlan, GateRules, Removal, Scope, check_gate};
pub use in_place::{InPlace, index_folder};
pub use package::NewPackage;
pub use provenance::{Provenance, ProvenanceError, provenance_path};
pub use publish::Published;
pub use record::{PackageKind, Record};
pub use repository::{Repository, Signing};
pub use rpm_version::compare_rpm_versions;
pub use serve::{Served, Watch, serve};
pub use storage::{Content, Incoming, PointerChange, Storage, StorageError};
pub use verify::{Check, Depth, Finding};
