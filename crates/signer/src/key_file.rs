//! OpenPGP secret keys in files.

use std::fmt;
use std::io::{Cursor, Read};

use names::Epoch;
use pgp::composed::{Deserializable as _, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{PacketTrait as _, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyDetails as _, KeyVersion, Password, SigningKey, Timestamp};

use crate::keyring::fingerprint;
use crate::{Certificate, OpenPgpKey, Secret, SignError, SignatureKind};

/// The most that a key file may hold: 1 MiB.
const LIMIT: usize = 1 << 20;

/// An OpenPGP secret key, unlocked in memory that is wiped when it is dropped.
pub struct OpenPgpKeyFile {
    key: SignedSecretKey,
    certificate: Certificate,
    /// The fingerprints of the keys whose secret half is here and unlocked.
    unlocked: Vec<String>,
}

/// Why bytes are not a key to sign with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// They are no secret key.
    #[error("it is no OpenPGP secret key: want what `gpg --export-secret-keys` writes")]
    Malformed {
        /// Why.
        source: Box<pgp::errors::Error>,
    },
    /// They hold more or less than one key.
    #[error("it holds {count} secret keys: put each key into a file of its own")]
    NotOne {
        /// How many there are.
        count: usize,
    },
    /// They are more than any key has.
    #[error("it is larger than {LIMIT} bytes")]
    TooLarge,
    /// The key is of a version that the tools that verify do not know.
    #[error("the key {key} is not of version 4, which is what apt, dnf and rpm know")]
    Version {
        /// The key.
        key: String,
    },
    /// The key is encrypted and no passphrase was given.
    #[error(
        "the key {key} is protected by a passphrase: name the file that holds it with \
         `passphrase-file`, or the variable with `passphrase-env`"
    )]
    NoPassphrase {
        /// The key.
        key: String,
    },
    /// The passphrase is not that of the key.
    #[error("the passphrase does not open the key {key}")]
    WrongPassphrase {
        /// The key.
        key: String,
    },
}

impl OpenPgpKeyFile {
    /// Reads one secret key (RFC 9580, section 10.1.2), binary or armoured, and unlocks it. Parts
    /// whose secret half is elsewhere, such as a primary key that is kept off line, are passed over.
    ///
    /// # Errors
    /// See [`KeyFileError`].
    pub fn parse(bytes: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyFileError> {
        if bytes.len() > LIMIT {
            return Err(KeyFileError::TooLarge);
        }
        let malformed = |error| KeyFileError::Malformed { source: Box::new(error) };
        let (keys, _) = SignedSecretKey::from_reader_many(Cursor::new(bytes)).map_err(malformed)?;
        // Whatever stands behind the second one does not matter.
        let mut keys = keys.take(2).collect::<Result<Vec<_>, _>>().map_err(malformed)?;
        let (Some(mut key), true) = (keys.pop(), keys.is_empty()) else {
            return Err(KeyFileError::NotOne { count: if keys.is_empty() { 0 } else { 2 } });
        };
        let certificate = Certificate { key: key.to_public_key() };
        let name = certificate.to_string();
        if key.primary_key.version() != KeyVersion::V4 {
            return Err(KeyFileError::Version { key: name });
        }
        let password = match passphrase {
            Some(secret) => Password::from(secret.bytes()),
            None => Password::empty(),
        };
        // Unlocked once: to derive the key from the passphrase is slow by intent.
        let mut unlocked = Vec::new();
        if key.primary_key.remove_password(&password).is_ok() {
            unlocked.push(fingerprint(&key.primary_key));
        }
        for subkey in &mut key.secret_subkeys {
            if subkey.key.remove_password(&password).is_ok() {
                unlocked.push(fingerprint(&subkey.key));
            }
        }
        if unlocked.is_empty() {
            return Err(match passphrase {
                Some(_) => KeyFileError::WrongPassphrase { key: name },
                None => KeyFileError::NoPassphrase { key: name },
            });
        }
        Ok(Self { key, certificate, unlocked })
    }
}

impl OpenPgpKey for OpenPgpKeyFile {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn sign(
        &self,
        data: &mut dyn Read,
        kind: SignatureKind,
        time: Epoch,
    ) -> Result<Vec<u8>, SignError> {
        let key = self.certificate.to_string();
        let unable = |reason: String| SignError::Unable { key: key.clone(), time, reason };
        let able = self.certificate.able(time).map_err(unable)?;
        let Some(chosen) = able.iter().find(|name| self.unlocked.contains(name)) else {
            return Err(unable("the secret half of what may sign is not in its file".to_owned()));
        };
        let packet = if *chosen == self.certificate.fingerprint() {
            make(&self.key.primary_key, data, kind, time)
        } else {
            let mut subkeys = self.key.secret_subkeys.iter();
            let subkey = subkeys.find(|subkey| fingerprint(&subkey.key) == *chosen);
            make(&subkey.expect("it was unlocked").key, data, kind, time)
        };
        packet.map_err(|error| match error {
            pgp::errors::Error::IO { source, .. } => SignError::Read { source },
            error => SignError::Key { key, source: Box::new(error) },
        })
    }
}

fn make(
    key: &impl SigningKey,
    data: &mut dyn Read,
    kind: SignatureKind,
    time: Epoch,
) -> pgp::errors::Result<Vec<u8>> {
    let kind = match kind {
        SignatureKind::Binary => SignatureType::Binary,
        SignatureKind::Text => SignatureType::Text,
    };
    let mut config = SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha512);
    let seconds = u32::try_from(time.0).unwrap_or(u32::MAX);
    config.hashed_subpackets = vec![
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
        Subpacket::regular(SubpacketData::SignatureCreationTime(Timestamp::from_secs(seconds)))?,
    ];
    config.unhashed_subpackets =
        vec![Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
    let signature = config.sign(key, &Password::empty(), data)?;
    let mut packet = Vec::new();
    signature.to_writer_with_header(&mut packet)?;
    Ok(packet)
}

impl fmt::Debug for OpenPgpKeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenPgpKeyFile({})", self.certificate)
    }
}
