//! What roots are made of: the packages of the locks, and those that recipes without a lock need.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use distro::{DistroFile, LockedDeb, Suite, UnpackedDeb, fetch_suites, solve};
use fetch::{Http, Settings};
use names::{Arch, ArchiveName, ServiceName};
use release::Service;
use serde::Deserialize;
use signer::Keyring;
use store::Store;

use super::{reference, unpacked};

/// The release whose locks and recipes are looked at.
const RELEASE: &str = "2025.2";

/// What kolla's image of horizon has: the recipe here needs none of it.
const KOLLA_HORIZON: [&str; 3] = ["gettext", "locales", "tzdata"];

/// The part of a lock that counts here.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    base: Vec<Selection>,
    #[serde(default)]
    service: Vec<Selection>,
    deb: Vec<LockedDeb>,
}

/// What one base or service is made from.
#[derive(Deserialize)]
struct Selection {
    name: String,
    arch: Arch,
    packages: Vec<String>,
    debs: Vec<String>,
}

/// What was asked for, and all packages that are needed for it.
pub(super) struct Set {
    pub(super) name: String,
    pub(super) requested: Vec<String>,
    pub(super) debs: Vec<LockedDeb>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder for what a root is made from.
pub(super) fn place(folder: &Path, distro: &str, arch: Arch, name: &str) -> PathBuf {
    folder.join(distro).join(arch.debian()).join(name)
}

/// The locked base, and for each locked service that needs more the base with that.
pub(super) fn locked(distro: &str, arch: Arch) -> Vec<Set> {
    let read = |path: &str| -> Lock {
        toml::from_str(&std::fs::read_to_string(root().join(path)).unwrap()).unwrap()
    };
    let chosen = |lock: &Lock, selections: &[Selection], name: &str| {
        let mut found = selections.iter();
        let found = found.find(|one| one.name == name && one.arch == arch).unwrap();
        let named = |deb: &&LockedDeb| {
            let fits = deb.arch == "all" || deb.arch == arch.debian();
            fits && found.debs.contains(&format!("{}={}", deb.name, deb.version.as_str()))
        };
        let debs: Vec<LockedDeb> = lock.deb.iter().filter(named).cloned().collect();
        assert_eq!(debs.len(), found.debs.len(), "{name}: a package is not in the lock");
        (found.packages.clone(), debs)
    };
    let lock = read(&format!("distros/{distro}.lock"));
    let (base_requested, base) = chosen(&lock, &lock.base, "full");
    let release = read(&format!("releases/{RELEASE}/{distro}.lock"));
    let with = |service: &Selection| {
        let (requested, debs) = chosen(&release, &release.service, &service.name);
        let requested = [base_requested.as_slice(), &requested].concat();
        let debs = [base.as_slice(), &debs].concat();
        Set { name: service.name.clone(), requested, debs }
    };
    let needy = |service: &&Selection| service.arch == arch && !service.debs.is_empty();
    let services = release.service.iter().filter(needy).map(with);
    let base =
        Set { name: "base".to_owned(), requested: base_requested.clone(), debs: base.clone() };
    [base].into_iter().chain(services).collect()
}

/// For kolla's set of horizon, and for each recipe that is not locked on `distro`, since its pins lack wheels, and that needs packages:
/// the locked base with those, as the archive has them today.
pub(super) fn solved(
    distro: &str,
    arch: Arch,
    file: &DistroFile,
    store: &Store,
    folder: &Path,
    locked: &[Set],
) -> Vec<Set> {
    let base = &locked[0];
    let index = index(arch, file, store, &place(folder, distro, arch, &base.name), &base.debs);
    let tree = release::Tree::read(&root());
    let tree = tree.unwrap_or_else(|faults| panic!("{}", names::render_faults(&faults)));
    let id = distro.parse().unwrap();
    let target = release::Target { distro: &id, release: RELEASE.parse().unwrap(), arch };
    let of_service = |(name, service): (&ServiceName, &Service)| {
        (name.to_string(), service.packages(target, None).unwrap().into_iter().collect())
    };
    let mut wanted: BTreeMap<String, Vec<String>> = tree.services.iter().map(of_service).collect();
    wanted.insert("kolla-horizon".to_owned(), KOLLA_HORIZON.map(str::to_owned).to_vec());
    let mut sets = Vec::new();
    for (name, packages) in wanted {
        if packages.is_empty() || locked.iter().any(|set| set.name == name) {
            continue;
        }
        let requested = [base.requested.as_slice(), &packages].concat();
        let installed = base.debs.clone();
        let request = distro::Request { packages, installed, ..distro::Request::default() };
        let debs = solve(&index, &request).unwrap_or_else(|error| panic!("{name}: {error}")).debs;
        let debs = [base.debs.as_slice(), &debs].concat();
        sets.push(Set { name, requested, debs });
    }
    sets
}

/// The archive as it is today, and the packages of the base, which it may have replaced since.
fn index(
    arch: Arch,
    file: &DistroFile,
    store: &Store,
    base: &Path,
    debs: &[LockedDeb],
) -> distro::Index {
    let bases = |archive: &ArchiveName| {
        let variable =
            format!("COOPERAGE_MIRROR_{}", archive.as_str().to_uppercase()).replace('-', "_");
        Ok(vec![std::env::var(&variable).unwrap_or_else(|_| panic!("{variable} must be set"))])
    };
    let http = Http::new(Settings::new("0.0.0"), bases);
    let keyring = |suite: &Suite| {
        let bytes = std::fs::read(root().join("distros/keyrings").join(&suite.keyring)).unwrap();
        (suite.keyring.clone(), Keyring::parse(&bytes).unwrap())
    };
    let keyrings: BTreeMap<_, _> = file.suites.iter().map(keyring).collect();
    let (mut index, _) = fetch_suites(&http, store, &file.suites, &keyrings, arch, None).unwrap();
    add(&mut index, debs, &unpacked(store, &reference::debs(base, debs)));
    index
}

/// What a smaller base needs of the packages of a larger one.
pub(super) fn slim(
    packages: &[String],
    locked: &[LockedDeb],
    debs: &[UnpackedDeb],
) -> Vec<LockedDeb> {
    let mut index = distro::Index::new(Arch::Amd64);
    add(&mut index, locked, debs);
    let packages = packages.to_vec();
    solve(&index, &distro::Request { packages, ..distro::Request::default() }).unwrap().debs
}

/// Adds packages that the index does not have.
fn add(index: &mut distro::Index, locked: &[LockedDeb], debs: &[UnpackedDeb]) {
    for deb in locked {
        if index.find(&deb.name, &deb.version).is_none() {
            let here = debs.iter().find(|unpacked| unpacked.package == deb.name).unwrap();
            let fields = here.stanza.fields.iter();
            let control: String =
                fields.map(|(name, value)| format!("{name}: {value}\n")).collect();
            index.add_locked(deb, &control).unwrap();
        }
    }
}
