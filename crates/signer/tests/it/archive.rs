//! Real InRelease files, with gpgv as the judge.

use std::process::Command;

use signer::{Keyring, VerifyError, verify_cleartext};

/// The keys of the archive, as this project ships them.
const KEYRING: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../distros/keyrings/debian-archive-trixie.gpg");

fn download(variable: &str, path: &str) -> Vec<u8> {
    let base = std::env::var(variable).unwrap_or_else(|_| panic!("set {variable} to a mirror"));
    let url = format!("{}/{path}", base.trim_end_matches('/'));
    let output = Command::new("curl").args(["-sSfL", "--", &url]).output().unwrap();
    assert!(output.status.success(), "{url}");
    output.stdout
}

/// The fingerprints that gpgv finds good, in order; `None` if one signature is bad.
fn judge(document: &[u8]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("InRelease");
    std::fs::write(&path, document).unwrap();
    let output = Command::new("gpgv")
        .args(["--status-fd", "1", "--keyring", KEYRING])
        .arg(&path)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let status = String::from_utf8(output.stdout).unwrap();
    if status.contains("[GNUPG:] BADSIG") {
        return None;
    }
    let valid = status.lines().filter_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG "));
    // The tenth word is the fingerprint of the primary key.
    Some(valid.map(|line| line.split(' ').nth(9).unwrap().to_owned()).collect())
}

fn ours(document: &[u8]) -> Option<Vec<String>> {
    let keyring = Keyring::parse(&std::fs::read(KEYRING).unwrap()).unwrap();
    match verify_cleartext(document, &keyring, None) {
        Ok(signed) => Some(signed.signers.into_iter().map(|signer| signer.fingerprint).collect()),
        Err(VerifyError::Untrusted { .. }) => Some(Vec::new()),
        Err(_) => None,
    }
}

#[test]
#[ignore = "needs curl, gpgv and a Debian mirror; .ci/run runs it"]
fn gpgv_agrees_on_real_release_files_and_on_changed_ones() {
    const DEBIAN: &str = "COOPERAGE_MIRROR_DEBIAN";
    const SECURITY: &str = "COOPERAGE_MIRROR_DEBIAN_SECURITY";
    for (mirror, suite) in [
        (DEBIAN, "trixie"),
        (DEBIAN, "trixie-updates"),
        (SECURITY, "trixie-security"),
        (DEBIAN, "bookworm"),
        (DEBIAN, "sid"),
    ] {
        let document = download(mirror, &format!("dists/{suite}/InRelease"));
        let good = ours(&document);
        assert!(good.as_ref().is_some_and(|signers| !signers.is_empty()), "{suite}");
        assert_eq!(good, judge(&document), "{suite}");
        // A changed byte at places all over the text.
        let end = document.windows(10).position(|window| window == b"-----BEGIN").unwrap();
        let length = document.len() - 3000;
        for place in (end + 60..length).step_by(length / 12) {
            let mut changed = document.clone();
            changed[place] = if changed[place] == b'x' { b'y' } else { b'x' };
            assert_eq!(ours(&changed), None, "{suite} changed at {place}");
            assert_eq!(judge(&changed), None, "{suite} changed at {place}");
        }
    }
}
