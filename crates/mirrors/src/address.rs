//! Addresses as users write them.

use names::ArchiveName;

/// Why a text is not the address of a mirror.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// `--mirror` without an archive or an address.
    #[error("`{0}` is not ARCHIVE=URL, such as debian=http://mirror.example.org/debian")]
    NotAnAssignment(String),
    /// The part before `=`.
    #[error(transparent)]
    Archive(#[from] names::NameError),
    /// The part after `=`, or an address in a file or a variable. The text may hold a password and
    /// is not shown.
    #[error("the address for `{0}` is not an http, https or file URL, nor an absolute path")]
    NotAUrl(ArchiveName),
}

/// Reads the value of `--mirror`: `ARCHIVE=URL`.
///
/// # Errors
/// When either part is missing or is not what it should be.
pub fn parse_argument(text: &str) -> Result<(ArchiveName, String), AddressError> {
    let (archive, url) =
        // The text may hold a password: only the beginning is shown.
        text.split_once('=').ok_or_else(|| {
            AddressError::NotAnAssignment(text.split(':').next().unwrap_or_default().to_owned())
        })?;
    let archive = archive.trim().parse()?;
    let url = check(&archive, url)?;
    Ok((archive, url))
}

/// The address without blanks and trailing slashes, if it is one.
pub(crate) fn check(archive: &ArchiveName, text: &str) -> Result<String, AddressError> {
    let text = text.trim();
    let of_git = archive.as_str() == "openstack" && GIT.iter().any(|start| text.starts_with(start));
    // What stands behind the scheme is looked at as that of any other address.
    let plain = text.split_once("://").and_then(|(_, rest)| clean(&format!("https://{rest}")));
    let found = match (of_git, plain) {
        (true, plain) => plain.and(Some(text.trim_end_matches('/').to_owned())),
        (false, _) => clean(text),
    };
    found.ok_or_else(|| AddressError::NotAUrl(archive.clone()))
}

/// What the addresses of repositories may begin with besides.
const GIT: [&str; 2] = ["git://", "ssh://"];

/// The address without blanks and trailing slashes, if it is one.
pub(crate) fn clean(text: &str) -> Option<String> {
    let text = text.trim();
    let known = ["http://", "https://", "file:///", "/"]
        .iter()
        .any(|start| text.len() > start.len() && text.starts_with(start));
    let plain = !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    (known && plain).then(|| text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_names_an_archive_and_an_address() {
        let (archive, url) = parse_argument("debian=http://m.example.org/debian/").unwrap();
        assert_eq!((archive.as_str(), url.as_str()), ("debian", "http://m.example.org/debian"));
        assert_eq!(parse_argument("pypi=/srv/simple").unwrap().1, "/srv/simple");
        assert_eq!(parse_argument("pypi=https://h/a=b").unwrap().1, "https://h/a=b");
    }

    #[test]
    fn repositories_have_schemes_of_their_own() {
        for (text, known) in [
            ("openstack=git://h/openstack/", true),
            ("openstack=ssh://git@h:29418/openstack", true),
            ("openstack=https://h/openstack", true),
            ("openstack=/srv/git", true),
            ("openstack=git://", false),
            ("openstack=git://h/a b", false),
            ("openstack=git@h:openstack", false),
            ("debian=git://h/debian", false),
        ] {
            assert_eq!(parse_argument(text).is_ok(), known, "{text}");
        }
        let (_, url) = parse_argument("openstack=git://h/openstack/").unwrap();
        assert_eq!(url, "git://h/openstack");
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_a_password() {
        for text in [
            "",
            "debian",
            "=http://x",
            "Debian=http://x/",
            "debian=",
            "debian=m.example.org",
            "debian=ftp://me:secret@x/",
            "debian=http://",
            "debian=/",
            "debian=http://a b/",
            "https://me:secret@host/",
        ] {
            let error = parse_argument(text).expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
