//! Read apt archives and .deb files, solve dependencies, classify maintainer scripts.
//!
//! From the archive to a set of packages: [`fetch_releases`] verifies the signed Release file of
//! each suite, [`fetch_index`] reads the lists of packages that it names, and [`solve`] chooses
//! from them as apt does. All bytes come through a [`store::Fetcher`]; the time is given.

mod deb;
mod file;
mod lock;
mod release;
mod scripts;
mod suites;
mod target;

pub use apt_solver::{
    Index, LockedDeb, PackagesError, Request, Solution, SolveError, Version, VersionError,
    compare_versions, solve,
};
pub use deb::{
    Activation, Conffile, ControlFile, DEB_KIND, DebError, DebFault, InspectedDeb, Interest,
    Stanza, StanzaError, Triggers, UnpackedDeb, inspect_deb, unpack_deb,
};
pub use file::{Base, DistroFile, Python, ScriptClass, ScriptEntry};
pub use lock::{LockedSuite, Suite};
pub use release::{Release, ReleaseEntry, ReleaseError};
pub use scripts::{
    Capability, CapabilityError, ClassifyError, Effect, NormalScript, ScriptKind, SlaveLink,
    UnknownScript, classify, normalise,
};
pub use suites::{
    FetchedSuite, INDEX_RECORDS, SuiteError, fetch_index, fetch_releases, fetch_suites,
};
pub use target::{Distro, PackageKind, RpmTarget};
