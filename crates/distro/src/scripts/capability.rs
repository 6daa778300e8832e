//! Capabilities of files.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A capability of Linux, such as `cap_net_raw` (capabilities(7)).
///
/// ```
/// let raw: distro::Capability = "cap_net_raw".parse()?;
/// assert_eq!(raw.number(), 13);
/// # Ok::<(), distro::CapabilityError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Capability(u8);

/// Why a text is no capability.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is no capability of Linux: one is written as in capabilities(7), cap_net_raw")]
pub struct CapabilityError {
    /// The text.
    pub text: String,
}

/// In the order of their numbers (`linux/capability.h`), without `cap_`.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

impl Capability {
    /// Its number: the bit that stands for it in a set.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl FromStr for Capability {
    type Err = CapabilityError;

    fn from_str(text: &str) -> Result<Self, CapabilityError> {
        let name = text.strip_prefix("cap_");
        let found = NAMES.iter().position(|other| Some(*other) == name);
        let number = found.and_then(|at| u8::try_from(at).ok());
        number.map(Self).ok_or_else(|| CapabilityError { text: text.chars().take(80).collect() })
    }
}

impl TryFrom<String> for Capability {
    type Error = CapabilityError;

    fn try_from(text: String) -> Result<Self, CapabilityError> {
        text.parse()
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> Self {
        capability.to_string()
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cap_{}", NAMES[usize::from(self.0)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_belong_together() {
        for (name, number) in [("cap_chown", 0), ("cap_setfcap", 31), ("cap_bpf", 39)] {
            let capability: Capability = name.parse().unwrap();
            assert_eq!((capability.number(), capability.to_string()), (number, name.to_owned()));
        }
        for text in ["", "cap_", "net_raw", "cap_net_raw+ep", "CAP_NET_RAW", "cap_none"] {
            assert!(text.parse::<Capability>().is_err(), "{text}");
        }
    }
}
