//! Verification of a clear-signed document.

use std::io::{BufReader, Read};

use names::Epoch;
use pgp::armor::Dearmor;
use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Packet, PacketParser, Signature, SignatureType, SubpacketData};

use crate::cleartext;
use crate::keyring::{Keyring, describe, fingerprint, objection, user};

/// The most signatures that are looked at.
const SIGNATURES: usize = 32;

/// A document whose signature is good.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// The text that the signatures cover: dash escapes and blanks at line ends removed, lines
    /// ended by LF. Nothing else of the document may be used.
    pub text: String,
    /// The good signatures, in the order of the document: at least one.
    pub signers: Vec<Signer>,
}

/// Who has made a good signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signer {
    /// The fingerprint of the primary key, in upper-case hexadecimal digits.
    pub fingerprint: String,
    /// The fingerprint of the key that signed: the primary key or one of its subkeys.
    pub signing_key: String,
    /// The first user id of the key; empty if there is none.
    pub user: String,
    /// When the signature was made, as it says itself.
    pub time: Epoch,
}

/// Why a document is not to be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is not a clear-signed document, or more than that.
    #[error("the document is not a proper clear-signed one: {reason}")]
    Framing {
        /// What is wrong.
        reason: &'static str,
    },
    /// Its signatures cannot be read.
    #[error("the signatures of the document cannot be read")]
    Malformed {
        /// Why.
        source: Box<pgp::errors::Error>,
    },
    /// The text is not what a known key has signed.
    #[error("BAD signature by {signer}: the document was changed after it was signed")]
    Bad {
        /// The key.
        signer: String,
    },
    /// No signature is a good one by a key of the keyring.
    #[error(
        "no good signature by a key of the keyring.\n  signatures: {}\n  keyring: {}",
        .signatures.join("; "), .keyring.join(", ")
    )]
    Untrusted {
        /// Each signature: who made it, and why it does not count.
        signatures: Vec<String>,
        /// The keys of the keyring.
        keyring: Vec<String>,
    },
}

/// Verifies a clear-signed document (RFC 9580, section 7), such as the InRelease file of an archive.
///
/// One good signature by a key of `keyring` is enough; signatures by other keys are passed over; a
/// signature by a key of the keyring that does not fit the text makes the document bad, whatever
/// the other signatures say. A good signature is made over the text with SHA-256 or better, by a
/// primary key or a signing subkey that is bound to it, is not revoked and had not expired when
/// the signature was made. Where `now` is given, the signature must not be of a later time, nor
/// have expired itself.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify_cleartext(
    document: &[u8],
    keyring: &Keyring,
    now: Option<Epoch>,
) -> Result<Signed, VerifyError> {
    let framing = |reason| VerifyError::Framing { reason };
    let document = std::str::from_utf8(document).map_err(|_| framing("it is not UTF-8 text"))?;
    let cleartext = cleartext::parse(document).map_err(framing)?;
    // Signatures cover lines that end by CR LF, and not the last line end.
    let covered = cleartext.lines.join("\r\n");
    let mut dearmor = Dearmor::new(cleartext.armor.as_bytes());
    dearmor.read_header().map_err(malformed)?;
    let signers = judge(signatures(dearmor)?, covered.as_bytes(), keyring, now)?;
    let mut text = cleartext.lines.join("\n");
    text.push('\n');
    Ok(Signed { text, signers })
}

/// Verifies a detached signature of `data` (RFC 9580, section 10.4), binary or armoured, such as
/// `Release.gpg` and `repomd.xml.asc`, by the rules of [`verify_cleartext`]. Returns the good
/// signatures.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify_detached(
    data: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    now: Option<Epoch>,
) -> Result<Vec<Signer>, VerifyError> {
    let found = if signature.starts_with(b"-----BEGIN PGP SIGNATURE-----") {
        let mut dearmor = Dearmor::new(signature);
        dearmor.read_header().map_err(malformed)?;
        signatures(dearmor)?
    } else {
        signatures(signature)?
    };
    judge(found, data, keyring, now)
}

fn malformed(error: pgp::errors::Error) -> VerifyError {
    VerifyError::Malformed { source: Box::new(error) }
}

