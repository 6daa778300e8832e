//! `cooperage repo`.

mod serve;
mod told;

use std::path::{Path, PathBuf};

use names::{Digest, Epoch};
use pkg_repo::{
    AptSettings, ChannelName, ChannelSettings, Check, Depth, Downgrade, Extras, Folder, Format,
    GateRules, InPlace, NewPackage, Pinning, Provenance, Repository, Retention, Scope, Signing,
    SoleFolder, YumSettings,
};
use serde_json::json;
use signer::{KeyUse, Keyring};

use super::keys;
use crate::args::{self, Global, Repo};
use crate::failure::Failure;
use crate::speech;
use crate::surroundings::Surroundings;

const SECONDS_OF_DAY: u64 = 24 * 60 * 60;
/// The most that the provenance of a package can have.
const LARGEST_PROVENANCE: u64 = 16 << 20;
/// The most that groups or advisories can have.
const LARGEST_EXTRA: u64 = 256 << 20;
/// The most that a keyring can have.
const LARGEST_KEYRING: u64 = 16 << 20;

/// Publishes packages, and looks after what is published.
pub(crate) fn run(
    command: &Repo,
    global: &Global,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let workers = global.jobs.map_or(surroundings.cpus, usize::from);
    let now = super::build::epoch(surroundings)?.unwrap_or(surroundings.now);
    let place = Place { global, surroundings, workers, now };
    match command {
        Repo::Init(init) => place.init(init),
        Repo::Publish(publish) => place.publish(publish),
        Repo::Promote(promote) => place.promote(promote),
        Repo::Remove(remove) => place.remove(remove),
        Repo::Rollback(rollback) => place.rollback(rollback),
        Repo::Refresh(refresh) => {
            place.change(&refresh.folder, &refresh.sign, |repository, signing| {
                let snapshot = repository.refresh(&refresh.channel, signing)?;
                told::snapshot(global, &snapshot)
            })
        }
        Repo::Extras(set) => {
            let extras = place.extras(&set.extras)?;
            place.change(&set.folder, &set.sign, |repository, signing| {
                let snapshot = repository.set_extras(&set.channel, &extras, signing)?;
                told::snapshot(global, &snapshot)
            })
        }
        Repo::Index(index) => place.index(index),
        Repo::List(list) => place.list(list),
        Repo::Verify(verify) => place.verify(verify),
        Repo::Gc(gc) => collect(gc, global, &surroundings.absolute(&gc.folder), now),
        Repo::Serve(serve) => serve::run(serve, global, surroundings),
    }
}

/// Where a command works.
struct Place<'a> {
    global: &'a Global,
    surroundings: &'a Surroundings,
    workers: usize,
    now: Epoch,
}

