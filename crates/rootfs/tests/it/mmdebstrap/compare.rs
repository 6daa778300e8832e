//! Two trees side by side, and the list of differences that are meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use filetree::{Content, Kind, Node, Tree, TreePath};
use names::Epoch;
use serde::Deserialize;

/// The committed list of a distro: `debian-trixie.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    difference: Vec<Difference>,
}

/// A difference that is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    /// Absolute paths; `*` stands for any run of characters.
    paths: Vec<String>,
    /// What differs.
    what: What,
    /// The roots that it is about, by the names of their services; all, where none is named.
    #[serde(default)]
    services: Vec<String>,
    /// Why.
    #[expect(dead_code, reason = "a person reads it")]
    reason: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    /// mmdebstrap's root has it alone.
    Missing,
    /// Ours has it alone.
    Extra,
    /// Another type, mode, owner, extended attribute or target.
    Meta,
    /// Another content.
    Content,
    /// The same paragraphs in another order.
    Order,
}

/// What may differ between our roots of a distro and mmdebstrap's.
pub(super) struct Differences {
    patterns: BTreeMap<(String, What), Vec<String>>,
    unused: BTreeSet<(String, What)>,
    compared: BTreeSet<String>,
    faults: Vec<String>,
}

impl Differences {
    /// Reads the list of a distro.
    pub(super) fn read(distro: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mmdebstrap");
        let text = std::fs::read_to_string(folder.join(format!("{distro}.toml"))).unwrap();
        let list: File = toml::from_str(&text).unwrap();
        let mut patterns = BTreeMap::new();
        for difference in &list.difference {
            for path in &difference.paths {
                let key = (path.clone(), difference.what);
                let old = patterns.insert(key, difference.services.clone());
                assert!(old.is_none(), "{path} is in the list of {distro} twice");
            }
        }
        let unused = patterns.keys().cloned().collect();
        Self { patterns, unused, compared: BTreeSet::new(), faults: Vec::new() }
    }

    /// Compares the root that is called `name` with mmdebstrap's.
    pub(super) fn compare(&mut self, name: &str, ours: &Tree, reference: &Tree) {
        self.compared.insert(name.to_owned());
        for (path, what, text) in differences(ours, reference) {
            let path = format!("/{path}");
            let mut explained = false;
            for (pattern, services) in &self.patterns {
                let here = services.is_empty() || services.iter().any(|service| service == name);
                if !here || pattern.1 != what || !fits(&pattern.0, &path) {
                    continue;
                }
                self.unused.remove(pattern);
                explained = true;
            }
            if !explained {
                self.faults.push(format!("{name}: {what:?} {path} {text}"));
            }
        }
    }

    /// All differences that no entry of the list explains, and all patterns of the list that explain
    /// none.
    pub(super) fn finish(mut self) -> Vec<String> {
        // What is about a service that is not locked has nothing to explain.
        let expected = |pattern: &&(String, What)| {
            let services = &self.patterns[*pattern];
            services.is_empty() || services.iter().any(|service| self.compared.contains(service))
        };
        let unused = self.unused.iter().filter(expected);
        self.faults.extend(unused.map(|(glob, what)| format!("nothing differs: {what:?} {glob}")));
        self.faults
    }
}

/// What differs, by path, and how.
pub(super) fn differences<'a>(
    ours: &'a Tree,
    reference: &'a Tree,
) -> Vec<(&'a TreePath, What, String)> {
    let mut found = Vec::new();
    for (path, node) in reference {
        let Some(our) = ours.get(path) else {
            found.push((path, What::Missing, line(node)));
            continue;
        };
        let our = &linked(ours, our);
        let meta = |node: &Node| {
            let target = match &node.kind {
                Kind::Symlink(target) => target.clone(),
                Kind::Directory => "dir".to_owned(),
                _ => "file".to_owned(),
            };
            (node.mode, node.uid, node.gid, node.attributes.clone(), target)
        };
        if meta(our) != meta(node) {
            found.push((path, What::Meta, format!("{} and not {}", line(our), line(node))));
        } else if let (Kind::File(our), Kind::File(content)) = (&our.kind, &node.kind)
            && our != content
        {
            let (text, what) = texts(our, content);
            found.push((path, what, text));
        }
    }
    for (path, node) in ours {
        if reference.get(path).is_none() {
            found.push((path, What::Extra, line(node)));
        }
    }
    found
}

