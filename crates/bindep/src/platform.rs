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
    #[error(
        "no platform is known for the distro {id}: name it as debian-trixie or rocky-9, or give its \
         os-release instead"
    )]
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

/// Releases with a code name: distro, version, code name.
const RELEASES: &[(&str, &str, &str)] = &[
    ("debian", "10", "buster"),
    ("debian", "11", "bullseye"),
    ("debian", "12", "bookworm"),
    ("debian", "13", "trixie"),
    ("debian", "14", "forky"),
    ("debian", "", "sid"),
    ("ubuntu", "18.04", "bionic"),
    ("ubuntu", "20.04", "focal"),
    ("ubuntu", "22.04", "jammy"),
    ("ubuntu", "24.04", "noble"),
    ("ubuntu", "25.04", "plucky"),
    ("ubuntu", "25.10", "questing"),
    ("ubuntu", "26.04", "resolute"),
    ("ubuntu", "26.10", "stonking"),
    ("pop", "22.04", "jammy"),
    ("pop", "24.04", "noble"),
    ("rocky", "8", "green obsidian"),
    ("rocky", "9", "blue onyx"),
    ("rocky", "10", "red quartz"),
];
/// Distributions without versions.
const ROLLING: &[&str] = &["arch", "gentoo", "manjaro", "opensuse-tumbleweed"];

impl Platform {
    /// The platform of a distro of a release tree: [`Platform::named`].
    ///
    /// # Errors
    /// As there.
    pub fn of_distro(distro: &DistroId) -> Result<Self, PlatformError> {
        Self::named(distro.as_str())
    }

    /// The platform of a distribution by its id and either its version or its code name:
    /// `debian-trixie`, `debian-13`, `ubuntu-24.04`, `rocky-9.5`, `alpine-3.21`. `el9` is `rhel-9`;
    /// `arch`, `gentoo`, `manjaro` and `opensuse-tumbleweed` have no version; `darwin` is macOS with
    /// Homebrew.
    ///
    /// # Errors
    /// When no such distribution is known, and as [`Platform::new`].
    pub fn named(text: &str) -> Result<Self, PlatformError> {
        if text == "darwin" {
            return Ok(Self { atoms: ["base-py2", "brew", "darwin"].map(str::to_owned).into() });
        }
        let system = |id: &str, version: &str, codename: &str| {
            let [id, version_id, codename] = [id, version, codename].map(str::to_owned);
            Self::new(&OsRelease { id, name: String::new(), version_id, codename })
        };
        if ROLLING.contains(&text) {
            return system(text, "", "");
        }
        let unknown = || PlatformError::Unknown { id: text.to_owned() };
        let (id, rest) = match text.strip_prefix("el") {
            Some(version) if !version.contains('-') => ("rhel", version),
            _ => text.rsplit_once('-').ok_or_else(unknown)?,
        };
        let is_version = rest.starts_with(|first: char| first.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let of_id = RELEASES.iter().filter(|(known, ..)| *known == id);
        if !is_version {
            let known = of_id.clone().find(|(_, _, codename)| *codename == rest);
            return known
                .map_or_else(|| Err(unknown()), |(_, version, _)| system(id, version, rest));
        }
        // Ubuntu's versions have two parts, which make a release; those of others have one.
        let known = of_id.clone().find(|(_, version, _)| {
            let minor = rest.strip_prefix(version).filter(|_| !version.is_empty());
            minor.is_some_and(|minor| minor.is_empty() || minor.starts_with('.'))
        });
        match known {
            Some((_, _, codename)) => system(id, rest, codename),
            None if RPM.contains(&id) || of_id.count() > 0 || ROLLING.contains(&id) => {
                system(id, rest, "")
            }
            None if id == "alpine" => system(id, rest, ""),
            None => Err(unknown()),
        }
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
