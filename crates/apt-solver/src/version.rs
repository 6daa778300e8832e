//! Version numbers of Debian packages and their order.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A version of a Debian package: `[epoch:]upstream-version[-revision]` (Debian Policy 5.6.12).
/// Sorts as dpkg sorts, and two spellings of one version (`1.0`, `0:1.00`) are equal.
///
/// ```
/// let [old, new]: [apt_solver::Version; 2] = ["1:2.0~rc1-1".parse()?, "1:2.0-1".parse()?];
/// assert!(old < new);
/// # Ok::<(), apt_solver::VersionError>(())
/// ```
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(String);

/// Why a text is not a Debian version.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is not a Debian version: {reason}")]
pub struct VersionError {
    /// The text as it was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Version {
    /// The version as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Compares two texts as versions, in dpkg's order (deb-version(7), `verrevcmp` in dpkg). Works on
/// any text, also one that is not a proper version; an epoch that is no number counts as 0.
pub fn compare_versions(left: &str, right: &str) -> Ordering {
    let (left_epoch, left) = split_epoch(left);
    let (right_epoch, right) = split_epoch(right);
    let (left_upstream, left_revision) = split_revision(left);
    let (right_upstream, right_revision) = split_revision(right);
    left_epoch
        .cmp(&right_epoch)
        .then_with(|| compare_parts(left_upstream.as_bytes(), right_upstream.as_bytes()))
        .then_with(|| compare_parts(left_revision.as_bytes(), right_revision.as_bytes()))
}

fn split_epoch(text: &str) -> (u64, &str) {
    text.split_once(':').map_or((0, text), |(epoch, rest)| (epoch.parse().unwrap_or(0), rest))
}

fn split_revision(text: &str) -> (&str, &str) {
    text.rsplit_once('-').unwrap_or((text, ""))
}

/// Compares two upstream versions or two revisions: in turns a stretch without digits, byte by
/// byte, then a number.
fn compare_parts(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        while first(left).is_some_and(is_text) || first(right).is_some_and(is_text) {
            match weight(first(left)).cmp(&weight(first(right))) {
                Ordering::Equal => (left, right) = (&left[1..], &right[1..]),
                unequal => return unequal,
            }
        }
        let (left_number, left_rest) = number(left);
        let (right_number, right_rest) = number(right);
        // Without leading zeros, the longer number is the larger one.
        let order = left_number.len().cmp(&right_number.len()).then(left_number.cmp(right_number));
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

fn first(text: &[u8]) -> Option<u8> {
    text.first().copied()
}

fn is_text(byte: u8) -> bool {
    !byte.is_ascii_digit()
}

/// The rank of a byte outside a number: `~` before the end, the end (or a number) before letters,
/// letters before all else.
fn weight(byte: Option<u8>) -> i32 {
    match byte {
        None => 0,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(b'~') => -1,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(byte),
        Some(byte) => i32::from(byte) + 256,
    }
}

/// Splits off the number at the start, without its leading zeros.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    (&digits[zeros..], rest)
}

/// Finds what dpkg would refuse in a version (`parseversion` in dpkg).
fn fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    let rest = match text.split_once(':') {
        None => text,
        Some((epoch, rest)) => {
            let digits = !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || epoch.parse::<i32>().is_err() {
                return Some("the epoch before the first `:` must be a number up to 2147483647");
            }
            rest
        }
    };
    let (upstream, revision) = split_revision(rest);
    if upstream.is_empty() {
        return Some("there is no upstream version");
    }
    if rest.contains('-') && revision.is_empty() {
        return Some("nothing follows the last `-`, which separates the revision");
    }
    let upstream_byte = |byte: u8| byte.is_ascii_alphanumeric() || b".+-~:".contains(&byte);
    let revision_byte = |byte: u8| byte.is_ascii_alphanumeric() || b".+~".contains(&byte);
    if !upstream.bytes().all(upstream_byte) || !revision.bytes().all(revision_byte) {
        return Some("only letters, digits and `.`, `+`, `-`, `~`, `:` may be in it");
    }
    None
}

impl FromStr for Version {
    type Err = VersionError;
    fn from_str(text: &str) -> Result<Self, VersionError> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(reason) => Err(VersionError { text: text.to_owned(), reason }),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;
    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_versions(&self.0, &other.0)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_debian_policy_says() {
        for (lower, higher) in [
            ("1.0~~", "1.0~~a"),
            ("1.0~~a", "1.0~"),
            ("1.0~", "1.0"),
            ("1.0", "1.0a"),
            ("1.0a", "1.0+b"),
            ("28.0.0", "28.0.0.0~rc1"),
            ("9.0", "10.0"),
            ("9.0", "1:1.0"),
            ("1.0-1", "1.0-1+deb13u1"),
            ("1.0-9", "1.0-10"),
            ("1.0-1~bpo", "1.0-1"),
            ("99999999999999999999", "100000000000000000000"),
        ] {
            assert_eq!(compare_versions(lower, higher), Ordering::Less, "{lower} < {higher}");
            assert_eq!(compare_versions(higher, lower), Ordering::Greater, "{higher} > {lower}");
        }
    }

    #[test]
    fn spellings_of_one_version_are_equal() {
        for (left, right) in [("1.0", "0:1.0"), ("1.0", "1.00"), ("1.0", "1.0-0"), ("1.", "1.0")] {
            assert_eq!(compare_versions(left, right), Ordering::Equal, "{left} = {right}");
        }
    }

    #[test]
    fn what_dpkg_refuses_is_refused() {
        for good in ["1", "1:2:3-4", "2.0-1-1", "0~git20200101.abc+dfsg-1~exp1", "2147483647:1"] {
            assert!(good.parse::<Version>().is_ok(), "{good}");
        }
        for bad in ["", ":1", "a:1", "-1:1", "2147483648:1", "1:", "1-", "-1", "1 2", "1_2", "1é"]
        {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
