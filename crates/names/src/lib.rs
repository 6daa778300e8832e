//! Identifiers and quantities: releases, services, architectures, digests, and faults with their
//! place in a file.
//!
//! Each name is a type that is parsed once at the edge; afterwards it is always right.
//!
//! ```
//! use names::{PackageName, ReleaseId};
//!
//! let release: ReleaseId = "2025.2".parse()?;
//! assert_eq!(release.to_string(), "2025.2");
//! assert_eq!(PackageName::new("Flask_RESTful")?.as_str(), "flask-restful");
//! # Ok::<(), names::NameError>(())
//! ```

mod arch;
mod digest;
mod epoch;
mod fault;
mod hashing;
mod ident;
mod nearest;
mod package;
mod release;
mod sha256;

pub use arch::Arch;
pub use digest::{Digest, DigestError};
pub use epoch::Epoch;
pub use fault::{Fault, Place, render_faults};
pub use hashing::Hashing;
pub use ident::{ArchiveName, DistroId, ServiceName};
pub use nearest::nearest;
pub use package::PackageName;
pub use release::ReleaseId;
pub use sha256::Sha256;

/// Why a text is not the name it should be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{}` is not {want}", shown(.text))]
pub struct NameError {
    /// The text as it was given.
    pub text: String,
    /// What it should have been, with an example: "a release: YEAR.1 or YEAR.2, such as 2025.2".
    pub want: &'static str,
}

/// A text as an error shows it: not too long, and nothing in it that a terminal would obey.
fn shown(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

/// Gives a name type its `TryFrom<String>`, so that serde reads and checks it in one step.
macro_rules! name_from_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = crate::NameError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.to_string()
            }
        }
    };
}
pub(crate) use name_from_text;
