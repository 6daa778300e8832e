//! The virtual environment that a package holds.

use distro::Python;
use filetree::{Kind, Tree, TreePath};

use crate::assemble;
use crate::environment::newest;
use crate::layers_error::LayersError;
use crate::needs::Needs;
use crate::plan::{LayerKind, Plan};
use crate::setting::{Listener, Setting};
use crate::unpacked::Unpacked;

/// The virtual environment that a package holds.
#[derive(Debug)]
pub(crate) struct Environment {
    /// Where it lies.
    pub(crate) prefix: TreePath,
    /// All of it, below the prefix.
    pub(crate) tree: Tree,
    /// What of it is the service's own wheel.
    pub(crate) own: Tree,
}

impl Environment {
    /// Makes the virtual environment of `plan` at the absolute path `prefix`, from the wheels that its
    /// image is made of, for the interpreter `python`.
    pub(crate) fn make(
        setting: &Setting<'_>,
        python: &Python,
        plan: &Plan<'_>,
        prefix: &str,
        tell: Listener<'_>,
    ) -> Result<Self, LayersError> {
        let needs = Needs::of(plan, |kind| kind == LayerKind::Service);
        let layout = assemble::layout(python, plan, prefix)?;
        let unpacked = Unpacked::wheels_of(setting, &needs, tell)?;
        let packs = unpacked.packs(setting, plan, &needs, tell)?;
        let mut tree = Tree::new();
        // A package depends on its own wheels alone, not on which of them other services have: neither does
        // the time of what they share.
        let time = newest(packs.values().map(|(_, pack)| &**pack));
        for &index in &needs.groups {
            tree.overlay(&assemble::group(&layout, plan, index, &packs, time, tell)?)?;
        }
        let own = assemble::own(setting, &layout, plan, &packs, tell)?;
        tree.overlay(&own)?;
        let directories = tree.iter().filter(|(_, node)| matches!(node.kind, Kind::Directory));
        let directories: Vec<TreePath> = directories.map(|(path, _)| path.clone()).collect();
        for path in &directories {
            if let Some(node) = tree.get_mut(path) {
                node.mtime = time;
            }
        }
        Ok(Self { prefix: layout.prefix, tree, own })
    }
}
