//! Read apt archives and .deb files, solve dependencies, classify maintainer scripts.

mod deb;
mod file;
mod lock;
mod scripts;
mod version;

pub use deb::{
    Activation, Conffile, ControlFile, DEB_KIND, DebError, DebFault, Interest, Stanza, StanzaError,
    Triggers, UnpackedDeb, unpack_deb,
};
pub use file::{Base, DistroFile, Python, ScriptClass, ScriptEntry};
pub use lock::{LockedDeb, LockedSuite, Suite};
pub use scripts::{
    ClassifyError, Effect, NormalScript, ScriptKind, SlaveLink, UnknownScript, classify, normalise,
};
pub use version::{Version, VersionError, compare_versions};
