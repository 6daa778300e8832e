//! The packages of libraries, and which version of them is new enough.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use distro::{DistroFile, UnpackedDeb, compare_versions};
use filetree::{Tree, TreePath};
use rootfs::Request;

use crate::assemble;
use crate::fetching;
use crate::layers_error::LayersError;
use crate::libraries::{Needed, Needs};
use crate::package::Environment;
use crate::plan::Plan;
use crate::setting::{Listener, Setting};
use crate::unpacked;

/// What a virtual environment needs of the distribution.
#[derive(Debug)]
pub(crate) struct Found {
    /// What each of its files for the architecture needs.
    code: BTreeMap<TreePath, Needs>,
    /// The packages that have the libraries, by their places.
    packages: BTreeMap<TreePath, UnpackedDeb>,
}

impl Found {
    /// Whether files are for one architecture alone.
    pub(crate) fn has_code(&self) -> bool {
        !self.code.is_empty()
    }

    /// What the files of `tree`, a part of the virtual environment, need.
    pub(crate) fn of(&self, tree: &Tree) -> Result<Depends, LayersError> {
        let mut all: BTreeMap<&TreePath, Needed> = BTreeMap::new();
        for (_, needs) in self.code.iter().filter(|(path, _)| tree.get(path).is_some()) {
            for (place, needed) in &needs.outside {
                let there = all.entry(place).or_default();
                there.soname.clone_from(&needed.soname);
                there.versions.extend(needed.versions.iter().cloned());
            }
        }
        let mut depends = Depends::default();
        for (place, needed) in all {
            if let Some(deb) = self.packages.get(place) {
                depends.add(&needed, deb).map_err(LayersError::ReadLibraries)?;
            }
        }
        Ok(depends)
    }
}

/// Finds what the extension modules of `environment` need in the packages of the image.
pub(crate) fn found(
    setting: &Setting<'_>,
    distro: &DistroFile,
    plan: &Plan<'_>,
    environment: &Environment,
    tell: Listener<'_>,
) -> Result<Found, LayersError> {
    let debs = [&plan.base[..], &plan.system[..]].concat();
    let fetched = fetching::unpacked_debs::<LayersError>(setting, &debs, tell)?;
    let debs: Vec<&UnpackedDeb> = fetched.iter().collect();
    let requested = &[&plan.base_asked[..], &plan.system_asked[..]].concat();
    let (arch, time) = (plan.arch, unpacked::newest_of(&debs));
    let request = Request { arch, distro, debs: &debs, requested, time };
    let mut root = rootfs::assemble(&request)?;
    root.overlay(&environment.tree)?;
    let found = assemble::needed_libraries(plan, &root, &environment.prefix)?;
    let mut packages = BTreeMap::new();
    let places = found.code.values().flat_map(|needs| needs.outside.keys());
    for place in places.collect::<BTreeSet<_>>() {
        let has_it = |deb: &&&UnpackedDeb| {
            let mut paths = deb.pack.entries.iter().map(|(path, _)| path);
            paths.any(|path| {
                path.file_name() == place.file_name()
                    && root.resolve(path).is_ok_and(|path| path == *place)
            })
        };
        if let Some(deb) = debs.iter().find(has_it) {
            packages.insert(place.clone(), (*deb).clone());
        }
    }
    Ok(Found { code: found.code, packages })
}

/// What a package depends on because of libraries.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Depends {
    /// Packages, each with the oldest version that is new enough, where one is known.
    packages: BTreeMap<String, Option<String>>,
    /// What is more than a package and a version.
    others: BTreeSet<String>,
}

impl Depends {
    /// Adds what a library asks for that `deb` has: by its `symbols` (deb-symbols(5)) where it has such
    /// a file, else by its `shlibs` (deb-shlibs(5)), else the package in any version.
    pub(crate) fn add(&mut self, needed: &Needed, deb: &UnpackedDeb) -> io::Result<()> {
        let text = |name: &str| -> io::Result<Option<String>> {
            let Some(file) = deb.control_files.get(name) else { return Ok(None) };
            Ok(Some(String::from_utf8_lossy(&file.content.read()?).into_owned()))
        };
        let by_symbols = text("symbols")?.and_then(|text| of_symbols(&text, needed));
        let by_shlibs = || Ok::<_, io::Error>(text("shlibs")?.and_then(|t| of_shlibs(&t, needed)));
        let relations = match by_symbols {
            Some(relations) => relations,
            None => by_shlibs()?.unwrap_or_else(|| deb.package.clone()),
        };
        for relation in relations.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            self.insert(relation);
        }
        Ok(())
    }

    fn insert(&mut self, relation: &str) {
        let (name, version) = match relation.split_once(" (>= ") {
            Some((name, rest)) => (name, rest.strip_suffix(')')),
            None => (relation, None),
        };
        if name.contains([' ', '|', '(']) {
            self.others.insert(relation.to_owned());
            return;
        }
        let there = self.packages.entry(name.to_owned()).or_default();
        if let Some(version) = version {
            *there = Some(newer(there.take(), version));
        }
    }

    /// The relations as they stand in a control file, in the order of their names. `asked` are packages
    /// that are needed in any version.
    pub(crate) fn relations(&self, asked: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut packages = self.packages.clone();
        for name in asked {
            packages.entry(name).or_default();
        }
        let shown = packages.into_iter().map(|(name, version)| match version {
            Some(version) => format!("{name} (>= {version})"),
            None => name,
        });
        shown.chain(self.others.iter().cloned()).collect()
    }
}

fn newer(one: Option<String>, other: &str) -> String {
    match one {
        Some(one) if compare_versions(&one, other) != Ordering::Less => one,
        _ => other.to_owned(),
    }
}

