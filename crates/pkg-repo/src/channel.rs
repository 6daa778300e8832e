//! Channels: suites of the apt side and repositories of the yum side.

use std::fmt;
use std::str::FromStr;

use crate::compress::Format;

/// The name of a channel: `apt:trixie-updates`, served as `dists/trixie-updates`, or `yum:el10`,
/// served as `yum/el10`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ChannelName {
    /// A suite of the apt side.
    Apt(String),
    /// A repository of the yum side.
    Yum(String),
}

/// Why a text is no name of a channel.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{text}` is no channel: want `apt:SUITE` or `yum:NAME` with letters, digits, `-`, `.`, `_` and \
     `+`, such as apt:trixie-updates"
)]
pub struct ChannelNameError {
    /// The text as it was given.
    pub text: String,
}

impl ChannelName {
    /// The folder that it is served as, from the root of the repository; its pointer has this name.
    pub fn path(&self) -> String {
        match self {
            Self::Apt(name) => format!("dists/{name}"),
            Self::Yum(name) => format!("yum/{name}"),
        }
    }

    /// The channel whose pointer has this name.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let (kind, name) = path.split_once('/')?;
        let kind = if kind == "dists" { "apt" } else { kind };
        format!("{kind}:{name}").parse().ok()
    }
}

impl FromStr for ChannelName {
    type Err = ChannelNameError;
    fn from_str(text: &str) -> Result<Self, ChannelNameError> {
        let bad = || ChannelNameError { text: text.escape_debug().to_string() };
        let (kind, name) = text.split_once(':').ok_or_else(bad)?;
        if !is_word(name) || name.len() > 100 {
            return Err(bad());
        }
        match kind {
            "apt" => Ok(Self::Apt(name.to_owned())),
            "yum" => Ok(Self::Yum(name.to_owned())),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apt(name) => write!(f, "apt:{name}"),
            Self::Yum(name) => write!(f, "yum:{name}"),
        }
    }
}

/// A word that is safe in a path, an index and a list: a letter or digit first.
pub(crate) fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._+".contains(&byte))
}

/// What a channel says of itself.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelSettings {
    /// A suite of the apt side.
    Apt(AptSettings),
    /// A repository of the yum side.
    Yum(YumSettings),
}

impl ChannelSettings {
    /// How many versions of each package are kept.
    pub(crate) fn keep(&self) -> usize {
        match self {
            Self::Apt(settings) => settings.keep,
            Self::Yum(settings) => settings.keep,
        }
    }
}

/// The fields of a Release file (Debian's wiki, "DebianRepository/Format") and what belongs to them.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AptSettings {
    /// Who publishes it; empty for none.
    pub origin: String,
    /// The name of the archive; empty for none.
    pub label: String,
    /// The codename; the suite is the name of the channel.
    pub codename: String,
    /// A line about it; empty for none.
    pub description: String,
    /// The components, such as `main`: at least one.
    pub components: Vec<String>,
    /// The architectures, such as `amd64`, without `all`: at least one.
    pub architectures: Vec<String>,
    /// For how many seconds a Release file is valid; `None` for ever.
    pub valid_for: Option<u64>,
    /// How many versions of each package are kept, at least 1.
    pub keep: usize,
    /// Whether apt takes from it only what it is told to.
    pub pinning: Pinning,
}

/// How much apt prefers a suite (`NotAutomatic` and `ButAutomaticUpgrades`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pinning {
    /// As any other suite.
    #[default]
    Normal,
    /// Nothing is installed from it unasked; what was is upgraded from it: `proposed`, `CR-1234`.
    UpgradesOnly,
    /// Nothing is installed from it unasked.
    Manual,
}

/// The settings of a yum repository.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct YumSettings {
    /// How its indexes are compressed: zstd, or gzip for systems before el9.
    pub compression: Format,
    /// How many versions of each package are kept, at least 1.
    pub keep: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_their_folder_are_refused() {
        for text in ["apt:", "apt:..", "apt:a/b", "deb:a", "apt", "apt:a b", "yum:.a", "yum:\u{e9}"]
        {
            assert!(text.parse::<ChannelName>().is_err(), "{text}");
        }
        let name: ChannelName = "apt:CR-1234".parse().unwrap();
        assert_eq!((name.path(), name.to_string()), ("dists/CR-1234".into(), "apt:CR-1234".into()));
        assert_eq!(ChannelName::from_path("dists/CR-1234"), Some(name));
    }
}