impl Place<'_> {
    /// Opens a repository that is there.
    fn open(&self, folder: &Path) -> Result<Folder, Failure> {
        let folder = self.surroundings.absolute(folder);
        if !folder.join("pointers").is_dir() {
            return Err(Failure::NoRepository(folder));
        }
        Ok(Folder::open(&folder)?)
    }

    /// Opens the keys of `signing.toml`.
    fn keys(&self, sign: &args::SignOptions) -> Result<Vec<Box<dyn signer::OpenPgpKey>>, Failure> {
        let (signing, wanted) = (sign.signing.as_deref(), KeyUse::Repository);
        keys::open(signing, wanted, self.surroundings, self.now, self.global.quiet)
    }

    /// Opens the keys and the repository, and does as [`Place::signed`].
    fn change(
        &self,
        folder: &Path,
        sign: &args::SignOptions,
        work: impl FnOnce(&Repository<'_>, &Signing<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let opened = self.keys(sign)?;
        self.signed(&self.open(folder)?, &opened, work)
    }

    /// Puts the public halves of the keys into the repository, and does `work`.
    fn signed(
        &self,
        storage: &Folder,
        opened: &[Box<dyn signer::OpenPgpKey>],
        work: impl FnOnce(&Repository<'_>, &Signing<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let keys: Vec<&dyn signer::OpenPgpKey> = opened.iter().map(AsRef::as_ref).collect();
        let repository = Repository { storage, workers: self.workers };
        for key in &keys {
            repository.export_key(key.certificate())?;
        }
        work(&repository, &Signing { keys: &keys, now: self.now })
    }

    fn init(&self, init: &args::InitChannel) -> Result<(), Failure> {
        let settings = settings(&init.channel, &init.options);
        let opened = self.keys(&init.sign)?;
        let storage = Folder::open(&self.surroundings.absolute(&init.folder))?;
        self.signed(&storage, &opened, |repository, signing| {
            Ok(repository.init(&init.channel, &settings, signing)?)
        })
    }

    fn publish(&self, publish: &args::Publish) -> Result<(), Failure> {
        let package = |path: &PathBuf| {
            let path = self.surroundings.absolute(path);
            let provenance = provenance(&path)?;
            Ok(NewPackage { path, component: publish.component.clone(), provenance })
        };
        let packages = publish.package.iter().map(package);
        let packages: Vec<NewPackage> = packages.collect::<Result<_, Failure>>()?;
        self.change(&publish.folder, &publish.sign, |repository, signing| {
            let rules = rules(&publish.gate);
            let done = repository.publish(&publish.channel, &packages, rules, signing)?;
            told::published(self.global, &done)
        })
    }

    fn promote(&self, promote: &args::Promote) -> Result<(), Failure> {
        self.change(&promote.folder, &promote.sign, |repository, signing| {
            let (from, to) = (&promote.from, &promote.to);
            let chosen = match promote.package.is_empty() {
                true => repository.records(from)?.iter().map(|record| record.sha256).collect(),
                false => digests(repository, from, &promote.package)?,
            };
            let done = repository.promote(from, to, &chosen, rules(&promote.gate), signing)?;
            told::published(self.global, &done)
        })
    }

    fn remove(&self, remove: &args::RemovePackages) -> Result<(), Failure> {
        self.change(&remove.folder, &remove.sign, |repository, signing| {
            if remove.whole {
                return Ok(repository.remove_channel(&remove.channel)?);
            }
            let chosen = digests(repository, &remove.channel, &remove.package)?;
            told::published(self.global, &repository.remove(&remove.channel, &chosen, signing)?)
        })
    }

    fn rollback(&self, rollback: &args::Rollback) -> Result<(), Failure> {
        self.change(&rollback.folder, &rollback.sign, |repository, signing| {
            let snapshot = repository.rollback(&rollback.channel, &rollback.snapshot, signing)?;
            told::snapshot(self.global, &snapshot)
        })
    }

    /// Reads the files that are published with the indexes of yum.
    fn extras(&self, given: &args::ExtraOptions) -> Result<Extras, Failure> {
        let read = |path: &Option<PathBuf>| {
            let path = path.as_ref().map(|path| self.surroundings.absolute(path));
            path.map(|path| super::read(&path, LARGEST_EXTRA)).transpose()
        };
        Ok(Extras { comps: read(&given.comps)?, updateinfo: read(&given.updateinfo)? })
    }

    fn index(&self, index: &args::IndexFolder) -> Result<(), Failure> {
        let options = InPlace {
            compression: compression(index.gzip),
            extras: self.extras(&index.extras)?,
            workers: self.workers,
        };
        let opened = self.keys(&index.sign)?;
        let keys: Vec<&dyn signer::OpenPgpKey> = opened.iter().map(AsRef::as_ref).collect();
        let signing = Signing { keys: &keys, now: self.now };
        let folder = self.surroundings.absolute(&index.folder);
        told::indexed(self.global, pkg_repo::index_folder(&folder, &options, &signing)?)
    }

    fn list(&self, list: &args::ListRepo) -> Result<(), Failure> {
        let storage = self.open(&list.folder)?;
        let repository = Repository { storage: &storage, workers: self.workers };
        let Some(channel) = &list.channel else {
            let names: Vec<String> =
                repository.channels()?.iter().map(ToString::to_string).collect();
            return match self.global.json {
                true => speech::json(&json!({ "channels": names })),
                false => speech::lines(names),
            };
        };
        match list.snapshots {
            true => told::snapshots(self.global, &repository.snapshots(channel)?),
            false => told::records(self.global, &repository.records(channel)?),
        }
    }

    fn verify(&self, verify: &args::VerifyRepo) -> Result<(), Failure> {
        let keyring = verify.keyring.as_ref().map(|path| {
            let path = self.surroundings.absolute(path);
            let bytes = super::read(&path, LARGEST_KEYRING)?;
            Keyring::parse(&bytes).map_err(|error| Failure::Keyring(path, error))
        });
        let keyring = keyring.transpose()?;
        let storage = self.open(&verify.folder)?;
        let repository = Repository { storage: &storage, workers: self.workers };
        let depth = if verify.sizes { Depth::Sizes } else { Depth::Bytes };
        let check = Check { keyring: keyring.as_ref(), now: self.now, depth };
        let channels = match &verify.channel {
            Some(channel) => vec![channel.clone()],
            None => repository.channels()?,
        };
        let mut findings = Vec::new();
        for channel in &channels {
            findings.extend(repository.verify(channel, &check)?);
        }
        told::findings(self.global, &findings)
    }
}

/// What lies beside the package at `path` as its provenance, if anything does: `build` writes it there.
fn provenance(path: &Path) -> Result<Option<Provenance>, Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".provenance.json");
    let path = PathBuf::from(name);
    if !path.exists() {
        return Ok(None);
    }
    let read = Provenance::parse(&super::read(&path, LARGEST_PROVENANCE)?);
    read.map(Some).map_err(|error| Failure::Provenance(path, error))
}

