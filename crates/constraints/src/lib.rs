//! Which version of each Python project a release uses: reads upper-constraints, applies overrides,
//! and reads the requirements, versions and markers that they are met with.
//!
//! ```
//! use std::path::Path;
//! use constraints::{Constraints, Environment, Overrides, apply};
//! use names::{Arch, PackageName};
//!
//! let upstream = "yappi===1.6.10\nclick===8.1.8;python_version=='3.9'\n";
//! let upstream = Constraints::parse(upstream, Path::new("upper-constraints.txt")).unwrap();
//! let changes = "# 1.6.10 has no wheel for aarch64.\nyappi===1.7.3\n";
//! let changes = Overrides::parse(changes, Path::new("overrides.txt")).unwrap();
//! let pins = apply(&upstream, &changes).effective;
//!
//! let target = Environment::linux("3.13.5", Arch::Amd64)?;
//! let yappi = pins.pins(&PackageName::new("yappi")?, &target).next().unwrap();
//! assert_eq!(yappi.pin.to_string(), "yappi===1.7.3");
//! assert_eq!(yappi.pin.place.to_string(), "overrides.txt:2:1");
//! // Pinned, but not for this Python.
//! assert_eq!(pins.pins(&PackageName::new("click")?, &target).count(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bound;
mod constraints;
mod effective;
mod environment;
mod import;
mod line;
mod marker;
mod overrides;
mod pin;
mod requirement;
mod version;

pub use bound::Bound;
pub use constraints::Constraints;
pub use effective::{Applied, Effective, EffectivePin, Origin, apply, apply_all};
pub use environment::Environment;
pub use import::{Provenance, import};
pub use marker::Marker;
pub use overrides::{Overrides, Removal};
pub use pin::Pin;
pub use requirement::{Requirement, RequirementError};
pub use version::{PrereleaseKind, Specifier, Specifiers, Version, VersionError, parse_version};
