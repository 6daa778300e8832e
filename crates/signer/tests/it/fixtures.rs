//! What counts as a good signature.

use names::Epoch;
use signer::{Keyring, Signed, VerifyError, verify_cleartext};

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

/// The users of the good signatures, or the error.
fn outcome(document: &[u8], now: Option<&str>) -> Result<Vec<String>, VerifyError> {
    let keyring = Keyring::parse(&file("keyring.gpg")).unwrap();
    let now = now.map(|now| Epoch::from_rfc3339(now).unwrap());
    verify_cleartext(document, &keyring, now).map(users)
}

fn users(signed: Signed) -> Vec<String> {
    assert_eq!(signed.text, "Origin: Example\nSuite: one\n-dash\n\nDate: today\n");
    signed.signers.into_iter().map(|signer| signer.user).collect()
}

#[track_caller]
fn good(name: &str, now: Option<&str>, users: &[&str]) {
    assert_eq!(outcome(&file(name), now).unwrap(), users);
}

#[track_caller]
fn refused(name: &str, now: Option<&str>, part: &str) {
    let error = outcome(&file(name), now).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, VerifyError::Untrusted { .. }), "{text}");
    assert!(text.contains(part), "{text}");
    assert!(text.contains("(Subkey <subkey@example.org>)"), "the keyring is named: {text}");
}

#[test]
fn good_signatures_are_good() {
    good("good.asc", None, &["Primary <primary@example.org>"]);
    good("good.asc", Some("2025-01-10T00:00:00Z"), &["Primary <primary@example.org>"]);
    good("subkey.asc", None, &["Subkey <subkey@example.org>"]);
    good("two.asc", None, &["Primary <primary@example.org>"]);
    good("limited.asc", Some("2025-01-19T00:00:00Z"), &["Primary <primary@example.org>"]);
}

#[test]
fn a_signature_made_before_its_key_expired_stays_good() {
    good("short-in-time.asc", Some("2026-01-01T00:00:00Z"), &["Short <short@example.org>"]);
    refused("short-too-late.asc", None, "the key had expired on 2025-01-31T00:00:00Z");
}

#[test]
fn signatures_that_do_not_count_say_why() {
    refused("stranger.asc", None, "which is not in the keyring");
    refused("revoked.asc", None, "(Revoked <revoked@example.org>), but the key is revoked");
    refused("weak.asc", None, "SHA1 is not a safe hash");
    refused("good.asc", Some("2025-01-09T23:59:59Z"), "is the clock right?");
    refused("limited.asc", Some("2025-01-20T00:00:00Z"), "it had expired on 2025-01-20T00:00:00Z");
}

#[test]
fn a_changed_document_is_bad_whoever_else_has_signed_it() {
    for name in ["good.asc", "subkey.asc", "two.asc"] {
        let text = String::from_utf8(file(name)).unwrap();
        for (from, to) in [("Example", "Examine"), ("Suite", "\nSuite"), ("- -dash\n", "")] {
            let changed = text.replacen(from, to, 1);
            let error = outcome(changed.as_bytes(), None).unwrap_err();
            assert!(matches!(error, VerifyError::Bad { .. }), "{name}: {error}");
        }
    }
}

#[test]
fn blanks_at_line_ends_are_not_covered_and_not_returned() {
    let text = String::from_utf8(file("good.asc")).unwrap();
    let padded = text.replace("Date: today", "Date: today \t ");
    assert_eq!(outcome(padded.as_bytes(), None).unwrap().len(), 1);
}

#[test]
fn a_signature_of_another_text_is_bad() {
    let one = String::from_utf8(file("good.asc")).unwrap();
    let body = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOther: 1\n";
    let signature = &one[one.find("-----BEGIN PGP SIGNATURE").unwrap()..];
    let error = outcome(format!("{body}{signature}").as_bytes(), None).unwrap_err();
    assert!(matches!(error, VerifyError::Bad { .. }), "{error}");
}

#[test]
fn damaged_documents_are_errors_and_never_panics() {
    let text = file("good.asc");
    for end in 0..text.len() - 1 {
        assert!(outcome(&text[..end], None).is_err(), "cut at {end}");
    }
    for position in 0..text.len() {
        let mut changed = text.clone();
        changed[position] ^= 0x11;
        // What survives a change must still be the signed text: `outcome` compares it.
        let _ = outcome(&changed, None);
    }
}

#[test]
fn keyrings_are_read_in_both_forms() {
    let names = |name| Keyring::parse(&file(name)).unwrap().describe();
    let binary = names("keyring.gpg");
    assert_eq!(binary.len(), 5);
    assert!(binary[0].ends_with(" (Primary <primary@example.org>)"), "{binary:?}");
    assert_eq!(names("keyring.asc"), binary[..2]);
}

#[test]
fn what_is_no_keyring_is_refused() {
    let armored = file("keyring.asc");
    let cut = &armored[..armored.len() - 10];
    for bytes in [&b""[..], b"hello", b"\x99\x01", &file("good.asc"), cut, &vec![0; 5 << 20]] {
        assert!(Keyring::parse(bytes).is_err(), "{}", bytes.len());
    }
    let binary = file("keyring.gpg");
    for end in 0..binary.len() {
        let _ = Keyring::parse(&binary[..end]);
    }
}
