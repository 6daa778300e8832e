//! A source archive from the files of a source.

use std::io::{BufWriter, Write as _};

use constraints::parse_version;
use filetree::{Content, Kind, Node, Tree, TreePath};
use names::{Epoch, PackageName};
use store::{Blob, Store};
use wheels::LockedWheel;

use super::facts::facts;
use super::{Found, SourceError, Wanted};

/// Adds what PBR's `sdist` adds to the files of a source, and puts the archive into the store: the same
/// files give the same bytes.
pub(super) fn write(
    store: &Store,
    wanted: Wanted<'_>,
    found: &Found,
) -> Result<(LockedWheel, Blob), SourceError> {
    let component = || wanted.component.to_owned();
    let no_project = |reason: String| SourceError::NoProject {
        component: component(),
        what: wanted.origin.reference().text(),
        reason,
    };
    let mut tree = found.tree.clone();
    let read = |path: &str| text(&found.tree, path);
    let info = read("PKG-INFO");
    let stated = info.as_deref().and_then(|text| wheels::Metadata::parse(text).ok());
    let (name, version) = match stated {
        // An sdist says what it is.
        Some(metadata) => (metadata.display_name, metadata.version.to_string()),
        None => {
            let facts = facts(&read).map_err(no_project)?;
            let version = facts.version.clone().or_else(|| found.version.clone());
            let version =
                version.ok_or_else(|| no_project("nothing tells its version".to_owned()))?;
            let parsed = parse_version(&version);
            let version = parsed.map_err(|error| no_project(error.to_string()))?.to_string();
            // A name that is none would be a path.
            PackageName::new(&facts.name).map_err(|error| no_project(error.to_string()))?;
            add_info(&mut tree, found, &facts.name, &facts.pkg_info(&version))
                .map_err(|source| SourceError::Tree { component: component(), source })?;
            (facts.name, version)
        }
    };
    let project = PackageName::new(&name).map_err(|error| no_project(error.to_string()))?;
    if project != *wanted.project {
        let reason = format!("it is the project {project}, and {} is wanted", wanted.project);
        return Err(no_project(reason));
    }
    let top = format!("{}-{version}", project.as_str().replace('-', "_"));
    let mut whole = Tree::new();
    for (path, node) in tree.iter() {
        let place = TreePath::from_member(&format!("{top}/{path}"))
            .map_err(|source| SourceError::Path { component: component(), source })?;
        let node = match &node.kind {
            Kind::HardLink(target) => {
                let target = TreePath::from_member(&format!("{top}/{target}"))
                    .map_err(|source| SourceError::Path { component: component(), source })?;
                Node { kind: Kind::HardLink(target), ..node.clone() }
            }
            _ => node.clone(),
        };
        whole
            .insert_with_parents(place, node)
            .map_err(|source| SourceError::Tree { component: component(), source })?;
    }
    let stored = |source| SourceError::Store { component: component(), source };
    let mut writer = store.blob_writer().map_err(stored)?;
    let mut out = BufWriter::new(&mut writer);
    filetree::write_tar(whole.iter(), None, &mut out)
        .map_err(|source| SourceError::Write { component: component(), source })?;
    out.flush().map_err(|source| SourceError::Read { component: component(), source })?;
    drop(out);
    let blob = writer.finish(None).map_err(stored)?;
    let sdist = LockedWheel {
        project,
        version,
        file: format!("{top}.tar"),
        sha256: blob.digest,
        size: Some(blob.size),
        requires_python: None,
        hint: None,
        open: false,
    };
    Ok((sdist, blob))
}

/// The text of a file, if it is one.
pub(super) fn text(tree: &Tree, path: &str) -> Option<String> {
    let Some(Node { kind: Kind::File(content), .. }) = tree.at(path) else { return None };
    let bytes = content.read().ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Adds PKG-INFO and the folder `.egg-info` with it, the list of files, and `pbr.json`.
///
/// The list makes the wheel whole: without git, PBR and setuptools take the files of packages and of data
/// from there.
fn add_info(
    tree: &mut Tree,
    found: &Found,
    name: &str,
    pkg_info: &str,
) -> Result<(), filetree::TreeError> {
    let time = tree.newest();
    let folder = format!("{}.egg-info", name.replace('-', "_"));
    let mut files = vec![
        ("PKG-INFO".to_owned(), pkg_info.to_owned()),
        (format!("{folder}/PKG-INFO"), pkg_info.to_owned()),
    ];
    let pbr_json = found.pbr_json.iter();
    files.extend(pbr_json.map(|text| (format!("{folder}/pbr.json"), text.clone())));
    for (path, text) in files {
        put(tree, &path, &text, time)?;
    }
    let list = format!("{folder}/SOURCES.txt");
    put(tree, &list, "", time)?;
    let is_file = |(path, node): (&TreePath, &Node)| {
        (!node.is_directory() && path.as_str() != "PKG-INFO").then(|| format!("{path}\n"))
    };
    let lines: String = tree.iter().filter_map(is_file).collect();
    put(tree, &list, &lines, time)
}

/// Puts a text file into a tree.
pub(super) fn put(
    tree: &mut Tree,
    path: &str,
    text: &str,
    time: Epoch,
) -> Result<(), filetree::TreeError> {
    let place = TreePath::from_member(path).expect("a name of ours, below a project's");
    tree.insert_with_parents(place, Node::file(0o644, time, Content::from_bytes(text)))?;
    Ok(())
}
