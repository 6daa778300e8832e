//! Which address serves an archive on this machine, and why.
//!
//! Locks and recipes name an archive (`debian`, `debian-security`, `ubuntu`, `pypi`, ...) and a path
//! in it, never a host. Where the archive is to be had is a matter of the machine. In this order,
//! the first that knows it:
//!
//! 1. what the user says on the command line (`--mirror ARCHIVE=URL`),
//! 2. the environment: `COOPERAGE_MIRROR_DEBIAN_SECURITY` and so on,
//! 3. `mirrors.toml`, the user's and then the system's (see `docs/formats/mirrors.md`),
//! 4. what the machine is set up for: its apt sources, its pip and uv settings,
//! 5. a public default.
//!
//! Nothing is read before an archive is asked for, and each answer is kept.
//!
//! ```
//! use mirrors::{Mirrors, Programs, Settings};
//!
//! let root = tempfile::tempdir()?;
//! let mut settings = Settings::new(root.path(), Programs::Leave);
//! let url = "http://mirror.example.org/debian";
//! settings.environment.insert("COOPERAGE_MIRROR_DEBIAN".into(), url.into());
//! let mirrors = Mirrors::new(settings);
//! let resolved = mirrors.resolve(&"debian".parse()?, &|_| None)?;
//! assert_eq!(resolved.urls[0].url, url);
//! assert_eq!(resolved.urls[0].from, "the environment variable COOPERAGE_MIRROR_DEBIAN");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod apt;
mod config;
mod public;
mod python;
mod resolve;

pub use address::{AddressError, parse_argument};
pub use config::{ConfigError, Entry, Snapshot};
pub use public::from_example_sources;
pub use resolve::{Mirrors, Programs, ResolveError, Resolved, Settings, Source};
