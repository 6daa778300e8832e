//! One wheel to the tree that an installer makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use filetree::{Content, Kind, Node, Pack, PathError, Tree, TreeError, TreePath};
use names::{Epoch, PackageName};
use wheels::{
    EntryPoints, EntryPointsError, Metadata, MetadataError, RecordError, RecordHash, RecordLine,
    WheelInfo, WheelInfoError, WheelName, WheelNameError,
};

use crate::layout::put;
use crate::verify::{VerifyError, verify};
use crate::{Layout, scripts};

/// What stands in INSTALLER (PEP 376).
const INSTALLER: &str = "cooperage\n";
/// Bytes of a metadata file or of a script that is rewritten: those are held in memory.
const LARGEST_TEXT: u64 = 32 << 20;

/// A wheel to install.
#[derive(Clone, Copy, Debug)]
pub struct Wheel<'a> {
    /// Its file name: `keystone-28.1.0-py3-none-any.whl`.
    pub file_name: &'a str,
    /// Its contents, from `wheels::unpack`.
    pub pack: &'a Pack,
    /// Whether somebody asked for it by name, and not merely another wheel (REQUESTED, PEP 376).
    pub requested: bool,
}

/// Why a wheel cannot be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// Its name is none of a wheel.
    #[error("`{wheel}` cannot be installed: want NAME-VERSION-TAGS.whl")]
    FileName {
        /// The wheel.
        wheel: String,
        /// Why.
        source: WheelNameError,
    },
    /// It holds no `.dist-info` folder, or several.
    #[error("{wheel} holds {found} .dist-info folders, not one")]
    DistInfo {
        /// The wheel.
        wheel: String,
        /// How many there are.
        found: usize,
    },
    /// It is of another project or version than its name says.
    #[error("{wheel} holds {found}")]
    Project {
        /// The wheel.
        wheel: String,
        /// The project, and where it is known the version, that it is of.
        found: String,
    },
    /// A metadata file is missing.
    #[error("{wheel} has no {file}")]
    Missing {
        /// The wheel.
        wheel: String,
        /// The file.
        file: String,
    },
    /// A file that must be read whole cannot be.
    #[error("{wheel}: cannot read {file}")]
    Read {
        /// The wheel.
        wheel: String,
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The file WHEEL cannot be taken.
    #[error("{wheel}: the file WHEEL cannot be taken")]
    WheelInfo {
        /// The wheel.
        wheel: String,
        /// Why.
        source: WheelInfoError,
    },
    /// METADATA cannot be taken.
    #[error("{wheel}: METADATA cannot be taken")]
    Metadata {
        /// The wheel.
        wheel: String,
        /// Why.
        source: MetadataError,
    },
    /// `entry_points.txt` cannot be taken.
    #[error("{wheel}: the entry points cannot be taken")]
    EntryPoints {
        /// The wheel.
        wheel: String,
        /// Why.
        source: EntryPointsError,
    },
    /// RECORD cannot be taken.
    #[error("{wheel}: RECORD cannot be taken")]
    Record {
        /// The wheel.
        wheel: String,
        /// Why.
        source: RecordError,
    },
    /// The contents are not what RECORD says.
    #[error("{wheel} is not what it was when it was made")]
    Verify {
        /// The wheel.
        wheel: String,
        /// What is not so.
        source: VerifyError,
    },
    /// A file lies in a part of `.data` that is not known.
    #[error(
        "{wheel}: `{member}` lies in no known part of .data: want purelib, platlib, headers, \
         scripts or data"
    )]
    Scheme {
        /// The wheel.
        wheel: String,
        /// The file.
        member: String,
    },
    /// A file would have a path that is none.
    #[error("{wheel}: a file has no place")]
    Path {
        /// The wheel.
        wheel: String,
        /// Why.
        source: PathError,
    },
    /// Two files of the wheel go to one place.
    #[error("{wheel} has two files for /{path}")]
    Twice {
        /// The wheel.
        wheel: String,
        /// The place.
        path: TreePath,
    },
    /// A file stands in another's way.
    #[error("{wheel}: a file stands in the way of another")]
    Tree {
        /// The wheel.
        wheel: String,
        /// Which.
        source: TreeError,
    },
}

