//! Names of Python projects.

use std::fmt;
use std::str::FromStr;

use crate::{NameError, name_from_text};

/// The name of a Python project in its normal form (PEP 503): lower case, runs of `-`, `_` and `.`
/// become one `-`. Two spellings of one project are equal here.
#[derive(
    Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct PackageName(String);

impl PackageName {
    /// Checks `text` by PEP 508 (letters, digits, `-`, `_`, `.`, a letter or digit at both ends)
    /// and normalises it.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        if !(end(bytes.first()) && end(bytes.last()) && bytes.iter().all(|&byte| inner(byte))) {
            return Err(NameError {
                text: text.to_owned(),
                want: "a Python project name: letters, digits, `-`, `_` and `.`, \
                       with a letter or digit at both ends, such as oslo.db",
            });
        }
        let mut name = String::with_capacity(text.len());
        for byte in bytes {
            match byte {
                b'-' | b'_' | b'.' => {
                    if !name.ends_with('-') {
                        name.push('-');
                    }
                }
                _ => name.push(char::from(byte.to_ascii_lowercase())),
            }
        }
        Ok(Self(name))
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PackageName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

name_from_text!(PackageName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_project_are_equal() {
        for text in ["oslo.db", "oslo_db", "Oslo-DB", "oslo._-db"] {
            assert_eq!(PackageName::new(text).unwrap().as_str(), "oslo-db");
        }
    }

    #[test]
    fn what_pep_508_refuses_is_refused() {
        for text in ["", "-a", "a-", "a b", "a/b", "é", "a=="] {
            assert!(PackageName::new(text).is_err(), "{text}");
        }
    }
}