fn linked(tree: &Tree, node: &Node) -> Node {
    match &node.kind {
        Kind::HardLink(target) => tree.get(target).unwrap().clone(),
        _ => node.clone(),
    }
}

fn line(node: &Node) -> String {
    let kind = match &node.kind {
        Kind::Directory => "dir".to_owned(),
        Kind::File(content) => format!("file of {} bytes", content.size),
        Kind::Symlink(target) => format!("link to {target}"),
        Kind::HardLink(target) => format!("hard link to {target}"),
    };
    let attributes = if node.attributes.is_empty() {
        String::new()
    } else {
        format!(" with {:?}", node.attributes)
    };
    format!("{:04o} {}:{} {kind}{attributes}", node.mode, node.uid, node.gid)
}

/// The first difference between two contents; texts made of paragraphs are compared one by one.
fn texts(ours: &Content, reference: &Content) -> (String, What) {
    let read = |content: &Content| String::from_utf8_lossy(&content.read().unwrap()).into_owned();
    let (ours, reference) = (read(ours), read(reference));
    let sorted = |text: &str| {
        let separator = if text.contains("\n\n") { "\n\n" } else { "\n" };
        let mut parts: Vec<String> = text.trim().split(separator).map(str::to_owned).collect();
        parts.sort();
        parts
    };
    let what = if sorted(&ours) == sorted(&reference) { What::Order } else { What::Content };
    let mut lines = ours.lines().zip(reference.lines());
    let text = match lines.position(|(our, other)| our != other) {
        Some(at) => {
            let line = |text: &str| text.lines().nth(at).unwrap_or_default().to_owned();
            format!("line {}: {:?} and not {:?}", at + 1, line(&ours), line(&reference))
        }
        None => format!("{} and not {} bytes", ours.len(), reference.len()),
    };
    (text, what)
}

/// Whether `glob`, in which `*` stands for any run of characters, fits `text`.
fn fits(glob: &str, text: &str) -> bool {
    let Some((start, rest)) = glob.split_once('*') else { return glob == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).any(|at| text.is_char_boundary(at) && fits(rest, &text[at..]))
}

#[test]
fn patterns_fit() {
    assert!(fits("/usr/*/__pycache__/*.pyc", "/usr/lib/python3/__pycache__/a.pyc"));
    assert!(!fits("/usr/*.pyc", "/usr/lib/a.py"));
}

#[test]
fn every_kind_of_difference_is_found() {
    let tree = |files: &[(&str, u32, &str)]| {
        let mut tree = Tree::new();
        for (path, mode, text) in files {
            let node = Node::file(*mode, Epoch(0), Content::from_bytes(text));
            tree.insert_with_parents(path.parse().unwrap(), node).unwrap();
        }
        tree
    };
    let ours = [("a", 0o644, "1"), ("b", 0o644, "1"), ("c", 0o644, "1\n2"), ("d", 0o644, "")];
    let ours = tree(&[ours.as_slice(), &[("same", 0o644, "1")]].concat());
    let reference = [("a", 0o600, "1"), ("b", 0o644, "2"), ("c", 0o644, "2\n1"), ("e", 0o644, "")];
    let mut reference = tree(&[reference.as_slice(), &[("same", 0o644, "1")]].concat());
    let capable = reference.get_mut(&"same".parse().unwrap()).unwrap();
    capable.attributes.insert("security.capability".to_owned(), vec![1]);
    let found: Vec<(&str, What)> = differences(&ours, &reference)
        .into_iter()
        .map(|(path, what, _)| (path.as_str(), what))
        .collect();
    let want = [What::Meta, What::Content, What::Order, What::Missing, What::Meta, What::Extra];
    assert_eq!(found, ["a", "b", "c", "e", "same", "d"].into_iter().zip(want).collect::<Vec<_>>());
}
