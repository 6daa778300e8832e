//! Keys for images, with OpenSSL as the judge.

use signer::{ImageKey, ImageKeyError, ImageKeyKind, Secret};
use testkit::tool;

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

#[test]
fn keys_are_read_from_each_kind_of_pem() {
    let plain = ImageKey::parse(&file("image.pem"), None).unwrap();
    assert_eq!(plain.kind(), ImageKeyKind::EcdsaP256);
    let secret = Secret::new("correct-horse".to_owned());
    for other in ["image-sec1.pem", "image-locked.pem"] {
        let other = ImageKey::parse(&file(other), Some(&secret)).unwrap();
        assert_eq!(other.public_pem(), plain.public_pem());
        assert_eq!(other.sign(b"data"), plain.sign(b"data"), "RFC 6979 takes no random numbers");
    }
    let other = ImageKey::parse(&file("image-ed25519.pem"), None).unwrap();
    assert_eq!(other.kind(), ImageKeyKind::Ed25519);
    assert_eq!(format!("{other:?} {plain:?}"), "ImageKey(Ed25519) ImageKey(EcdsaP256)");
}

#[test]
fn what_is_no_key_for_images_is_refused() {
    let parse = |name: &str, passphrase: Option<&str>| {
        let secret = passphrase.map(|text| Secret::new(text.to_owned()));
        ImageKey::parse(&file(name), secret.as_ref()).unwrap_err()
    };
    assert_eq!(parse("image-locked.pem", None), ImageKeyError::NoPassphrase);
    assert_eq!(parse("image-locked.pem", Some("wrong")), ImageKeyError::WrongPassphrase);
    assert_eq!(parse("image-rsa.pem", None), ImageKeyError::Key);
    assert_eq!(parse("secret.gpg", None), ImageKeyError::NotPem);
    let good = file("image.pem");
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 4;
        // It must not panic.
        let _ = ImageKey::parse(&bytes, None);
    }
}

#[test]
#[ignore = "needs openssl; .ci/run runs it"]
fn openssl_takes_what_we_sign_and_nothing_else() {
    for name in ["image.pem", "image-ed25519.pem"] {
        let key = ImageKey::parse(&file(name), None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("public.pem"), key.public_pem()).unwrap();
        std::fs::write(at("data"), b"data").unwrap();
        std::fs::write(at("signature"), key.sign(b"data")).unwrap();
        let judge = || {
            let openssl = tool("openssl").args(["pkeyutl", "-verify", "-pubin", "-rawin"]);
            let openssl = openssl.arg("-inkey").arg(at("public.pem")).arg("-in").arg(at("data"));
            let openssl = openssl.arg("-sigfile").arg(at("signature"));
            if name == "image.pem" { openssl.args(["-digest", "sha256"]) } else { openssl }
        };
        judge().run();
        std::fs::write(at("data"), b"dato").unwrap();
        judge().fail();
    }
}