/// Makes the tree that `wheel` becomes in the environment `layout`, rooted at the root of the image.
///
/// Files keep mode and time; what is generated (launchers, INSTALLER, REQUESTED, RECORD) and every
/// directory gets `time`. A launcher takes the place of a script of the same name that the wheel
/// ships, but for `wsgi_scripts`, where the shipped one stays: pbr made it. RECORD lists all files in
/// path order with their hashes, itself without.
///
/// # Errors
/// When the wheel is not what its name or its RECORD say, is not of version 1, or has a file that
/// has no place in an environment.
pub fn install(layout: &Layout, wheel: &Wheel<'_>, time: Epoch) -> Result<Tree, InstallError> {
    let files = Files::new(wheel)?;
    let name = || wheel.file_name.to_owned();
    // Read for its version: `purelib` and `platlib` are one folder in an environment on Linux.
    WheelInfo::parse(&files.text("WHEEL")?)
        .map_err(|source| InstallError::WheelInfo { wheel: name(), source })?;
    let metadata = Metadata::parse(&files.text("METADATA")?)
        .map_err(|source| InstallError::Metadata { wheel: name(), source })?;
    if (&metadata.name, &metadata.version) != (&files.name.project, &files.name.version) {
        let found = format!("{} {}", metadata.display_name, metadata.version);
        return Err(InstallError::Project { wheel: name(), found });
    }
    let record = wheels::parse_record(&files.text("RECORD")?)
        .map_err(|source| InstallError::Record { wheel: name(), source })?;
    let record_path = format!("{}/RECORD", files.dist_info);
    verify(&files.contents, &record_path, &record)
        .map_err(|source| InstallError::Verify { wheel: name(), source })?;
    let points = match files.dist_info_file("entry_points.txt") {
        None => EntryPoints::default(),
        Some(_) => EntryPoints::parse(&files.text("entry_points.txt")?)
            .map_err(|source| InstallError::EntryPoints { wheel: name(), source })?,
    };

    let mut target = Target { layout, wheel: wheel.file_name, time, tree: Tree::new() };
    let generated: BTreeSet<&str> = points
        .console_scripts
        .iter()
        .chain(&points.gui_scripts)
        .map(|point| point.name.as_str())
        .collect();
    for (path, node) in &wheel.pack.entries {
        let Kind::File(content) = &node.kind else { continue };
        target.add_member(path, node, content, &metadata.display_name, &generated)?;
    }
    let interpreter = layout.interpreter();
    for point in points.console_scripts.iter().chain(&points.gui_scripts) {
        let text = scripts::command(point, &interpreter);
        target.replace(&format!("bin/{}", point.name), 0o755, &text)?;
    }
    for point in &points.wsgi_scripts {
        let path = format!("bin/{}", point.name);
        if target.tree.get(&target.place(&path)?).is_none() {
            target.replace(&path, 0o755, &scripts::application(point, &interpreter))?;
        }
    }
    let dist_info = format!("{}/{}", layout.site_packages(), files.dist_info);
    target.replace(&format!("{dist_info}/INSTALLER"), 0o644, INSTALLER)?;
    let requested = target.place(&format!("{dist_info}/REQUESTED"))?;
    target.tree.remove(&requested);
    if wheel.requested {
        target.replace(&format!("{dist_info}/REQUESTED"), 0o644, "")?;
    }
    target.write_record(&format!("{dist_info}/RECORD"))?;
    Ok(target.tree)
}

/// The files of a wheel, by path.
struct Files<'a> {
    wheel: &'a str,
    name: WheelName,
    /// The folder of metadata: `keystone-28.1.0.dist-info`.
    dist_info: &'a str,
    contents: BTreeMap<&'a TreePath, &'a Content>,
}

impl<'a> Files<'a> {
    fn new(wheel: &Wheel<'a>) -> Result<Self, InstallError> {
        let name = || wheel.file_name.to_owned();
        let parsed = WheelName::parse(wheel.file_name)
            .map_err(|source| InstallError::FileName { wheel: name(), source })?;
        let mut contents = BTreeMap::new();
        let mut folders = BTreeSet::new();
        for (path, node) in &wheel.pack.entries {
            let Kind::File(content) = &node.kind else { continue };
            if contents.insert(path, content).is_some() {
                return Err(InstallError::Twice { wheel: name(), path: path.clone() });
            }
            let top = path.as_str().split_once('/').map(|(top, _)| top);
            folders.extend(top.filter(|top| top.ends_with(".dist-info")));
        }
        let [dist_info] = *folders.iter().copied().collect::<Vec<_>>() else {
            return Err(InstallError::DistInfo { wheel: name(), found: folders.len() });
        };
        // Python finds a distribution by the name of this folder.
        let project = dist_info.split('-').next().unwrap_or_default();
        if PackageName::new(project).as_ref() != Ok(&parsed.project) {
            return Err(InstallError::Project { wheel: name(), found: dist_info.to_owned() });
        }
        Ok(Self { wheel: wheel.file_name, name: parsed, dist_info, contents })
    }

    fn dist_info_file(&self, file: &str) -> Option<&'a Content> {
        let path = TreePath::from_member(&format!("{}/{file}", self.dist_info)).ok()?;
        self.contents.get(&path).copied()
    }

    /// A file of `.dist-info` as text; what is not UTF-8 is replaced.
    fn text(&self, file: &str) -> Result<String, InstallError> {
        let (wheel, file) = (self.wheel.to_owned(), file.to_owned());
        let Some(content) = self.dist_info_file(&file) else {
            return Err(InstallError::Missing { wheel, file });
        };
        match read(content) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(source) => Err(InstallError::Read { wheel, file, source }),
        }
    }
}

/// The tree that is being made.
struct Target<'a> {
    layout: &'a Layout,
    wheel: &'a str,
    time: Epoch,
    tree: Tree,
}

