//! What we sign is good, to ourselves and to the tools that will check it.

use names::Epoch;
use signer::{
    AgentKey, Certificate, KeyFileError, OpenPgpKey, OpenPgpKeyFile, Secret, SignError,
    SignatureKind, deb_signature_member, expiry_warning, rpm_header_signature,
    rpm_package_signature, sign_armored, sign_cleartext, sign_detached, verify_cleartext,
};
use testkit::tool;

/// 2026-06-01
const TIME: Epoch = Epoch(1_780_272_000);
const TEXT: &str = "Origin: Example \n-dash\n- two\n\nFrom: you\t\nlast\n";
const PASSPHRASE: &str = "correct-horse";

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn key(name: &str) -> OpenPgpKeyFile {
    OpenPgpKeyFile::parse(&file(name), Some(&Secret::new(PASSPHRASE.to_owned()))).unwrap()
}

fn keys() -> Vec<OpenPgpKeyFile> {
    let names =
        ["secret.asc", "secret.gpg", "secret-p256.asc", "secret-locked.asc", "secret-subkey.asc"];
    names.map(key).into()
}

#[test]
fn what_every_key_signs_is_good_and_the_same_each_time() {
    for key in keys() {
        let document = sign_cleartext(&[&key], TEXT, TIME).unwrap();
        assert_eq!(document, sign_cleartext(&[&key], TEXT, TIME).unwrap(), "{key:?}");
        let keyring = key.certificate().keyring();
        let signed = verify_cleartext(document.as_bytes(), &keyring, Some(TIME)).unwrap();
        assert_eq!(signed.text, "Origin: Example\n-dash\n- two\n\nFrom: you\nlast\n");
        assert_eq!(signed.signers[0].time, TIME);
        assert_eq!(signed.signers[0].fingerprint, key.certificate().fingerprint());
        let data = sign_detached(&[&key], b"data", TIME).unwrap();
        assert_eq!(data, sign_detached(&[&key], b"data", TIME).unwrap());
        assert_ne!(data, sign_detached(&[&key], b"data", Epoch(TIME.0 + 1)).unwrap());
    }
}

#[test]
fn two_keys_sign_side_by_side() {
    let (old, new) = (key("secret-locked.asc"), key("secret.asc"));
    let document = sign_cleartext(&[&old, &new], TEXT, TIME).unwrap();
    for key in [&old, &new] {
        let keyring = key.certificate().keyring();
        let signed = verify_cleartext(document.as_bytes(), &keyring, None).unwrap();
        assert_eq!(signed.signers.len(), 1);
    }
}

#[test]
fn a_key_signs_within_its_life_only() {
    let locked = key("secret-locked.asc");
    let year = 365 * 86_400;
    let made = Epoch::from_rfc3339("2026-01-01").unwrap();
    assert_eq!(locked.certificate().expires(), Some(Epoch(made.0 + year)));
    for time in [Epoch(made.0 - 1), Epoch(made.0 + year)] {
        let error = sign_detached(&[&locked], b"", time).unwrap_err();
        assert!(matches!(error, SignError::Unable { .. }), "{error}");
    }
    sign_detached(&[&locked], b"", Epoch(made.0 + year - 1)).unwrap();
    assert!(matches!(sign_detached(&[], b"", TIME), Err(SignError::NoKey)));
    assert!(sign_cleartext(&[&locked], "a\rb\n", TIME).is_err());
}

#[test]
fn a_key_that_expires_soon_is_warned_of() {
    let locked = key("secret-locked.asc");
    let end = locked.certificate().expires().unwrap();
    let at = |days: u64| expiry_warning(locked.certificate(), Epoch(end.0 - days * 86_400), 30);
    assert_eq!(at(31), None);
    assert!(at(29).unwrap().contains("expires on 2027-01-01T00:00:00Z, in 29 days"));
    assert!(at(0).unwrap().contains("has expired on"));
    assert_eq!(expiry_warning(key("secret.asc").certificate(), TIME, 30), None);
}

#[test]
fn what_is_no_key_is_refused() {
    let parse = |bytes: &[u8], passphrase: Option<&str>| {
        let secret = passphrase.map(|text| Secret::new(text.to_owned()));
        OpenPgpKeyFile::parse(bytes, secret.as_ref()).unwrap_err()
    };
    let locked = file("secret-locked.asc");
    assert!(matches!(parse(&locked, None), KeyFileError::NoPassphrase { .. }));
    assert!(matches!(parse(&locked, Some("wrong")), KeyFileError::WrongPassphrase { .. }));
    let two = [file("secret.gpg"), file("secret.gpg")].concat();
    assert!(matches!(parse(&two, None), KeyFileError::NotOne { count: 2 }));
    for bytes in [file("keyring.asc"), b"hello".to_vec(), Vec::new(), file("image.pem")] {
        parse(&bytes, None);
    }
    assert!(matches!(parse(&vec![0; 2 << 20], None), KeyFileError::TooLarge));
    let good = file("secret.gpg");
    for at in 0..good.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= change;
            // It may still be a key; it must not panic, and its errors must not print it.
            if let Err(error) = OpenPgpKeyFile::parse(&bytes, None) {
                no_secret(&format!("{error} {error:?}"));
            }
        }
    }
}

