//! The Release file of a suite: what it is, how long it holds, and the digests of its indexes.

use std::collections::BTreeMap;

use apt_solver::{Paragraph, is_archive_path};
use names::{Digest, Epoch};

/// A Release file (Debian's wiki, "DebianRepository/Format"). Fields that are not there are empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Release {
    /// Who publishes the archive, such as `Debian`.
    pub origin: String,
    /// The archive's name, such as `Debian-Security`.
    pub label: String,
    /// The suite, such as `stable`.
    pub suite: String,
    /// The codename, such as `trixie`.
    pub codename: String,
    /// When it was made.
    pub date: Epoch,
    /// Until when it may be used.
    pub valid_until: Option<Epoch>,
    /// Whether its files are also offered under their digests.
    pub by_hash: bool,
    /// Whether the packages of the architecture `all` have indexes of their own, which the others
    /// do not repeat.
    pub separate_all: bool,
    /// Its files, by their path below the suite's folder.
    pub files: BTreeMap<String, ReleaseEntry>,
}

/// A file that a Release file names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReleaseEntry {
    /// Its SHA-256.
    pub sha256: Digest,
    /// Number of bytes.
    pub size: u64,
}

/// Why a text is not a Release file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// A line is not what it should be.
    #[error("the line `{line}` of the Release file is not {want}")]
    Line {
        /// The line.
        line: String,
        /// What it should have been.
        want: &'static str,
    },
    /// A field is missing.
    #[error("the Release file has no field `{field}`")]
    Missing {
        /// The field.
        field: &'static str,
    },
}

impl Release {
    /// Reads a Release file.
    ///
    /// # Errors
    /// When a field is malformed, or when the date or the SHA-256 list is missing.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        let line = |line: &str, want| ReleaseError::Line { line: cut(line), want };
        let mut release = Release::default();
        let (mut date, mut has_files, mut has_all) = (None, false, false);
        let mut all_in_each = false;
        for field in Paragraph::new(text).fields() {
            let (name, value) = field.map_err(|bad| line(bad, "a field"))?;
            match name {
                "Origin" => release.origin = value.to_owned(),
                "Label" => release.label = value.to_owned(),
                "Suite" => release.suite = value.to_owned(),
                "Codename" => release.codename = value.to_owned(),
                "Date" | "Valid-Until" => {
                    let want = "a time such as `Sat, 12 Sep 2026 07:55:41 UTC`";
                    let time = parse_date(value).ok_or_else(|| line(value, want))?;
                    match name {
                        "Date" => date = Some(time),
                        _ => release.valid_until = Some(time),
                    }
                }
                "Acquire-By-Hash" => release.by_hash = value == "yes",
                "Architectures" => has_all = value.split_whitespace().any(|arch| arch == "all"),
                "No-Support-for-Architecture-all" => {
                    all_in_each = value.split_whitespace().any(|kind| kind == "Packages");
                }
                "SHA256" => {
                    has_files = true;
                    for entry in value.lines().filter(|entry| !entry.trim().is_empty()) {
                        let want = "a SHA-256, a size and a relative path";
                        let (path, entry) = parse_entry(entry).ok_or_else(|| line(entry, want))?;
                        release.files.insert(path.to_owned(), entry);
                    }
                }
                _ => {}
            }
        }
        if !has_files {
            return Err(ReleaseError::Missing { field: "SHA256" });
        }
        release.date = date.ok_or(ReleaseError::Missing { field: "Date" })?;
        release.separate_all = has_all && !all_in_each;
        Ok(release)
    }
}

fn parse_entry(line: &str) -> Option<(&str, ReleaseEntry)> {
    let mut words = line.split_whitespace();
    let (digest, size, path) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || digest.len() != 64 || !is_archive_path(path) {
        return None;
    }
    let size = size.bytes().all(|byte| byte.is_ascii_digit()).then(|| size.parse().ok())??;
    Some((path, ReleaseEntry { sha256: digest.parse().ok()?, size }))
}

/// Reads a time as RFC 5322 writes it, in UTC: `Sat, 12 Sep 2026 07:55:41 UTC`.
fn parse_date(text: &str) -> Option<Epoch> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_weekday, rest) = text.split_once(", ")?;
    let mut words = rest.split_whitespace();
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten()
    };
    let day = number(words.next()?)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let year = number(words.next()?)?;
    let mut time = words.next()?.split(':');
    let (hour, minute) = (number(time.next()?)?, number(time.next()?)?);
    let second = number(time.next()?)?;
    let utc = matches!(words.next()?, "UTC" | "GMT" | "Z" | "+0000" | "-0000");
    let complete = utc && time.next().is_none() && words.next().is_none();
    complete.then(|| Epoch::from_utc(year, month, day, hour, minute, second)).flatten()
}

/// A line for a message: not longer than a line.
fn cut(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\n\
        Codename: trixie-security\nDate: Wed, 18 Nov 2026 22:17:43 UTC\n\
        Valid-Until: Wed, 25 Nov 2026 22:17:43 UTC\nAcquire-By-Hash: yes\n\
        Architectures: all amd64\nSHA256:\n \
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855        0 main/Contents\n";

    #[test]
    fn a_release_file_is_read() {
        let release = Release::parse(TEXT).unwrap();
        assert_eq!(release.codename, "trixie-security");
        assert_eq!(release.date.to_string(), "2026-11-18T22:17:43Z");
        assert_eq!(release.valid_until.unwrap().to_string(), "2026-11-25T22:17:43Z");
        assert!(release.by_hash && release.separate_all);
        assert_eq!(release.files["main/Contents"].size, 0);
        let text = format!("No-Support-for-Architecture-all: Packages\n{TEXT}");
        assert!(!Release::parse(&text).unwrap().separate_all);
    }

    #[test]
    fn what_is_no_release_file_is_refused() {
        for (good, bad) in [
            ("Date: Wed, 18", "Date: 18"),
            ("Nov 2026 22:17:43", "Nov 2026 24:17:43"),
            ("22:17:43 UTC", "22:17:43 CET"),
            ("Date: ", "Day: "),
            ("SHA256", "SHA512"),
            ("main/Contents", "../Contents"),
            ("main/Contents", "/etc/passwd"),
            ("0 main", "-1 main"),
            ("e3b0", "e3"),
            ("Origin:", "Origin"),
        ] {
            let text = TEXT.replacen(good, bad, 1);
            assert_ne!(text, TEXT);
            assert!(Release::parse(&text).is_err(), "{text}");
        }
    }
}
