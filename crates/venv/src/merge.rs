//! Several wheels in one environment.

use std::collections::BTreeMap;

use filetree::{Tree, TreeError, TreePath};
use names::PackageName;

/// An environment with all its wheels.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Merged {
    /// The tree.
    pub tree: Tree,
    /// The files that several wheels have with different contents, in path order.
    pub collisions: Vec<Collision>,
}

/// A file that two wheels have with different contents, such as a top-level `tests/__init__.py`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Collision {
    /// The file.
    pub path: TreePath,
    /// The wheel whose file is not in the tree.
    pub loser: PackageName,
    /// The wheel whose file is.
    pub winner: PackageName,
}

/// Why wheels do not fit together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A wheel has a file where the environment itself has another.
    #[error("{project} would replace /{path} of the virtual environment itself")]
    ReplacesEnvironment {
        /// The wheel.
        project: PackageName,
        /// The file.
        path: TreePath,
    },
    /// A wheel has a file where another has a folder.
    #[error("/{path} is a file of one and a folder of the other: {first} and {second}")]
    Kind {
        /// The file or folder.
        path: TreePath,
        /// The wheel that came first.
        first: PackageName,
        /// The one that does not fit.
        second: PackageName,
    },
    /// A wheel's tree does not fit into the environment.
    #[error("{project} does not fit into the virtual environment")]
    Tree {
        /// The wheel.
        project: PackageName,
        /// Where.
        source: TreeError,
    },
}

/// Lays `wheels` over `environment`, one after the other by name. Of two files with different
/// contents the one whose wheel is later by name stays (pip and uv let the last that they install
/// stay, in no fixed order) and the collision is reported. A directory takes the newest time.
///
/// # Errors
/// When a wheel would replace a file of `environment`, or has a file where there is a directory.
pub fn merge(
    environment: Tree,
    wheels: &BTreeMap<PackageName, Tree>,
) -> Result<Merged, MergeError> {
    let mut owners: BTreeMap<TreePath, PackageName> = BTreeMap::new();
    let mut tree = environment;
    let mut collisions = Vec::new();
    for (project, wheel) in wheels {
        for (path, node) in wheel {
            let mut node = node.clone();
            let earlier = tree.get(path).filter(|earlier| !earlier.same_but_time(&node));
            match (earlier, owners.get(path)) {
                (None, _) => {}
                (Some(_), None) => {
                    let (project, path) = (project.clone(), path.clone());
                    return Err(MergeError::ReplacesEnvironment { project, path });
                }
                (Some(earlier), Some(owner)) if earlier.is_directory() != node.is_directory() => {
                    let (first, second) = (owner.clone(), project.clone());
                    return Err(MergeError::Kind { path: path.clone(), first, second });
                }
                (Some(_), Some(owner)) => collisions.push(Collision {
                    path: path.clone(),
                    loser: owner.clone(),
                    winner: project.clone(),
                }),
            }
            if let Some(earlier) = tree.get(path).filter(|_| node.is_directory()) {
                node.mtime = node.mtime.max(earlier.mtime);
            }
            tree.insert(path.clone(), node)
                .map_err(|source| MergeError::Tree { project: project.clone(), source })?;
            owners.insert(path.clone(), project.clone());
        }
    }
    collisions.sort();
    Ok(Merged { tree, collisions })
}

#[cfg(test)]
mod tests {
    use filetree::{Content, Node};
    use names::Epoch;

    use super::*;

    fn merged(wheels: &[(&str, &[(&str, &str)])]) -> Result<Merged, MergeError> {
        let tree = |files: &[(&str, &str)]| {
            let mut tree = Tree::new();
            for (path, text) in files {
                let node = Node::file(0o644, Epoch(1), Content::from_bytes(text));
                tree.insert_with_parents(path.parse().unwrap(), node).unwrap();
            }
            tree
        };
        let wheels = wheels.iter().map(|(name, files)| (name.parse().unwrap(), tree(files)));
        merge(tree(&[("v/pyvenv.cfg", "home")]), &wheels.collect())
    }

    #[test]
    fn the_later_by_name_stays_and_is_reported() {
        let merged = merged(&[
            ("b", &[("v/tests/x", "b"), ("v/same", "s"), ("v/b", "")]),
            ("a", &[("v/tests/x", "a"), ("v/same", "s")]),
        ])
        .unwrap();
        assert_eq!(merged.tree.at("v/tests/x").unwrap().kind, {
            filetree::Kind::File(Content::from_bytes("b"))
        });
        let [collision] = &merged.collisions[..] else { panic!("{:?}", merged.collisions) };
        assert_eq!(collision.path.as_str(), "v/tests/x");
        assert_eq!((collision.loser.as_str(), collision.winner.as_str()), ("a", "b"));
        assert_eq!(merged.tree.len(), 6);
    }

    #[test]
    fn what_does_not_fit_names_both() {
        for (wheels, message) in [
            (
                &[("a", &[("v/x", "")][..]), ("b", &[("v/x/y", "")][..])][..],
                "/v/x is a file of one and a folder of the other: a and b",
            ),
            (
                &[("a", &[("v/x/y", "")][..]), ("b", &[("v/x", "")][..])][..],
                "/v/x is a file of one and a folder of the other: a and b",
            ),
            (
                &[("a", &[("v/pyvenv.cfg", "other")][..])][..],
                "a would replace /v/pyvenv.cfg of the virtual environment itself",
            ),
            (
                &[("a", &[("v", "")][..])][..],
                "a would replace /v of the virtual environment itself",
            ),
        ] {
            assert_eq!(merged(wheels).unwrap_err().to_string(), message);
        }
    }
}