/// The secret parts of `secret.gpg` as a debugger would print them.
fn no_secret(text: &str) {
    // The secret scalar is the last number of the secret key packet, before its checksum.
    let bytes = file("secret.gpg");
    let end = 2 + usize::from(bytes[1]);
    let scalar = &bytes[end - 34..end - 2];
    let hex: String = scalar.iter().map(|byte| format!("{byte:02x}")).collect();
    let lower = text.to_lowercase();
    assert!(!lower.contains(&hex[..16]), "{text}");
    assert!(!lower.contains(&format!("{:?}", &scalar[..4]).replace(['[', ']'], "")), "{text}");
    assert!(!lower.contains(PASSPHRASE), "{text}");
}

#[test]
fn secrets_are_not_printed() {
    let secret = Secret::new(PASSPHRASE.to_owned());
    assert_eq!(format!("{secret:?}"), "Secret(..)");
    for key in keys() {
        no_secret(&format!("{key:?} {key:#?} {:?}", key.certificate()));
        assert!(format!("{key:?}").starts_with("OpenPgpKeyFile("));
    }
    let wrong = OpenPgpKeyFile::parse(&file("secret-locked.asc"), Some(&Secret::new("no".into())));
    no_secret(&format!("{:?}", wrong.unwrap_err()));
}

#[test]
fn a_passphrase_is_the_first_line_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passphrase");
    for text in ["correct-horse", "correct-horse\n", "correct-horse\r\nmore\n"] {
        std::fs::write(&path, text).unwrap();
        let secret = Secret::read(&path).unwrap();
        OpenPgpKeyFile::parse(&file("secret-locked.asc"), Some(&secret)).unwrap();
    }
    std::fs::write(&path, "x".repeat(5000)).unwrap();
    assert!(Secret::read(&path).is_err());
}

/// Lets gpgv judge a signature of `data`, or a clear-signed document.
fn gpgv(certificate: &Certificate, signed: &[u8], data: Option<&[u8]>) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("keyring"), certificate.to_bytes()).unwrap();
    std::fs::write(at("signed"), signed).unwrap();
    let mut gpgv = tool("gpgv").args(["--status-fd", "1", "--keyring"]).arg(at("keyring"));
    gpgv = gpgv.arg(at("signed"));
    if let Some(data) = data {
        std::fs::write(at("data"), data).unwrap();
        gpgv = gpgv.arg(at("data"));
    }
    let said = gpgv.said();
    let valid = said.lines().find_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG "));
    valid.map(str::to_owned).ok_or(said)
}

#[test]
#[ignore = "needs gpgv; .ci/run runs it"]
fn gpgv_takes_what_we_sign_and_nothing_else() {
    for key in keys() {
        let certificate = key.certificate();
        let document = sign_cleartext(&[&key], TEXT, TIME).unwrap();
        let valid = gpgv(certificate, document.as_bytes(), None).unwrap();
        assert!(valid.contains(&TIME.0.to_string()), "{valid}");
        assert!(valid.ends_with(&certificate.fingerprint()), "{valid}");
        let changed = document.replace("Origin", "Otigin");
        assert!(gpgv(certificate, changed.as_bytes(), None).unwrap_err().contains("BADSIG"));
        for signature in [
            sign_detached(&[&key], TEXT.as_bytes(), TIME).unwrap(),
            sign_armored(&[&key], TEXT.as_bytes(), TIME).unwrap().into_bytes(),
        ] {
            gpgv(certificate, &signature, Some(TEXT.as_bytes())).unwrap();
            assert!(gpgv(certificate, &signature, Some(b"other")).is_err());
        }
    }
    // Both keys of a rotation are enough alone.
    let (old, new) = (key("secret-locked.asc"), key("secret.asc"));
    let document = sign_cleartext(&[&old, &new], TEXT, TIME).unwrap();
    for key in [&old, &new] {
        gpgv(key.certificate(), document.as_bytes(), None).unwrap();
    }
}

