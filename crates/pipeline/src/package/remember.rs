//! Packages that are made once.

use std::io;
use std::path::Path;

use names::{Digest, Epoch, Hashing, Place};
use serde::{Deserialize, Serialize};
use signer::OpenPgpKey;
use store::{Blob, BlobError, Store};

use super::bytecode;
use super::error::PackageError;
use super::provenance;
use super::task::Task;
use crate::files::replace_file;
use crate::groups::Group;
use crate::key::Key;
use crate::plan::{self, Plan};
use crate::setting::Setting;
use crate::summary::PackageSummary;

/// The kind under which the store has the records.
pub(crate) const RECORDS: &str = "package-record-1";

/// What is noted under the key of a step: its packages, whose bytes are in the store.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Record {
    packages: Vec<Noted>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Noted {
    arch: String,
    name: String,
    version: String,
    /// The name of its file.
    file: String,
    digest: Digest,
    size: u64,
}

impl Task<'_> {
    /// The key of the step that makes the packages of a format: the digest of all that decides about their
    /// bytes. `level` is the format level of what makes them. Of a signature the key counts and not the time,
    /// unless that is given: a package keeps the signature that it got first.
    pub(crate) fn key(&self, level: &str, signed_by: Option<&dyn OpenPgpKey>) -> Digest {
        let Task { description, plan, source, release, output } = *self;
        let mut service = plan.service.clone();
        // Where the account stands in the recipe is nothing that a package has.
        service.place = Place::default();
        let epoch = output.epoch.map_or("none".to_owned(), |Epoch(seconds)| seconds.to_string());
        let groups = plan.groups.iter().map(|Group { wheels, .. }| {
            let wheels = wheels.iter().map(|file| plan::input(plan, file));
            Key::new("group").with_all("wheels", wheels).finish().to_string()
        });
        let key = Key::new(level)
            .with("arch", plan.arch.debian())
            .with("id", description.id.as_str())
            .with("distro", &description.distro_text)
            .with_all("base", plan.base.iter().map(|deb| deb.sha256.to_string()))
            .with_all("base asked", &plan.base_asked)
            .with_all("compiler", compiler(plan))
            .with_all("system", plan.system.iter().map(|deb| deb.sha256.to_string()))
            .with_all("system asked", &plan.system_asked)
            .with("version", plan.python)
            .with_all("python", groups)
            .with("wheel", plan::own_input(plan))
            .with_all("wheels", plan.wheels.iter().map(|wheel| wheel.file.as_str()))
            .with("recipe", format!("{service:?}"))
            .with("release", release.to_string())
            .with("source", format!("{source:?}"))
            .with("epoch", epoch);
        key.with_each("signed by", signed_by.map(|key| key.certificate().fingerprint())).finish()
    }
}

/// What bytecode is compiled with, where it is.
fn compiler(plan: &Plan<'_>) -> Vec<String> {
    let debs = plan.compiler.iter().map(|deb| deb.sha256.to_string());
    let program = (!plan.compiler.is_empty()).then(|| bytecode::COMPILER.to_owned());
    debs.chain(program).collect()
}

/// The record of a step whose packages are all in the store.
fn record(store: &Store, key: &Digest) -> Option<Vec<(Noted, Blob)>> {
    let record: Record = serde_json::from_slice(&store.record(RECORDS, key)?).ok()?;
    let with_blob = |noted: Noted| {
        let blob = store.blob(&noted.digest).filter(|blob| blob.size == noted.size)?;
        // It becomes the name of a file.
        let plain = !noted.file.contains('/') && !noted.file.starts_with('.');
        plain.then_some((noted, blob))
    };
    record.packages.into_iter().map(with_blob).collect()
}

/// Whether the packages of the step need not be made.
pub(crate) fn is_made(store: &Store, key: &Digest) -> bool {
    record(store, key).is_some()
}

/// Puts the packages of the step, if they were made before, into the folder of `format`; nothing where they
/// are not in the store any more, or damaged there.
pub(crate) fn find(
    setting: &Setting<'_>,
    task: &Task<'_>,
    format: &str,
    key: &Digest,
) -> Result<Option<Vec<PackageSummary>>, PackageError> {
    let Some(packages) = record(setting.store, key) else { return Ok(None) };
    let mut made = Vec::new();
    for (Noted { arch, name, version, file, digest, size }, blob) in packages {
        let path = task.output.folder.join(format).join(&file);
        let copied = copy(&blob, &path);
        if !copied.map_err(|source| PackageError::Out { path: path.clone(), source })? {
            return Ok(None);
        }
        let (format, file) = (format.to_owned(), format!("{format}/{file}"));
        let provenance = provenance::place(&file);
        made.push(PackageSummary {
            format,
            arch,
            name,
            version,
            digest,
            size,
            file,
            provenance,
            path,
        });
    }
    Ok(Some(made))
}

/// Notes packages under the key of the step that made them.
pub(crate) fn note(
    store: &Store,
    key: &Digest,
    packages: &[PackageSummary],
) -> Result<(), BlobError> {
    let noted = packages.iter().map(|package| Noted {
        arch: package.arch.clone(),
        name: package.name.clone(),
        version: package.version.clone(),
        file: package.file.rsplit('/').next().unwrap_or_default().to_owned(),
        digest: package.digest,
        size: package.size,
    });
    let record = Record { packages: noted.collect() };
    let text = serde_json::to_vec(&record).expect("a record is plain text and numbers");
    store.write_record(RECORDS, key, &text)
}

/// Copies a blob to `path`, in place of what was there; not if its bytes are others than its digest says.
fn copy(blob: &Blob, path: &Path) -> io::Result<bool> {
    replace_file(path, |file| {
        let mut source = Hashing::new(fs_err::File::open(&blob.path)?);
        io::copy(&mut source, file)?;
        Ok(source.finish().0 == blob.digest)
    })
}
