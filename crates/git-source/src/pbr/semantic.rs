//! Versions as PBR reads, compares and increments them.

use std::cmp::Ordering;
use std::fmt;

/// A version in PBR's own scheme: three numbers, perhaps a pre-release, perhaps a count of commits.
///
/// It is wider than OpenStack's tags and narrower than PEP 440: whatever PBR ever wrote is read, and
/// written again in one form (`1.2.0a1` becomes `1.2.0.0a1`). The rules are those of
/// `pbr.version.SemanticVersion`, PBR 7.
///
/// ```
/// use git_source::SemanticVersion;
/// let version = SemanticVersion::parse("1.2.0a1").expect("because PBR takes it");
/// assert_eq!(version.to_string(), "1.2.0.0a1");
/// assert_eq!(SemanticVersion::parse("folsom-1"), None);
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SemanticVersion {
    /// The first number.
    pub major: u64,
    /// The second number.
    pub minor: u64,
    /// The third number.
    pub patch: u64,
    /// The kind and number of a pre-release: `("rc", 1)`. PBR reads any letters as the kind, and
    /// orders `a`, `b` and `rc` alone.
    pub pre_release: Option<(String, u64)>,
    /// Commits since the release before, 0 for a release.
    pub dev: u64,
    /// What stands behind a `+`.
    pub local: Option<String>,
}

/// Which number of a version grows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Growth {
    pub(crate) minor: bool,
    pub(crate) major: bool,
}

impl SemanticVersion {
    /// Reads a version. `None` where PBR refuses the text, and for numbers above 2^64 or with digits
    /// that are not ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(['v', 'V']);
        if !text.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let (main, local) = text.split_once('+').unwrap_or((text, ""));
        let components = components(main)?;
        let number = |at: usize| integer(components[at]);
        let [major, minor, patch] = [number(0)?, number(1)?, number(2)?];
        let mut found = Self { major, minor, patch, pre_release: None, dev: 0, local: None };
        let mut post = 0;
        let mut rest = &components[3..];
        match rest.first().copied() {
            // The oldest form of a snapshot: 0.1.2.3.g1234.
            Some(first) if integer(first).is_some_and(|number| number > 0) => {
                found.dev = integer(first)?;
                rest = &[];
            }
            Some(first) => {
                if matches!(first.chars().next()?, '0' | 'a' | 'b' | 'r') {
                    found.pre_release = Some(pre_release(first)?);
                    rest = &rest[1..];
                }
            }
            None => {}
        }
        for component in rest {
            if let Some(count) = component.strip_prefix("dev") {
                found.dev = integer(count)?;
            } else {
                found.dev = 0;
                post = integer(component.strip_prefix("post")?)?;
            }
        }
        found.local = Some(local.to_owned()).filter(|local| !local.is_empty());
        match (post, found.dev) {
            (0, _) => Some(found),
            (_, 0) => Some(found.incremented(Growth::default()).with_dev(post)),
            _ => None,
        }
    }

    /// The next version: the next pre-release after a pre-release, else the next patch release,
    /// unless a larger step is asked for.
    pub(crate) fn incremented(&self, growth: Growth) -> Self {
        let mut next = Self { dev: 0, local: None, ..self.clone() };
        match &mut next.pre_release {
            Some((_, number)) => *number = number.saturating_add(1),
            None => next.patch = next.patch.saturating_add(1),
        }
        if growth.minor {
            next.minor = next.minor.saturating_add(1);
        }
        if growth.major {
            next.major = next.major.saturating_add(1);
            next.minor = 0;
        }
        if growth.minor || growth.major {
            next.patch = 0;
            next.pre_release = None;
        }
        next
    }

    /// The snapshot `commits` after this version.
    pub(crate) fn with_dev(&self, commits: u64) -> Self {
        Self { dev: commits, local: None, ..self.clone() }
    }

    /// The order of two versions; `None` where a kind of pre-release has no place in it. Two that
    /// differ in the local part alone are equal here.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        Some(self.key()?.cmp(&other.key()?))
    }

    fn key(&self) -> Option<impl Ord> {
        let kind = match self.pre_release.as_ref().map(|(kind, _)| kind.as_str()) {
            None => 3,
            Some("rc") => 2,
            Some("b") => 1,
            Some("a") => 0,
            Some(_) => return None,
        };
        let number = self.pre_release.as_ref().map(|(_, number)| *number);
        let final_or_pre = self.dev == 0 || self.pre_release.is_some();
        let dev = if self.dev == 0 { u64::MAX } else { self.dev };
        Some((self.major, self.minor, self.patch, final_or_pre, kind, number, dev))
    }
}

/// PBR's `release_string`.
impl fmt::Display for SemanticVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if let Some((kind, number)) = &self.pre_release {
            write!(f, ".0{kind}{number}")?;
        }
        if self.dev > 0 {
            write!(f, ".dev{}", self.dev)?;
        }
        match &self.local {
            Some(local) => write!(f, "+{local}"),
            None => Ok(()),
        }
    }
}

/// The parts of a version: the numbers of all places first, at least three, then what is left.
fn components(main: &str) -> Option<Vec<&str>> {
    let mut input: Vec<&str> = main.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut found: Vec<&str> = input.iter().copied().filter(is_number).collect();
    let mut numbers = found.len();
    if numbers == 0 {
        return None;
    }
    if numbers < 3 {
        if let Some(&mixed) = input.get(numbers) {
            // `1.2a1`: the 2 is a number, and no part of the pre-release.
            let digits = mixed.bytes().take_while(u8::is_ascii_digit).count();
            if mixed.is_empty() {
                return None;
            }
            if digits > 0 {
                found.push(&mixed[..digits]);
                input.splice(numbers..=numbers, [&mixed[..digits], &mixed[digits..]]);
                numbers += 1;
            }
        }
        while found.len() < 3 {
            found.push("0");
        }
    }
    found.extend(&input[numbers..]);
    Some(found)
}

/// `0rc1` or `a1`: the kind and the number.
fn pre_release(text: &str) -> Option<(String, u64)> {
    let text = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let end = text.find(|letter: char| !letter.is_alphabetic()).unwrap_or(text.len());
    let (kind, number) = text.split_at(end);
    Some((kind.to_owned(), integer(number)?))
}

/// A number as Python's `int` reads it: single underscores may stand between digits.
fn integer(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let well_formed = (0..bytes.len())
        .all(|at| digit(at) || (bytes[at] == b'_' && at > 0 && digit(at - 1) && digit(at + 1)));
    if text.is_empty() || !well_formed {
        return None;
    }
    text.replace('_', "").parse().ok()
}
