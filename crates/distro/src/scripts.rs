//! Maintainer scripts: what they are, and what each of them does to a fresh root.

mod capability;
mod classify;
mod diff;
mod effect;
mod normal;
mod snippets;

pub use capability::{Capability, CapabilityError};
pub use classify::{ClassifyError, UnknownScript, classify};
pub use effect::{Effect, SlaveLink};
pub use normal::{NormalScript, normalise};

use std::fmt;

/// A maintainer script of a package (Debian Policy 6).
#[derive(
    Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ScriptKind {
    /// Runs before the package is unpacked.
    Preinst,
    /// Runs when the package is configured, and for its triggers.
    Postinst,
    /// Runs before the package is removed.
    Prerm,
    /// Runs after the package was removed.
    Postrm,
    /// Asks questions through debconf (debconf-devel(7)).
    Config,
}

impl ScriptKind {
    /// Every kind.
    pub const ALL: [ScriptKind; 5] = [
        ScriptKind::Preinst,
        ScriptKind::Postinst,
        ScriptKind::Prerm,
        ScriptKind::Postrm,
        ScriptKind::Config,
    ];

    /// Its file among the control files: `preinst`.
    pub fn file_name(self) -> &'static str {
        match self {
            ScriptKind::Preinst => "preinst",
            ScriptKind::Postinst => "postinst",
            ScriptKind::Prerm => "prerm",
            ScriptKind::Postrm => "postrm",
            ScriptKind::Config => "config",
        }
    }
}

impl fmt::Display for ScriptKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_name())
    }
}
