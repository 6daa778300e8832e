//! `signing.toml`.

use std::path::Path;

use signer::{
    Chosen, KeySource, KeyUse, PassphraseSource, Secret, SigningFile, open_image_key, open_key,
};

const GOOD: &str = r#"
unsigned = []

[[key]]
name = "archive-2026"
use = ["package", "repository"]
openpgp-file = "secret.asc"

[[key]]
name = "archive-2025"
use = ["repository"]
openpgp-file = "secret-locked.asc"
passphrase-env = "ARCHIVE_PASSPHRASE"

[[key]]
name = "image"
use = ["image"]
pem-file = "image-locked.pem"
passphrase-file = "passphrase"
"#;

fn parse(text: &str) -> Result<SigningFile, String> {
    SigningFile::parse(text, Path::new("signing.toml"))
        .map_err(|faults| names::render_faults(&faults))
}

#[test]
fn keys_are_chosen_by_use() {
    let file = parse(GOOD).unwrap();
    let names = |wanted| match file.choose(wanted).unwrap() {
        Chosen::Keys(keys) => keys.into_iter().map(|key| key.name.as_str()).collect::<Vec<_>>(),
        Chosen::Unsigned => Vec::new(),
    };
    assert_eq!(names(KeyUse::Package), ["archive-2026"]);
    assert_eq!(names(KeyUse::Repository), ["archive-2026", "archive-2025"]);
    assert_eq!(names(KeyUse::Image), ["image"]);
    let variable = PassphraseSource::Variable("ARCHIVE_PASSPHRASE".to_owned());
    assert_eq!(file.keys[1].passphrase, variable);

    let error = SigningFile::default().choose(KeyUse::Package).unwrap_err();
    assert!(error.to_string().contains("unsigned = [\"package\"]"), "{error}");
    let file = parse("unsigned = [\"package\"]").unwrap();
    assert_eq!(file.choose(KeyUse::Package), Ok(Chosen::Unsigned));
    assert!(file.choose(KeyUse::Image).is_err());
}

#[test]
fn keys_are_opened() {
    let file = parse(GOOD).unwrap();
    let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
    let folder = tempfile::tempdir().unwrap();
    for name in ["secret.asc", "secret-locked.asc", "image-locked.pem"] {
        std::fs::copy(fixtures.join(name), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("passphrase"), "correct-horse\n").unwrap();
    let set = |name: &str| {
        (name == "ARCHIVE_PASSPHRASE").then(|| Secret::new("correct-horse".to_owned()))
    };
    let key = open_key(&file.keys[0], folder.path(), &set).unwrap();
    assert_eq!(key.certificate().user(), "Archive <archive@example.org>");
    open_key(&file.keys[1], folder.path(), &set).unwrap();
    open_image_key(&file.keys[2], folder.path(), &set).unwrap();

    let chain = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text += &format!(": {error}");
            source = error.source();
        }
        text
    };
    let unset = open_key(&file.keys[1], folder.path(), &|_| None).unwrap_err();
    assert!(chain(&unset).contains("`ARCHIVE_PASSPHRASE`, which"), "{}", chain(&unset));
    let wrong = open_key(&file.keys[1], folder.path(), &|_| Some(Secret::new("no".into())));
    let wrong = chain(&wrong.unwrap_err());
    assert!(wrong.contains("does not open the key"), "{wrong}");
    assert!(open_key(&file.keys[2], folder.path(), &set).is_err());
    assert!(open_image_key(&file.keys[0], folder.path(), &set).is_err());
    std::fs::remove_file(folder.path().join("secret.asc")).unwrap();
    assert!(
        chain(&open_key(&file.keys[0], folder.path(), &set).unwrap_err()).contains("secret.asc")
    );
}

#[test]
fn faults_are_named_with_their_place() {
    for (good, bad, message) in [
        ("unsigned = []", "unsigned = [\"image\"]", "`image` is unsigned"),
        ("unsigned = []", "unsinged = []", "unknown field `unsinged`"),
        ("[\"image\"]", "[\"images\"]", "unknown variant `images`"),
        ("use = [\"image\"]", "use = []", "is for nothing"),
        ("use = [\"image\"]", "use = [\"package\"]", "not of the kind that its use needs"),
        ("use = [\"image\"]", "use = [\"image\", \"package\"]", "not of the kind"),
        ("openpgp-file", "pem-file", "not of the kind that its use needs"),
        ("openpgp-file = \"secret.asc\"", "", "must be in one place"),
        ("openpgp-file = \"secret.asc\"", "gpg-agent = \"abc\"", "is no fingerprint"),
        ("name = \"image\"", "name = \"archive-2025\"", "two keys are called"),
        ("name = \"image\"", "name = \"a b\"", "is no name for a key"),
        ("passphrase-file", "passphrase-env = \"A\"\npassphrase-file", "two passphrases"),
        ("name = \"image\"", "name = 1", "invalid type"),
        ("name = \"image\"", "", "missing field `name`"),
        ("passphrase-file", "passphrase", "unknown field `passphrase`"),
    ] {
        let text = GOOD.replacen(good, bad, 1);
        assert_ne!(text, GOOD);
        let faults = parse(&text).unwrap_err();
        assert!(faults.contains(message), "{faults}");
        assert!(faults.starts_with("signing.toml:"), "{faults}");
    }
    let agent = GOOD.replace(
        "openpgp-file = \"secret.asc\"",
        "gpg-agent = \"0123456789abcdef0123456789abcdef01234567\"",
    );
    let file = parse(&agent).unwrap();
    let upper = "0123456789ABCDEF0123456789ABCDEF01234567".to_owned();
    assert_eq!(file.keys[0].source, KeySource::Agent(upper));
}
