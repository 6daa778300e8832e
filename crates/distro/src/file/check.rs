//! What the format of a distro's file cannot say.

use std::collections::BTreeMap;
use std::path::Path;

use apt_solver::is_package_name;
use names::{Digest, Fault, Place};

use super::{DistroFile, Python, ScriptClass};
use crate::RpmTarget;
use crate::scripts::{Effect, ScriptKind};

/// All faults in the values of `file`, whose text is `text`.
pub(super) fn check(file: &DistroFile, text: &str, path: &Path) -> Vec<Fault> {
    let mut faults = Faults { text, path, list: Vec::new() };
    faults.versions(&file.glibc, &file.python);
    if let Some(sources) = file.sources.as_ref().filter(|sources| !sources.starts_with('/')) {
        faults.add(
            &format!("\"{sources}\""),
            "the sources are no absolute path",
            "begin with a slash",
        );
    }
    if file.unproven.as_ref().is_some_and(String::is_empty) {
        faults.add("unproven", "unproven has no reason", "say what was not shown, or leave it out");
    }
    if file.suites.is_empty() {
        faults.add("", "no [[suite]]", "name at least one suite that packages come from");
    }
    if file.base.is_empty() {
        faults.add("", "no [base.NAME]", "name the packages of a base image");
    }
    for package in file.base.values().flat_map(|base| &base.packages) {
        if !is_package_name(package) {
            let message = format!("`{package}` is not the name of a package");
            faults.add(&format!("\"{package}\""), &message, "lower-case letters, digits, + - .");
        }
    }
    numbers_are_unique(&file.users, "user", &mut faults);
    numbers_are_unique(&file.groups, "group", &mut faults);
    scripts(file, &mut faults);
    faults.list
}

/// All faults in the values of `target`, whose text is `text`.
pub(crate) fn check_rpm(target: &RpmTarget, text: &str, path: &Path) -> Vec<Fault> {
    let mut faults = Faults { text, path, list: Vec::new() };
    faults.versions(&target.glibc, &target.python);
    if target.suffix.is_empty() {
        let hint = "the dist tag of the system, such as \"fc42\"";
        faults.add("suffix", "the suffix is empty", hint);
    }
    faults.list
}

/// Collects faults. The place is found by looking for the value in the text.
struct Faults<'a> {
    text: &'a str,
    path: &'a Path,
    list: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, needle: &str, message: &str, hint: &str) {
        let found = self.text.find(needle).filter(|_| !needle.is_empty());
        let place = found.map_or_else(
            || Place { file: self.path.to_owned(), ..Place::default() },
            |offset| Place::of_offset(self.path, self.text, offset),
        );
        let (message, hint) = (message.to_owned(), hint.to_owned());
        self.list.push(Fault { place, message, hint });
    }

    /// Checks what decides about wheels.
    fn versions(&mut self, glibc: &str, python: &Python) {
        let numbers = |version: &str| {
            let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            version.split('.').count() == 2 && version.split('.').all(part)
        };
        if !numbers(glibc) {
            self.add(&format!("\"{glibc}\""), "glibc is not a version", "such as \"2.41\"");
        }
        if !numbers(&python.version) {
            let place = format!("\"{}\"", python.version);
            self.add(&place, "the python version is not one", "such as \"3.13\"");
        }
        if !python.path.starts_with('/') {
            self.add(&python.path, "the python path is not absolute", "such as /usr/bin/python3");
        }
    }
}

fn numbers_are_unique(ids: &BTreeMap<String, u32>, what: &str, faults: &mut Faults<'_>) {
    let mut seen = BTreeMap::new();
    for (name, id) in ids {
        if let Some(other) = seen.insert(id, name) {
            let message = format!("the {what}s `{other}` and `{name}` have one number, {id}");
            faults.add(&format!("{name} = "), &message, "give each its own");
        }
        // Debian Policy 9.2.2: 100 to 999 are for system accounts that packages make.
        if !(100..1000).contains(id) {
            let message =
                format!("the number {id} of the {what} `{name}` is not of a system account");
            faults.add(&format!("{name} = "), &message, "take one from 100 to 999");
        }
    }
}

fn scripts(file: &DistroFile, faults: &mut Faults<'_>) {
    let mut seen: BTreeMap<(&str, ScriptKind, Digest), ()> = BTreeMap::new();
    for script in &file.scripts {
        let name = format!("the {} of {}", script.kind, script.package);
        let first = script.sha256.first().map(Digest::hex).unwrap_or_default();
        if script.sha256.is_empty() {
            let place = format!("package = \"{}\"", script.package);
            faults.add(&place, &format!("{name} has no digest"), "name one in sha256 = [...]");
        }
        if !matches!(script.kind, ScriptKind::Preinst | ScriptKind::Postinst) {
            faults.add(&first, &format!("{name} does not run on a fresh root"), "remove the entry");
        }
        for digest in &script.sha256 {
            if seen.insert((&script.package, script.kind, *digest), ()).is_some() {
                let message = format!("{name} is there twice with this digest");
                faults.add(&digest.hex(), &message, "remove one of the entries");
            }
        }
        if (script.class == ScriptClass::Effects) == script.effects.is_empty() {
            let message = format!("{name}: class = \"effects\" and a list of effects go together");
            faults.add(&first, &message, "write both or neither");
        }
        if script.reason.is_empty() {
            faults.add(&first, &format!("{name} has no reason"), "say what the script does");
        }
        for effect in &script.effects {
            for path in paths(effect) {
                let inside = filetree::TreePath::from_member(path).is_ok();
                if !(path.starts_with('/') && inside) {
                    let message = format!("{name}: `{path}` is not an absolute, clean path");
                    faults.add(&format!("\"{path}\""), &message, "such as /etc/hosts");
                }
            }
            let (ids, account) = match effect {
                Effect::User { name, .. } => (&file.users, name),
                Effect::Group { name } => (&file.groups, name),
                _ => continue,
            };
            if !ids.contains_key(account) {
                let message = format!("{name}: `{account}` has no number");
                faults.add(&first, &message, "add it to [users] or [groups]");
            }
        }
    }
}

/// The paths that an effect names and that are places in the tree.
fn paths(effect: &Effect) -> Vec<&str> {
    match effect {
        Effect::Directory { path, .. }
        | Effect::File { path, .. }
        | Effect::Link { path, .. }
        | Effect::Capabilities { path, .. }
        | Effect::Mode { path, .. } => vec![path],
        Effect::Copy { from, to } => vec![from, to],
        Effect::Divert { path, to } => vec![path, to],
        Effect::Alternative { link, path, slaves, .. } => {
            let slaves = slaves.iter().flat_map(|slave| [&slave.link, &slave.path]);
            [link, path].into_iter().chain(slaves).map(String::as_str).collect()
        }
        Effect::Without { paths } | Effect::Empty { paths } => {
            paths.iter().map(String::as_str).collect()
        }
        _ => Vec::new(),
    }
}
