//! Parse upper-constraints and requirement lines, apply overrides, evaluate environment markers.

mod environment;
mod marker;
mod requirement;
mod version;

pub use environment::Environment;
pub use marker::Marker;
pub use requirement::{Requirement, RequirementError};
pub use version::{Specifier, Specifiers, Version, VersionError, parse_version};
