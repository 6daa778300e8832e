//! The public half of a key.

use std::fmt;

use names::Epoch;
use pgp::armor::{BlockType, write};
use pgp::composed::SignedPublicKey;
use pgp::ser::Serialize as _;
use pgp::types::KeyDetails;

use crate::keyring::{Keyring, KeyringError, end_of_life, fingerprint, objection, user};

/// An OpenPGP certificate (RFC 9580, section 10.1.1): a public key with its user ids and subkeys, as
/// it is handed to those who verify.
#[derive(Clone)]
pub struct Certificate {
    pub(crate) key: SignedPublicKey,
}

impl Certificate {
    /// Reads one public key, binary or armoured.
    ///
    /// # Errors
    /// As [`Keyring::parse`], and when there is more than one key.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyringError> {
        let mut keys = Keyring::parse(bytes)?.keys;
        match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => Ok(Self { key }),
            _ => Err(KeyringError::NotOne),
        }
    }

    /// The fingerprint of the primary key, in upper-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.key.primary_key)
    }

    /// The first user id; empty if there is none.
    pub fn user(&self) -> String {
        user(&self.key).unwrap_or_default()
    }

    /// When it can no longer sign: the end of the primary key, or of the last subkey that may sign
    /// if that is sooner. `None` if it does not expire.
    pub fn expires(&self) -> Option<Epoch> {
        let primary = end_of_life(&self.key, None);
        let born = |key: &dyn KeyDetails| Epoch(u64::from(key.created_at().as_secs()));
        if objection(&self.key, None, born(&self.key.primary_key)).is_none() {
            return primary;
        }
        let subkeys = self.key.public_subkeys.iter();
        let able: Vec<Option<Epoch>> = subkeys
            .filter(|subkey| objection(&self.key, Some(subkey), born(&subkey.key)).is_none())
            .map(|subkey| end_of_life(&self.key, Some(subkey)))
            .collect();
        if able.contains(&None) {
            return primary;
        }
        primary.into_iter().chain(able.into_iter().flatten().max()).min()
    }

    /// The certificate in binary form, as `Signed-By` of apt and `rpm --import` take it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.key.to_writer(&mut bytes).expect("a Vec takes every write");
        bytes
    }

    /// The certificate in armour (RFC 9580, section 6), for a file `NAME.asc`.
    pub fn to_armor(&self) -> String {
        let mut bytes = Vec::new();
        write(&self.key, BlockType::PublicKey, &mut bytes, None, true)
            .expect("a Vec takes every write");
        String::from_utf8(bytes).expect("armour is ASCII")
    }

    /// A keyring of this certificate alone.
    pub fn keyring(&self) -> Keyring {
        Keyring { keys: vec![self.key.clone()] }
    }

    /// Whether signatures are made with RSA, which decides their tag in an rpm.
    pub(crate) fn is_rsa(&self, signing_key: &str) -> bool {
        let subkey =
            self.key.public_subkeys.iter().find(|key| fingerprint(&key.key) == signing_key);
        let algorithm =
            subkey.map_or_else(|| self.key.primary_key.algorithm(), |key| key.key.algorithm());
        matches!(algorithm, pgp::crypto::public_key::PublicKeyAlgorithm::RSA)
    }

    /// The fingerprints of the keys that may sign at `time`, the preferred one first: subkeys from
    /// the newest, then the primary key, as gpg(1) chooses.
    pub(crate) fn able(&self, time: Epoch) -> Result<Vec<String>, String> {
        let mut subkeys: Vec<_> = self.key.public_subkeys.iter().collect();
        subkeys.sort_by_key(|subkey| std::cmp::Reverse(subkey.key.created_at()));
        let mut reasons = Vec::new();
        let mut able = Vec::new();
        for subkey in subkeys.into_iter().map(Some).chain([None]) {
            let name = subkey.map_or_else(|| self.fingerprint(), |subkey| fingerprint(&subkey.key));
            match objection(&self.key, subkey, time) {
                None => able.push(name),
                Some(reason) => reasons.push(reason),
            }
        }
        if able.is_empty() {
            reasons.dedup();
            return Err(reasons.join("; "));
        }
        Ok(able)
    }
}

/// `FINGERPRINT (first user id)`.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::keyring::describe(&self.key))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({self})")
    }
}

/// Says that `certificate` expires within `days` days after `now`, or has expired; `None` if there is
/// nothing to warn of. It depends on nothing but what is given.
pub fn expiry_warning(certificate: &Certificate, now: Epoch, days: u64) -> Option<String> {
    let end = certificate.expires()?;
    if end <= now {
        return Some(format!("the key {certificate} has expired on {end}: use another one"));
    }
    let left = (end.0 - now.0) / 86_400;
    (left < days).then(|| {
        format!(
            "the key {certificate} expires on {end}, in {left} days: extend it, or add its \
             successor beside it in signing.toml"
        )
    })
}
