//! The files of an rpm: with their owners, since rpm knows accounts by their names, and with what they are
//! besides files.

use std::collections::{BTreeMap, BTreeSet};

use filetree::{Kind, Node, Tree, TreePath};
use names::Epoch;
use pkg_writer::Accounts;
use pkg_writer::rpm::Mark;

use crate::package::Environment;
use crate::package::documents::Told;
use crate::package::error::PackageError;
use crate::package::files::{Files, place};
use crate::package::share::Share;

/// Directories that belong to others: to `filesystem`, `systemd`, `logrotate`, `sudo` and `alternatives`, on
/// Fedora and Enterprise Linux. A package owns all its other directories (Fedora's Packaging Guidelines, "File and
/// Directory Ownership").
const OTHERS: [&str; 24] = [
    "etc",
    "etc/alternatives",
    "etc/logrotate.d",
    "etc/sudoers.d",
    "opt",
    "run",
    "srv",
    "usr",
    "usr/bin",
    "usr/lib",
    "usr/lib/debug",
    "usr/lib/systemd",
    "usr/lib/systemd/system",
    "usr/lib/sysusers.d",
    "usr/lib/tmpfiles.d",
    "usr/share",
    "usr/share/doc",
    "usr/share/licenses",
    "var",
    "var/cache",
    "var/lib",
    "var/log",
    "var/opt",
    "var/spool",
];

/// The folder of the licences of the package `name`.
pub(super) fn licences(name: &str) -> String {
    format!("/usr/share/licenses/{name}")
}

/// What the files of an rpm are besides files.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) marks: BTreeMap<TreePath, Mark>,
    pub(super) left_out: BTreeSet<TreePath>,
    pub(super) accounts: Accounts,
}

/// Adds the directories below `/var`, which packages of a system with rpm have.
pub(super) fn directories(files: &mut Files, time: Epoch) -> Result<(), PackageError> {
    let created: Vec<_> =
        files.created.iter().filter(|one| one.path.starts_with("/var/")).cloned().collect();
    for directory in created {
        files.directory(&directory.path, directory.mode, time)?;
        files.owners.push(directory);
    }
    Ok(())
}

/// Gives the files their owners, and adds what a package of a system with rpm has besides: the licence as the
/// wheel ships it, and as `%ghost` the links that update-alternatives makes.
pub(super) fn placed(
    share: &mut Share,
    told: &Told<'_>,
    environment: &Environment,
) -> Result<Placed, PackageError> {
    let Share { files, is_home, .. } = share;
    let user = &told.service.user;
    let time = environment.own.newest();
    let mut marks: BTreeMap<TreePath, Mark> =
        files.conffiles.iter().map(|path| (path.clone(), Mark::ConfigNoReplace)).collect();
    for (name, node) in licence_files(&environment.own) {
        files.put(&format!("{}/{name}", licences(told.name)), node)?;
    }
    let folder = place(&licences(told.name))?;
    let below = files.tree.below(&folder).filter(|(_, node)| !node.is_directory());
    marks.extend(below.map(|(path, _)| (path.clone(), Mark::License)));
    let commands = told.commands();
    let commands = commands.iter().map(|command| {
        let place = format!("{}/bin/{command}", told.prefix);
        (format!("/usr/bin/{command}"), *command, place)
    });
    let current = (told.current.to_owned(), told.main, told.prefix.to_owned());
    for (link, name, target) in [current].into_iter().chain(commands).filter(|_| *is_home) {
        let named = format!("/etc/alternatives/{name}");
        let place = files.put(&link, Node::symlink(&named, time))?;
        marks.insert(place, Mark::Ghost);
        marks.insert(files.put(&named, Node::symlink(&target, time))?, Mark::Ghost);
    }
    let mut accounts = Accounts::default();
    for owned in &files.owners {
        let place = place(&owned.path)?;
        if let Some(node) = files.tree.get_mut(&place) {
            (node.uid, node.gid) = (owned.owner.uid, owned.owner.gid);
            for (number, name, list) in [
                (node.uid, &user.name, &mut accounts.users),
                (node.gid, &user.group, &mut accounts.groups),
            ] {
                if number != 0 {
                    list.insert(number, name.clone());
                }
            }
        }
    }
    Ok(Placed { marks, left_out: left_out(&files.tree), accounts })
}

/// The directories of `tree` that belong to others.
pub(super) fn left_out(tree: &Tree) -> BTreeSet<TreePath> {
    let others = OTHERS.iter().filter_map(|path| place(path).ok());
    others.filter(|path| tree.get(path).is_some()).collect()
}

/// The licence files of the service's own wheel by their names (PEP 639, and by their names those of older
/// wheels); of several with one name the first.
fn licence_files(own: &Tree) -> BTreeMap<String, Node> {
    let is_licence = |path: &TreePath| {
        let folder = path.parent().unwrap_or_default();
        let named = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];
        folder.as_str().contains(".dist-info")
            && named.iter().any(|name| path.file_name().starts_with(name))
    };
    let mut files = BTreeMap::new();
    for (path, node) in own {
        if matches!(node.kind, Kind::File(_)) && is_licence(path) {
            files.entry(path.file_name().to_owned()).or_insert_with(|| node.clone());
        }
    }
    files
}
