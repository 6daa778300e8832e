//! Where a distribution's other archives are: its own `apt` package says so.

use distro::LockedDeb;
use filetree::Kind;
use store::FetchError;

use crate::fetching;
use crate::setting::{Listener, Setting};

/// The example sources in Debian's `apt` package.
const EXAMPLES: [&str; 2] =
    ["usr/share/doc/apt/examples/debian.sources", "usr/share/doc/apt/examples/sources.list"];

/// Learns the addresses that the package `apt` names in its example sources. A package that names
/// none teaches nothing: what is asked for next will say what is missing.
pub(crate) fn learn(
    setting: &Setting<'_>,
    apt: &LockedDeb,
    tell: Listener<'_>,
) -> Result<(), FetchError> {
    for blob in fetching::debs(setting, &[apt], tell)? {
        let Ok(deb) = distro::unpack_deb(setting.store, &blob) else { continue };
        for (path, node) in &deb.pack.entries {
            if let Kind::File(content) = &node.kind
                && EXAMPLES.contains(&path.as_str())
                && let Ok(bytes) = content.read()
            {
                let from = format!("the examples of the package apt {}", apt.version);
                setting.outside.learn(&String::from_utf8_lossy(&bytes), &from);
            }
        }
    }
    Ok(())
}
