//! Reads `bindep.txt` and says which packages it asks for on a platform with given profiles, as
//! [bindep](https://docs.opendev.org/opendev/bindep/latest/) 2.14 does, without looking at the machine
//! that it runs on.
//!
//! ```
//! use std::collections::BTreeSet;
//! use std::path::Path;
//! use bindep::{BindepFile, Platform};
//!
//! let text = "\
//! libldap2        [platform:dpkg (keystone ldap)]
//! openldap        [platform:rpm (keystone ldap)]
//! libpcre2-8-0    [platform:debian-trixie]
//! gettext         [horizon]
//! git
//! ";
//! let file = BindepFile::parse(text, Path::new("bindep.txt")).map_err(|faults| names::render_faults(&faults))?;
//! let platform = Platform::of_distro(&"debian-trixie".parse()?)?;
//! let profiles = BTreeSet::from(["keystone".to_owned(), "ldap".to_owned()]);
//! let names: Vec<&str> = file.packages(&platform, &profiles).map(|rule| rule.name.as_str()).collect();
//! assert_eq!(names, ["libldap2", "libpcre2-8-0", "git"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Differences from bindep
//!
//! - bindep takes from `lsb_release` and `/etc/*-release` what `/etc/os-release` does not say. Here only
//!   the fields of [`OsRelease`] count, so that the answer is the same on every machine.
//! - It reports the first fault of a file, this crate all of them.
//! - It takes what [`Grammar::Strict`] refuses; [`Grammar::Compatible`] takes that, too.
//! - A file may have 1 MiB.

mod file;
mod letters;
mod line;
mod os_release;
mod platform;
mod select;
mod version;

pub use file::{BindepFile, Profile, Relation, Rule, Selector, VersionConstraint};
pub use letters::Grammar;
pub use os_release::OsRelease;
pub use platform::{Platform, PlatformError};
