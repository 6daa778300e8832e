//! What an rpm has to do with other packages.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkg_writer::Accounts;
use pkg_writer::rpm::{Comparison, Dependency, Relations, RpmError, Scriptlet};
use pkg_writer::version;

use super::super::error::PackageError;
use crate::layers_error::LayersError;
use crate::libraries::libraries;
use crate::package::Environment;
use crate::package::documents::Told;
use crate::package::files;
use crate::plan::Plan;

/// What the files of a virtual environment need of the system.
#[derive(Debug)]
pub(super) struct Needed {
    /// The versions of symbols, by SONAME.
    libraries: BTreeMap<String, BTreeSet<String>>,
    /// Whether files are for one architecture alone.
    pub(super) has_code: bool,
}

impl Needed {
    /// Finds the libraries that extension modules need and that no wheel brings along, but for those that
    /// the recipe says may be missing.
    pub(super) fn find(plan: &Plan<'_>, environment: &Environment) -> Result<Self, LayersError> {
        let Environment { tree, prefix, .. } = environment;
        let optional = &plan.service.optional_libraries;
        let found = libraries(tree, plan.arch, prefix, &[], optional)
            .map_err(LayersError::ReadLibraries)?;
        Ok(Self { libraries: found.absent, has_code: found.has_code })
    }

    /// As rpm's `elfdeps` writes them for a system of 64 bits: `libm.so.6(GLIBC_2.29)(64bit)`.
    fn requires(&self) -> impl Iterator<Item = Dependency> {
        self.libraries.iter().flat_map(|(soname, versions)| {
            let any = Dependency::any(format!("{soname}()(64bit)"));
            let of = move |version| Dependency::any(format!("{soname}({version})(64bit)"));
            [any].into_iter().chain(versions.iter().map(of))
        })
    }
}

/// The relations of the package, whose files belong to `accounts`.
pub(super) fn relations(
    told: &Told<'_>,
    needed: &Needed,
    accounts: &Accounts,
) -> Result<Relations, PackageError> {
    let replaced = told.recipe.replaces.of(told.id);
    let of_version = |name: &str, comparison| Dependency {
        version: Some((comparison, told.version.to_owned())),
        ..Dependency::any(name)
    };
    let any = |names: BTreeSet<&str>| -> Result<Vec<Dependency>, RpmError> {
        names.into_iter().map(str::parse).collect()
    };
    Ok(Relations {
        requires: requires(told, needed, accounts)?,
        provides: [
            replaced.iter().map(|name| of_version(name, Comparison::Equal)).collect(),
            bundled(told)?,
            accounts_made(told),
        ]
        .concat(),
        conflicts: any(replaced.clone())?,
        obsoletes: replaced.iter().map(|name| of_version(name, Comparison::Less)).collect(),
        recommends: any(told.recipe.recommends.of(told.id))?,
        ..Relations::default()
    })
}

fn requires(
    told: &Told<'_>,
    needed: &Needed,
    accounts: &Accounts,
) -> Result<Vec<Dependency>, PackageError> {
    let python = told.python;
    let abi = Dependency {
        version: Some((Comparison::Equal, python.version.clone())),
        ..Dependency::any("python(abi)")
    };
    let mut requires = vec![abi, Dependency::any(&python.path)];
    requires.extend(needed.requires());
    for name in &told.plan.system_asked {
        requires.push(name.parse()?);
    }
    // rpm 4.19 and later make the accounts that a package provides before they unpack its files.
    requires.extend(accounts.users.values().map(|name| Dependency::any(format!("user({name})"))));
    requires.extend(accounts.groups.values().map(|name| Dependency::any(format!("group({name})"))));
    for (name, scriptlet) in [
        ("alternatives", Scriptlet::Post),
        ("alternatives", Scriptlet::Postun),
        ("coreutils", Scriptlet::Preun),
        ("findutils", Scriptlet::Preun),
    ] {
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
        let needed = Needed { libraries: libraries.into(), has_code: true };
        let names: Vec<String> = needed.requires().map(|dependency| dependency.name).collect();
        let want = ["libc.so.6()", "libc.so.6(GLIBC_2.14)", "libc.so.6(GLIBC_2.34)", "libz.so.1()"];
        assert_eq!(names, want.map(|name| format!("{name}(64bit)")));
    }
}
