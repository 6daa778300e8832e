//! What a recipe puts into the file system.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use names::DistroId;
use toml::Spanned;

use super::written;
use super::{Directory, File, Owner, SystemPackages, User};
use crate::fields::Checker;

/// Longest path, `PATH_MAX` of Linux without its final zero.
const LONGEST: usize = 4095;

/// An absolute, clean path of the image.
pub(super) fn absolute(checker: &mut Checker<'_>, value: &Spanned<String>) -> Option<String> {
    let text = value.get_ref();
    if clean(text) {
        return Some(text.clone());
    }
    let message = format!("`{}` is not an absolute path", text.escape_debug());
    let hint = "start with `/`, without `.`, `..`, double slashes and a slash at the end";
    checker.fault(&value.span(), message, hint);
    None
}

/// Whether a path is absolute and has no parts that lead nowhere or back.
pub(super) fn clean(text: &str) -> bool {
    let clean = |name: &str| !matches!(name, "" | "." | "..") && name.len() <= 255;
    text.len() <= LONGEST
        && text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(clean))
        && !text.chars().any(char::is_control)
}

fn mode(checker: &mut Checker<'_>, value: &Spanned<String>) -> Option<u32> {
    let text = value.get_ref();
    let digits = (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let mode = if digits { u32::from_str_radix(text, 8).ok() } else { None };
    if mode.is_none() {
        let message = format!("`{}` is not a mode", text.escape_debug());
        checker.fault(&value.span(), message, "write four octal digits, such as \"0640\"");
    }
    mode
}

/// `user:group`, each either `root` or the account of the service. Where the account itself is
/// wrong, that was told already.
fn owner(
    checker: &mut Checker<'_>,
    value: &Spanned<String>,
    account: Option<&User>,
) -> Option<Owner> {
    let account = account?;
    let id = |name: &str, own: &str, own_id: u32| match name {
        "root" => Some(0),
        name if name == own => Some(own_id),
        _ => None,
    };
    let owner = value.get_ref().split_once(':').and_then(|(user, group)| {
        let uid = id(user, &account.name, account.uid)?;
        Some(Owner { uid, gid: id(group, &account.group, account.gid)? })
    });
    if owner.is_none() {
        let message = format!("`{}` is not an owner", value.get_ref().escape_debug());
        let (user, group) = (&account.name, &account.group);
        let hint = format!("write user:group, each of them root or the service's: {user}:{group}");
        checker.fault(&value.span(), message, hint);
    }
    owner
}

pub(super) fn directories(
    checker: &mut Checker<'_>,
    written: Vec<Spanned<written::Directory>>,
    account: Option<&User>,
) -> Vec<Directory> {
    let mut seen = BTreeSet::new();
    let mut directories = Vec::new();
    for entry in written {
        let (span, entry) = (entry.span(), entry.into_inner());
        let inode = Inode { path: entry.path, mode: entry.mode, owner: entry.owner };
        if let Some((path, mode, owner)) = inode.check(checker, &span, &mut seen, account) {
            directories.push(Directory { path, mode, owner });
        }
    }
    directories
}

pub(super) fn files(
    checker: &mut Checker<'_>,
    written: Vec<Spanned<written::File>>,
    account: Option<&User>,
) -> Vec<File> {
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for entry in written {
        let (span, entry) = (entry.span(), entry.into_inner());
        let content = checker.required_in(&span, entry.content, "content", "content = \"...\"");
        let inode = Inode { path: entry.path, mode: entry.mode, owner: entry.owner };
        let inode = inode.check(checker, &span, &mut seen, account);
        if let (Some((path, mode, owner)), Some(content)) = (inode, content) {
            files.push(File { path, mode, owner, content });
        }
    }
    files
}

/// What files and directories have in common, as written.
struct Inode {
    path: Option<Spanned<String>>,
    mode: Option<Spanned<String>>,
    owner: Option<Spanned<String>>,
}

impl Inode {
    fn check(
        self,
        checker: &mut Checker<'_>,
        span: &Range<usize>,
        seen: &mut BTreeSet<String>,
        account: Option<&User>,
    ) -> Option<(String, u32, Owner)> {
        let path = checker.required_in(span, self.path, "path", "path = \"/etc/keystone\"");
        let path = path.and_then(|value| {
            let path = absolute(checker, &value)?;
            once(checker, seen, &path, &value).then_some(path)
        });
        let mode_value = checker.required_in(span, self.mode, "mode", "mode = \"0750\"");
        let mode_value = mode_value.and_then(|value| mode(checker, &value));
        let example = "owner = \"root:root\", or the account of the service";
        let owner_value = checker.required_in(span, self.owner, "owner", example);
        let owner_value = owner_value.and_then(|value| owner(checker, &value, account));
        Some((path?, mode_value?, owner_value?))
    }
}

fn once(
    checker: &mut Checker<'_>,
    seen: &mut BTreeSet<String>,
    path: &str,
    value: &Spanned<String>,
) -> bool {
    let new = seen.insert(path.to_owned());
    if !new {
        checker.fault(&value.span(), format!("{path} is there twice"), "remove one of the two");
    }
    new
}

/// Names of Debian (Policy 5.6.7) and RPM packages.
pub(super) fn system_packages(
    checker: &mut Checker<'_>,
    written: BTreeMap<DistroId, Vec<Spanned<String>>>,
) -> SystemPackages {
    let mut packages = SystemPackages::default();
    for (distro, names) in written {
        let list = packages.by_key.entry(distro).or_default();
        for name in names {
            let text = name.get_ref();
            let good = (2..=200).contains(&text.len())
                && text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b));
            if !good {
                let message = format!("`{}` is not the name of a package", text.escape_debug());
                let hint = "name a package of the distribution, without a version: libldap2";
                checker.fault(&name.span(), message, hint);
            } else if !list.insert(text.clone()) {
                let message = format!("{text} is there twice");
                checker.fault(&name.span(), message, "remove one of the two");
            }
        }
    }
    packages
}
