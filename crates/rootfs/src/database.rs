//! dpkg's database, `/var/lib/dpkg`, as dpkg leaves it after an installation.

mod diversions;
mod info;
mod status;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};

use distro::UnpackedDeb;
use filetree::{Content, Node, Tree, TreePath};
use names::Epoch;

use crate::AssembleError;
use crate::merge::Diversion;

/// What the database is made from.
pub(crate) struct Input<'a> {
    /// The packages, sorted by name.
    pub(crate) debs: &'a [&'a UnpackedDeb],
    pub(crate) diversions: &'a [Diversion],
    pub(crate) given_up: &'a BTreeMap<String, BTreeSet<TreePath>>,
    pub(crate) time: Epoch,
}

/// Writes the database into `tree`.
pub(crate) fn write(tree: &mut Tree, input: &Input<'_>) -> Result<(), AssembleError> {
    let time = input.time;
    let mut put = |path: &str, mode: u32, text: &str| -> Result<(), AssembleError> {
        let node = Node::file(mode, time, Content::from_bytes(text));
        tree.insert_with_parents(TreePath::from_member(path)?, node)?;
        Ok(())
    };
    put("var/lib/dpkg/status", 0o644, &status::status(input.debs)?)?;
    put("var/lib/dpkg/diversions", 0o644, &diversions::diversions(input.diversions))?;
    for (name, text) in triggers::triggers(input.debs) {
        put(&format!("var/lib/dpkg/triggers/{name}"), 0o644, &text)?;
    }
    // What dpkg locks while it works; empty, and left behind.
    put("var/lib/dpkg/lock", 0o640, "")?;
    put("var/lib/dpkg/lock-frontend", 0o640, "")?;
    put("var/lib/dpkg/triggers/Lock", 0o600, "")?;
    info::write(tree, input)
}
