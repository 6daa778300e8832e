//! Bytecode of a virtual environment, compiled by the distribution's own interpreter in the sandbox. Nothing of the
//! service is executed.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use distro::{DebError, DistroFile};
use filetree::{Content, Kind, Node, PathError, Tree, TreeError, TreePath};
use names::{Epoch, Hashing};
use release::{Bytecode, Package, PathPattern, Sources};
use rootfs::AssembleError;
use sandbox::SandboxError;
use store::FetchError;
use tempfile::TempDir;

use super::environment::Environment;
use super::named::Named;
use crate::Event;
use crate::blame::Blame;
use crate::fetching;
use crate::plan::Plan;
use crate::setting::{Listener, Setting};

/// What compiles: a part of the key of the step.
pub(super) const COMPILER: &str = include_str!("bytecode.py");

/// Where things lie in the sandbox.
const SOURCES: &str = "/build/sources";
const OUT: &str = "/build/out";
/// What the names of modules end with.
const SUFFIX: &str = ".py";
/// Compiled sources are not longer than this.
const LARGEST: u64 = 256 << 20;

/// Why there is no bytecode.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BytecodeError {
    /// The lock has no interpreter.
    #[error(
        "`bytecode` of [package] in services/{service}.toml: the lock of a distribution of rpms has no interpreter to \
         compile with: build with --format deb, or leave the key out"
    )]
    NoInterpreter {
        /// The service.
        service: names::ServiceName,
    },
    /// The interpreter's packages cannot be had.
    #[error("cannot get the packages that bytecode is compiled with")]
    Debs(#[from] FetchError),
    /// A package cannot be unpacked.
    #[error("a package of the distribution cannot be unpacked")]
    Deb(#[from] DebError),
    /// The packages make no root file system.
    #[error("the root file system of the compiler cannot be made")]
    Root(#[from] AssembleError),
    /// The parts of the root do not fit together.
    #[error("the parts of the virtual environment do not fit together")]
    Tree(#[from] TreeError),
    /// A path cannot be used.
    #[error("a path of the virtual environment cannot be used")]
    Path(#[from] PathError),
    /// There is no sandbox on this machine.
    #[error(
        "bytecode is compiled in a sandbox, which this machine denies: build where `cooperage doctor` finds one, or \
         leave `bytecode` out of the recipe"
    )]
    Denied(#[source] sandbox::Denied),
    /// The sandbox did not start, or did not end as it should.
    #[error("bytecode cannot be compiled in the sandbox")]
    Sandbox(#[source] SandboxError),
    /// The root cannot be written.
    #[error("the root file system of the compiler cannot be written")]
    WriteTree(#[from] sandbox::WriteTreeError),
    /// The folder of the step cannot be used.
    #[error("cannot use a folder of the step in the store")]
    Folder(#[from] io::Error),
    /// The compiler failed.
    #[error("the compiler of bytecode ended with {status}; the last that it said:\n{output}")]
    Failed {
        /// How it ended.
        status: String,
        /// The end of what it said.
        output: String,
    },
}

impl BytecodeError {
    /// Who must act.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::NoInterpreter { .. } | Self::Folder(_) => Blame::Input,
            Self::Debs(error) => Blame::of_fetch(error),
            Self::Deb(_) => Blame::Verification,
            _ => Blame::Step,
        }
    }
}

/// Holds the bytes of bytecode, which go with it.
#[derive(Debug)]
pub(super) struct Compiled {
    folder: TempDir,
}

impl Drop for Compiled {
    fn drop(&mut self) {
        // What the sandbox has left may need its rights; what stays is temporary.
        let _ = sandbox::remove(self.folder.path());
    }
}

/// Compiles the modules of `environment`, where `named`'s recipe asks for that, and takes sources out, where it asks for
/// that, too. What is compiled has the times of its sources, `clamp` at the latest: by it Python sees whether they
/// belong together (PEP 3147, PEP 552).
pub(super) fn compile(
    setting: &Setting<'_>,
    distro: Option<&DistroFile>,
    plan: &Plan<'_>,
    named: &Named<'_>,
    environment: &mut Environment,
    clamp: Option<Epoch>,
    tell: Listener<'_>,
) -> Result<Option<Compiled>, BytecodeError> {
    let Package { bytecode, sources, kept_sources, .. } = named.recipe;
    if *bytecode == Bytecode::None {
        return Ok(None);
    }
    let service = || plan.service.name.clone();
    let distro = distro.ok_or_else(|| BytecodeError::NoInterpreter { service: service() })?;
    sandbox::probe(setting.program).map_err(|error| match error {
        SandboxError::Denied(source) => BytecodeError::Denied(source),
        source => BytecodeError::Sandbox(source),
    })?;
    tell(Event::StepStarted { what: format!("bytecode of {}", plan.service.name) });
    let modules = modules(&environment.tree, &environment.prefix, clamp);
    let tag = format!("cpython-{}", distro.python.version.replace('.', ""));
    let folder = tempfile::Builder::new().prefix("bytecode-").tempdir_in(setting.store.root())?;
    let compiled = Compiled { folder };
    let (lower, upper) =
        (compiled.folder.path().join("lower"), compiled.folder.path().join("upper"));
    fs_err::create_dir(&upper)?;
    sandbox::write_tree(&root(setting, distro, plan, &modules, tell)?, &lower)?;
    run(setting, distro, &tag, &lower, &upper)?;

    let names = named.names();
    let kept: Vec<PathPattern> =
        kept_sources.iter().map(|pattern| pattern.render(names, &named.prefix)).collect();
    let out = upper.join("root").join(OUT.trim_start_matches('/'));
    for (path, node) in modules {
        let Some(content) = content(&out.join(format!("{path}c")))? else { continue };
        let is_kept = *sources == Sources::Kept || kept.iter().any(|it| it.matches(path.as_str()));
        let (Some(folder), Some(stem)) = (path.parent(), path.file_name().strip_suffix(SUFFIX))
        else {
            continue;
        };
        let place = match is_kept {
            true => format!("{folder}/__pycache__/{stem}.{tag}.pyc"),
            // Where Python looks for bytecode without a source.
            false => format!("{folder}/{stem}.pyc"),
        };
        let place = TreePath::from_member(&place)?;
        let bytecode = Node::file(0o644, node.mtime, content);
        let tree = &mut environment.tree;
        let time = tree.get(&folder).map_or(node.mtime, |node| node.mtime);
        if !is_kept {
            tree.remove(&path);
        }
        if let Some(cache) = place.parent()
            && tree.get(&cache).is_none()
        {
            tree.insert(cache, Node::directory(0o755, time))?;
        }
        tree.insert(place, bytecode)?;
    }
    Ok(Some(compiled))
}

/// The modules of a virtual environment.
fn modules(tree: &Tree, prefix: &TreePath, clamp: Option<Epoch>) -> BTreeMap<TreePath, Node> {
    let libraries = format!("{prefix}/lib/");
    let is_module = |path: &TreePath, node: &Node| {
        let text = path.as_str();
        text.starts_with(&libraries) && text.ends_with(SUFFIX) && matches!(node.kind, Kind::File(_))
    };
    let modules = tree.iter().filter(|(path, node)| is_module(path, node));
    modules
        .map(|(path, node)| {
            let mtime = clamp.map_or(node.mtime, |clamp| node.mtime.min(clamp));
            (path.clone(), Node { mtime, ..node.clone() })
        })
        .collect()
}

/// The root file system of the compiler: the distribution's base for this machine, and the modules.
fn root(
    setting: &Setting<'_>,
    distro: &DistroFile,
    plan: &Plan<'_>,
    modules: &BTreeMap<TreePath, Node>,
    tell: Listener<'_>,
) -> Result<Tree, BytecodeError> {
    let debs = fetching::unpacked_debs::<BytecodeError>(setting, &plan.compiler, tell)?;
    let time = modules.values().map(|node| node.mtime).max().unwrap_or(Epoch(0));
    let request = rootfs::Request {
        arch: plan.host,
        distro,
        debs: &debs.iter().collect::<Vec<_>>(),
        requested: &plan.compiler_asked,
        time,
    };
    let mut root = rootfs::assemble(&request)?;
    let mut put = |path: String, node: Node| -> Result<(), BytecodeError> {
        root.insert_with_parents(TreePath::from_member(&path)?, node)?;
        Ok(())
    };
    for (path, node) in modules {
        put(format!("{SOURCES}/{path}"), node.clone())?;
    }
    put(OUT.to_owned(), Node::directory(0o755, time))?;
    put("/build/bytecode.py".to_owned(), Node::file(0o644, time, Content::from_bytes(COMPILER)))?;
    Ok(root)
}

fn run(
    setting: &Setting<'_>,
    distro: &DistroFile,
    tag: &str,
    lower: &Path,
    upper: &Path,
) -> Result<(), BytecodeError> {
    let jobs = setting.jobs.to_string();
    let arguments =
        [distro.python.path.as_str(), "-I", "-S", "/build/bytecode.py", SOURCES, OUT, tag, &jobs];
    let environment = [("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("PYTHONHASHSEED", "0")];
    let job = sandbox::Job {
        program: setting.program,
        lower: &[lower],
        upper,
        arguments: &arguments.map(str::to_owned),
        environment: &environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        folder: "/build",
        limits: sandbox::Limits::default(),
    };
    let finished = sandbox::run(&job).map_err(BytecodeError::Sandbox)?;
    if finished.success() {
        return Ok(());
    }
    Err(BytecodeError::Failed {
        status: finished.status.to_string(),
        output: String::from_utf8_lossy(&finished.output).trim_end().to_owned(),
    })
}

/// What was compiled, if it was.
fn content(path: &Path) -> io::Result<Option<Content>> {
    // Not followed: a link would lead out of the sandbox.
    match fs_err::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.len() <= LARGEST => {}
        Ok(_) => return Err(io::Error::other(format!("{}: no bytecode", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut hash = Hashing::new(io::sink());
    io::copy(&mut fs_err::File::open(path)?, &mut hash)?;
    let (sha256, size) = hash.finish();
    Ok(Some(Content::from_slice(Arc::from(path), 0, size, sha256)))
}
