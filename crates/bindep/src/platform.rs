//! What bindep calls a platform.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use names::DistroId;
use pep440_rs::Version;

use crate::OsRelease;

/// A platform: the words that may stand behind `platform:`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Platform {
    /// The words, such as `debian`, `debian-trixie`, `debian-13`, `dpkg` and `base-py3`.
    pub atoms: BTreeSet<String>,
}

/// Why a platform has no words.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformError {
    /// There is no `ID`.
    #[error("the os-release has no ID: it cannot be told which distribution it is")]
    NoId,
    /// The version decides which Python the platform has, and is none.
    #[error("`{version}` is not a version of {id}, by which its Python could be told")]
    Version {
        /// The distribution.
        id: String,
        /// What should be its version.
        version: String,
    },
    /// A distro that this crate does not know.
    #[error("no platform is known for the distro {id}: give its os-release instead")]
    Unknown {
        /// The distro.
        id: String,
    },
}

/// Distributions whose packages are RPMs.
const RPM: &[&str] = &[
    "amzn",
    "amazonami",
    "centos",
    "rhel",
    "redhatenterpriseserver",
    "redhatenterpriseworkstation",
    "fedora",
    "opensuseproject",
    "opensuse",
    "opensuse-leap",
    "opensuse-tumbleweed",
    "sles",
    "suselinux",
    "ol",
    "oracle",
    "rocky",
    "almalinux",
];

/// Suites of Debian and Ubuntu: distro and version.
const SUITES: &[(&str, &str)] = &[
    ("debian-buster", "10"),
    ("debian-bullseye", "11"),
    ("debian-bookworm", "12"),
    ("debian-trixie", "13"),
    ("debian-forky", "14"),
    ("ubuntu-bionic", "18.04"),
    ("ubuntu-focal", "20.04"),
    ("ubuntu-jammy", "22.04"),
    ("ubuntu-noble", "24.04"),
    ("ubuntu-plucky", "25.04"),
    ("ubuntu-questing", "25.10"),
    ("ubuntu-resolute", "26.04"),
];

impl Platform {
    /// The platform of a distro by its name in a release tree: `debian-trixie`, `ubuntu-noble`, or a
    /// name with a version such as `rocky-9` and `fedora-42`, which have no code name here. `el9` is
    /// `rhel-9`.
    ///
    /// # Errors
    /// When no such distro is known, and as [`Platform::new`].
    pub fn of_distro(distro: &DistroId) -> Result<Self, PlatformError> {
        let text = distro.as_str();
        let unknown = || PlatformError::Unknown { id: text.to_owned() };
        let (id, rest) = match text.strip_prefix("el") {
            Some(version) if !version.contains('-') => ("rhel", version),
            _ => text.rsplit_once('-').ok_or_else(unknown)?,
        };
        let known = SUITES.iter().find(|(known, _)| *known == text);
        let (version_id, codename) = match known {
            Some((_, version)) => (*version, rest),
            None if RPM.contains(&id) && rest.starts_with(|first: char| first.is_ascii_digit()) => {
                (rest, "")
            }
            None => return Err(unknown()),
        };
        Self::new(&OsRelease {
            id: id.to_owned(),
            name: String::new(),
            version_id: version_id.to_owned(),
            codename: codename.to_owned(),
        })
    }

    /// The platform that an os-release describes: `Depends.platform_profiles` of bindep 2.14.0.
    ///
    /// # Errors
    /// When it has no `ID`, or a version that is needed to tell which Python is the platform's is none
    /// by PEP 440.
    pub fn new(system: &OsRelease) -> Result<Self, PlatformError> {
        let id = normal_id(&system.id);
        if id.is_empty() {
            return Err(PlatformError::NoId);
        }
        let (codename, release) =
            (system.codename.to_lowercase(), system.version_id.to_lowercase());
        let mut atoms = BTreeSet::from([id.clone()]);
        let add = |atoms: &mut BTreeSet<String>, id: &str| add_bits(atoms, id, &codename, &release);
        add(&mut atoms, &id);
        let version = Version::from_str(&release).ok();
        let python = |least: &[u64]| {
            let version = version.as_ref().ok_or_else(|| PlatformError::Version {
                id: id.clone(),
                version: release.clone(),
            })?;
            let older = *version < Version::new(least);
            Ok(if older { "base-py2" } else { "base-py3" })
        };
        match id.as_str() {
            "debian" | "ubuntu" | "pop" => {
                atoms.insert("dpkg".to_owned());
                let python = match id.as_str() {
                    "ubuntu" => python(&[16, 4])?,
                    // Testing and unstable have no version.
                    "debian" if version.is_some() => python(&[10])?,
                    _ => "base-py3",
                };
                atoms.insert(python.to_owned());
            }
            "gentoo" => _ = atoms.insert("emerge".to_owned()),
            "arch" | "manjaro" => _ = atoms.insert("pacman".to_owned()),
            "alpine" => _ = atoms.insert("apk".to_owned()),
            id if RPM.contains(&id) => {
                let name = system.name.to_lowercase();
                let also: &[&str] = match id {
                    "redhatenterpriseserver" | "redhatenterpriseworkstation" => &["rhel"],
                    "rhel" if name.contains("server") => &["redhatenterpriseserver"],
                    "rhel" if name.contains("workstation") => &["redhatenterpriseworkstation"],
                    "amzn" => &["amazonami"],
                    "amazonami" => &["amzn"],
                    id if id.contains("opensuse") => &["opensuse", "opensuseproject"],
                    "sles" => &["suselinux"],
                    "suselinux" => &["sles"],
                    _ => &[],
                };
                for other in also {
                    atoms.insert((*other).to_owned());
                    add(&mut atoms, other);
                }
                let suse = id.contains("suse") || id == "sles";
                let python = match id {
                    "fedora" => Some(python(&[23])?),
                    "amzn" | "amazonami" | "ol" => None,
                    _ if suse => None,
                    _ => Some(python(&[8])?),
                };
                atoms.extend(python.map(str::to_owned));
                atoms.insert(if suse { "suse" } else { "redhat" }.to_owned());
                atoms.insert("rpm".to_owned());
            }
            _ => {}
        }
        Ok(Self { atoms })
    }

    /// The profiles that are active on the platform: its words behind `platform:`.
    pub fn profiles(&self) -> BTreeSet<String> {
        self.atoms.iter().map(|atom| format!("platform:{atom}")).collect()
    }
}

/// The id as the library `distro` gives it, and without the spaces that part profiles.
fn normal_id(id: &str) -> String {
    match id.to_lowercase().replace(' ', "_").as_str() {
        "ol" => "oracle".to_owned(),
        "opensuse-leap" => "opensuse".to_owned(),
        other => other.split_whitespace().collect(),
    }
}

/// Adds `id-blue` and `id-blue-onyx` for `blue onyx`, `id-9` and `id-9.5` for `9.5`.
fn add_bits(atoms: &mut BTreeSet<String>, id: &str, codename: &str, release: &str) {
    let mut joined = id.to_owned();
    for word in codename.split_whitespace() {
        joined = format!("{joined}-{word}");
        atoms.insert(joined.clone());
    }
    for (at, _) in release.match_indices('.').chain([(release.len(), "")]) {
        atoms.insert(format!("{id}-{}", &release[..at]));
    }
}
