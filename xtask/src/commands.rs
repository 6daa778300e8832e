//! One function for each command.

mod bench;
mod bindep;
mod build;
mod build_all;
mod check;
mod closure;
mod constraints;
mod doctor;
mod equivalence;
mod import;
mod keys;
mod lock;
mod packages;
mod patches;
mod plan;
mod repo;
mod shell;
mod source;
mod store;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use ::store::Store;
use names::ArchiveName;
use pipeline::{Outside, OutsideSettings, Setting};

use crate::args::{Cli, Command, Constraints, Global, Patches, Source};
use crate::failure::Failure;
use crate::speech::Manner;
use crate::surroundings::Surroundings;

/// Runs the command that the user typed.
pub(crate) fn run(cli: &Cli, surroundings: &Surroundings, manner: Manner) -> Result<(), Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Build(build) => build::run(build, global, surroundings, manner),
        Command::Lock(lock) => lock::run(lock, global, surroundings, manner),
        Command::Check => check::run(global, surroundings),
        Command::Constraints(Constraints::Import(import)) => {
            import::run(import, global, surroundings)
        }
        Command::Constraints(Constraints::Show(show)) => {
            constraints::run(show, global, surroundings)
        }
        Command::Constraints(Constraints::Diff(diff)) => {
            constraints::changes::diff(diff, global, surroundings)
        }
        Command::Constraints(Constraints::Explain(explain)) => {
            constraints::explain(explain, global, surroundings)
        }
        Command::Packages(packages) => packages::run(packages, global, surroundings, manner),
        Command::Closure(closure) => closure::run(closure, global, surroundings, manner),
        Command::Doctor(doctor) => doctor::run(doctor, global, surroundings),
        Command::Plan(plan) => plan::run(plan, global, surroundings),
        Command::Bindep(bindep) => bindep::run(bindep, global, surroundings),
        Command::Patches(Patches::Apply(apply)) => patches::apply(apply, global, surroundings),
        Command::Patches(Patches::Status(some)) => {
            patches::status(some, global, surroundings, manner)
        }
        Command::Patches(Patches::Refresh(some)) => {
            patches::refresh(some, global, surroundings, manner)
        }
        Command::Source(Source::Version(version)) => source::version(version, global, surroundings),
        Command::Source(Source::Resolve(resolve)) => source::resolve(resolve, global, surroundings),
        Command::VerifyEquivalence(verify) => equivalence::run(verify, global, surroundings),
        Command::Repo(repo) => repo::run(repo, global, surroundings),
        Command::Store(store) => store::run(store, global, surroundings, manner),
        Command::Bench(bench) => bench::run(bench, global, surroundings),
        Command::Completions { shell } => shell::completions(*shell),
        Command::Man { command, out } => {
            let out = out.as_ref().map(|out| surroundings.absolute(out));
            shell::man(command, out.as_deref())
        }
    }
}

/// All of a file that a user has named, unless it is larger than `limit` bytes.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::Read(path.to_owned(), error);
    let mut file = fs_err::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let read = file.by_ref().take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if read as u64 > limit {
        let error = std::io::Error::other(format!("it is larger than {limit} bytes"));
        return Err(failed(error));
    }
    Ok(bytes)
}

/// The folder of the tree.
fn root(global: &Global, surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    match &global.root {
        Some(root) => Ok(surroundings.absolute(root)),
        None => surroundings.tree().ok_or(Failure::NoTree),
    }
}

/// The folder of the store.
fn store_folder(global: &Global, surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    match &global.store {
        Some(store) => Ok(surroundings.absolute(store)),
        None => surroundings.store().ok_or(Failure::NoStore),
    }
}

/// What the library needs to work: the tree, the store, the way to the outside.
struct Workplace {
    root: PathBuf,
    store: Store,
    outside: Outside,
    now: names::Epoch,
    host: names::Arch,
    jobs: usize,
}

impl Workplace {
    fn open(global: &Global, surroundings: &Surroundings) -> Result<Self, Failure> {
        Self::at(root(global, surroundings)?, global, surroundings)
    }

    /// For work that needs no tree.
    fn at(root: PathBuf, global: &Global, surroundings: &Surroundings) -> Result<Self, Failure> {
        let store = store_folder(global, surroundings)?;
        let outside = outside(global, surroundings)?;
        let jobs = global.jobs.map_or(surroundings.cpus, usize::from);
        let store = Store::open(&store)?;
        let (now, host) = (surroundings.now, surroundings.host);
        Ok(Self { root, store, outside, now, host, jobs })
    }

    fn setting(&self) -> Setting<'_> {
        Setting {
            root: &self.root,
            store: &self.store,
            outside: &self.outside,
            now: self.now,
            host: self.host,
            program: Path::new("/proc/self/exe"),
            jobs: self.jobs,
            package_key: None,
        }
    }
}

/// The way to the outside, as the arguments and the environment have it.
fn outside(global: &Global, surroundings: &Surroundings) -> Result<Outside, Failure> {
    let mut mirrors = std::collections::BTreeMap::<ArchiveName, Vec<String>>::new();
    for argument in &global.mirror {
        let (archive, url) = mirrors::parse_argument(argument).map_err(|error| {
            Failure::Mirror { argument: argument.clone(), reason: error.to_string() }
        })?;
        mirrors.entry(archive).or_default().push(url);
    }
    Ok(Outside::new(OutsideSettings {
        variables: surroundings.variables.clone(),
        mirrors,
        offline: global.offline,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}
