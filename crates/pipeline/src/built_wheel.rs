//! Wheels that are built from source, in the sandbox.

pub(crate) mod error;
mod made;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter};
use std::path::Path;

use distro::{DistroFile, LockedDeb};
use filetree::{Content, Kind, Node, Tree, TreePath};
use names::{Arch, Digest, Epoch, PackageName};
use sandbox::SandboxError;
use serde::{Deserialize, Serialize};
use store::{Blob, Store, StoreKey};
use wheels::{LockedWheel, Metadata, WheelName};

pub use error::BuiltWheelError;
pub(crate) use made::MadeFrom;

use crate::fetching;
use crate::key::Key;
use crate::patch_files::PatchFile;
use crate::patched::{Patched, needs, patched};
use crate::setting::{Listener, Setting};
use crate::sources::{self, Wanted};
use crate::{Event, Stage};

/// The kind of the records in the store. The number grows when the same inputs give another wheel.
const KIND: &str = "built-wheel-1";
/// The kind under which the store has the records.
pub(crate) const RECORDS: &str = "built-wheel-2";
/// The front end that is run in the sandbox.
const FRONT_END: &str = include_str!("built_wheel/pep517.py");
/// Where things lie in the sandbox.
const SOURCE: &str = "/build/source";
const LIBRARIES: &str = "/build/lib";
const OUT: &str = "/build/out";
/// The largest wheel that is taken out of the sandbox.
const LARGEST: u64 = 1 << 30;

/// What a wheel is built of. Plain data: nothing is read or fetched for it.
#[derive(Debug)]
pub(crate) struct WheelStep<'a> {
    /// The architecture of this machine, and of the root that the build runs in.
    pub(crate) host: Arch,
    pub(crate) distro: &'a DistroFile,
    pub(crate) distro_text: &'a str,
    pub(crate) project: &'a PackageName,
    /// The version that the wheel must have.
    pub(crate) version: &'a str,
    pub(crate) sdist: &'a LockedWheel,
    /// Where the source archive is made from, unless it is one of the index.
    pub(crate) made: Option<MadeFrom<'a>>,
    pub(crate) patches: Vec<PatchFile>,
    /// How many lines of their context may differ.
    pub(crate) fuzz: usize,
    /// The back end and what it needs.
    pub(crate) build: Vec<&'a LockedWheel>,
    /// The packages of the root that the build runs in, and what of them was asked for.
    pub(crate) base: Vec<&'a LockedDeb>,
    pub(crate) base_asked: Vec<String>,
}

/// A wheel that was built.
#[derive(Clone, Debug)]
pub(crate) struct BuiltWheel {
    pub(crate) blob: Blob,
    pub(crate) wheel: LockedWheel,
}

/// What is noted in the store under the key of a step.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Record {
    file: String,
    blob: Digest,
}

impl WheelStep<'_> {
    /// The digest of all inputs.
    pub(crate) fn key(&self) -> Digest {
        let digests = |wheels: &[&LockedWheel]| -> Vec<String> {
            wheels.iter().map(|wheel| format!("{} {}", wheel.file, wheel.sha256)).collect()
        };
        let mut debs: Vec<String> = self.base.iter().map(|deb| deb.sha256.to_string()).collect();
        debs.sort();
        let fuzz = (self.fuzz > 0).then(|| self.fuzz.to_string());
        Key::new(KIND)
            .with("front end", FRONT_END)
            .with("distro", self.distro_text)
            .with("arch", self.host.debian())
            .with("version", self.version)
            .with("sdist", self.sdist.sha256.as_bytes())
            .with_all("patches", self.patches.iter().map(|patch| patch.sha256.to_string()))
            .with_all("build", digests(&self.build))
            .with_all("debs", debs)
            .with_each("fuzz", fuzz)
            .finish()
    }

    /// What the store has under the key, once it is built.
    pub(crate) fn record(&self) -> StoreKey {
        StoreKey::Derived { kind: RECORDS.to_owned(), key: self.key() }
    }

    /// The wheel, if it was built before, here or elsewhere.
    pub(crate) fn find(&self, store: &Store) -> Option<BuiltWheel> {
        let text = store.record(RECORDS, &self.key())?;
        let Record { file, blob } = serde_json::from_slice(&text).ok()?;
        Some(self.built(file, store.blob(&blob)?))
    }

    fn built(&self, file: String, blob: Blob) -> BuiltWheel {
        let wheel = LockedWheel {
            project: self.project.clone(),
            version: self.version.to_owned(),
            file,
            sha256: blob.digest,
            size: Some(blob.size),
            requires_python: None,
            hint: None,
            open: false,
        };
        BuiltWheel { blob, wheel }
    }
}

