//! What apt keeps beside dpkg's database.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use distro::UnpackedDeb;
use filetree::{Content, Node, Tree, TreePath};

use crate::accounts::Accounts;
use crate::effects::copy;
use crate::relations::closure;
use crate::{AssembleError, Request};

/// Writes apt's state into `tree`: which packages came by themselves, so that `apt autoremove` in a
/// child image knows them, the list of sources, and the folders that apt downloads into, which belong
/// to its user.
pub(crate) fn write(
    tree: &mut Tree,
    debs: &[&UnpackedDeb],
    request: &Request<'_>,
    accounts: &Accounts,
) -> Result<(), AssembleError> {
    let time = request.time;
    if !debs.iter().any(|deb| deb.package == "apt") {
        return Ok(());
    }
    if let Some(from) = &request.distro.sources {
        let to = match from.rsplit('/').next().unwrap_or_default() {
            "sources.list" => "/etc/apt/sources.list".to_owned(),
            name => format!("/etc/apt/sources.list.d/{name}"),
        };
        if !copy(tree, from, &to)? {
            let reason = format!("there is no {from} to be the list of sources");
            return Err(AssembleError::Effect { package: "apt".to_owned(), reason });
        }
    }
    let mut put = |path: &str, node: Node| -> Result<(), AssembleError> {
        tree.insert_with_parents(TreePath::from_member(path)?, node)?;
        Ok(())
    };
    let states = extended_states(debs, request);
    put("var/lib/apt/extended_states", Node::file(0o644, time, Content::from_bytes(states)))?;
    let user = accounts.uid("_apt").unwrap_or_default();
    for folder in ["var/cache/apt/archives", "var/lib/apt/lists"] {
        let lock = Node::file(0o640, time, Content::from_bytes(""));
        put(&format!("{folder}/lock"), lock)?;
        put(&format!("{folder}/partial"), Node::directory(0o700, time).owned_by(user, 0))?;
    }
    Ok(())
}

/// A stanza for each package that nobody asked for, sorted by name; apt writes the architecture of the
/// root for those that fit every machine. What Essential packages and apt need was there before apt
/// could keep a record.
fn extended_states(debs: &[&UnpackedDeb], request: &Request<'_>) -> String {
    let requested: BTreeSet<&str> = request.requested.iter().map(String::as_str).collect();
    let arch = request.arch;
    let essential = debs.iter().filter(|deb| deb.essential || deb.package == "apt");
    let first = closure(debs, essential.map(|deb| deb.package.as_str()));
    let mut text = String::new();
    for deb in debs {
        let name = deb.package.as_str();
        if first.contains(name) || requested.contains(name) {
            continue;
        }
        writeln!(text, "Package: {name}\nArchitecture: {arch}\nAuto-Installed: 1\n")
            .expect("a String takes every write");
    }
    text
}
