//! OpenStack releases.

use std::fmt;
use std::str::FromStr;

use crate::{NameError, name_from_text};

/// An OpenStack release such as `2025.2`. Sorts by time.
#[derive(
    Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId {
    year: u16,
    half: u8,
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.year, self.half)
    }
}

impl FromStr for ReleaseId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let parse = || {
            let (year, half) = text.split_once('.')?;
            let half = match half {
                "1" => 1,
                "2" => 2,
                _ => return None,
            };
            let digits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
            let year = digits.then(|| year.parse().ok()).flatten()?;
            (year >= 2010).then_some(Self { year, half })
        };
        parse().ok_or_else(|| NameError {
            text: text.to_owned(),
            want: "a release: YEAR.1 or YEAR.2, such as 2025.2",
        })
    }
}

name_from_text!(ReleaseId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_sort_by_time() {
        let mut releases =
            ["2026.1", "2025.2", "2025.1"].map(|text| text.parse::<ReleaseId>().unwrap());
        releases.sort();
        assert_eq!(releases.map(|release| release.to_string()), ["2025.1", "2025.2", "2026.1"]);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "2025", "2025.3", "25.1", "+025.1", "2025.2.1", "epoxy", "2025.02"] {
            assert!(text.parse::<ReleaseId>().is_err(), "{text}");
        }
    }
}
