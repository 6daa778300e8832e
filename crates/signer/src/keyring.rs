//! Keyrings: the keys that may sign.

use std::io::Cursor;

use names::Epoch;
use pgp::composed::{Deserializable, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{Signature, SignatureType, SubpacketData};
use pgp::types::{KeyDetails, Tag};

/// The most that a keyring may hold: 4 MiB.
const LIMIT: usize = 4 << 20;

const ARMOR_BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const ARMOR_END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

/// Public keys that are trusted to sign. Its bytes are trusted data: they come from the tree, never
/// from the network.
#[derive(Clone, Debug)]
pub struct Keyring {
    pub(crate) keys: Vec<SignedPublicKey>,
}

/// Why bytes are not a keyring.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// They are no OpenPGP keys.
    #[error("the keyring cannot be read: want OpenPGP public keys, binary or armoured")]
    Malformed {
        /// Why.
        source: Box<pgp::errors::Error>,
    },
    /// Armour is opened and not closed, or text stands around it that is no comment.
    #[error("the keyring has armour that is not closed")]
    Unclosed,
    /// There is no key in them.
    #[error("the keyring holds no key")]
    Empty,
    /// There are several keys where one was wanted.
    #[error("want one public key, and there are several")]
    NotOne,
    /// They are more than any keyring has.
    #[error("the keyring is larger than {LIMIT} bytes")]
    TooLarge,
}

impl Keyring {
    /// Reads a keyring: OpenPGP public keys (RFC 9580, section 10.1), one behind the other, binary
    /// or as armoured blocks.
    ///
    /// # Errors
    /// When the bytes are no public keys, when there is none, or when they are more than 4 MiB.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyringError> {
        if bytes.len() > LIMIT {
            return Err(KeyringError::TooLarge);
        }
        let malformed = |error| KeyringError::Malformed { source: Box::new(error) };
        let mut keys = Vec::new();
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(ARMOR_BEGIN) => {
                let mut rest = text;
                while let Some(start) = rest.find(ARMOR_BEGIN) {
                    let end = rest[start..].find(ARMOR_END).ok_or(KeyringError::Unclosed)?;
                    let end = start + end + ARMOR_END.len();
                    let block = Cursor::new(&rest[start..end]);
                    let (block_keys, _) =
                        SignedPublicKey::from_armor_many_buf(block).map_err(malformed)?;
                    for key in block_keys {
                        keys.push(key.map_err(malformed)?);
                    }
                    rest = &rest[end..];
                }
            }
            _ if bytes.is_empty() => {}
            _ => {
                for key in SignedPublicKey::from_bytes_many(bytes).map_err(malformed)? {
                    keys.push(key.map_err(malformed)?);
                }
            }
        }
        if keys.is_empty() { Err(KeyringError::Empty) } else { Ok(Self { keys }) }
    }

    /// The keys as `FINGERPRINT (first user id)`, in the order of the keyring.
    pub fn describe(&self) -> Vec<String> {
        self.keys.iter().map(describe).collect()
    }

    /// The primary key, and the subkey if it is one, that `signature` says has made it.
    pub(crate) fn issuer(
        &self,
        signature: &Signature,
    ) -> Option<(&SignedPublicKey, Option<&SignedPublicSubKey>)> {
        let fingerprints = signature.issuer_fingerprint();
        let key_ids = signature.issuer_key_id();
        let made_by = |key: &dyn KeyDetails| {
            if fingerprints.is_empty() {
                key_ids.contains(&&key.legacy_key_id())
            } else {
                fingerprints.contains(&&key.fingerprint())
            }
        };
        self.keys.iter().find_map(|key| {
            if made_by(&key.primary_key) {
                return Some((key, None));
            }
            let subkey = key.public_subkeys.iter().find(|subkey| made_by(&subkey.key))?;
            Some((key, Some(subkey)))
        })
    }
}

/// `FINGERPRINT (first user id)`.
pub(crate) fn describe(key: &SignedPublicKey) -> String {
    let fingerprint = fingerprint(&key.primary_key);
    match user(key) {
        Some(user) => format!("{fingerprint} ({user})"),
        None => fingerprint,
    }
}

/// The fingerprint in upper-case digits, as gpg prints it.
pub(crate) fn fingerprint(key: &dyn KeyDetails) -> String {
    key.fingerprint().to_string().to_uppercase()
}

/// The first user id, cut to a printable line.
pub(crate) fn user(key: &SignedPublicKey) -> Option<String> {
    let id = String::from_utf8_lossy(key.details.users.first()?.id.id()).into_owned();
    Some(id.chars().filter(|c| !c.is_control()).take(120).collect())
}

