//! Addresses for machines that know none.

use std::collections::BTreeMap;

use names::ArchiveName;

use crate::address::clean;
use crate::apt::{lines, stanzas};

/// The public defaults: the only hosts of package registries that are written down anywhere in this
/// project.
const PUBLIC: [(&str, &str); 3] = [
    // Plain HTTP: a fresh Debian has no certificates, and all that comes is checked by signature.
    ("debian", "http://ftp.debian.org/debian"),
    ("pypi", "https://pypi.python.org/simple"),
    // No registry: the repositories of OpenStack's components.
    ("openstack", "https://opendev.org/openstack"),
];

/// The public address of an archive.
pub(crate) fn public(archive: &ArchiveName) -> Option<&'static str> {
    PUBLIC.iter().find(|(name, _)| *name == archive.as_str()).map(|(_, url)| *url)
}

/// The archives and their addresses in the example sources that a distribution's `apt` package ships
/// (`debian.sources` or, before Debian 13, `sources.list` in `/usr/share/doc/apt/examples`; both forms of
/// `sources.list(5)`). The last part of
/// an address is the archive's name.
pub fn from_example_sources(text: &str) -> BTreeMap<ArchiveName, String> {
    let mut archives = BTreeMap::new();
    let sources = stanzas(text).into_iter().chain(lines(text));
    for uri in sources.flat_map(|source| source.uris) {
        let Some(url) = clean(&uri) else { continue };
        if let Some(name) = url.rsplit('/').next().and_then(|name| name.parse().ok()) {
            archives.entry(name).or_insert(url);
        }
    }
    archives
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_sources_name_the_archives() {
        let text = "# See https://manpages.example.org/\nTypes: deb deb-src\n\
                    URIs: http://m.example.org/debian\nSuites: trixie trixie-updates\n\
                    Components: main\nSigned-By: /usr/share/keyrings/x.gpg\n\n\
                    Types: deb deb-src\nURIs: http://s.example.org/debian-security/\n\
                    Suites: trixie-security\nComponents: main\n";
        let archives = from_example_sources(text);
        let pairs: Vec<_> = archives.iter().map(|(n, u)| (n.as_str(), u.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("debian", "http://m.example.org/debian"),
                ("debian-security", "http://s.example.org/debian-security"),
            ]
        );
        assert!(from_example_sources("").is_empty());
        let text = "# See sources.list(5)\ndeb http://m.example.org/debian bookworm main\n\
                    #deb-src http://src.example.org/debian bookworm main\n\
                    deb http://s.example.org/debian-security bookworm-security main\n";
        assert_eq!(from_example_sources(text), archives);
    }
}
