//! Versions and version specifiers of Python projects (PEP 440).

use std::fmt;
use std::str::FromStr;

use pep440_rs::{Operator, VersionPattern, VersionSpecifier};
pub use pep440_rs::{PrereleaseKind, Version};

/// Why a text is not a version or a version specifier.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// It is not a version.
    #[error("`{text}` is not a version in the form of PEP 440, such as 1.2.3")]
    Version {
        /// The text.
        text: String,
    },
    /// It is not a specifier.
    #[error("`{text}` is not a version specifier in the form of PEP 440, such as >=1.2 or ===1.2")]
    Specifier {
        /// The text.
        text: String,
    },
}

/// The longest version or specifier that is read, in bytes.
const LONGEST: usize = 1000;

/// Reads a version.
///
/// # Errors
/// When `text` is not a version by PEP 440.
///
/// ```
/// let version = constraints::parse_version("1.0.0-1")?;
/// assert_eq!(version, constraints::parse_version("1.post1")?);
/// # Ok::<(), constraints::VersionError>(())
/// ```
pub fn parse_version(text: &str) -> Result<Version, VersionError> {
    let bad = || VersionError::Version { text: shown(text) };
    if text.len() > LONGEST {
        return Err(bad());
    }
    text.parse().map_err(|_| bad())
}

/// One condition on a version, such as `>=1.2` or `==1.*`. Prints as it was written, without
/// white space.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Specifier {
    text: String,
    rule: Rule,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Rule {
    /// An ordinary operator.
    Ordinary(VersionSpecifier),
    /// `===`: the text of the version itself, in lower case.
    Text(String),
}

impl Specifier {
    /// Whether `version` satisfies this condition. Pre-releases count like any other version:
    /// leaving them out is a matter of the one who chooses.
    ///
    /// `===` compares the normal form of `version` with the text of the specifier without regard
    /// to case and to nothing else, as pip does: `===1.0` does not take version `1`.
    ///
    /// ```
    /// use constraints::{Specifier, parse_version};
    ///
    /// let specifier: Specifier = "==1.2.*".parse()?;
    /// assert!(specifier.contains(&parse_version("1.2.7")?));
    /// assert!(!specifier.contains(&parse_version("1")?));
    /// # Ok::<(), constraints::VersionError>(())
    /// ```
    pub fn contains(&self, version: &Version) -> bool {
        match &self.rule {
            Rule::Text(text) => version.to_string().to_ascii_lowercase() == *text,
            Rule::Ordinary(rule) => match rule.operator() {
                Operator::EqualStar => starts_with(version, rule.version()),
                Operator::NotEqualStar => !starts_with(version, rule.version()),
                Operator::LessThan => is_below(version, rule.version()),
                Operator::GreaterThan => is_above(version, rule.version()),
                _ => rule.contains(version),
            },
        }
    }

    /// The version of a pin: what stands behind `==` (without `.*`) or `===`. `None` for other
    /// operators, and for `===` with a text that is no version.
    pub fn pinned(&self) -> Option<Version> {
        match &self.rule {
            Rule::Text(text) => parse_version(text).ok(),
            Rule::Ordinary(rule) => {
                (*rule.operator() == Operator::Equal).then(|| rule.version().clone())
            }
        }
    }

    /// Whether its own version is a pre-release or a development release, which is how PEP 440
    /// lets a requirement ask for them.
    pub fn names_prerelease(&self) -> bool {
        match &self.rule {
            Rule::Text(text) => parse_version(text).is_ok_and(|version| version.any_prerelease()),
            Rule::Ordinary(rule) => {
                *rule.operator() != Operator::NotEqual && rule.version().any_prerelease()
            }
        }
    }
}

impl fmt::Display for Specifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Specifier {
    type Err = VersionError;
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let bad = || VersionError::Specifier { text: shown(text) };
        let trimmed = text.trim_ascii();
        if trimmed.len() > LONGEST {
            return Err(bad());
        }
        let end = trimmed.find(|c| !"=!~<>".contains(c)).ok_or_else(bad)?;
        let (operator, version) = (&trimmed[..end], trimmed[end..].trim_ascii());
        if version.is_empty() || version.contains(|c: char| c.is_whitespace() || ",;()".contains(c))
        {
            return Err(bad());
        }
        let rule = if operator == "===" {
            Rule::Text(version.to_ascii_lowercase())
        } else {
            let operator: Operator = operator.parse().map_err(|_| bad())?;
            let pattern: VersionPattern = version.parse().map_err(|_| bad())?;
            if pattern.is_wildcard() && !is_plain(pattern.version()) {
                return Err(bad());
            }
            Rule::Ordinary(VersionSpecifier::from_pattern(operator, pattern).map_err(|_| bad())?)
        };
        Ok(Self { text: format!("{operator}{version}"), rule })
    }
}

