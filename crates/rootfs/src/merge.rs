//! The files of all packages, laid into one tree as dpkg would unpack them.

use std::collections::{BTreeMap, BTreeSet};

use distro::UnpackedDeb;
use filetree::{Kind, Node, Tree, TreePath};
use names::{Arch, Epoch};

use crate::AssembleError;
use crate::accounts::Accounts;
use crate::relations::replaces;

/// A diversion (dpkg-divert(1)).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Diversion {
    pub(crate) package: String,
    pub(crate) path: TreePath,
    pub(crate) to: TreePath,
}

/// The files of packages, and to whom they belong.
pub(crate) struct Merged {
    pub(crate) tree: Tree,
    /// For each package, the paths that it gave up to another one, as its archive names them.
    pub(crate) given_up: BTreeMap<String, BTreeSet<TreePath>>,
}

/// A tree with nothing but the links of merged `/usr` and their directories, as debootstrap makes them
/// for distros in which no package has them.
pub(crate) fn merged_usr(arch: Arch, time: Epoch) -> Result<Tree, AssembleError> {
    // Links that no package has below them are removed again by usr-is-merged.
    let others: &[&str] = match arch {
        Arch::Amd64 => &["lib64"],
        Arch::Arm64 => &[],
    };
    let mut tree = Tree::new();
    for name in ["bin", "sbin", "lib"].iter().chain(others) {
        let target = format!("usr/{name}");
        tree.insert_with_parents(TreePath::from_member(&target)?, Node::directory(0o755, time))?;
        tree.insert(TreePath::from_member(name)?, Node::symlink(target, time))?;
    }
    Ok(tree)
}

/// Lays `debs` over `tree` and over one another in their order.
pub(crate) fn merge(
    tree: Tree,
    debs: &[&UnpackedDeb],
    diversions: &[Diversion],
    accounts: &Accounts,
) -> Result<Merged, AssembleError> {
    let mut state =
        State { debs, accounts, tree, owner: BTreeMap::new(), given_up: BTreeMap::new() };
    for (index, deb) in debs.iter().enumerate() {
        // Places of the files of this package: hard links name them as the archive does.
        let mut places = BTreeMap::new();
        for (path, node) in &deb.pack.entries {
            if path.is_root() {
                continue;
            }
            let diversion = diversions
                .iter()
                .find(|diversion| diversion.path == *path && diversion.package != deb.package);
            let wanted = diversion.map_or(path, |diversion| &diversion.to);
            let place = state.tree.resolve_parent(wanted)?;
            places.insert(path, place.clone());
            let mut node = state.owned(deb, path, node);
            if let Kind::HardLink(target) = &node.kind {
                let target = places.get(target).cloned().unwrap_or_else(|| target.clone());
                node.kind = Kind::HardLink(target);
            }
            state.put(index, path, place, node)?;
        }
    }
    Ok(Merged { tree: state.tree, given_up: state.given_up })
}

struct State<'a> {
    debs: &'a [&'a UnpackedDeb],
    accounts: &'a Accounts,
    tree: Tree,
    /// Which package a file comes from, by its place, and what its archive calls it.
    owner: BTreeMap<TreePath, (usize, TreePath)>,
    given_up: BTreeMap<String, BTreeSet<TreePath>>,
}

impl State<'_> {
    /// The entry with the numbers that its owner and group have in this root.
    fn owned(&self, deb: &UnpackedDeb, path: &TreePath, node: &Node) -> Node {
        let mut node = node.clone();
        let (user, group) = match deb.owners.get(path) {
            Some((user, group)) => (user.as_str(), group.as_str()),
            None => ("root", "root"),
        };
        node.uid = self.accounts.uid(user).unwrap_or(node.uid);
        node.gid = self.accounts.gid(group).unwrap_or(node.gid);
        node
    }

    fn put(
        &mut self,
        index: usize,
        path: &TreePath,
        place: TreePath,
        node: Node,
    ) -> Result<(), AssembleError> {
        if let Some(there) = self.tree.get(&place) {
            let directory = there.is_directory();
            if node.is_directory() {
                let target = self.tree.resolve(&place)?;
                // dpkg leaves a directory, and a link to one, as the first package made it.
                if self.tree.get(&target).is_some_and(Node::is_directory) {
                    return Ok(());
                }
            }
            let (other, name) = match self.owner.get(&place) {
                Some((other, name)) => (*other, name.clone()),
                // A link where packages before this one have a directory: dpkg keeps that.
                None if directory && matches!(node.kind, Kind::Symlink(_)) => return Ok(()),
                None => (index, path.clone()),
            };
            let (new, old) = (self.debs[index], self.debs[other]);
            let keeps = |deb: &UnpackedDeb| self.given_up.get(&deb.package).cloned();
            if other != index && replaces(new, old) {
                let mut paths = keeps(old).unwrap_or_default();
                paths.insert(name);
                self.given_up.insert(old.package.clone(), paths);
            } else if other != index && replaces(old, new) {
                let mut paths = keeps(new).unwrap_or_default();
                paths.insert(path.clone());
                self.given_up.insert(new.package.clone(), paths);
                return Ok(());
            } else {
                return Err(AssembleError::FileConflict {
                    path: place,
                    first: old.package.clone(),
                    second: new.package.clone(),
                });
            }
        }
        if !node.is_directory() {
            self.owner.insert(place.clone(), (index, path.clone()));
        }
        self.tree.insert_with_parents(place, node)?;
        Ok(())
    }
}
