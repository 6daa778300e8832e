//! Making OpenPGP signatures.

use std::fmt;
use std::io::{self, Read};

use names::Epoch;
use pgp::armor::{BlockType, write};
use pgp::ser::Serialize;

use crate::Certificate;

/// A key that makes OpenPGP signatures.
///
/// An implementation promises: [`OpenPgpKey::sign`] returns one signature packet of version 4 with
/// SHA-512, made at exactly the time that is given, by a key of the certificate that may sign at
/// that time; the same key, data and time give the same bytes, since RSA (PKCS#1 v1.5), EdDSA and
/// ECDSA and DSA by RFC 6979 take no random numbers; and neither an error nor what `Debug` prints
/// holds a part of the secret key or its passphrase.
pub trait OpenPgpKey: fmt::Debug + Send + Sync {
    /// The public half.
    fn certificate(&self) -> &Certificate;

    /// Signs `data`, which is read to its end, and returns the signature packet (RFC 9580, section
    /// 5.2).
    ///
    /// # Errors
    /// When the key may not sign at `time`, when the data cannot be read, or when its holder fails.
    fn sign(
        &self,
        data: &mut dyn Read,
        kind: SignatureKind,
        time: Epoch,
    ) -> Result<Vec<u8>, SignError>;
}

/// What a signature covers (RFC 9580, section 5.2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureKind {
    /// The bytes as they are.
    Binary,
    /// Text whose lines end by CR LF.
    Text,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// No key was given.
    #[error("there is no key to sign with: name one in signing.toml, or ask for no signature")]
    NoKey,
    /// The key may not sign at this time.
    #[error("the key {key} cannot sign at {time}: {reason}")]
    Unable {
        /// The key.
        key: String,
        /// The time of the signature.
        time: Epoch,
        /// Why.
        reason: String,
    },
    /// What is to be signed cannot be read.
    #[error("cannot read what is to be signed")]
    Read {
        /// Why.
        source: io::Error,
    },
    /// The text cannot be clear-signed.
    #[error("the text cannot be clear-signed: {reason}")]
    Text {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The mathematics failed.
    #[error("the key {key} cannot sign")]
    Key {
        /// The key.
        key: String,
        /// Why.
        source: Box<pgp::errors::Error>,
    },
    /// The `gpg` program cannot be started.
    #[error("cannot run `{program}`, which holds the key {key}: install GnuPG, or use a key file")]
    NoProgram {
        /// The program.
        program: String,
        /// The key.
        key: String,
        /// Why.
        source: io::Error,
    },
    /// The `gpg` program refused.
    #[error("`{program}` did not sign with the key {key}: {reason}")]
    Program {
        /// The program.
        program: String,
        /// The key.
        key: String,
        /// What it said last.
        reason: String,
    },
    /// What is to be signed has the wrong shape.
    #[error("{subject} cannot be signed: {reason}")]
    Subject {
        /// What it should be.
        subject: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// Signs `data` with each of `keys` and returns the signature packets, one behind the other: a
/// detached signature (RFC 9580, section 10.4) that is good to whoever has one of the keys.
///
/// # Errors
/// When there is no key, or one of them does not sign.
pub fn sign_detached(
    keys: &[&dyn OpenPgpKey],
    data: &[u8],
    time: Epoch,
) -> Result<Vec<u8>, SignError> {
    sign_with_all(keys, data, SignatureKind::Binary, time)
}

/// Like [`sign_detached`], in armour: `Release.gpg` of an apt archive, `repomd.xml.asc` of a yum
/// repository.
///
/// # Errors
/// As [`sign_detached`].
pub fn sign_armored(
    keys: &[&dyn OpenPgpKey],
    data: &[u8],
    time: Epoch,
) -> Result<String, SignError> {
    Ok(armor(&sign_detached(keys, data, time)?))
}

/// Signs a text with each of `keys` and returns the document that holds both (RFC 9580, section 7),
/// such as the `InRelease` file of an archive. Blanks at the ends of lines are dropped, as no
/// signature covers them; the text ends by LF.
///
/// # Errors
/// As [`sign_detached`], and when the text has control characters.
pub fn sign_cleartext(
    keys: &[&dyn OpenPgpKey],
    text: &str,
    time: Epoch,
) -> Result<String, SignError> {
    if text.contains(|c: char| c.is_control() && !"\n\t".contains(c)) {
        return Err(SignError::Text { reason: "it has control characters" });
    }
    let lines: Vec<&str> =
        text.split_terminator('\n').map(|line| line.trim_end_matches([' ', '\t'])).collect();
    let covered = lines.join("\r\n");
    let packets = sign_with_all(keys, covered.as_bytes(), SignatureKind::Text, time)?;
    let mut document = String::with_capacity(text.len() + 1024);
    document.push_str("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n");
    for line in lines {
        if line.starts_with('-') {
            document.push_str("- ");
        }
        document.push_str(line);
        document.push('\n');
    }
    document.push_str(&armor(&packets));
    Ok(document)
}

fn sign_with_all(
    keys: &[&dyn OpenPgpKey],
    data: &[u8],
    kind: SignatureKind,
    time: Epoch,
) -> Result<Vec<u8>, SignError> {
    if keys.is_empty() {
        return Err(SignError::NoKey);
    }
    let mut packets = Vec::new();
    for key in keys {
        packets.extend(key.sign(&mut &*data, kind, time)?);
    }
    Ok(packets)
}

/// Signature packets in armour, with the checksum that older versions of rpm insist on.
fn armor(packets: &[u8]) -> String {
    let mut bytes = Vec::new();
    write(&Packets(packets), BlockType::Signature, &mut bytes, None, true)
        .expect("a Vec takes every write");
    String::from_utf8(bytes).expect("armour is ASCII")
}

struct Packets<'a>(&'a [u8]);

impl Serialize for Packets<'_> {
    fn to_writer<W: io::Write>(&self, writer: &mut W) -> pgp::errors::Result<()> {
        Ok(writer.write_all(self.0)?)
    }

    fn write_len(&self) -> usize {
        self.0.len()
    }
}
