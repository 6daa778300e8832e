//! The certificates of authorities that TLS connections are checked with.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What this machine has of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificates {
    /// The files and folders that they were read from, in order.
    pub places: Vec<PathBuf>,
    /// Number of certificates.
    pub roots: usize,
    /// What could not be read.
    pub faults: Vec<String>,
}

/// Reads them as a connection does: those of `SSL_CERT_FILE` and `SSL_CERT_DIR` where either is set,
/// else those of the system. `environment` is that of the process, which is what connections read.
pub fn certificates(environment: &BTreeMap<String, String>) -> Certificates {
    let read = rustls_native_certs::load_native_certs();
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let mut places: Vec<PathBuf> = set("SSL_CERT_FILE").map(PathBuf::from).into_iter().collect();
    places.extend(set("SSL_CERT_DIR").iter().flat_map(|list| list.split(':')).map(PathBuf::from));
    if places.is_empty() {
        let found = openssl_probe::probe();
        places = found.cert_file.into_iter().chain(found.cert_dir).collect();
    }
    let faults = read.errors.iter().map(ToString::to_string).collect();
    Certificates { places, roots: read.certs.len(), faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_those_of_the_environment_or_the_system() {
        let variables = [("SSL_CERT_FILE", "/a.pem"), ("SSL_CERT_DIR", "/b:/c")];
        let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let places = certificates(&environment).places;
        assert_eq!(places, ["/a.pem", "/b", "/c"].map(PathBuf::from));
        let places = certificates(&BTreeMap::new()).places;
        assert!(places.iter().all(|place| place.exists()), "{places:?}");
    }
}
