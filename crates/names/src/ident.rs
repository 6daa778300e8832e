//! Names that are plain words: services, distributions, archives.

use std::fmt;
use std::str::FromStr;

use crate::{NameError, name_from_text};

/// Makes a word type: lower-case letters, digits, `-` and, where allowed, `.`; a letter first.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $want:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[derive(serde::Deserialize, serde::Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                if is_word(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { text: text.to_owned(), want: $want })
                }
            }
        }

        name_from_text!($name);
    };
}

word!(
    /// A service such as `keystone`: the name of its recipe `services/keystone.toml`.
    ServiceName,
    "a service name: lower-case letters, digits and single `-`, a letter first, such as keystone"
);
word!(
    /// A distribution such as `debian-trixie`: the name of `distros/debian-trixie.toml`.
    DistroId,
    "a distro: lower-case letters, digits and single `-`, a letter first, such as debian-trixie"
);
word!(
    /// An archive such as `debian`, `debian-security` or `pypi`. Which address serves it is a
    /// matter of the machine, never of a release tree.
    ArchiveName,
    "an archive name: lower-case letters, digits and single `-`, a letter first, such as debian"
);

fn is_word(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_checked() {
        for good in ["keystone", "debian-trixie", "el10", "a"] {
            assert!(good.parse::<ServiceName>().is_ok(), "{good}");
        }
        for bad in ["", "Keystone", "../x", "a--b", "-a", "a-", "1a", "a b", "a/b", "é"] {
            assert!(bad.parse::<ServiceName>().is_err(), "{bad}");
        }
    }
}
