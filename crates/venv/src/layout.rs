//! Where the parts of a virtual environment lie, and the environment with nothing in it.

use filetree::{Content, Node, PathError, Tree, TreeError, TreePath};
use names::Epoch;

/// A virtual environment in an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Layout {
    /// Where it is: `var/lib/openstack`.
    pub prefix: TreePath,
    /// The interpreter that it is for, as an absolute path in the image: `/usr/bin/python3.13`.
    pub python: String,
    /// The interpreter's whole version: `3.13.5`.
    pub version: String,
}

/// Why a layout gives no environment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Prefix or version give a path that is none.
    #[error("a virtual environment for Python {version} cannot be at /{prefix}")]
    Path {
        /// Where it should be.
        prefix: TreePath,
        /// The version of the interpreter.
        version: String,
        /// Why.
        source: PathError,
    },
    /// The interpreter is no absolute path, or is on more than one line.
    #[error("`{}` is not the absolute path of a Python interpreter", .python.escape_debug())]
    Python {
        /// The interpreter.
        python: String,
    },
    /// An entry could not be put into the tree.
    #[error("cannot make a virtual environment at /{prefix}")]
    Tree {
        /// Where it should be.
        prefix: TreePath,
        /// Why.
        source: TreeError,
    },
}

impl Layout {
    /// Major and minor version, as folders are named: `3.13`.
    pub(crate) fn short_version(&self) -> String {
        let parts: Vec<&str> = self.version.splitn(3, '.').take(2).collect();
        parts.join(".")
    }

    /// Folder of modules, below the prefix: `lib/python3.13/site-packages`.
    pub(crate) fn site_packages(&self) -> String {
        format!("lib/python{}/site-packages", self.short_version())
    }

    /// The interpreter of the environment, for the first line of scripts.
    pub(crate) fn interpreter(&self) -> String {
        format!("/{}/bin/python", self.prefix)
    }
}

/// Makes an empty environment: `pyvenv.cfg`, the links to the interpreter, `site-packages`,
/// `include` and `lib64`, all of time `time`.
///
/// It is what `PYTHON -m venv --without-pip` makes, less the `activate` scripts of the shells and
/// `.gitignore`: images put the environment's `bin` on `PATH` instead.
///
/// # Errors
/// When the layout's parts are no paths.
pub fn skeleton(layout: &Layout, time: Epoch) -> Result<Tree, LayoutError> {
    let Layout { prefix, python, version } = layout;
    let (folder, name) = python
        .rsplit_once('/')
        .filter(|(_, name)| python.starts_with('/') && !name.is_empty() && !python.contains('\n'))
        .ok_or_else(|| LayoutError::Python { python: python.clone() })?;
    let folder = if folder.is_empty() { "/" } else { folder };
    // The fields of Lib/venv/__init__.py, create_configuration(), Python 3.11 and later.
    let settings = format!(
        "home = {folder}\n\
         include-system-site-packages = false\n\
         version = {version}\n\
         executable = {python}\n\
         command = {python} -m venv --without-pip /{prefix}\n"
    );
    let short = layout.short_version();
    let directory = || Node::directory(0o755, time);
    let mut entries = vec![
        ("pyvenv.cfg".to_owned(), Node::file(0o644, time, Content::from_bytes(settings))),
        (format!("include/python{short}"), directory()),
        (layout.site_packages(), directory()),
        ("lib64".to_owned(), Node::symlink("lib", time)),
        (format!("bin/{name}"), Node::symlink(python.clone(), time)),
    ];
    for alias in ["python".to_owned(), "python3".to_owned(), format!("python{short}")] {
        if alias != name {
            entries.push((format!("bin/{alias}"), Node::symlink(name, time)));
        }
    }
    let mut tree = Tree::new();
    for (path, node) in entries {
        let path = prefix.join(&path).map_err(|source| LayoutError::Path {
            prefix: prefix.clone(),
            version: version.clone(),
            source,
        })?;
        put(&mut tree, path, node, time)
            .map_err(|source| LayoutError::Tree { prefix: prefix.clone(), source })?;
    }
    Ok(tree)
}

/// Puts `node` at `path`; missing directories above it get the time `time`.
pub(crate) fn put(
    tree: &mut Tree,
    path: TreePath,
    node: Node,
    time: Epoch,
) -> Result<Option<Node>, TreeError> {
    if let Some(parent) = path.parent().filter(|parent| !parent.is_root())
        && tree.get(&parent).is_none()
    {
        tree.insert_with_parents(parent, Node::directory(0o755, time))?;
    }
    tree.insert(path, node)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(python: &str) -> Layout {
        let prefix = "opt/v".parse().unwrap();
        Layout { prefix, python: python.to_owned(), version: "3.13.5".to_owned() }
    }

    #[test]
    fn the_links_lead_to_the_interpreter() {
        let links = |python: &str| {
            let tree = skeleton(&layout(python), Epoch(1)).unwrap();
            let lines = tree.listing();
            lines.lines().filter(|line| line.contains("bin/")).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(
            links("/usr/bin/python3.13"),
            "link 0:0 opt/v/bin/python -> python3.13\n\
             link 0:0 opt/v/bin/python3 -> python3.13\n\
             link 0:0 opt/v/bin/python3.13 -> /usr/bin/python3.13"
        );
        assert_eq!(
            links("/usr/bin/python3"),
            "link 0:0 opt/v/bin/python -> python3\n\
             link 0:0 opt/v/bin/python3 -> /usr/bin/python3\n\
             link 0:0 opt/v/bin/python3.13 -> python3"
        );
    }

    #[test]
    fn what_is_no_interpreter_is_refused() {
        for python in ["", "python3", "/usr/bin/", "/usr/bin/python\nhome = /"] {
            assert!(skeleton(&layout(python), Epoch(1)).is_err(), "{python:?}");
        }
    }
}