fn collect(
    gc: &args::CollectRepo,
    global: &Global,
    folder: &Path,
    now: Epoch,
) -> Result<(), Failure> {
    if !folder.join("pointers").is_dir() {
        return Err(Failure::NoRepository(folder.to_owned()));
    }
    let folder = SoleFolder::open(folder)?;
    let retention = Retention {
        count: usize::try_from(gc.keep_count).unwrap_or(usize::MAX),
        seconds: u64::from(gc.keep_days) * SECONDS_OF_DAY,
        now,
    };
    let collected = pkg_repo::collect(&folder, retention)?;
    told::collected(global, collected)
}

fn settings(channel: &ChannelName, options: &args::ChannelOptions) -> ChannelSettings {
    let keep = usize::from(options.keep);
    match channel {
        ChannelName::Apt(suite) => ChannelSettings::Apt(AptSettings {
            origin: options.origin.clone(),
            label: options.label.clone(),
            codename: options.codename.clone().unwrap_or_else(|| suite.clone()),
            description: options.description.clone(),
            components: options.component.clone(),
            architectures: options.arch.clone(),
            valid_for: options.valid_days.map(|days| u64::from(days) * SECONDS_OF_DAY),
            keep,
            pinning: match options.pinning {
                args::Pinning::Normal => Pinning::Normal,
                args::Pinning::UpgradesOnly => Pinning::UpgradesOnly,
                args::Pinning::Manual => Pinning::Manual,
            },
        }),
        ChannelName::Yum(_) => {
            ChannelSettings::Yum(YumSettings { compression: compression(options.gzip), keep })
        }
    }
}

fn compression(gzip: bool) -> Format {
    if gzip { Format::Gzip } else { Format::Zstd }
}

fn rules(gate: &args::GateOptions) -> GateRules {
    GateRules {
        downgrade: if gate.allow_downgrade { Downgrade::Allow } else { Downgrade::Refuse },
        scope: if gate.part { Scope::Part } else { Scope::Architectures },
    }
}

/// The packages of a channel that digests and names stand for; a name for all of its versions.
fn digests(
    repository: &Repository<'_>,
    channel: &ChannelName,
    words: &[String],
) -> Result<Vec<Digest>, Failure> {
    let records = repository.records(channel)?;
    let mut digests = Vec::new();
    for word in words {
        if let Ok(digest) = word.parse::<Digest>() {
            digests.push(digest);
            continue;
        }
        let named = records.iter().filter(|record| record.name == *word);
        let before = digests.len();
        digests.extend(named.map(|record| record.sha256));
        if digests.len() == before {
            return Err(Failure::NoSuchPackage(word.clone(), channel.clone()));
        }
    }
    Ok(digests)
}
