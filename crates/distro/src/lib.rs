//! Read apt archives and .deb files, solve dependencies, classify maintainer scripts.

mod deb;
mod file;
mod index;
mod lock;
mod paragraph;
mod relation;
mod release;
mod scripts;
mod solve;
mod suites;
mod version;

pub use deb::{
    Activation, Conffile, ControlFile, DEB_KIND, DebError, DebFault, Interest, Stanza, StanzaError,
    Triggers, UnpackedDeb, unpack_deb,
};
pub use file::{Base, DistroFile, Python, ScriptClass, ScriptEntry};
pub use index::{Index, PackagesError};
pub use lock::{LockedDeb, LockedSuite, Suite};
pub use release::{Release, ReleaseEntry, ReleaseError};
pub use scripts::{
    ClassifyError, Effect, NormalScript, ScriptKind, SlaveLink, UnknownScript, classify, normalise,
};
pub use solve::{Request, Solution, SolveError, solve};
pub use suites::{FetchedSuite, SuiteError, fetch_index, fetch_releases, fetch_suites};
pub use version::{Version, VersionError, compare_versions};
