//! Publish .deb and .rpm packages in signed apt and yum repositories on a plain folder.

mod apt_index;
mod channel;
mod collect;
mod compress;
mod deb_package;
mod error;
mod extras;
mod folder;
mod gate;
mod package;
mod provenance;
mod publish;
mod record;
mod repository;
mod rpm_header;
mod rpm_package;
mod rpm_version;
mod rpm_xml;
mod state;
mod storage;
mod table;
mod verify;
mod workers;
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
pub use package::NewPackage;
pub use provenance::{Provenance, provenance_path};
pub use publish::Published;
pub use record::{PackageKind, Record};
pub use repository::{Repository, Signing};
pub use rpm_version::compare_rpm_versions;
pub use storage::{Content, PointerChange, Storage, StorageError};
pub use verify::{Check, Depth, Finding};
