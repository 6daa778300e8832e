//! `/var/lib/dpkg/info`: the control files and the list of files of each package.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use distro::UnpackedDeb;
use filetree::{Content, Node, Tree, TreePath};

use super::Input;
use crate::AssembleError;
use crate::contents::content;
use crate::md5::md5_hex;

/// The name that the files of a package begin with.
pub(super) fn file_stem(deb: &UnpackedDeb) -> String {
    if deb.multi_arch_same {
        format!("{}:{}", deb.package, deb.architecture)
    } else {
        deb.package.clone()
    }
}

/// Writes the folder into `tree`.
pub(super) fn write(tree: &mut Tree, input: &Input<'_>) -> Result<(), AssembleError> {
    let time = input.time;
    let mut put = |name: &str, mode: u32, content: Content| -> Result<(), AssembleError> {
        let path = TreePath::from_member(&format!("var/lib/dpkg/info/{name}"))?;
        tree.insert_with_parents(path, Node::file(mode, time, content))?;
        Ok(())
    };
    put("format", 0o644, Content::from_bytes("1\n"))?;
    let none = BTreeSet::new();
    for deb in input.debs {
        let stem = file_stem(deb);
        for (name, file) in &deb.control_files {
            put(&format!("{stem}.{name}"), file.mode, file.content.clone())?;
        }
        let given_up = input.given_up.get(&deb.package).unwrap_or(&none);
        put(&format!("{stem}.list"), 0o644, Content::from_bytes(list(deb, given_up)))?;
        if !deb.control_files.contains_key("md5sums") {
            put(&format!("{stem}.md5sums"), 0o644, Content::from_bytes(md5sums(deb)?))?;
        }
    }
    Ok(())
}

/// All paths of the package in the order of its archive, but those that another package took over.
fn list(deb: &UnpackedDeb, given_up: &BTreeSet<TreePath>) -> String {
    let mut text = String::new();
    for (path, _) in &deb.pack.entries {
        let line = if path.is_root() { ".".to_owned() } else { path.to_string() };
        if !given_up.contains(path) {
            writeln!(text, "/{line}").expect("a String takes every write");
        }
    }
    text
}

/// The MD5 of each file that is no configuration file: dpkg computes the list where a package has
/// none (deb-md5sums(5)).
fn md5sums(deb: &UnpackedDeb) -> Result<String, AssembleError> {
    let mut text = String::new();
    let conffiles: BTreeSet<&TreePath> = deb.conffiles.iter().map(|file| &file.path).collect();
    for (path, node) in &deb.pack.entries {
        let Some(content) = content(&deb.pack, node) else { continue };
        if conffiles.contains(path) {
            continue;
        }
        let digest = content.reader().and_then(md5_hex).map_err(|source| AssembleError::Read {
            path: path.to_string(),
            package: deb.package.clone(),
            source,
        })?;
        writeln!(text, "{digest}  {path}").expect("a String takes every write");
    }
    Ok(text)
}
