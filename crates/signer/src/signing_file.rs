//! `signing.toml`: which key signs what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use names::{Fault, Place};
use serde::Deserialize;
use toml::Spanned;

/// What a key is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUse {
    /// Packages: .deb and .rpm.
    Package,
    /// Indexes of repositories.
    Repository,
    /// Images.
    Image,
}

/// The keys of `signing.toml`, in the order of the file. The format is described in
/// `docs/formats/signing.md`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SigningFile {
    /// The keys.
    pub keys: Vec<KeyEntry>,
    /// What goes out without a signature, by the user's own word.
    pub unsigned: BTreeSet<KeyUse>,
}

/// A key of `signing.toml`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyEntry {
    /// Its name, for messages and on the command line.
    pub name: String,
    /// What it is for: at least one use.
    pub uses: BTreeSet<KeyUse>,
    /// Where it is.
    pub source: KeySource,
    /// What opens it.
    pub passphrase: PassphraseSource,
}

/// Where a key is. Paths are as the file has them: relative to its folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeySource {
    /// An OpenPGP secret key in a file.
    OpenPgpFile(PathBuf),
    /// A key of the running gpg-agent, by its fingerprint.
    Agent(String),
    /// A PEM file, for images.
    Pem(PathBuf),
}

/// Where a passphrase is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PassphraseSource {
    /// There is none, or the agent asks for it.
    None,
    /// The first line of a file.
    File(PathBuf),
    /// The environment variable of this name.
    Variable(String),
}

/// What [`SigningFile::choose`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Chosen<'a> {
    /// All of these sign: at least one.
    Keys(Vec<&'a KeyEntry>),
    /// The file says that there is to be no signature.
    Unsigned,
}

/// There is neither a key for a use nor the word that none is wanted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "no key of signing.toml is for `{word}`: add one with `use = [\"{word}\"]`, or write \
     `unsigned = [\"{word}\"]` to publish without a signature"
)]
pub struct NoKeyError {
    /// The use, as the file writes it.
    pub word: &'static str,
}

impl KeyUse {
    fn word(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Repository => "repository",
            Self::Image => "image",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    unsigned: BTreeSet<KeyUse>,
    #[serde(default)]
    key: Vec<Spanned<RawKey>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawKey {
    name: String,
    r#use: BTreeSet<KeyUse>,
    openpgp_file: Option<PathBuf>,
    gpg_agent: Option<String>,
    pem_file: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
    passphrase_env: Option<String>,
}

impl SigningFile {
    /// Reads the text of `file`, which is not opened: its name is for the faults.
    ///
    /// # Errors
    /// All faults of the file, each with its place.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        let raw: RawFile = toml::from_str(text).map_err(|error| {
            let place = match error.span() {
                Some(span) => Place::of_offset(file, text, span.start),
                None => Place { file: file.to_owned(), ..Place::default() },
            };
            let hint = "docs/formats/signing.md describes every key".to_owned();
            vec![Fault { place, message: error.message().replace('\n', " "), hint }]
        })?;
        let mut faults = Vec::new();
        let mut names = BTreeMap::new();
        let mut keys = Vec::new();
        for key in raw.key {
            let place = Place::of_offset(file, text, key.span().start);
            let mut fault = |message: String, hint: &str| {
                faults.push(Fault { place: place.clone(), message, hint: hint.to_owned() });
            };
            let key = key.into_inner();
            if names.insert(key.name.clone(), ()).is_some() {
                fault(format!("two keys are called `{}`", key.name), "give each its own name");
            }
            match entry(key, &raw.unsigned) {
                Ok(entry) => keys.push(entry),
                Err((message, hint)) => fault(message, hint),
            }
        }
        if faults.is_empty() { Ok(Self { keys, unsigned: raw.unsigned }) } else { Err(faults) }
    }

    /// The keys that sign for a use: all of them, so that an old key and its successor sign side by
    /// side while keys are rotated.
    ///
    /// # Errors
    /// When there is none, and the file does not say that there shall be none.
    pub fn choose(&self, wanted: KeyUse) -> Result<Chosen<'_>, NoKeyError> {
        let keys: Vec<_> = self.keys.iter().filter(|key| key.uses.contains(&wanted)).collect();
        match (keys.is_empty(), self.unsigned.contains(&wanted)) {
            (false, _) => Ok(Chosen::Keys(keys)),
            (true, true) => Ok(Chosen::Unsigned),
            (true, false) => Err(NoKeyError { word: wanted.word() }),
        }
    }
}

/// Checks one key; the error is a message and a hint.
fn entry(key: RawKey, unsigned: &BTreeSet<KeyUse>) -> Result<KeyEntry, (String, &'static str)> {
    let name = &key.name;
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err((
            format!("`{}` is no name for a key", name.escape_debug()),
            "want letters, digits, `-`, `_` and `.`, such as `archive-2026`",
        ));
    }
    if key.r#use.is_empty() {
        return Err((
            format!("the key `{name}` is for nothing"),
            "write `use` with one or more of \"package\", \"repository\" and \"image\"",
        ));
    }
    if let Some(both) = key.r#use.intersection(unsigned).next() {
        return Err((
            format!("the key `{name}` is for `{0}`, and `{0}` is unsigned", both.word()),
            "take one of the two away",
        ));
    }
    let source = match (key.openpgp_file, key.gpg_agent, key.pem_file) {
        (Some(path), None, None) => KeySource::OpenPgpFile(path),
        (None, Some(fingerprint), None) => {
            let digits = fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !digits || fingerprint.len() != 40 {
                return Err((
                    format!("`gpg-agent` of the key `{name}` is no fingerprint"),
                    "want its 40 hexadecimal digits, as `gpg --list-keys` prints them",
                ));
            }
            KeySource::Agent(fingerprint.to_uppercase())
        }
        (None, None, Some(path)) => KeySource::Pem(path),
        _ => {
            return Err((
                format!("the key `{name}` must be in one place"),
                "write one of `openpgp-file`, `gpg-agent` and `pem-file`",
            ));
        }
    };
    let for_images = key.r#use.contains(&KeyUse::Image);
    let is_pem = matches!(source, KeySource::Pem(_));
    if is_pem != for_images || (is_pem && key.r#use.len() > 1) {
        return Err((
            format!("the key `{name}` is not of the kind that its use needs"),
            "images are signed with a `pem-file`, packages and repositories with OpenPGP keys",
        ));
    }
    let passphrase = match (key.passphrase_file, key.passphrase_env) {
        (None, None) => PassphraseSource::None,
        (Some(path), None) => PassphraseSource::File(path),
        (None, Some(variable)) => PassphraseSource::Variable(variable),
        (Some(_), Some(_)) => {
            return Err((
                format!("the key `{name}` has two passphrases"),
                "write one of `passphrase-file` and `passphrase-env`",
            ));
        }
    };
    if passphrase != PassphraseSource::None && matches!(source, KeySource::Agent(_)) {
        return Err((
            format!("the key `{name}` of the agent has a passphrase here"),
            "take it away: gpg-agent asks for it",
        ));
    }
    Ok(KeyEntry { name: key.name, uses: key.r#use, source, passphrase })
}
