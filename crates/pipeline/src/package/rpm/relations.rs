//! What an rpm has to do with other packages.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filetree::{Tree, TreePath};
use pkg_writer::Accounts;
use pkg_writer::rpm::{Comparison, Dependency, Relations, RpmError, Scriptlet};
use pkg_writer::version;
use release::SystemPackages;

use super::super::error::PackageError;
use crate::layers_error::LayersError;
use crate::libraries::{Needs, libraries};
use crate::package::Environment;
use crate::package::documents::Told;
use crate::package::files;
use crate::package::share::Share;
use crate::plan::Plan;

/// What the files of a virtual environment need of the system.
#[derive(Debug)]
pub(super) struct Needed {
    /// By file, each of which is for one architecture alone.
    code: BTreeMap<TreePath, Needs>,
}

/// The versions of symbols that are asked for, by SONAME.
type Absent = BTreeMap<String, BTreeSet<String>>;

impl Needed {
    /// Finds the libraries that extension modules need and that no wheel brings along, but for those that
    /// the recipe says may be missing.
    pub(super) fn find(plan: &Plan<'_>, environment: &Environment) -> Result<Self, LayersError> {
        let Environment { tree, prefix, .. } = environment;
        let optional = &plan.service.optional_libraries;
        let found = libraries(tree, plan.arch, prefix, &[], optional)
            .map_err(LayersError::ReadLibraries)?;
        Ok(Self { code: found.code })
    }

    /// Whether files are for one architecture alone.
    pub(super) fn has_code(&self) -> bool {
        !self.code.is_empty()
    }

    /// What the files of `tree`, a part of the virtual environment, need.
    fn of(&self, tree: &Tree) -> Absent {
        let mut all = Absent::new();
        for (_, needs) in self.code.iter().filter(|(path, _)| tree.get(path).is_some()) {
            for (soname, versions) in &needs.absent {
                all.entry(soname.clone()).or_default().extend(versions.iter().cloned());
            }
        }
        all
    }
}

/// Libraries as rpm's `elfdeps` writes them for a system of 64 bits: `libm.so.6(GLIBC_2.29)(64bit)`.
fn libraries_of(absent: Absent) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    for (soname, versions) in absent {
        dependencies.push(Dependency::any(format!("{soname}()(64bit)")));
        let of = |version| Dependency::any(format!("{soname}({version})(64bit)"));
        dependencies.extend(versions.into_iter().map(of));
    }
    dependencies
}

/// The relations of the package `share`, whose files belong to `accounts`; `needed` is what those of all
/// packages need.
pub(super) fn relations(
    told: &Told<'_>,
    needed: &Needed,
    share: &Share,
    accounts: &Accounts,
) -> Result<Relations, PackageError> {
    let of_main = |packages: &'_ SystemPackages| -> BTreeSet<String> {
        let packages = packages.of(told.id).into_iter().map(str::to_owned);
        packages.filter(|_| share.is_main).collect()
    };
    let replaced = of_main(&told.recipe.replaces);
    let of_version = |name: &str, comparison| Dependency {
        version: Some((comparison, told.version.to_owned())),
        ..Dependency::any(name)
    };
    let any = |names: &BTreeSet<String>| -> Result<Vec<Dependency>, RpmError> {
        names.iter().map(|name| name.parse()).collect()
    };
    let mut provides: Vec<Dependency> =
        replaced.iter().map(|name| of_version(name, Comparison::Equal)).collect();
    if share.is_home {
        provides.extend(bundled(told)?);
    }
    if share.files.has_sysusers {
        provides.extend(accounts_made(told));
    }
    let mut requires = requires(told, needed, share, accounts)?;
    requires.extend(share.needs.iter().map(|name| of_version(name, Comparison::Equal)));
    Ok(Relations {
        requires,
        provides,
        conflicts: any(&replaced)?,
        obsoletes: replaced.iter().map(|name| of_version(name, Comparison::Less)).collect(),
        recommends: any(&of_main(&told.recipe.recommends))?,
        ..Relations::default()
    })
}