#[test]
#[ignore = "needs gpg and gpg-agent; .ci/run runs it"]
fn the_agent_signs_as_the_key_file_does() {
    let home = tempfile::tempdir().unwrap();
    let options = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
    let import = tool("gpg").arg("--homedir").arg(home.path()).args(options).arg("--import");
    import.input(&file("secret.gpg")).run();
    let in_file = key("secret.asc");
    let name = in_file.certificate().fingerprint();
    let agent = AgentKey::find("gpg".into(), Some(home.path().into()), &name).unwrap();
    assert_eq!(agent.certificate().fingerprint(), name);
    let document = sign_cleartext(&[&agent], TEXT, TIME).unwrap();
    let keyring = in_file.certificate().keyring();
    let signed = verify_cleartext(document.as_bytes(), &keyring, Some(TIME)).unwrap();
    assert_eq!(signed.signers[0].time, TIME);
    assert_eq!(document, sign_cleartext(&[&agent], TEXT, TIME).unwrap());
    gpgv(agent.certificate(), document.as_bytes(), None).unwrap();
    let signature = sign_detached(&[&agent], b"data", TIME).unwrap();
    gpgv(in_file.certificate(), &signature, Some(b"data")).unwrap();
    // What it does not have, and a program that is not there.
    let stranger = key("secret-p256.asc").certificate().fingerprint();
    assert!(AgentKey::find("gpg".into(), Some(home.path().into()), &stranger).is_err());
    assert!(AgentKey::find("/nowhere/gpg".into(), None, &name).is_err());
    tool("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", home.path()).run();
}

#[test]
fn a_deb_is_signed_once() {
    let key = key("secret.asc");
    let deb = testkit::DebBuilder::new("hello", "1.0").file("usr/bin/hello", b"x").build();
    let member = deb_signature_member(&mut &*deb, &key, TIME).unwrap();
    assert!(member.starts_with(b"_gpgorigin      1780272000  0     0     100644  "));
    let signed = [deb.clone(), member].concat();
    let again = deb_signature_member(&mut &*signed, &key, TIME).unwrap_err();
    assert!(again.to_string().contains("signed already"), "{again}");
    for cut in [0, 7, 8, 50, 70, 200, deb.len() - 20] {
        assert!(deb_signature_member(&mut &deb[..cut], &key, TIME).is_err(), "{cut}");
    }
}

#[test]
#[ignore = "needs debsig-verify and dpkg; .ci/run runs it"]
fn debsig_verify_and_dpkg_take_a_signed_deb() {
    for key in [key("secret.asc"), key("secret-p256.asc")] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let id = key.certificate().fingerprint();
        std::fs::create_dir_all(at("policies").join(&id)).unwrap();
        std::fs::create_dir_all(at("keyrings").join(&id)).unwrap();
        let policy = format!(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE Policy SYSTEM \
             \"https://www.debian.org/debsig/1.0/policy.dtd\">\n\
             <Policy xmlns=\"https://www.debian.org/debsig/1.0/\">\n\
             <Origin Name=\"test\" id=\"{id}\" Description=\"test\"/>\n\
             <Selection><Required Type=\"origin\" File=\"key.gpg\" id=\"{id}\"/></Selection>\n\
             <Verification MinOptional=\"0\"><Required Type=\"origin\" File=\"key.gpg\" \
             id=\"{id}\"/></Verification>\n</Policy>\n"
        );
        std::fs::write(at("policies").join(&id).join("test.pol"), policy).unwrap();
        std::fs::write(at("keyrings").join(&id).join("key.gpg"), key.certificate().to_bytes())
            .unwrap();
        // Bodies of odd and even size.
        for length in 0..4 {
            let deb = testkit::DebBuilder::new("hello", "1.0");
            let deb = deb.file("usr/bin/hello", &b"#!/bin"[..length]).build();
            let member = deb_signature_member(&mut &*deb, &key, TIME).unwrap();
            let signed = [deb, member].concat();
            std::fs::write(at("hello.deb"), &signed).unwrap();
            let judge = || {
                let judge = tool("debsig-verify").arg("--policies-dir").arg(at("policies"));
                judge.arg("--keyrings-dir").arg(at("keyrings")).arg(at("hello.deb"))
            };
            judge().run();
            tool("dpkg-deb").arg("-I").arg(at("hello.deb")).run();
            tool("dpkg-deb").arg("-c").arg(at("hello.deb")).run();
            let mut changed = signed;
            changed[140] ^= 1;
            std::fs::write(at("hello.deb"), &changed).unwrap();
            judge().fail();
        }
    }
}

#[test]
fn signatures_of_an_rpm_have_the_tag_of_their_key() {
    let header = [&[0x8e, 0xad, 0xe8, 1][..], &[0; 12]].concat();
    for (name, tags) in [("secret.asc", (267, 1005)), ("secret-locked.asc", (268, 1002))] {
        let key = key(name);
        let signature = rpm_header_signature(&header, &key, TIME).unwrap();
        let packet = key.sign(&mut &*header, SignatureKind::Binary, TIME).unwrap();
        assert_eq!((signature.tag, signature.value), (tags.0, packet));
        assert_eq!(rpm_package_signature(&mut &*header, &key, TIME).unwrap().tag, tags.1);
    }
    assert!(rpm_header_signature(b"no header", &key("secret.asc"), TIME).is_err());
}
