//! Symbols for debuggers in a package of their own.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use filetree::{Content, Kind, Node, Tree, TreePath};
use names::Hashing;
use release::{DebugSymbols, Package};
use tempfile::NamedTempFile;
use wheels::RecordHash;

use super::environment::Environment;
use super::error::PackageError;
use super::files::Files;
use super::share::Share;
use crate::recorded;

/// Below this folder debuggers look for the symbols of a library, at the library's own path.
const FOLDER: &str = "usr/lib/debug";

/// What the name of a library gets behind it for the file with its symbols.
pub(crate) const SUFFIX: &str = ".debug";

/// The symbols of the libraries and programs of a virtual environment.
pub(super) struct Symbols {
    /// The files that hold them.
    tree: Tree,
    /// Where they were taken from.
    sources: Vec<TreePath>,
    /// Holds their bytes, and those of the libraries without them.
    scratch: NamedTempFile,
}

impl Symbols {
    /// Takes the symbols out of `environment`, where `recipe` asks for that and there are any. RECORDs have what
    /// the libraries are then. `folder` is for what is not in memory meanwhile.
    pub(super) fn take_out(
        recipe: &Package,
        environment: &mut Environment,
        folder: &Path,
    ) -> Result<Option<Self>, PackageError> {
        if recipe.debug_symbols == DebugSymbols::Kept {
            return Ok(None);
        }
        let failed = |source| PackageError::Out { path: folder.to_owned(), source };
        let scratch = NamedTempFile::new_in(folder).map_err(failed)?;
        let mut symbols = Self { tree: Tree::new(), sources: Vec::new(), scratch };
        let mut changed = BTreeMap::new();
        for (path, node) in &environment.tree {
            let Kind::File(content) = &node.kind else { continue };
            let taken = |source| PackageError::Symbols { path: path.clone(), source };
            let Some((stripped, debug)) = symbols.take(path, content).map_err(taken)? else {
                continue;
            };
            let place = TreePath::from_member(&format!("{FOLDER}/{path}{SUFFIX}"));
            let place =
                place.map_err(|source| PackageError::Path { path: path.to_string(), source })?;
            let debug = Node::file(0o644, node.mtime, debug);
            symbols.tree.insert_with_parents(place, debug)?;
            symbols.sources.push(path.clone());
            changed.insert(path.clone(), stripped);
        }
        record(&mut environment.tree, &changed)?;
        for (path, content) in changed {
            if let Some(node) = environment.tree.get_mut(&path) {
                node.kind = Kind::File(content);
            }
        }
        Ok(Some(symbols).filter(|symbols| !symbols.sources.is_empty()))
    }

    /// What is left of a library, and its symbols.
    fn take(&self, path: &TreePath, content: &Content) -> io::Result<Option<(Content, Content)>> {
        let name = format!("{}{SUFFIX}", path.file_name());
        let Some(symbols) = elf::symbols(content, &name)? else { return Ok(None) };
        // Parts of it are read from here on: that all of it is what it should be is known before.
        content.copy_to(&mut io::sink())?;
        let (debug, sum) = self.keep(|out| symbols.write_debug(out))?;
        let (stripped, ()) = self.keep(|out| symbols.write_stripped(sum, out))?;
        Ok(Some((stripped, debug)))
    }

    fn keep<T>(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> io::Result<(Content, T)> {
        let file = self.scratch.as_file();
        let offset = file.metadata()?.len();
        let mut out = Hashing::new(io::BufWriter::new(file));
        let result = write(&mut out)?;
        out.flush()?;
        let (sha256, size) = out.finish();
        Ok((Content::from_slice(Arc::from(self.scratch.path()), offset, size, sha256), result))
    }

    /// The package `name` with the symbols of the packages `shares`.
    pub(super) fn share(&self, name: String, shares: &[Share]) -> Share {
        let has =
            |share: &&Share| self.sources.iter().any(|path| share.files.tree.get(path).is_some());
        let needs = shares.iter().filter(has).map(|share| share.name.clone()).collect();
        let main = shares.first().map_or("", |share| &share.name);
        Share {
            name,
            description: format!("Debug symbols of {main}"),
            files: Files { tree: self.tree.clone(), ..Files::default() },
            is_main: false,
            is_home: false,
            is_symbols: true,
            has_environment: false,
            needs,
        }
    }
}

/// Gives the RECORDs of `tree` the digests and sizes of the files that are `changed`.
fn record(tree: &mut Tree, changed: &BTreeMap<TreePath, Content>) -> Result<(), PackageError> {
    let is_record = |path: &TreePath| path.as_str().ends_with(".dist-info/RECORD");
    let paths: Vec<TreePath> =
        tree.iter().map(|(path, _)| path).filter(|p| is_record(p)).cloned().collect();
    for path in paths {
        let Some(Node { kind: Kind::File(content), .. }) = tree.get_mut(&path) else { continue };
        let failed = |source| PackageError::Symbols { path: path.clone(), source };
        let text = content.read().map_err(failed)?;
        let wrong = |error| failed(io::Error::new(io::ErrorKind::InvalidData, error));
        let mut lines = wheels::parse_record(&String::from_utf8_lossy(&text)).map_err(wrong)?;
        let mut is_other = false;
        for line in &mut lines {
            let place = TreePath::from_member(&recorded::place(path.as_str(), &line.path));
            if let Some(content) = place.ok().and_then(|path| changed.get(&path)) {
                line.hash = Some(RecordHash::Sha256(content.sha256));
                line.size = Some(content.size);
                is_other = true;
            }
        }
        if is_other {
            *content = Content::from_bytes(wheels::render_record(&lines));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use names::Epoch;

    use super::*;

    #[test]
    fn record_has_programs_too() {
        let file = |text: &str| Node::file(0o644, Epoch(0), Content::from_bytes(text));
        let path = |text: &str| TreePath::from_member(text).unwrap();
        let place = path("opt/x/lib/site/a-1.dist-info/RECORD");
        let lines = "../../bin/a,sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,9\na.py,,1\n";
        let mut tree = Tree::new();
        tree.insert_with_parents(place.clone(), file(lines)).unwrap();
        let left = Content::from_bytes("left");
        let changed = BTreeMap::from([(path("opt/x/bin/a"), left.clone())]);
        record(&mut tree, &changed).unwrap();
        let Some(Node { kind: Kind::File(content), .. }) = tree.get(&place) else { panic!() };
        let text = String::from_utf8(content.read().unwrap()).unwrap();
        let lines = wheels::parse_record(&text).unwrap();
        assert_eq!(lines[0].hash, Some(RecordHash::Sha256(left.sha256)));
        assert_eq!((lines[0].size, lines[1].size), (Some(4), Some(1)));
    }
}
