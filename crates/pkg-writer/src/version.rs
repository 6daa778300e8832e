//! Versions of Python projects (PEP 440) as versions of Debian and RPM packages.
//!
//! What PEP 440 calls older, equal or newer, dpkg and rpm call older, equal or newer too.
//!
//! | PEP 440 | both | why |
//! | --- | --- | --- |
//! | `28.0` | `28.0.0` | zeros at the end mean nothing to PEP 440: as many as the scheme says |
//! | `28.0.0.0rc1` | `28.0.0~rc1` | `~` is older than nothing |
//! | `28.0.0.dev5` | `28.0.0~~dev5` | and older than `~a1` |
//! | `28.0.0b1.dev5` | `28.0.0~b1~dev5` | |
//! | `28.0.0.post1` | `28.0.0+post1` | newer than nothing, older than `28.0.0.1` |
//! | `28.0.0.post1.dev5` | `28.0.0+post1~dev5` | |
//! | `28.0.0+ubuntu.5` | `28.0.0+local+ubuntu0.5` | older than a post-release |
//! | `28.0.0+mix3d` | `28.0.0+local+mixDd` | digits within a word count as letters |
//! | `1!28.0` | epoch 1 | added to the one of the scheme |
//!
//! ```
//! use constraints::parse_version;
//! use pkg_writer::version::{Revision, Scheme, Stage, debian, rpm};
//!
//! let revision = Revision { base: 5, stage: Stage::Security(2), distro: "deb13".to_owned() };
//! let scheme = Scheme { epoch: 0, components: 3, revision };
//! let version = parse_version("28.0.0.0rc1")?;
//! assert_eq!(debian(&version, &scheme)?, "28.0.0~rc1-5.0.2+deb13");
//! assert_eq!(rpm(&version, &scheme)?.to_string(), "28.0.0~rc1-5.0.2.deb13");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod sum;

use std::fmt;

use constraints::Version;

pub use sum::sum;

/// How versions of packages are made: the same for all versions that are to be compared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scheme {
    /// An epoch for all packages, to which the one of PEP 440 is added.
    pub epoch: u32,
    /// How many components a release has at least; zeros fill it up.
    pub components: usize,
    /// What comes after the version of the project.
    pub revision: Revision,
}

/// Which package of one version of a project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revision {
    /// Commits since the tag, or patches on it. For a stage other than [`Stage::Main`]: as many as there
    /// were where its branch begins.
    pub base: u64,
    /// The branch.
    pub stage: Stage,
    /// The distribution that it is for, in a word and a number: `deb13`, `fc42`, `el10`. Empty for any.
    pub distro: String,
}

/// A branch of packages, and how far it has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// The main one: `BASE`.
    Main,
    /// Security updates: `BASE.0.N` after N commits or patches.
    Security(u64),
    /// Hot fixes: `BASE.N.0`, newer than all security updates of the same base.
    Hotfix(u64),
}

/// The version of an RPM package.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evr {
    /// Epoch, where it is not 0.
    pub epoch: Option<u32>,
    /// Version.
    pub version: String,
    /// Release.
    pub release: String,
}

/// Why a version of a package cannot be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// dpkg takes epochs up to 2,147,483,647.
    #[error("{version}: the epoch is larger than the 2147483647 that dpkg takes")]
    Epoch {
        /// The version of the project.
        version: String,
    },
    /// The suffix would break the order.
    #[error("`{}` is no suffix for a distribution: want letters and a number, such as deb13, fc42 or ubuntu24.04", .suffix.escape_debug())]
    Distro {
        /// The suffix.
        suffix: String,
    },
}

/// The version of a Debian package: `[epoch:]upstream-revision` (Debian Policy 5.6.12).
///
/// # Errors
/// When the epoch is too large or the distribution's suffix is not a word and a number.
pub fn debian(version: &Version, scheme: &Scheme) -> Result<String, VersionError> {
    let upstream = upstream(version, scheme.components);
    debian_of(&upstream, epoch(version, scheme), &scheme.revision)
}

/// The version of an RPM package. Its `~` needs rpm 4.10.
///
/// # Errors
/// As [`debian`].
pub fn rpm(version: &Version, scheme: &Scheme) -> Result<Evr, VersionError> {
    let upstream = upstream(version, scheme.components);
    rpm_of(&upstream, epoch(version, scheme), &scheme.revision)
}

/// As [`debian`], of a part before the `-` that is there already, such as a [`sum`].
///
/// # Errors
/// As [`debian`].
pub fn debian_of(upstream: &str, epoch: u64, revision: &Revision) -> Result<String, VersionError> {
    let epoch = checked(upstream, epoch)?.map_or(String::new(), |epoch| format!("{epoch}:"));
    Ok(format!("{epoch}{upstream}-{}", revision_of(revision, '+')?))
}

/// As [`rpm`], of a version that is there already, such as a [`sum`].
///
/// # Errors
/// As [`debian`].
pub fn rpm_of(upstream: &str, epoch: u64, revision: &Revision) -> Result<Evr, VersionError> {
    Ok(Evr {
        epoch: checked(upstream, epoch)?,
        version: upstream.to_owned(),
        release: revision_of(revision, '.')?,
    })
}