/// Gives the wheel of `step`: from the store, or built now.
///
/// # Errors
/// When something cannot be had, the patches do not apply, there is no sandbox here, or the build
/// fails or makes another wheel than the lock was made for.
pub(crate) fn build(
    setting: &Setting<'_>,
    step: &WheelStep<'_>,
    tell: Listener<'_>,
) -> Result<BuiltWheel, BuiltWheelError> {
    if let Some(built) = step.find(setting.store) {
        return Ok(built);
    }
    let key = step.key();
    let file = || step.sdist.file.clone();
    sandbox::probe(setting.program).map_err(|error| match error {
        SandboxError::Denied(source) => BuiltWheelError::Denied { file: file(), key, source },
        source => BuiltWheelError::Sandbox { file: file(), source },
    })?;
    let sdist = match &step.made {
        None => fetching::wheel(setting, step.sdist, tell)?,
        Some(MadeFrom { origin, component, source }) => {
            let wanted = Wanted { component, project: step.project, origin };
            sources::again(setting, wanted, source, step.sdist).map_err(Box::new)?
        }
    };
    let pack = wheels::unpack_sdist(setting.store, &sdist)?;
    let source = patched(&step.sdist.file, &pack, &step.patches, step.fuzz)?;
    tell(Event::StageStarted { stage: Stage::Build });
    tell(Event::StepStarted { what: format!("{} {}", step.project, step.version) });

    let failed = |source| BuiltWheelError::Folder { source };
    let work = tempfile::Builder::new().prefix("build-").tempdir_in(setting.store.root());
    let work = work.map_err(failed)?;
    let (lower, upper) = (work.path().join("lower"), work.path().join("upper"));
    for folder in [&lower, &upper] {
        fs_err::create_dir(folder).map_err(failed)?;
    }
    let result = root(setting, step, &source, tell).and_then(|root| {
        sandbox::write_tree(&root, &lower)?;
        run(setting, step, &source, &lower, &upper)?;
        take(setting, step, &source, &upper)
    });
    // A build may leave folders that only this removes.
    let removed = sandbox::remove(work.path());
    let built = result?;
    removed.map_err(failed)?;
    tell(Event::StepFinished { what: built.wheel.file.clone(), digest: built.blob.digest });
    Ok(built)
}

/// The root file system of the build: the packages, the back end, the source.
fn root(
    setting: &Setting<'_>,
    step: &WheelStep<'_>,
    source: &Patched,
    tell: Listener<'_>,
) -> Result<Tree, BuiltWheelError> {
    let debs = fetching::unpacked_debs::<BuiltWheelError>(setting, &step.base, tell)?;
    let request = rootfs::Request {
        arch: step.host,
        distro: step.distro,
        debs: &debs.iter().collect::<Vec<_>>(),
        requested: &step.base_asked,
        time: source.time,
    };
    let mut root = rootfs::assemble(&request)?;
    for pack in fetching::unpacked_wheels::<BuiltWheelError>(setting, &step.build, tell)? {
        for (path, node) in pack.entries {
            put(&mut root, &format!("{LIBRARIES}/{path}"), node)?;
        }
    }
    for (path, node) in source.tree.iter() {
        put(&mut root, &format!("{SOURCE}/{path}"), node.clone())?;
    }
    put(&mut root, OUT, Node::directory(0o755, source.time))?;
    let front_end = Node::file(0o644, source.time, Content::from_bytes(FRONT_END));
    put(&mut root, "/build/pep517.py", front_end)?;
    Ok(root)
}

fn put(root: &mut Tree, path: &str, node: Node) -> Result<(), BuiltWheelError> {
    let place = TreePath::from_member(path)?;
    root.insert_with_parents(place, node)?;
    Ok(())
}

/// Runs the front end in the sandbox.
fn run(
    setting: &Setting<'_>,
    step: &WheelStep<'_>,
    source: &Patched,
    lower: &Path,
    upper: &Path,
) -> Result<(), BuiltWheelError> {
    let system = &source.build_system;
    let arguments: Vec<String> = [
        step.distro.python.path.as_str(),
        "-s",
        "/build/pep517.py",
        OUT,
        &system.backend,
        &system.backend_path.join(":"),
    ]
    .map(str::to_owned)
    .into();
    let job = sandbox::Job {
        program: setting.program,
        lower: &[lower],
        upper,
        arguments: &arguments,
        environment: &environment(step, source.time),
        folder: SOURCE,
        limits: sandbox::Limits::default(),
    };
    let finished = sandbox::run(&job).map_err(|source| {
        let file = step.sdist.file.clone();
        BuiltWheelError::Sandbox { file, source }
    })?;
    if finished.success() {
        return Ok(());
    }
    Err(BuiltWheelError::Failed {
        file: step.sdist.file.clone(),
        status: finished.status.to_string(),
        output: String::from_utf8_lossy(&finished.output).trim_end().to_owned(),
    })
}

