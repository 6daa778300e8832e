//! Machine architectures, under the names that each ecosystem gives them.

use std::fmt;
use std::str::FromStr;

use crate::{NameError, name_from_text};

/// A machine architecture that images are made for.
#[derive(
    Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize,
)]
#[serde(try_from = "String", into = "String")]
pub enum Arch {
    /// 64-bit x86.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl Arch {
    /// Every architecture, in order.
    pub const ALL: [Arch; 2] = [Arch::Amd64, Arch::Arm64];

    /// Debian's name, which is also the one of the OCI specification: `amd64`, `arm64`.
    pub fn debian(self) -> &'static str {
        match self {
            Arch::Amd64 => "amd64",
            Arch::Arm64 => "arm64",
        }
    }

    /// The kernel's name, which Python's `platform.machine()` and wheel tags use: `x86_64`,
    /// `aarch64`.
    pub fn machine(self) -> &'static str {
        match self {
            Arch::Amd64 => "x86_64",
            Arch::Arm64 => "aarch64",
        }
    }

    /// The multiarch triplet (Debian Policy 9.1.1): `x86_64-linux-gnu`.
    pub fn triplet(self) -> &'static str {
        match self {
            Arch::Amd64 => "x86_64-linux-gnu",
            Arch::Arm64 => "aarch64-linux-gnu",
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.debian())
    }
}

impl FromStr for Arch {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Arch::ALL.into_iter().find(|arch| arch.debian() == text).ok_or_else(|| NameError {
            text: text.to_owned(),
            want: "an architecture: amd64 or arm64",
        })
    }
}

name_from_text!(Arch);
