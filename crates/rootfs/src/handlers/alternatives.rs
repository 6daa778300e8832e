//! Alternatives, as `update-alternatives --install` of dpkg 1.22 records them.
//!
//! For each name there is a file in `/var/lib/dpkg/alternatives` with its links and choices, a
//! link `/etc/alternatives/NAME` to the best choice, and the generic link to that one.

mod database;

use std::collections::{BTreeMap, BTreeSet};

use filetree::{Kind, Tree, TreeError, TreePath};
use names::Epoch;

use super::files::{self, FileError};
use database::{Choice, Group};

const ADMIN: &str = "var/lib/dpkg/alternatives";
const LINKS: &str = "etc/alternatives";

/// One call of `update-alternatives --install`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Alternative {
    /// The name of the group: `awk`.
    pub name: String,
    /// The generic link: `/usr/bin/awk`.
    pub link: String,
    /// What it shall lead to: `/usr/bin/mawk`.
    pub path: String,
    /// The choice with the highest wins; of two alike, the one that was there first.
    pub priority: i32,
    /// Links that follow the choice.
    pub slaves: Vec<Slave>,
}

/// A link that follows the choice of its group (`--slave`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slave {
    /// Its name: `awk.1.gz`.
    pub name: String,
    /// The generic link: `/usr/share/man/man1/awk.1.gz`.
    pub link: String,
    /// What it leads to under this choice: `/usr/share/man/man1/mawk.1.gz`.
    pub path: String,
}

/// Why an alternative cannot be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlternativesError {
    /// A file of the tree is not what it should be.
    #[error("alternative {name}: the tree does not take it")]
    File {
        /// The group.
        name: String,
        /// Which file, and why.
        source: FileError,
    },
    /// dpkg would refuse the name or path.
    #[error("alternative {name}: `{text}` {reason}: correct the arguments in the script's effects")]
    Invalid {
        /// The group.
        name: String,
        /// What is wrong.
        text: String,
        /// Why.
        reason: &'static str,
    },
    /// What should be chosen is not there.
    #[error("alternative {name}: {path} does not exist: add the package that ships it")]
    NoTarget {
        /// The group.
        name: String,
        /// The path of the choice.
        path: String,
    },
    /// A name or link that belongs to another group.
    #[error("alternative {name}: {text} belongs to {other} already: change one of the two")]
    Taken {
        /// The group.
        name: String,
        /// The name or the link.
        text: String,
        /// The group that has it.
        other: String,
    },
    /// The database is damaged.
    #[error("/{ADMIN}/{name}: line {line} is not what dpkg writes: remove the file")]
    Database {
        /// The group.
        name: String,
        /// The line, from 1.
        line: usize,
    },
}

/// Installs alternatives one after the other, in automatic mode.
///
/// Slaves whose file is missing are recorded, but get no link. Links get the time of what they
/// lead to, as dpkg gives them (and `time` where it is not there); the database gets `time`.
///
/// # Errors
/// When an argument is not one that dpkg takes, a choice does not exist, or a file is damaged.
pub fn install(
    tree: &mut Tree,
    alternatives: &[Alternative],
    time: Epoch,
) -> Result<(), AlternativesError> {
    let folder = |path: &str| TreePath::from_member(path).expect("the path is a constant");
    let mut groups = BTreeMap::new();
    for name in files::children(tree, &folder(ADMIN)).unwrap_or_default() {
        let text = files::required_text(tree, &format!("{ADMIN}/{name}"))
            .map_err(|source| AlternativesError::File { name: name.clone(), source })?;
        let mut group = Group::parse(&name, &text)?;
        if let Some(Kind::Symlink(target)) =
            tree.at(&format!("{LINKS}/{name}")).map(|node| &node.kind)
        {
            group.current = Some(target.clone());
        }
        groups.insert(name, group);
    }
    for new in alternatives {
        check(new)?;
        check_taken(&groups, new)?;
        let wrap = |source| AlternativesError::File { name: new.name.clone(), source };
        if !exists(tree, &new.path).map_err(wrap)? {
            let (name, path) = (new.name.clone(), new.path.clone());
            return Err(AlternativesError::NoTarget { name, path });
        }
        let group = groups.entry(new.name.clone()).or_insert_with(|| Group::new(&new.link));
        add(tree, group, new).map_err(wrap)?;
        if group.automatic
            && let Some(best) = group.best().cloned()
        {
            group.current = Some(best.path.clone());
            put_links(tree, &new.name, group, &best, time).map_err(wrap)?;
        }
        group.drop_unused_slaves();
        let text = group.to_text();
        files::write(tree, &format!("{ADMIN}/{}", new.name), 0o644, time, text).map_err(wrap)?;
    }
    Ok(())
}