/// The dependency of a library by the entries of its versions, where there is one for each that is asked
/// for; any version does where all symbols have one and none is asked for. A library with symbols that
/// have no versions is left to its `shlibs`: symbols are not compared one by one.
fn of_symbols(text: &str, needed: &Needed) -> Option<String> {
    let mut lines = text.lines();
    let template = lines.by_ref().find_map(|line| line.strip_prefix(&*needed.soname))?;
    let template = template.strip_prefix(' ')?;
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    let mut all_versioned = true;
    for line in lines.take_while(|line| line.starts_with([' ', '|', '*'])) {
        let Some(entry) = line.strip_prefix(' ') else { continue };
        let mut words = entry.split(' ');
        let (Some(symbol), Some(version)) = (words.next(), words.next()) else { continue };
        all_versioned &= !symbol.ends_with("@Base");
        // `GLIBC_2.38@GLIBC_2.38`: the version itself.
        let node = symbol.rsplit_once('@').filter(|(name, node)| name == node || *name == "*");
        known.extend(node.map(|(_, node)| (node, version)));
    }
    let mut newest = (all_versioned && !known.is_empty()).then(|| "0".to_owned());
    for version in &needed.versions {
        newest = Some(newer(newest, known.get(version.as_str())?));
    }
    Some(template.replace("#MINVER#", &format!("(>= {})", newest?)).replace(" (>= 0)", ""))
}

/// The dependency of a library by a line `[TYPE:] NAME VERSION RELATIONS`.
fn of_shlibs(text: &str, needed: &Needed) -> Option<String> {
    let (name, version) = match needed.soname.split_once(".so.") {
        Some(parts) => parts,
        None => needed.soname.strip_suffix(".so")?.rsplit_once('-')?,
    };
    text.lines().filter(|line| !line.contains("udeb:")).find_map(|line| {
        let mut words = line.splitn(3, ' ');
        let right = words.next() == Some(name) && words.next() == Some(version);
        words.next().filter(|_| right).map(|relations| relations.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(soname: &str, versions: &[&str]) -> Needed {
        let versions = versions.iter().map(|version| (*version).to_owned()).collect();
        Needed { soname: soname.to_owned(), versions }
    }

    #[test]
    fn symbols_tell_the_oldest_version_that_is_new_enough() {
        let text = "ld.so.2 libc6 #MINVER#\n A@A 9\nlibc.so.6 libc6 #MINVER#\n\
                    | libc6 (>> 2.41), libc6 (<< 2.42)\n* Build-Depends-Package: libc6-dev\n \
                    GLIBC_2.14@GLIBC_2.14 2.14\n GLIBC_2.34@GLIBC_2.34 2.34\n \
                    memcpy@GLIBC_2.14 2.14\n new@GLIBC_2.41 2.41\nother.so.1 other #MINVER#\n X@X 7\n";
        let of = |versions: &[&str]| of_symbols(text, &needed("libc.so.6", versions)).unwrap();
        assert_eq!(of(&["GLIBC_2.14"]), "libc6 (>= 2.14)");
        assert_eq!(of(&["GLIBC_2.14", "GLIBC_2.34"]), "libc6 (>= 2.34)");
        assert_eq!(of_symbols(text, &needed("libc.so.6", &["GLIBC_2.41"])), None);
        // Nothing of it is asked for.
        assert_eq!(of(&[]), "libc6");
        let mixed = "libz.so.1 zlib1g #MINVER#\n Z@Z 1.2\n adler32@Base 1.1\n";
        assert_eq!(of_symbols(mixed, &needed("libz.so.1", &[])), None);
        assert_eq!(of_symbols(mixed, &needed("libz.so.1", &["Z"])).unwrap(), "zlib1g (>= 1.2)");
        assert_eq!(of_symbols(text, &needed("libm.so.6", &["GLIBC_2.14"])), None);
        let wild =
            "libssl.so.3 libssl3t64 #MINVER#\n *@OPENSSL_3.0.0 3.0.0\n *@OPENSSL_3.2.0 3.2.0\n";
        let relation = of_symbols(wild, &needed("libssl.so.3", &["OPENSSL_3.0.0"])).unwrap();
        assert_eq!(relation, "libssl3t64 (>= 3.0.0)");
        let none = "libx.so.1 libx1 #MINVER#\n X@X 0\n";
        assert_eq!(of_symbols(none, &needed("libx.so.1", &["X"])).unwrap(), "libx1");
    }

    #[test]
    fn shlibs_tell_where_there_are_no_symbols() {
        let text = "udeb: libz 1 zlib1g-udeb\nlibz 1 zlib1g (>= 1:1.2)\nlibodd 1.5 libodd1.5\n";
        assert_eq!(of_shlibs(text, &needed("libz.so.1", &[])).unwrap(), "zlib1g (>= 1:1.2)");
        assert_eq!(of_shlibs(text, &needed("libodd-1.5.so", &[])).unwrap(), "libodd1.5");
        assert_eq!(of_shlibs(text, &needed("libz.so.2", &[])), None);
    }

    #[test]
    fn the_newest_version_of_a_package_counts() {
        let mut depends = Depends::default();
        for relation in ["libc6 (>= 2.9)", "libc6 (>= 2.14)", "libc6", "a | b", "zlib1g"] {
            depends.insert(relation);
        }
        let asked = ["zlib1g".to_owned(), "xmlsec1".to_owned()];
        assert_eq!(depends.relations(asked), ["libc6 (>= 2.14)", "xmlsec1", "zlib1g", "a | b"]);
    }
}
