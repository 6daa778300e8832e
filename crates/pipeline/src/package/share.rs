//! The packages that a service is split into: which files each has, and which of the others it needs.

use std::collections::{BTreeMap, BTreeSet};

use filetree::{Kind, Tree, TreePath};
use release::{Names, Need, PathPattern};

use super::documents::Told;
use super::error::PackageError;
use super::files::{self, Files};

/// One of the packages of a service.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) name: String,
    /// What it is, in one line.
    pub(crate) description: String,
    pub(crate) files: Files,
    /// Whether it is the main package, which stands for those of the distribution.
    pub(crate) is_main: bool,
    /// Whether it has `pyvenv.cfg`: it is what the link to the version in use leads to.
    pub(crate) is_home: bool,
    /// Whether it has the symbols of the others.
    pub(crate) is_symbols: bool,
    /// Whether files of the virtual environment are among its files.
    pub(crate) has_environment: bool,
    /// The packages of the service that it needs in its own version, by name.
    pub(crate) needs: BTreeSet<String>,
}

/// Gives every file to exactly one package: to the first part with a pattern that matches it, or else to the
/// main one, which comes first. `prefix` is where the virtual environment lies, `names` what names of
/// templates stand for.
///
/// A directory is in all packages with something in it; one that is empty, or that the recipe lists, is where
/// its path is matched, and below `/var` with the file for systemd-tmpfiles, which makes it. What is owned by the
/// account needs the package that makes it, and programs need the one with `pyvenv.cfg`: by it their Python finds
/// its modules (PEP 405).
pub(crate) fn shares(
    told: &Told<'_>,
    prefix: &TreePath,
    names: Names<'_>,
    all: Files,
) -> Result<Vec<Share>, PackageError> {
    let parts = &told.recipe.parts;
    let place = format!("/{prefix}");
    let patterns: Vec<Vec<PathPattern>> = parts
        .iter()
        .map(|part| part.files.iter().map(|one| one.render(names, &place)).collect())
        .collect();
    let owner_of = |path: &TreePath| {
        let of_it = |patterns: &Vec<PathPattern>| patterns.iter().any(|p| p.matches(path.as_str()));
        patterns.iter().position(of_it).map_or(0, |index| index + 1)
    };
    let configuration = format!("{place}/pyvenv.cfg");
    let home = owner_of(&files::place(&configuration)?);
    let programs = files::place(&format!("{place}/bin"))?;
    let sysusers = files::sysusers_place(told.main);
    let accounts = owner_of(&files::place(&sysusers)?);
    let trees = trees(told, &all.tree, parts.len() + 1, home, owner_of)?;
    let mut needs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); trees.len()];
    for (index, part) in parts.iter().enumerate() {
        let number = |need: &Need| match need {
            Need::Main => 0,
            Need::Part(index) => index + 1,
        };
        needs[index + 1] = part.needs.iter().map(number).collect();
        if !told.recipe.needs(index).contains(&Need::Main) {
            needs[0].insert(index + 1);
        }
    }
    let mut shares = Vec::new();
    // What packages need besides, and the file that says why.
    let mut besides = Vec::new();
    for (index, tree) in trees.into_iter().enumerate() {
        let (name, description) = match index.checked_sub(1).map(|index| &parts[index]) {
            None => (told.name.to_owned(), told.service.description.clone()),
            Some(part) => (part.name.render(names), part.description.clone()),
        };
        if index > 0 && tree.is_empty() {
            return Err(PackageError::EmptyPart { service: told.service.name.clone(), part: name });
        }
        let files = all.of(told.main, tree, |path| owner_of(path) == index);
        if !files.owners.is_empty() && index != accounts {
            besides.push((index, accounts, "files of the account", &sysusers));
        }
        if files.tree.get(&programs).is_some() && index != home {
            besides.push((index, home, "programs", &configuration));
        }
        shares.push(Share {
            name,
            description,
            is_main: index == 0,
            is_home: index == home,
            is_symbols: false,
            has_environment: files.tree.get(prefix).is_some(),
            files,
            needs: BTreeSet::new(),
        });
    }
    let called: Vec<String> = shares.iter().map(|share| share.name.clone()).collect();
    for &(from, to, ..) in &besides {
        needs[from].insert(to);
    }
    if let Some((from, _, what, file)) =
        besides.iter().find(|(from, ..)| reaches(&needs, *from, *from))
    {
        let (service, package) = (told.service.name.clone(), called[*from].clone());
        return Err(PackageError::Circle { service, package, what, file: (*file).clone() });
    }
    for (index, share) in shares.iter_mut().enumerate() {
        share.needs = needs[index].iter().map(|other| called[*other].clone()).collect();
    }
    Ok(shares)
}

/// Whether the package of number `from` needs that of number `to`, by way of others or directly.
fn reaches(needs: &[BTreeSet<usize>], from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<usize> = needs[from].iter().copied().collect();
    while let Some(index) = open.pop() {
        if seen.insert(index) {
            open.extend(&needs[index]);
        }
    }
    seen.contains(&to)
}

/// The files of `count` packages; `owner_of` gives the number of that which a path belongs to.
fn trees(
    told: &Told<'_>,
    all: &Tree,
    count: usize,
    home: usize,
    owner_of: impl Fn(&TreePath) -> usize,
) -> Result<Vec<Tree>, PackageError> {
    if count == 1 {
        return Ok(vec![all.clone()]);
    }
    let tmpfiles = owner_of(&files::place(&files::tmpfiles(told.main))?);
    let mut listed = BTreeMap::new();
    for directory in &told.service.directories {
        let place = files::place(&directory.path)?;
        let is_made = files::is_made(&directory.path);
        listed.insert(place, is_made.then_some(tmpfiles));
    }
    let link = files::place(told.current)?.parent();
    let filled: BTreeSet<TreePath> = all.iter().filter_map(|(path, _)| path.parent()).collect();
    let mut trees = vec![Tree::new(); count];
    for (path, node) in all {
        let owner = match &node.kind {
            // The package that makes the link needs its folder.
            Kind::Directory if link.as_ref() == Some(path) => home,
            Kind::Directory => match listed.get(path) {
                None if filled.contains(path) => continue,
                Some(Some(tmpfiles)) => *tmpfiles,
                _ => owner_of(path),
            },
            // All names of a file are in one package.
            Kind::HardLink(target) => owner_of(target),
            _ => owner_of(path),
        };
        let mut above: Vec<TreePath> =
            std::iter::successors(path.parent(), TreePath::parent).collect();
        above.retain(|path| !path.is_root());
        for path in above.into_iter().rev().chain([path.clone()]) {
            if trees[owner].get(&path).is_none()
                && let Some(node) = all.get(&path)
            {
                trees[owner].insert(path, node.clone())?;
            }
        }
    }
    Ok(trees)
}