/// The part of the version that is the project's own, the same for dpkg and rpm; without the epoch.
pub fn upstream(version: &Version, components: usize) -> String {
    let mut text = release(version.release(), components);
    if let Some(pre) = version.pre() {
        text.push_str(&format!("~{}{}", pre.kind, pre.number));
    }
    if let Some(number) = version.post() {
        text.push_str(&format!("+post{number}"));
    }
    if let Some(number) = version.dev() {
        // `~~` is older than any `~a`; behind something else one is enough.
        let alone = version.pre().is_none() && version.post().is_none();
        text.push_str(if alone { "~~dev" } else { "~dev" });
        text.push_str(&number.to_string());
    }
    push_local(&mut text, version);
    text
}

fn release(numbers: &[u64], components: usize) -> String {
    let used = numbers.iter().rposition(|number| *number != 0).map_or(1, |last| last + 1);
    let numbers = numbers.iter().chain(std::iter::repeat(&0)).take(used.max(components));
    numbers.map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// Appends the local version. PEP 440 compares it part by part, words as texts and below numbers.
///
/// dpkg puts `+` before `.`, and rpm, which looks at neither, words before numbers. The 0 after a word
/// says to dpkg that it ends here: else what follows would be compared as a part of it.
fn push_local(text: &mut String, version: &Version) {
    let parts = version.local();
    if !parts.is_empty() {
        text.push_str("+local");
    }
    let mut after_word = false;
    for part in parts {
        if after_word {
            text.push('0');
        }
        let part = part.to_string();
        after_word = part.bytes().any(|byte| byte.is_ascii_alphabetic());
        if after_word {
            text.push('+');
            text.extend(part.chars().map(|c| match c {
                // As a letter before all small ones: dpkg and rpm would read a number.
                '0'..='9' => char::from(b'A' + c as u8 - b'0'),
                _ => c,
            }));
        } else {
            text.push('.');
            text.push_str(&part);
        }
    }
}

fn epoch(version: &Version, scheme: &Scheme) -> u64 {
    version.epoch().saturating_add(u64::from(scheme.epoch))
}

/// An epoch that dpkg takes; nothing for 0.
fn checked(version: &str, epoch: u64) -> Result<Option<u32>, VersionError> {
    let epoch = i32::try_from(epoch).ok().map(i32::unsigned_abs);
    let epoch = epoch.ok_or_else(|| VersionError::Epoch { version: version.to_owned() })?;
    Ok((epoch > 0).then_some(epoch))
}

fn revision_of(revision: &Revision, sign: char) -> Result<String, VersionError> {
    let Revision { base, stage, distro } = revision;
    let number = match stage {
        Stage::Main => base.to_string(),
        Stage::Security(number) => format!("{base}.0.{number}"),
        Stage::Hotfix(number) => format!("{base}.{number}.0"),
    };
    if distro.is_empty() {
        return Ok(number);
    }
    let number_at = distro.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(distro.len());
    let right = number_at > 0
        && distro.len() <= 30
        && distro[number_at..].split('.').all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if !right {
        return Err(VersionError::Distro { suffix: distro.clone() });
    }
    Ok(format!("{number}{sign}{distro}"))
}

/// `[epoch:]version-release`.
impl fmt::Display for Evr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(epoch) = self.epoch {
            write!(f, "{epoch}:")?;
        }
        write!(f, "{}-{}", self.version, self.release)
    }
}

#[cfg(test)]
mod tests {
    use constraints::parse_version;

    use super::*;

    fn scheme(distro: &str) -> Scheme {
        let revision = Revision { base: 1, stage: Stage::Main, distro: distro.to_owned() };
        Scheme { epoch: 0, components: 3, revision }
    }

    #[test]
    fn each_rule_has_its_form() {
        for (pep, want) in [
            ("28", "28.0.0"),
            ("2025.2", "2025.2.0"),
            ("0.0.0.0", "0.0.0"),
            ("28.0.0.0rc1", "28.0.0~rc1"),
            ("1.2.3.4.0", "1.2.3.4"),
            ("5.0.0.0b1.dev3", "5.0.0~b1~dev3"),
            ("1.2.3.dev45", "1.2.3~~dev45"),
            ("1.0.post2", "1.0.0+post2"),
            ("1.0-2", "1.0.0+post2"),
            ("1.0a1.post2.dev3+a.b.7.c", "1.0.0~a1+post2~dev3+local+a0+b0.7+c"),
            ("1.0+UBUNTU1.2", "1.0.0+local+ubuntuB0.2"),
        ] {
            assert_eq!(upstream(&parse_version(pep).unwrap(), 3), want);
        }
    }

    #[test]
    fn epochs_add_up_to_what_dpkg_takes() {
        let mut scheme = scheme("");
        let version = parse_version("2!1.0").unwrap();
        scheme.epoch = 1;
        assert_eq!(debian(&version, &scheme).unwrap(), "3:1.0.0-1");
        assert_eq!(rpm(&version, &scheme).unwrap().to_string(), "3:1.0.0-1");
        scheme.epoch = i32::MAX.unsigned_abs() - 1;
        assert!(debian(&version, &scheme).is_err());
    }

    #[test]
    fn suffixes_are_a_word_and_a_number() {
        let version = parse_version("1").unwrap();
        for suffix in ["deb13", "el10", "ubuntu24.04", "sid"] {
            assert!(debian(&version, &scheme(suffix)).is_ok(), "{suffix}");
        }
        for suffix in ["13", "+deb13", "deb-13", "deb13u", "Deb", "~x", "d e"] {
            assert!(rpm(&version, &scheme(suffix)).is_err(), "{suffix}");
        }
    }
}