/// All that a build can see: nothing of it is of this machine or this day.
fn environment(step: &WheelStep<'_>, time: Epoch) -> BTreeMap<String, String> {
    let triplet = step.host.triplet();
    let faketime = format!("/usr/lib/{triplet}/faketime/libfaketime.so.1");
    // The clock of libfaketime stands still at this time, in the zone below.
    let clock = time.to_string().replace('T', " ").replace('Z', "");
    [
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/build"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
        ("PYTHONPATH", LIBRARIES),
        ("PYTHONHASHSEED", "0"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("SOURCE_DATE_EPOCH", &time.0.to_string()),
        ("LD_PRELOAD", &faketime),
        ("FAKETIME", &clock),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        // What PBR would ask git for.
        ("PBR_VERSION", step.version),
        ("SKIP_GENERATE_AUTHORS", "1"),
        ("SKIP_WRITE_GIT_CHANGELOG", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Takes the wheel out of the sandbox, puts it into its normal form, checks it and notes it.
fn take(
    setting: &Setting<'_>,
    step: &WheelStep<'_>,
    source: &Patched,
    upper: &Path,
) -> Result<BuiltWheel, BuiltWheelError> {
    let wrong = |what: String| BuiltWheelError::Wrong { file: step.sdist.file.clone(), what };
    let folder = upper.join("root").join(OUT.trim_start_matches('/'));
    let failed = |source| BuiltWheelError::Folder { source };
    let mut found = Vec::new();
    for entry in fs_err::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // Not followed: a link would lead out of the sandbox.
        let plain = entry.file_type().map_err(failed)?.is_file();
        if plain && entry.metadata().map_err(failed)?.len() <= LARGEST {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    let [file] = &found[..] else {
        return Err(wrong(format!("it has made {} files, where one wheel is wanted", found.len())));
    };
    let name = WheelName::parse(file).map_err(|error| wrong(error.to_string()))?;
    if name.project != *step.project || name.version.to_string() != step.version {
        return Err(wrong(format!("it has made {file}, and the lock is for {}", step.version)));
    }
    if name.platforms != ["any"] {
        let text = format!("it has made {file}: a wheel for one architecture alone");
        return Err(wrong(text));
    }
    let input = io::BufReader::new(fs_err::File::open(folder.join(file)).map_err(failed)?);
    let mut normal = tempfile::tempfile_in(setting.store.root()).map_err(failed)?;
    wheels::normalize_wheel(input, BufWriter::new(&mut normal), source.time)?;
    io::Seek::rewind(&mut normal).map_err(failed)?;
    let mut writer = setting.store.blob_writer()?;
    io::copy(&mut normal, &mut writer).map_err(failed)?;
    let blob = writer.finish(None)?;
    check_metadata(setting, step, source, &blob)?;

    let record = Record { file: file.clone(), blob: blob.digest };
    let record = serde_json::to_vec(&record).expect("a record is plain text");
    setting.store.write_record(RECORDS, &step.key(), &record)?;
    Ok(step.built(file.clone(), blob))
}

/// The lock was made for what the source says that it needs; the wheel must say the same.
fn check_metadata(
    setting: &Setting<'_>,
    step: &WheelStep<'_>,
    source: &Patched,
    blob: &Blob,
) -> Result<(), BuiltWheelError> {
    let wrong = |what: String| BuiltWheelError::Wrong { file: step.sdist.file.clone(), what };
    let pack = wheels::unpack(setting.store, blob)?;
    let is_metadata = |path: &TreePath| {
        let folder = path.as_str().strip_suffix(".dist-info/METADATA");
        folder.is_some_and(|folder| !folder.contains('/'))
    };
    let metadata = pack.entries.iter().find(|(path, _)| is_metadata(path));
    let Some((_, Node { kind: Kind::File(content), .. })) = metadata else {
        return Err(wrong("it has made a wheel without METADATA".to_owned()));
    };
    let bytes = content.read().map_err(|source| BuiltWheelError::Folder { source })?;
    let built = Metadata::parse(&String::from_utf8_lossy(&bytes))?;
    let (wanted, found) = (needs(&source.metadata), needs(&built));
    if wanted == found {
        return Ok(());
    }
    let only = |these: &BTreeSet<String>, others: &BTreeSet<String>| {
        these.difference(others).cloned().collect::<Vec<_>>().join(", ")
    };
    Err(wrong(format!(
        "the wheel does not need what the patched source says: only the source has [{}], only the \
         wheel has [{}]",
        only(&wanted, &found),
        only(&found, &wanted),
    )))
}
