//! All faults of a tree at once.

use std::path::{Path, PathBuf};

use distro::{Distro, DistroFile, RpmTarget};
use names::{Fault, Place};

use crate::describe::distros;
use crate::lock::{DistroLock, LockFile, LockFileError, ReleaseLock};

/// Reads every file of the tree at `root` and returns all faults, in order of their places: those of
/// releases, services and overrides, of distributions and their keyrings, and of locks. An empty list
/// means that all is well. Nothing is fetched.
pub fn check(root: &Path) -> Vec<Fault> {
    let mut faults = release::check(root);
    let tree = release::Tree::read(root).unwrap_or_default();
    for distro in distros(root) {
        let path = PathBuf::from(format!("distros/{distro}.toml"));
        match fs_err::read_to_string(root.join(&path)) {
            Ok(text) => match Distro::parse(&text, &path) {
                Ok(Distro::Rpm(target)) => faults.extend(builder(root, &path, &text, &target)),
                Ok(Distro::Debian(file)) => {
                    faults.extend(keyrings(root, &path, &file));
                    faults.extend(accounts(&path, &text, &file, &tree));
                }
                Err(found) => faults.extend(found),
            },
            Err(error) => faults.push(unreadable(&path, &error.to_string())),
        }
        faults.extend(lock::<DistroLock>(root, &DistroLock::path(&distro)));
        for release in tree.releases.keys() {
            faults.extend(lock::<ReleaseLock>(root, &ReleaseLock::path(*release, &distro)));
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

fn lock<L: LockFile>(root: &Path, path: &Path) -> Option<Fault> {
    match L::read(root, path) {
        Ok(_) => None,
        Err(LockFileError::Fault(fault)) => Some(fault),
        Err(LockFileError::Read(error)) => Some(unreadable(path, &error.to_string())),
    }
}

/// What components are built on is a distro of .debs.
fn builder(root: &Path, path: &Path, text: &str, target: &RpmTarget) -> Option<Fault> {
    let name = target.builder.as_ref()?;
    let file = PathBuf::from(format!("distros/{name}.toml"));
    let other = fs_err::read_to_string(root.join(&file)).ok();
    // Faults of its own are told with its place.
    let is_rpm = |text: String| matches!(Distro::parse(&text, &file), Ok(Distro::Rpm(_)));
    let wrong = other.is_none_or(is_rpm);
    wrong.then(|| Fault {
        place: Place::of_offset(path, text, text.find("builder").unwrap_or_default()),
        message: format!("the builder {name} is no distro of .debs of this tree"),
        hint: "name a file of distros/ that has bases, such as debian-trixie".to_owned(),
    })
}

fn keyrings(root: &Path, path: &Path, file: &DistroFile) -> Vec<Fault> {
    let mut faults = Vec::new();
    for suite in &file.suites {
        let keyring = Path::new("distros/keyrings").join(&suite.keyring);
        let parsed = fs_err::read(root.join(&keyring))
            .map_err(|error| error.to_string())
            .and_then(|bytes| signer::Keyring::parse(&bytes).map_err(|error| error.to_string()));
        if let Err(reason) = parsed {
            faults.push(Fault {
                place: Place { file: path.to_owned(), ..Place::default() },
                message: format!("the keyring {} cannot be used: {reason}", keyring.display()),
                hint: "put the archive's public keys there, as gpg --export writes them".to_owned(),
            });
        }
    }
    faults
}

/// An account of a service must not have the number or name of one that packages make.
fn accounts(path: &Path, text: &str, file: &DistroFile, tree: &release::Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for service in tree.services.values() {
        let user = &service.user;
        for (numbers, kind, name, id) in [
            (&file.users, "user", &user.name, user.uid),
            (&file.groups, "group", &user.group, user.gid),
        ] {
            let taken = numbers.iter().find(|(other, number)| *other == name || **number == id);
            if let Some((other, number)) = taken {
                let offset = text.find(&format!("{other} = ")).unwrap_or_default();
                faults.push(Fault {
                    place: Place::of_offset(path, text, offset),
                    message: format!(
                        "the {kind} {other} ({number}) meets the {kind} {name} ({id}) of {}",
                        service.place
                    ),
                    hint: "names and numbers are unique over packages and services".to_owned(),
                });
            }
        }
    }
    faults
}

fn unreadable(path: &Path, reason: &str) -> Fault {
    Fault {
        place: Place { file: path.to_owned(), ..Place::default() },
        message: format!("cannot be read: {reason}"),
        hint: String::new(),
    }
}
