//! Read apt archives and .deb files, solve dependencies, classify maintainer scripts.
//!
//! From the archive to a set of packages: [`fetch_releases`] verifies the signed Release file of
//! each suite, [`fetch_index`] reads the lists of packages that it names, and [`solve`] chooses
//! from them as apt does. All bytes come through a [`store::Fetcher`]; the time is given.
//!
//! ```
//! use distro::{Index, Request, solve};
//!
//! let packages = "\
//! Package: web
//! Version: 1.0-2
//! Architecture: amd64
//! Depends: libc6 (>= 2.41), mawk | awk
//! Filename: pool/w/web_1.0-2_amd64.deb
//! Size: 1000
//! SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
//!
//! Package: libc6
//! Version: 2.41-12
//! Architecture: amd64
//! Filename: pool/g/libc6_2.41-12_amd64.deb
//! Size: 2000
//! SHA256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
//!
//! Package: gawk
//! Version: 1:5.2-1
//! Architecture: amd64
//! Provides: awk
//! Filename: pool/g/gawk_5.2-1_amd64.deb
//! Size: 3000
//! SHA256: 248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1
//! ";
//! let mut index = Index::new(names::Arch::Amd64);
//! index.add_packages(&"debian".parse()?, "the example", packages.as_bytes())?;
//! let request = Request { packages: vec!["web".to_owned()], ..Request::default() };
//! let solution = solve(&index, &request)?;
//! let names: Vec<&str> = solution.debs.iter().map(|deb| deb.name.as_str()).collect();
//! assert_eq!(names, ["gawk", "libc6", "web"]);
//! assert_eq!(solution.needed_by["gawk"], "web");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
mod target;
mod version;

pub use deb::{
    Activation, Conffile, ControlFile, DEB_KIND, DebError, DebFault, InspectedDeb, Interest,
    Stanza, StanzaError, Triggers, UnpackedDeb, inspect_deb, unpack_deb,
};
pub use file::{Base, DistroFile, Python, ScriptClass, ScriptEntry};
pub use index::{Index, PackagesError};
pub use lock::{LockedDeb, LockedSuite, Suite};
pub use release::{Release, ReleaseEntry, ReleaseError};
pub use scripts::{
    Capability, CapabilityError, ClassifyError, Effect, NormalScript, ScriptKind, SlaveLink,
    UnknownScript, classify, normalise,
};
pub use solve::{Request, Solution, SolveError, solve};
pub use suites::{
    FetchedSuite, INDEX_RECORDS, SuiteError, fetch_index, fetch_releases, fetch_suites,
};
pub use target::{Distro, PackageKind, RpmTarget};
pub use version::{Version, VersionError, compare_versions};