/// The good ones of the signatures: at least one, and none that is bad.
fn judge(
    signatures: Vec<Signature>,
    covered: &[u8],
    keyring: &Keyring,
    now: Option<Epoch>,
) -> Result<Vec<Signer>, VerifyError> {
    let mut signers = Vec::new();
    let mut failures = Vec::new();
    for signature in signatures {
        let Some((key, subkey)) = keyring.issuer(&signature) else {
            failures.push(format!("by {}, which is not in the keyring", claimed(&signature)));
            continue;
        };
        match check(&signature, covered, key, subkey, now) {
            Ok(signer) => signers.push(signer),
            Err(Failure::Bad) => return Err(VerifyError::Bad { signer: describe(key) }),
            Err(Failure::Refused(reason)) => {
                failures.push(format!("by {}, but {reason}", describe(key)));
            }
        }
    }
    if signers.is_empty() {
        return Err(VerifyError::Untrusted { signatures: failures, keyring: keyring.describe() });
    }
    Ok(signers)
}

enum Failure {
    /// It is not a signature of this text.
    Bad,
    /// It may be, but does not count.
    Refused(String),
}

fn check(
    signature: &Signature,
    covered: &[u8],
    key: &SignedPublicKey,
    subkey: Option<&SignedPublicSubKey>,
    now: Option<Epoch>,
) -> Result<Signer, Failure> {
    let refused = |reason: String| Err(Failure::Refused(reason));
    // Some signers (Go's, for instance) mark the signature of a clear-signed text as binary.
    if !matches!(signature.typ(), Some(SignatureType::Text | SignatureType::Binary)) {
        return refused("it is not a signature of a document".to_owned());
    }
    match signature.hash_alg() {
        Some(
            HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512,
        ) => {}
        Some(weak) => return refused(format!("{weak} is not a safe hash: want SHA256 or better")),
        None => return refused("its version is not known".to_owned()),
    }
    let maths = match subkey {
        None => signature.verify(&key.primary_key, covered),
        Some(subkey) => signature.verify(&subkey.key, covered),
    };
    if maths.is_err() {
        return Err(Failure::Bad);
    }
    let Some(time) = signature.created().map(|time| Epoch(u64::from(time.as_secs()))) else {
        return refused("it does not say when it was made".to_owned());
    };
    if has_unknown_critical_part(signature) {
        return refused("it has a critical part of an unknown kind".to_owned());
    }
    if let Some(now) = now {
        if time > now {
            return refused(format!("it is of {time}, and now is {now}: is the clock right?"));
        }
        let life = signature.signature_expiration_time().map_or(0, |life| life.as_secs());
        let end = Epoch(time.0 + u64::from(life));
        if life > 0 && end <= now {
            return refused(format!("it had expired on {end}"));
        }
    }
    if let Some(reason) = objection(key, subkey, time) {
        return refused(reason);
    }
    let fingerprint_of_primary = fingerprint(&key.primary_key);
    Ok(Signer {
        signing_key: subkey
            .map_or_else(|| fingerprint_of_primary.clone(), |subkey| fingerprint(&subkey.key)),
        fingerprint: fingerprint_of_primary,
        user: user(key).unwrap_or_default(),
        time,
    })
}

/// Whether a part that must be understood is not (RFC 9580, section 5.2.3.7).
fn has_unknown_critical_part(signature: &Signature) -> bool {
    let known = |data: &SubpacketData| {
        !matches!(data, SubpacketData::Experimental(..) | SubpacketData::Other(..))
            && !matches!(data, SubpacketData::Notation(_))
    };
    signature.config().is_none_or(|config| {
        config.hashed_subpackets().any(|part| part.is_critical && !known(&part.data))
    })
}

/// Reads signature packets.
fn signatures(packets: impl Read) -> Result<Vec<Signature>, VerifyError> {
    let mut signatures = Vec::new();
    for packet in PacketParser::new(BufReader::new(packets)) {
        match packet.map_err(malformed)? {
            Packet::Signature(signature) if signatures.len() < SIGNATURES => {
                signatures.push(signature);
            }
            Packet::Signature(_) => {
                return Err(VerifyError::Framing { reason: "it has more than 32 signatures" });
            }
            _ => {
                return Err(VerifyError::Framing {
                    reason: "something else than signatures is in its armour",
                });
            }
        }
    }
    Ok(signatures)
}

/// The key that a signature says it is by.
fn claimed(signature: &Signature) -> String {
    let fingerprint = signature.issuer_fingerprint().first().map(|found| found.to_string());
    let key_id = || signature.issuer_key_id().first().map(|found| found.to_string());
    match fingerprint.or_else(key_id) {
        Some(name) => format!("key {}", name.to_uppercase()),
        None => "a key that it does not name".to_owned(),
    }
}