fn requires(
    told: &Told<'_>,
    needed: &Needed,
    share: &Share,
    accounts: &Accounts,
) -> Result<Vec<Dependency>, PackageError> {
    let python = told.python;
    let mut requires = Vec::new();
    if share.has_environment {
        requires.push(Dependency {
            version: Some((Comparison::Equal, python.version.clone())),
            ..Dependency::any("python(abi)")
        });
        requires.push(Dependency::any(&python.path));
    }
    requires.extend(libraries_of(needed.of(&share.files.tree)));
    for name in told.plan.system_asked.iter().filter(|_| share.is_home) {
        requires.push(name.parse()?);
    }
    if share.files.calls_sudo(told.recipe) {
        requires.push(Dependency::any("sudo"));
    }
    // rpm 4.19 and later make the accounts that a package provides before they unpack its files.
    requires.extend(accounts.users.values().map(|name| Dependency::any(format!("user({name})"))));
    requires.extend(accounts.groups.values().map(|name| Dependency::any(format!("group({name})"))));
    for (used, name, scriptlet) in [
        (share.is_home, "alternatives", Scriptlet::Post),
        (share.is_home, "alternatives", Scriptlet::Postun),
        (share.has_environment, "coreutils", Scriptlet::Preun),
        (share.has_environment, "findutils", Scriptlet::Preun),
    ] {
        if !used {
            continue;
        }
        requires.push(Dependency::any(name).needed_by(scriptlet));
    }
    Ok(requires)
}

/// The Python projects in the virtual environment (Fedora's Packaging Guidelines, "Bundling").
fn bundled(told: &Told<'_>) -> Result<Vec<Dependency>, PackageError> {
    let mut provides = Vec::new();
    for (project, text) in told.projects() {
        let parsed = constraints::parse_version(text)
            .map_err(|source| PackageError::Version { version: text.to_owned(), source })?;
        let version = version::upstream(&parsed, 1);
        provides.push(Dependency {
            version: Some((Comparison::Equal, version)),
            ..Dependency::any(format!("bundled(python3dist({project}))"))
        });
    }
    Ok(provides)
}

/// The accounts of `/usr/lib/sysusers.d`: each line under the name of what it makes, in base64, as
/// `%add_sysuser` of rpm 4.19 writes it. The group that a user's line makes as well has its name alone.
fn accounts_made(told: &Told<'_>) -> Vec<Dependency> {
    let user = &told.service.user;
    let mut provides = Vec::new();
    for line in files::sysusers(told.service).lines() {
        let mut words = line.split_whitespace();
        let (Some(kind), Some(name)) = (words.next(), words.next()) else { continue };
        let kind = if kind == "g" { "group" } else { "user" };
        provides.push(Dependency {
            version: Some((Comparison::Equal, base64(line))),
            ..Dependency::any(format!("{kind}({name})"))
        });
    }
    if user.group == user.name {
        provides.push(Dependency::any(format!("group({})", user.group)));
    }
    provides
}

/// A line in base64 (RFC 4648, section 4), filled up with zeros so that it has no `=`, which would be a
/// comparison.
fn base64(line: &str) -> String {
    let mut bytes = line.as_bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(3), 0);
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_up_with_zeros() {
        // What `printf 'g x -\0' | base64` prints.
        assert_eq!(base64("g x -"), "ZyB4IC0A");
        assert_eq!(base64("u ab ->?"), "dSBhYiAtPj8A");
        assert_eq!(base64(""), "");
    }

    #[test]
    fn libraries_are_named_as_elfdeps_names_them() {
        let versions = ["GLIBC_2.14", "GLIBC_2.34"].map(str::to_owned).into();
        let libraries = [("libc.so.6".to_owned(), versions), ("libz.so.1".to_owned(), [].into())];
        let found = libraries_of(libraries.into()).into_iter();
        let names: Vec<String> = found.map(|dependency| dependency.name).collect();
        let want = ["libc.so.6()", "libc.so.6(GLIBC_2.14)", "libc.so.6(GLIBC_2.34)", "libz.so.1()"];
        assert_eq!(names, want.map(|name| format!("{name}(64bit)")));
    }
}
