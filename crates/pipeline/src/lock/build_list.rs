//! Packages of the distribution that are there while a component is built.

use distro::LockedDeb;
use names::Arch;
use serde::{Deserialize, Serialize};

use super::{ReleaseLock, SourceKind, find_deb};

/// The packages that the build of a component takes besides the base that build steps run in.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BuildList {
    /// The component.
    pub component: String,
    /// The architecture of the machine that builds it.
    pub arch: Arch,
    /// The packages that were asked for, in order.
    pub packages: Vec<String>,
    /// What these need besides the base: `name=version`, by name.
    pub debs: Vec<String>,
}

impl ReleaseLock {
    /// The list of a component's build.
    pub fn build_list(&self, component: &str, arch: Arch) -> Option<&BuildList> {
        self.builds.iter().find(|list| list.component == component && list.arch == arch)
    }

    /// Takes out the lists of components that are not built any more.
    pub(crate) fn drop_builds(&mut self) {
        let sources = &self.sources;
        self.builds.retain(|list| {
            let mut of_it = sources.iter().filter(|source| source.component == list.component);
            of_it.any(|source| source.kind != SourceKind::Wheel)
        });
    }

    /// The packages that a component's build takes besides the base.
    pub fn build_debs(&self, list: &BuildList) -> Vec<&LockedDeb> {
        list.debs.iter().filter_map(|entry| find_deb(&self.debs, entry, list.arch)).collect()
    }
}
