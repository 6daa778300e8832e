//! Units that packages enable, as `deb-systemd-helper enable` of init-system-helpers does it in a root
//! without systemd.

use std::collections::BTreeSet;

use filetree::{Tree, TreePath};
use names::Epoch;

use super::files::{self, FileError};

/// Whose systemd runs a unit.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Units {
    /// That of the machine.
    System,
    /// That of each user.
    User,
}

impl Units {
    /// Where deb-systemd-helper keeps what it has enabled.
    fn state(self) -> &'static str {
        match self {
            Units::System => "var/lib/systemd/deb-systemd-helper-enabled",
            Units::User => "var/lib/systemd/deb-systemd-user-helper-enabled",
        }
    }

    /// Where the links are made.
    fn links(self) -> &'static str {
        self.folders()[0]
    }

    /// Where units are looked for, in this order. The first that has it is named in the links.
    fn folders(self) -> &'static [&'static str] {
        match self {
            Units::System => {
                &["etc/systemd/system", "lib/systemd/system", "usr/lib/systemd/system"]
            }
            Units::User => &["etc/systemd/user", "lib/systemd/user", "usr/lib/systemd/user"],
        }
    }
}

/// Why a unit cannot be enabled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SystemdError {
    /// No folder has it.
    #[error("the unit {unit}: no package has it: correct the script's effects")]
    Missing {
        /// The unit.
        unit: String,
    },
    /// A file of the tree is not what it should be.
    #[error("the unit {unit} cannot be enabled")]
    File {
        /// The unit.
        unit: String,
        /// Which file, and why.
        source: FileError,
    },
}

/// Enables `unit`: makes the links that its `[Install]` section asks for, and keeps the list of them
/// in the state folder of deb-systemd-helper(1p).
///
/// # Errors
/// When no package has the unit, or the tree does not take a link.
pub fn enable(tree: &mut Tree, unit: &str, whose: Units, time: Epoch) -> Result<(), SystemdError> {
    let failed = |source| SystemdError::File { unit: unit.to_owned(), source };
    let (states, units) = (whose.state(), whose.links());
    let mut links = Vec::new();
    closure(tree, unit, whose, &mut BTreeSet::new(), &mut links)?;
    let state = format!("{states}/{unit}.dsh-also");
    let mut list = files::text(tree, &state).map_err(failed)?.unwrap_or_default();
    for Link { at, target } in &links {
        if !list.lines().any(|line| line == format!("/{units}/{at}")) {
            list.push_str(&format!("/{units}/{at}\n"));
        }
        let mark = format!("{states}/{at}");
        if tree.at(&mark).is_some() {
            continue;
        }
        let place = TreePath::from_member(&format!("{units}/{at}"))
            .map_err(|error| failed(error.into()))?;
        if tree.get(&place).is_none() {
            files::link(tree, &place, target, time).map_err(failed)?;
        }
        files::write(tree, &mark, 0o644, time, "").map_err(failed)?;
    }
    if !links.is_empty() {
        files::write(tree, &state, 0o644, time, list).map_err(failed)?;
    }
    Ok(())
}

/// Keeps the list of the links that the machine's `unit` would have, without making them: what
/// `deb-systemd-helper update-state` does for a unit that is installed and not enabled.
///
/// # Errors
/// As [`enable`].
pub fn record(tree: &mut Tree, unit: &str, time: Epoch) -> Result<(), SystemdError> {
    let (states, units) = (Units::System.state(), Units::System.links());
    let mut links = Vec::new();
    closure(tree, unit, Units::System, &mut BTreeSet::new(), &mut links)?;
    let list: String = links.iter().map(|link| format!("/{units}/{}\n", link.at)).collect();
    files::write(tree, &format!("{states}/{unit}.dsh-also"), 0o644, time, list)
        .map_err(|source| SystemdError::File { unit: unit.to_owned(), source })
}

/// A link below the folder of links and its target.
struct Link {
    at: String,
    target: String,
}

/// The links of a unit and of those that its `Also=` names.
fn closure(
    tree: &Tree,
    unit: &str,
    whose: Units,
    visited: &mut BTreeSet<String>,
    links: &mut Vec<Link>,
) -> Result<(), SystemdError> {
    if !visited.insert(unit.to_owned()) {
        return Ok(());
    }
    let mut found = None;
    for folder in whose.folders() {
        let path = format!("{folder}/{unit}");
        let text = files::text(tree, &path)
            .map_err(|source| SystemdError::File { unit: unit.to_owned(), source })?;
        if let Some(text) = text {
            found = Some((format!("/{path}"), text));
            break;
        }
    }
    let (target, text) = found.ok_or_else(|| SystemdError::Missing { unit: unit.to_owned() })?;
    let mut name = unit.to_owned();
    let mut folders = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.trim_start().split_once('=') else { continue };
        let values = value.split_ascii_whitespace().map(|word| word.trim_matches(['"', '\'']));
        match key.to_ascii_lowercase().as_str() {
            "wantedby" => folders.extend(values.map(|value| format!("{value}.wants"))),
            "requiredby" => folders.extend(values.map(|value| format!("{value}.requires"))),
            "also" => {
                for value in values {
                    closure(tree, value, whose, visited, links)?;
                }
            }
            "alias" => {
                let others = values.filter(|value| *value != unit);
                links.extend(
                    others.map(|value| Link { at: value.to_owned(), target: target.clone() }),
                );
            }
            "defaultinstance" => {
                if let (Some((stem, suffix)), Some(value)) =
                    (unit.split_once("@."), values.into_iter().next_back())
                {
                    name = format!("{stem}@{value}.{suffix}");
                }
            }
            _ => {}
        }
    }
    let wanted = folders.into_iter().map(|folder| format!("{folder}/{name}"));
    links.extend(wanted.map(|at| Link { at, target: target.clone() }));
    Ok(())
}