impl Target<'_> {
    /// A path below the prefix.
    fn place(&self, path: &str) -> Result<TreePath, InstallError> {
        let wheel = || self.wheel.to_owned();
        self.layout
            .prefix
            .join(path)
            .map_err(|source| InstallError::Path { wheel: wheel(), source })
    }

    /// Puts a file of the wheel where its scheme says; `generated` are the names of launchers, which
    /// take the place of shipped scripts.
    fn add_member(
        &mut self,
        member: &TreePath,
        node: &Node,
        content: &Content,
        project: &str,
        generated: &BTreeSet<&str>,
    ) -> Result<(), InstallError> {
        let site_packages = self.layout.site_packages();
        let data = member.as_str().split_once('/').filter(|(top, _)| top.ends_with(".data"));
        let Some((_, inner)) = data else {
            return self.insert(&format!("{site_packages}/{member}"), node.clone());
        };
        let short = self.layout.short_version();
        match inner.split_once('/') {
            Some(("purelib" | "platlib", rest)) => {
                self.insert(&format!("{site_packages}/{rest}"), node.clone())
            }
            Some(("data", rest)) => self.insert(rest, node.clone()),
            Some(("headers", rest)) => {
                self.insert(&format!("include/site/python{short}/{project}/{rest}"), node.clone())
            }
            Some(("scripts", rest)) if is_launcher(rest, generated) => Ok(()),
            Some(("scripts", rest)) => {
                let script = self.script(member, content)?;
                let node = Node { mode: 0o755, kind: Kind::File(script), ..node.clone() };
                self.insert(&format!("bin/{rest}"), node)
            }
            _ => {
                let (wheel, member) = (self.wheel.to_owned(), member.to_string());
                Err(InstallError::Scheme { wheel, member })
            }
        }
    }

    /// A shipped script, for this environment's interpreter.
    fn script(&self, member: &TreePath, content: &Content) -> Result<Content, InstallError> {
        let failed = |source| InstallError::Read {
            wheel: self.wheel.to_owned(),
            file: member.to_string(),
            source,
        };
        let mut start = Vec::new();
        let reader = content.reader().map_err(failed)?;
        io::Read::read_to_end(&mut io::Read::take(reader, 8), &mut start).map_err(failed)?;
        if start != b"#!python" {
            return Ok(content.clone()); // It may be a program of many megabytes.
        }
        let bytes = read(content).map_err(failed)?;
        let rewritten = scripts::rewritten(&bytes, &self.layout.interpreter());
        Ok(rewritten.map_or_else(|| content.clone(), Content::from_bytes))
    }

    fn insert(&mut self, path: &str, node: Node) -> Result<(), InstallError> {
        let path = self.place(path)?;
        if self.tree.get(&path).is_some_and(|earlier| !earlier.same_but_time(&node)) {
            return Err(InstallError::Twice { wheel: self.wheel.to_owned(), path });
        }
        self.replace_node(path, node)
    }

    /// Puts a generated file, whatever was there.
    fn replace(&mut self, path: &str, mode: u32, text: &str) -> Result<(), InstallError> {
        let node = Node::file(mode, self.time, Content::from_bytes(text));
        self.replace_node(self.place(path)?, node)
    }

    fn replace_node(&mut self, path: TreePath, node: Node) -> Result<(), InstallError> {
        put(&mut self.tree, path, node, self.time)
            .map(drop)
            .map_err(|source| InstallError::Tree { wheel: self.wheel.to_owned(), source })
    }

    /// Lists all files, relative to `site-packages`, in RECORD.
    fn write_record(&mut self, record: &str) -> Result<(), InstallError> {
        let base = self.place(&self.layout.site_packages())?;
        let own = self.place(record)?;
        self.tree.remove(&own);
        let mut lines = vec![RecordLine { path: relative(&base, &own), hash: None, size: None }];
        for (path, node) in &self.tree {
            if let Kind::File(content) = &node.kind {
                lines.push(RecordLine {
                    path: relative(&base, path),
                    hash: Some(RecordHash::Sha256(content.sha256)),
                    size: Some(content.size),
                });
            }
        }
        lines.sort();
        self.replace(record, 0o644, &wheels::render_record(&lines))
    }
}

/// Whether a shipped script is one that setuptools made for an entry point (pip's rule).
fn is_launcher(script: &str, generated: &BTreeSet<&str>) -> bool {
    let name = script.rsplit('/').next().unwrap_or(script);
    let stem = [".exe", "-script.py", ".pya"].iter().find_map(|end| name.strip_suffix(end));
    generated.contains(stem.unwrap_or(name))
}

/// The way from the folder `base` to `path`: `../../../bin/alembic`.
fn relative(base: &TreePath, path: &TreePath) -> String {
    let mut above = Some(base.clone());
    let mut way = String::new();
    while let Some(folder) = above {
        if let Some(rest) = path.strip_prefix(&folder) {
            return way + rest.as_str();
        }
        way.push_str("../");
        above = folder.parent();
    }
    way + path.as_str()
}

/// Reads a small file whole.
fn read(content: &Content) -> io::Result<Vec<u8>> {
    if content.size > LARGEST_TEXT {
        let text = format!("it has {} bytes, the limit is {LARGEST_TEXT}", content.size);
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    content.read()
}