/// Whether `version` is nothing but an epoch and a release: what PEP 440 allows in front of `.*`.
fn is_plain(version: &Version) -> bool {
    version.is_stable() && !version.is_post() && !version.is_local()
}

/// Prefix matching of PEP 440: the shorter release is filled up with zeros.
fn starts_with(version: &Version, prefix: &Version) -> bool {
    let release = version.release().iter().chain(std::iter::repeat(&0));
    version.epoch() == prefix.epoch() && prefix.release().iter().zip(release).all(|(a, b)| a == b)
}

/// `<V` of PEP 440: without the pre-releases of V itself, unless V is one.
///
/// Written here, like `is_above`, because `pep440_rs` 0.7 also leaves `1.0b2` out of `<1.0rc1` and
/// `1.0.post1` out of `>1.0rc1`.
fn is_below(version: &Version, limit: &Version) -> bool {
    if limit.any_prerelease() {
        return version < limit;
    }
    *version < limit.clone().with_dev(Some(0))
}

/// `>V` of PEP 440: without the post-releases and local versions of V itself. What comes next after
/// `V.dev1` is `V.dev2`, and after `V.post1` it is `V.post2.dev0`.
fn is_above(version: &Version, limit: &Version) -> bool {
    if let Some(number) = limit.dev() {
        return *version >= limit.clone().with_dev(Some(number.saturating_add(1)));
    }
    if let Some(number) = limit.post() {
        let next = limit.clone().with_post(Some(number.saturating_add(1)));
        return *version >= next.with_dev(Some(0));
    }
    let stem = |version: &Version| {
        version.only_release().with_epoch(version.epoch()).with_pre(version.pre())
    };
    version > limit && stem(version) != stem(limit)
}

/// Conditions that must all hold, in the order in which they were written; none hold for every
/// version.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Specifiers(Vec<Specifier>);

impl Specifiers {
    /// Whether `version` satisfies all conditions.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().all(|specifier| specifier.contains(version))
    }

    /// The conditions.
    pub fn iter(&self) -> impl Iterator<Item = &Specifier> {
        self.0.iter()
    }

    /// Whether there is no condition.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The version of a pin: of the one condition with `==` or `===`, where there is no other.
    pub fn pinned(&self) -> Option<Version> {
        match self.0.as_slice() {
            [only] => only.pinned(),
            _ => None,
        }
    }
}

impl FromIterator<Specifier> for Specifiers {
    fn from_iter<I: IntoIterator<Item = Specifier>>(specifiers: I) -> Self {
        Self(specifiers.into_iter().collect())
    }
}

/// Joined by commas.
impl fmt::Display for Specifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, specifier) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{specifier}")?;
        }
        Ok(())
    }
}

/// Reads specifiers separated by commas; the empty text gives none, and a comma at the end is
/// allowed, both as in `packaging`.
impl FromStr for Specifiers {
    type Err = VersionError;
    fn from_str(text: &str) -> Result<Self, VersionError> {
        text.split(',')
            .map(str::trim_ascii)
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect()
    }
}

/// A text from outside, cut to what an error message can hold.
fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(specifier: &str, version: &str, expect: bool) {
        let version = parse_version(version).unwrap();
        assert_eq!(specifier.parse::<Specifiers>().unwrap().contains(&version), expect);
    }

    #[test]
    fn arbitrary_equality_compares_texts() {
        check("===1.0", "1.0", true);
        check("===1.0", "1", false);
        check("===1.01", "1.1", false);
        check("===1.0+UBUNTU", "1.0+ubuntu", true);
    }

    #[test]
    fn a_prefix_is_filled_up_with_zeros() {
        check("==1.2.*", "1", false);
        check("==1.0.*", "1", true);
        check("!=1.2.*", "1", true);
        check("==1.2.*", "1.2.dev1", true);
        check("==1.2.*", "1!1.2", false);
    }

    #[test]
    fn what_is_no_specifier_is_refused() {
        for text in ["1.0", "=1", "~=1", ">=1.*", ">=1+l", "==1.a1.*", "==", "=== ", "==1 2", "<>1"]
        {
            assert!(text.parse::<Specifier>().is_err(), "{text}");
        }
    }
}
