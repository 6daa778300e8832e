//! The virtual environment that a package holds.

use distro::{DistroFile, UnpackedDeb};
use filetree::{Tree, TreePath};
use rootfs::Request;

use crate::assemble;
use crate::layers_error::LayersError;
use crate::needs::Needs;
use crate::package::depends::Depends;
use crate::plan::{LayerKind, Plan};
use crate::setting::{Listener, Setting};

/// The virtual environment that a package holds, and what it needs of the distribution.
#[derive(Debug)]
pub(crate) struct Environment {
    /// Where it lies.
    pub(crate) prefix: TreePath,
    /// All of it, below the prefix.
    pub(crate) tree: Tree,
    /// What of it is the service's own wheel.
    pub(crate) own: Tree,
    /// Whether files of it are for one architecture alone.
    pub(crate) has_code: bool,
    /// The packages of the distribution that have the libraries that it needs.
    pub(crate) depends: Depends,
}

impl Environment {
    /// Makes the virtual environment of `plan` at the absolute path `prefix`, from the wheels that its
    /// image is made of, and finds what its extension modules need in the packages of the image.
    pub(crate) fn make(
        setting: &Setting<'_>,
        distro: &DistroFile,
        plan: &Plan<'_>,
        prefix: &str,
        tell: Listener<'_>,
    ) -> Result<Self, LayersError> {
        let needs = Needs::of(plan, |kind| kind == LayerKind::Service);
        if setting.outside.is_offline() {
            needs.check(setting.store).map_err(LayersError::Missing)?;
        }
        let layout = assemble::layout(distro, plan, prefix)?;
        let packs = assemble::unpacked(setting, plan, &needs, tell)?;
        let mut tree = Tree::new();
        for &index in &needs.groups {
            tree.overlay(&assemble::group(&layout, plan, index, &packs, tell)?)?;
        }
        let own = assemble::own(setting, &layout, plan, &packs, tell)?;
        tree.overlay(&own)?;
        let debs = assemble::unpacked_debs(setting, &needs.debs, tell)?;
        let requested = &[&plan.base_asked[..], &plan.system_asked[..]].concat();
        let (arch, time) = (plan.arch, assemble::newest_of(&debs));
        let request = Request { arch, distro, debs: &debs, requested, time };
        let mut root = rootfs::assemble(&request)?;
        root.overlay(&tree)?;
        let found = assemble::needed_libraries(plan, &root, &layout.prefix)?;
        let mut depends = Depends::default();
        for (place, needed) in found.outside {
            let has_it = |deb: &&UnpackedDeb| {
                let mut paths = deb.pack.entries.iter().map(|(path, _)| path);
                paths.any(|path| {
                    path.file_name() == place.file_name()
                        && root.resolve(path).is_ok_and(|path| path == place)
                })
            };
            if let Some(deb) = debs.iter().find(has_it) {
                depends.add(&needed, deb).map_err(LayersError::ReadLibraries)?;
            }
        }
        Ok(Self { prefix: layout.prefix, tree, own, has_code: found.has_code, depends })
    }
}
