//! `openssl` is the judge.

use std::path::Path;

use rootfs::handlers::certificates::subject_hash;

use super::folder;

/// Compares the hash of the certificate in a PEM file.
#[track_caller]
pub(super) fn check_hash(pem: &Path) {
    let pem = pem.to_str().unwrap();
    let der = format!("{pem}.der");
    folder::run("openssl", &["x509", "-in", pem, "-outform", "DER", "-out", &der]);
    let expected = folder::run("openssl", &["x509", "-in", pem, "-noout", "-hash"]);
    let found = subject_hash(&std::fs::read(&der).unwrap()).unwrap();
    assert_eq!(format!("{found:08x}"), expected.trim_end(), "{pem}");
}