/// Adds the choice to the group; links that have moved are taken away under their old names.
fn add(tree: &mut Tree, group: &mut Group, new: &Alternative) -> Result<(), FileError> {
    if group.link != new.link {
        remove_link(tree, &group.link)?;
        group.link.clone_from(&new.link);
    }
    for slave in &new.slaves {
        let old = group.slaves.insert(slave.name.clone(), slave.link.clone());
        if let Some(old) = old.filter(|old| *old != slave.link) {
            remove_link(tree, &old)?;
        }
    }
    let slaves = new.slaves.iter().map(|slave| (slave.name.clone(), slave.path.clone())).collect();
    let choice = Choice { path: new.path.clone(), priority: new.priority, slaves };
    group.choices.retain(|old| old.path != choice.path);
    group.choices.push(choice);
    group.choices.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(())
}

fn put_links(
    tree: &mut Tree,
    name: &str,
    group: &Group,
    best: &Choice,
    time: Epoch,
) -> Result<(), FileError> {
    put_link(tree, name, &group.link, &best.path, time)?;
    for (name, link) in &group.slaves {
        match best.slaves.get(name) {
            Some(path) if exists(tree, path)? => put_link(tree, name, link, path, time)?,
            _ => {
                remove_link(tree, link)?;
                remove_link(tree, &format!("/{LINKS}/{name}"))?;
            }
        }
    }
    Ok(())
}

fn put_link(
    tree: &mut Tree,
    name: &str,
    link: &str,
    path: &str,
    time: Epoch,
) -> Result<(), FileError> {
    let target = tree.resolve_parent(&TreePath::from_member(path)?)?;
    let time = tree.get(&target).map_or(time, |node| node.mtime);
    let inner = TreePath::from_member(&format!("{LINKS}/{name}"))?;
    files::link(tree, &inner, path, time)?;
    let link = TreePath::from_member(link)?;
    let place = tree.resolve_parent(&link)?;
    // dpkg leaves a file alone that a package or a person has put there.
    if matches!(tree.get(&place).map(|node| &node.kind), None | Some(Kind::Symlink(_))) {
        files::link(tree, &link, &format!("/{inner}"), time)?;
    }
    Ok(())
}

fn remove_link(tree: &mut Tree, path: &str) -> Result<(), FileError> {
    let place = tree.resolve_parent(&TreePath::from_member(path)?)?;
    if matches!(tree.get(&place).map(|node| &node.kind), Some(Kind::Symlink(_))) {
        tree.remove(&place);
    }
    Ok(())
}

/// Whether something is at `path`, links followed.
fn exists(tree: &Tree, path: &str) -> Result<bool, FileError> {
    let path = TreePath::from_member(path)?;
    match tree.resolve(&path) {
        Ok(place) => Ok(tree.get(&place).is_some()),
        Err(TreeError::LinkLoop { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What dpkg asks of names and paths.
fn check(new: &Alternative) -> Result<(), AlternativesError> {
    let slaves = new.slaves.iter();
    let names = slaves.clone().map(|slave| &slave.name).chain([&new.name]);
    let paths = slaves.flat_map(|slave| [&slave.link, &slave.path]).chain([&new.link, &new.path]);
    let invalid = |text: &str, reason| {
        Err(AlternativesError::Invalid { name: new.name.clone(), text: text.to_owned(), reason })
    };
    for name in names {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', ' ', '\t', '\n']) {
            return invalid(name, "is not a name: it is empty, or has a slash or a space in it");
        }
    }
    for path in paths {
        if !path.starts_with('/') {
            return invalid(path, "is not an absolute path");
        }
        if TreePath::from_member(path).is_err() {
            return invalid(path, "is not a clean path");
        }
    }
    let mut seen = BTreeSet::from([(&new.name, &new.link)]);
    let mut links = BTreeSet::from([&new.link]);
    for slave in &new.slaves {
        if slave.name == new.name || !seen.insert((&slave.name, &slave.link)) {
            return invalid(&slave.name, "is given twice");
        }
        if !links.insert(&slave.link) {
            return invalid(&slave.link, "is given twice");
        }
    }
    Ok(())
}

/// A name or a link may be in one group alone.
fn check_taken(
    groups: &BTreeMap<String, Group>,
    new: &Alternative,
) -> Result<(), AlternativesError> {
    let taken = |text: &str, other: &str| {
        let [name, text, other] = [&new.name, text, other].map(str::to_owned);
        Err(AlternativesError::Taken { name, text, other })
    };
    for (other, group) in groups.iter().filter(|(other, _)| **other != new.name) {
        let has_name = |name: &String| name == other || group.slaves.contains_key(name);
        let has_link =
            |link: &String| group.link == *link || group.slaves.values().any(|l| l == link);
        let names = new.slaves.iter().map(|slave| &slave.name);
        let links = new.slaves.iter().map(|slave| &slave.link);
        let name = names.chain([&new.name]).find(|name| has_name(name));
        if let Some(text) = name.or(links.chain([&new.link]).find(|link| has_link(link))) {
            return taken(text, other);
        }
    }
    if let Some(group) = groups.get(&new.name) {
        for slave in &new.slaves {
            let mut others = group.slaves.iter().filter(|(name, _)| **name != slave.name);
            if let Some((other, _)) = others.find(|(_, link)| **link == slave.link) {
                return taken(&slave.link, other);
            }
        }
    }
    Ok(())
}