/// Says why `key` (its `subkey`, if given) may not make a signature over data at `made`; `None`
/// if it may. The rules are those of RFC 9580, sections 5.2.3.10 and 5.2.3.29, and revocation
/// counts whatever its reason and time.
pub(crate) fn objection(
    key: &SignedPublicKey,
    subkey: Option<&SignedPublicSubKey>,
    made: Epoch,
) -> Option<String> {
    let primary = &key.primary_key;
    let revoked = |revocation: &Signature| {
        revocation.typ() == Some(SignatureType::KeyRevocation)
            && revocation.verify_key(primary).is_ok()
    };
    if key.details.revocation_signatures.iter().any(revoked) {
        return Some("the key is revoked".to_owned());
    }
    let Some(binding) = newest(self_signatures(key)) else {
        return Some("the key has no valid self-signature".to_owned());
    };
    if let Some(objection) = outside_of_life(primary, binding, made, "key") {
        return Some(objection);
    }
    let Some(subkey) = subkey else {
        let may_sign = !has_key_flags(binding) || binding.key_flags().sign();
        return (!may_sign).then(|| "the key is not meant to sign".to_owned());
    };
    let bindings = |typ| {
        subkey.signatures.iter().filter(move |signature| {
            signature.typ() == Some(typ)
                && signature.verify_subkey_binding(primary, &subkey.key).is_ok()
        })
    };
    if bindings(SignatureType::SubkeyRevocation).next().is_some() {
        return Some("the subkey is revoked".to_owned());
    }
    let Some(binding) = newest(bindings(SignatureType::SubkeyBinding).collect()) else {
        return Some("the subkey has no valid binding to its key".to_owned());
    };
    if !binding.key_flags().sign() {
        return Some("the subkey is not meant to sign".to_owned());
    }
    let bound_back = binding.embedded_signature().is_some_and(|signature| {
        signature.verify_primary_key_binding(&subkey.key, primary).is_ok()
    });
    if !bound_back {
        return Some("the subkey has not signed its binding to its key".to_owned());
    }
    outside_of_life(&subkey.key, binding, made, "subkey")
}

/// The signatures of the primary key over itself and its user ids that are valid. Those of others
/// are not looked at: they cannot be checked here.
fn self_signatures(key: &SignedPublicKey) -> Vec<&Signature> {
    let primary = &key.primary_key;
    let direct = key.details.direct_signatures.iter().filter(|signature| {
        signature.typ() == Some(SignatureType::Key) && signature.verify_key(primary).is_ok()
    });
    let users = key.details.users.iter().flat_map(|user| {
        user.signatures.iter().filter(move |signature| {
            signature.typ() != Some(SignatureType::CertRevocation)
                && signature.verify_certification(primary, Tag::UserId, &user.id).is_ok()
        })
    });
    direct.chain(users).collect()
}

/// When the key (its `subkey`, if given) expires by its newest binding; `None` if it does not.
pub(crate) fn end_of_life(
    key: &SignedPublicKey,
    subkey: Option<&SignedPublicSubKey>,
) -> Option<Epoch> {
    let (created, binding) = match subkey {
        None => (key.primary_key.created_at(), newest(self_signatures(key))?),
        Some(subkey) => {
            let bindings = subkey.signatures.iter().filter(|signature| {
                signature.typ() == Some(SignatureType::SubkeyBinding)
                    && signature.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok()
            });
            (subkey.key.created_at(), newest(bindings.collect())?)
        }
    };
    let life = u64::from(binding.key_expiration_time()?.as_secs());
    (life > 0).then(|| Epoch(u64::from(created.as_secs()) + life))
}

fn newest(signatures: Vec<&Signature>) -> Option<&Signature> {
    signatures.into_iter().max_by_key(|signature| signature.created())
}

fn has_key_flags(signature: &Signature) -> bool {
    let flags = |data: &SubpacketData| matches!(data, SubpacketData::KeyFlags(_));
    signature
        .config()
        .is_some_and(|config| config.hashed_subpackets().any(|subpacket| flags(&subpacket.data)))
}

/// Whether `made` lies before the key was made or after it has expired.
fn outside_of_life(
    key: &dyn KeyDetails,
    binding: &Signature,
    made: Epoch,
    word: &str,
) -> Option<String> {
    let created = u64::from(key.created_at().as_secs());
    if made.0 < created {
        return Some(format!("it is older than the {word}, which is of {}", Epoch(created)));
    }
    let life = u64::from(binding.key_expiration_time()?.as_secs());
    let end = created + life;
    (life > 0 && made.0 >= end).then(|| format!("the {word} had expired on {}", Epoch(end)))
}
