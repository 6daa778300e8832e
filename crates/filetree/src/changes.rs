//! What one tree adds to another.

use std::collections::BTreeMap;

use names::Epoch;

use crate::{Content, Kind, Node, Tree, TreePath};

/// The entries that turn `lower` into `upper` when they are laid over it, by the rules of an OCI
/// layer (image-spec, layer.md): new and changed entries, and an empty file `.wh.NAME` of time
/// `whiteout` for each entry that is gone. An entry that differs in its time alone is no change.
/// A hard link whose target stays below becomes a file of its own; one whose target changes comes along,
/// since a file that takes the target's place in the layer leaves other names of the old one as they are.
pub fn changes(lower: &Tree, upper: &Tree, whiteout: Epoch) -> BTreeMap<TreePath, Node> {
    let mut changed: BTreeMap<TreePath, Node> = upper
        .iter()
        .filter(|(path, node)| {
            let is_new = |path: &TreePath, node: &Node| {
                !lower.get(path).is_some_and(|old| old.same_but_time(node))
            };
            let target = match &node.kind {
                Kind::HardLink(target) => upper.get(target).map(|node| (target, node)),
                _ => None,
            };
            is_new(path, node) || target.is_some_and(|(path, node)| is_new(path, node))
        })
        .map(|(path, node)| (path.clone(), node.clone()))
        .collect();
    let orphans: Vec<(TreePath, Node)> = changed
        .iter()
        .filter_map(|(path, node)| match &node.kind {
            Kind::HardLink(target) if !changed.contains_key(target) => {
                Some((path.clone(), upper.get(target)?.clone()))
            }
            _ => None,
        })
        .collect();
    changed.extend(orphans);
    for (path, _) in lower {
        let parent_stays = path.parent().is_none_or(|parent| {
            parent.is_root() || upper.get(&parent).is_some_and(Node::is_directory)
        });
        if upper.get(path).is_none() && parent_stays {
            let name = format!(".wh.{}", path.file_name());
            let parent = path.parent().unwrap_or_default();
            if let Ok(mark) = parent.join(&name) {
                changed.insert(mark, Node::file(0o644, whiteout, Content::from_bytes("")));
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::new();
        for (path, text) in files {
            let node = Node::file(0o644, Epoch(text.len() as u64), Content::from_bytes(text));
            tree.insert_with_parents(path.parse().unwrap(), node).unwrap();
        }
        tree
    }

    #[test]
    fn an_upper_layer_holds_only_what_differs() {
        let lower =
            tree(&[("a/same", "x"), ("a/changed", "x"), ("a/gone", "x"), ("b/c/gone", "x")]);
        let upper = tree(&[("a/same", "x"), ("a/changed", "y"), ("a/new", "")]);
        let paths: Vec<String> =
            changes(&lower, &upper, Epoch(0)).keys().map(TreePath::to_string).collect();
        assert_eq!(paths, [".wh.b", "a/.wh.gone", "a/changed", "a/new"]);
    }

    #[test]
    fn a_hard_link_to_a_lower_file_becomes_a_file() {
        let lower = tree(&[("a", "x")]);
        let mut upper = lower.clone();
        let link =
            Node { kind: Kind::HardLink("a".parse().unwrap()), ..lower.at("a").unwrap().clone() };
        upper.insert("b".parse().unwrap(), link).unwrap();
        let changed = changes(&lower, &upper, Epoch(0));
        assert_eq!(changed.values().next(), lower.at("a"));
    }

    #[test]
    fn all_names_of_a_changed_file_change() {
        let with_link = |text: &str| {
            let mut tree = tree(&[("a", text), ("c", "x")]);
            for (path, target) in [("b", "a"), ("d", "c")] {
                let node = tree.at(target).unwrap().clone();
                let node = Node { kind: Kind::HardLink(target.parse().unwrap()), ..node };
                tree.insert(path.parse().unwrap(), node).unwrap();
            }
            tree
        };
        let (lower, upper) = (with_link("x"), with_link("y"));
        let changed = changes(&lower, &upper, Epoch(0));
        assert_eq!(changed.keys().map(TreePath::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(
            changed.values().collect::<Vec<_>>(),
            [upper.at("a"), upper.at("b")].map(Option::unwrap)
        );
    }
}
