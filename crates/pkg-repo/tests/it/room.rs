//! A repository in a folder of its own.

use std::path::{Path, PathBuf};

use names::Epoch;
use pkg_repo::{
    AptSettings, ChannelName, ChannelSettings, Check, Collected, Depth, Finding, Folder, GateRules,
    NewPackage, Pinning, Published, RepoError, Repository, Retention, Signing, SoleFolder, collect,
};
use signer::{OpenPgpKey, OpenPgpKeyFile};
use testkit::DebBuilder;

/// 2026-06-01
pub(crate) const TIME: Epoch = Epoch(1_780_272_000);

/// The key of tests, which has no end.
pub(crate) fn key() -> OpenPgpKeyFile {
    let bytes = include_bytes!("../../../signer/tests/fixtures/secret.asc");
    OpenPgpKeyFile::parse(bytes, None).unwrap()
}

pub(crate) struct Room {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) storage: Folder,
    pub(crate) key: OpenPgpKeyFile,
    pub(crate) now: Epoch,
}

impl Room {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = Folder::open(&folder.path().join("repo")).unwrap();
        Self { folder, storage, key: key(), now: TIME }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.storage.root()
    }

    pub(crate) fn repository(&self) -> Repository<'_> {
        Repository { storage: &self.storage, workers: 2 }
    }

    /// Calls `work` with the key and the time.
    pub(crate) fn signing<T>(&self, work: impl FnOnce(&Signing<'_>) -> T) -> T {
        let keys: [&dyn OpenPgpKey; 1] = [&self.key];
        work(&Signing { keys: &keys, now: self.now })
    }

    pub(crate) fn init(&self, channel: &str) {
        let settings = ChannelSettings::Apt(suite(channel));
        self.signing(|signing| self.repository().init(&name(channel), &settings, signing)).unwrap();
    }

    /// Writes a .deb beside the repository.
    pub(crate) fn deb(&self, deb: &DebBuilder) -> NewPackage {
        let bytes = deb.build();
        let digest = &testkit::sha256(&bytes).hex()[..12];
        let path = self.at("new").join(digest).join(deb.file_name());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, bytes).unwrap();
        NewPackage { path, component: "main".to_owned(), provenance: None }
    }

    pub(crate) fn publish(
        &self,
        channel: &str,
        packages: &[NewPackage],
        rules: GateRules,
    ) -> Result<Published, RepoError> {
        self.signing(|signing| self.repository().publish(&name(channel), packages, rules, signing))
    }

    /// Publishes debs, which must succeed.
    #[track_caller]
    pub(crate) fn add(&self, channel: &str, debs: &[DebBuilder]) -> Published {
        let packages: Vec<NewPackage> = debs.iter().map(|deb| self.deb(deb)).collect();
        self.publish(channel, &packages, GateRules::default()).unwrap()
    }

    /// `NAME VERSION ARCHITECTURE` of each package.
    pub(crate) fn list(&self, channel: &str) -> Vec<String> {
        let records = self.repository().records(&name(channel)).unwrap();
        let line = |record: &pkg_repo::Record| {
            format!("{} {} {}", record.name, record.version, record.architecture)
        };
        records.iter().map(line).collect()
    }

    /// What is wrong with a channel.
    pub(crate) fn verify(&self, channel: &str) -> Vec<Finding> {
        let keyring = self.key.certificate().keyring();
        let check = Check { keyring: Some(&keyring), now: self.now, depth: Depth::Bytes };
        self.repository().verify(&name(channel), &check).unwrap()
    }

    /// Removes snapshots, and what only they had.
    pub(crate) fn collect(self, count: usize, days: u64) -> (Self, Collected) {
        let (room, collected) = self.try_collect(count, days);
        (room, collected.unwrap())
    }

    pub(crate) fn try_collect(
        self,
        count: usize,
        days: u64,
    ) -> (Self, Result<Collected, RepoError>) {
        let Self { folder, storage, key, now } = self;
        drop(storage);
        let root = folder.path().join("repo");
        let sole = SoleFolder::open(&root).unwrap();
        let retention = Retention { count, seconds: days * 86_400, now };
        let collected = collect(&sole, retention);
        drop(sole);
        let storage = Folder::open(&root).unwrap();
        (Self { folder, storage, key, now }, collected)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        String::from_utf8(fs_err::read(self.root().join(path)).unwrap()).unwrap()
    }
}

/// All files below a folder, links not followed.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path));
        } else {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

pub(crate) fn name(channel: &str) -> ChannelName {
    channel.parse().unwrap()
}

pub(crate) fn suite(channel: &str) -> AptSettings {
    AptSettings {
        origin: "Example".to_owned(),
        label: "Example".to_owned(),
        codename: channel.trim_start_matches("apt:").to_owned(),
        description: "packages for tests".to_owned(),
        components: vec!["main".to_owned(), "restricted".to_owned()],
        architectures: vec!["amd64".to_owned(), "arm64".to_owned()],
        valid_for: None,
        keep: 2,
        pinning: Pinning::Normal,
    }
}

pub(crate) fn deb(name: &str, version: &str) -> DebBuilder {
    let path = format!("usr/share/{name}/{version}");
    DebBuilder::new(name, version).field("Section", "net").file(&path, version.as_bytes())
}

/// A package of 100 kB, whose description is kept.
pub(crate) fn large(package: &str, version: &str) -> DebBuilder {
    deb(package, version).file("usr/share/noise", &noise())
}

/// Of 200 kB, which no compression makes smaller than 100 kB.
pub(crate) fn noise() -> Vec<u8> {
    let digest = |number: u32| testkit::sha256(&number.to_le_bytes()).hex().into_bytes();
    (0..3_200).flat_map(digest).collect()
}
