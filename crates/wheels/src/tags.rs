//! What a target can install: the order of wheel tags (PEP 425, 600).

use std::collections::BTreeMap;

use constraints::Environment;

use crate::file_name::WheelName;
use crate::index::File;

/// A target for wheels: the environment that markers are evaluated for, and its C library.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Target {
    /// Python and the machine.
    pub environment: Environment,
    /// Major and minor version of the distro's glibc, such as `(2, 41)` of Debian 13. Major
    /// versions other than 2 are unknown and allow no platform wheel but `linux_*`.
    pub glibc: (u32, u32),
}

impl Target {
    /// The tags of wheels that can be installed, best first: those that `packaging.tags` gives for
    /// CPython on this machine.
    pub fn tags(&self) -> Vec<String> {
        let release = self.environment.python().release();
        let part = |index: usize| release.get(index).copied().unwrap_or(0);
        // No Python will have more: versions from outside must not make a long list.
        let (major, minor) = (part(0).min(99), part(1).min(99));
        let platforms = self.platforms();
        let mut tags = Vec::new();
        let mut push = |python: &str, abi: &str| {
            tags.extend(platforms.iter().map(|platform| format!("{python}-{abi}-{platform}")));
        };
        let own = format!("cp{major}{minor}");
        push(&own, &own);
        push(&own, "abi3");
        push(&own, "none");
        for older in (2..minor).rev() {
            push(&format!("cp{major}{older}"), "abi3");
        }
        let newest = [format!("py{major}{minor}"), format!("py{major}")];
        let older = (0..minor).rev().map(|minor| format!("py{major}{minor}"));
        let pythons: Vec<String> = newest.into_iter().chain(older).collect();
        for python in &pythons {
            push(python, "none");
        }
        tags.push(format!("{own}-none-any"));
        tags.extend(pythons.iter().map(|python| format!("{python}-none-any")));
        tags
    }

    /// PEP 600: every manylinux from the glibc at hand down to the oldest one defined, with the
    /// older names (PEP 513, 571, 599) behind those that they stand for; then plain Linux.
    fn platforms(&self) -> Vec<String> {
        let machine = self.environment.arch().machine();
        let oldest = if machine == "x86_64" { 5 } else { 17 };
        let mut platforms = Vec::new();
        let (major, newest) = self.glibc;
        let newest = if major == 2 { newest.min(999) } else { 0 };
        for minor in (oldest..=newest).rev() {
            platforms.push(format!("manylinux_2_{minor}_{machine}"));
            let legacy = match minor {
                17 => "manylinux2014",
                12 => "manylinux2010",
                5 => "manylinux1",
                _ => continue,
            };
            platforms.push(format!("{legacy}_{machine}"));
        }
        platforms.push(format!("linux_{machine}"));
        platforms
    }

    /// The tags with their rank, to choose wheels by.
    pub fn ranks(&self) -> Ranks {
        let mut ranks = BTreeMap::new();
        for (rank, tag) in self.tags().into_iter().enumerate() {
            ranks.entry(tag).or_insert(rank);
        }
        Ranks(ranks)
    }
}

/// The rank of each tag of a [`Target`]: 0 is best.
#[derive(Clone, Debug)]
pub struct Ranks(BTreeMap<String, usize>);

impl Ranks {
    /// The rank of a wheel's best tag; `None` where the target cannot install it.
    pub fn of(&self, wheel: &WheelName) -> Option<usize> {
        wheel.tags().filter_map(|tag| self.0.get(&tag).copied()).min()
    }

    /// The best of some wheels, all of one version: by tag, then by the higher build tag, then by
    /// name, so that the choice is always the same.
    pub fn best<'a>(&self, files: impl Iterator<Item = &'a File>) -> Option<&'a File> {
        let ranked = files.filter_map(|file| {
            let wheel = file.wheel()?;
            Some((self.of(&wheel)?, std::cmp::Reverse(wheel.build), &file.name, file))
        });
        ranked.min_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2))).map(|(.., file)| file)
    }
}

#[cfg(test)]
mod tests {
    use names::Arch;

    use super::*;

    fn best(names: &[&str]) -> Option<String> {
        let environment = Environment::linux("3.13.5", Arch::Amd64).unwrap();
        let target = Target { environment, glibc: (2, 41) };
        let files: Vec<File> = names
            .iter()
            .map(|name| File {
                name: (*name).to_owned(),
                url: String::new(),
                sha256: None,
                size: None,
                requires_python: None,
                yanked: None,
                upload_time: None,
                metadata_sha256: None,
            })
            .collect();
        target.ranks().best(files.iter()).map(|file| file.name.clone())
    }

    #[test]
    fn the_nearest_tag_wins_then_the_higher_build() {
        let none = "a-1-py3-none-any.whl";
        let abi3 = "a-1-cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
        let own = "a-1-cp313-cp313-manylinux2014_x86_64.whl";
        let newer = "a-1-cp313-cp313-manylinux_2_28_x86_64.whl";
        let build = "a-1-2-cp313-cp313-manylinux_2_28_x86_64.whl";
        let later = "a-1-10-cp313-cp313-manylinux_2_28_x86_64.whl";
        for (names, expect) in [
            (&[none, abi3][..], abi3),
            (&[none, abi3, own], own),
            (&[newer, none, abi3, own], newer),
            (&[none, build, newer], build),
            (&[later, none, build, newer], later),
        ] {
            assert_eq!(best(names).as_deref(), Some(expect));
        }
    }

    #[test]
    fn wheels_for_other_targets_are_not_chosen() {
        assert_eq!(
            best(&[
                "a-1-cp312-cp312-manylinux2014_x86_64.whl",
                "a-1-cp313-cp313t-manylinux2014_x86_64.whl",
                "a-1-cp313-cp313-musllinux_1_2_x86_64.whl",
                "a-1-cp313-cp313-manylinux_2_42_x86_64.whl",
                "a-1-cp313-cp313-manylinux_2_17_aarch64.whl",
                "a-1-py2-none-any.whl",
                "a-1.tar.gz",
            ]),
            None
        );
    }
}
