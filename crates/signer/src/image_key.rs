//! Keys for signatures of images: ECDSA P-256 and Ed25519 in PEM files.

use std::fmt;

use p256::ecdsa::signature::Signer as _;
use pkcs8::der::pem;
use pkcs8::{DecodePrivateKey as _, EncodePublicKey as _, EncryptedPrivateKeyInfo, LineEnding};
use zeroize::Zeroizing;

use crate::Secret;

/// The most that a key file may hold: 64 KiB.
const LIMIT: usize = 64 << 10;

/// A key to sign images with. Its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct ImageKey(Inner);

#[derive(Clone)]
enum Inner {
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// The scheme of an [`ImageKey`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImageKeyKind {
    /// ECDSA on the curve P-256 with SHA-256; signatures are DER (RFC 3279, section 2.2.3).
    EcdsaP256,
    /// Ed25519; signatures are 64 bytes (RFC 8032, section 5.1.6).
    Ed25519,
}

/// Why bytes are not a key to sign images with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageKeyError {
    /// They are no PEM file.
    #[error("it is not a PEM file of at most {LIMIT} bytes that holds one key")]
    NotPem,
    /// They are PEM of another kind.
    #[error(
        "it holds no private key that is known: want `PRIVATE KEY`, `ENCRYPTED PRIVATE KEY` or \
         `EC PRIVATE KEY`"
    )]
    Label,
    /// The key is damaged, or of another algorithm.
    #[error("its key is neither ECDSA on P-256 nor Ed25519, or it is damaged")]
    Key,
    /// The key is encrypted and no passphrase was given.
    #[error(
        "it is protected by a passphrase: name the file that holds it with `passphrase-file`, or \
         the variable with `passphrase-env`"
    )]
    NoPassphrase,
    /// The passphrase is not that of the key.
    #[error("the passphrase does not open it, or it is encrypted in a way that is not known")]
    WrongPassphrase,
}

impl ImageKey {
    /// Reads a private key in PEM (RFC 7468): PKCS#8 (RFC 5208), the same encrypted by PBES2 (RFC
    /// 8018), or SEC 1 for P-256 (RFC 5915).
    ///
    /// # Errors
    /// See [`ImageKeyError`].
    pub fn parse(bytes: &[u8], passphrase: Option<&Secret>) -> Result<Self, ImageKeyError> {
        if bytes.len() > LIMIT {
            return Err(ImageKeyError::NotPem);
        }
        let (label, der) =
            pem::decode_vec(bytes.trim_ascii()).map_err(|_| ImageKeyError::NotPem)?;
        let der = Zeroizing::new(der);
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(&der),
            "EC PRIVATE KEY" => {
                let key = p256::SecretKey::from_sec1_der(&der).map_err(|_| ImageKeyError::Key)?;
                Ok(Self(Inner::P256(key.into())))
            }
            "ENCRYPTED PRIVATE KEY" => {
                let secret = passphrase.ok_or(ImageKeyError::NoPassphrase)?;
                let info = EncryptedPrivateKeyInfo::try_from(der.as_slice());
                let info = info.map_err(|_| ImageKeyError::Key)?;
                let plain = info.decrypt(secret.bytes());
                Self::from_pkcs8(plain.map_err(|_| ImageKeyError::WrongPassphrase)?.as_bytes())
            }
            _ => Err(ImageKeyError::Label),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, ImageKeyError> {
        if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_der(der) {
            return Ok(Self(Inner::P256(key)));
        }
        let key = ed25519_dalek::SigningKey::from_pkcs8_der(der);
        Ok(Self(Inner::Ed25519(key.map_err(|_| ImageKeyError::Key)?)))
    }

    /// Its scheme.
    pub fn kind(&self) -> ImageKeyKind {
        match &self.0 {
            Inner::P256(_) => ImageKeyKind::EcdsaP256,
            Inner::Ed25519(_) => ImageKeyKind::Ed25519,
        }
    }

    /// Signs `data`: see [`ImageKeyKind`] for the form. Equal data give equal bytes, by RFC 6979 and
    /// RFC 8032.
    pub fn sign(&self, data: &[u8]) -> Vec<u8> {
        match &self.0 {
            Inner::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(data);
                signature.to_der().as_bytes().to_vec()
            }
            Inner::Ed25519(key) => key.sign(data).to_bytes().to_vec(),
        }
    }

    /// The public key in PEM, `PUBLIC KEY` (RFC 7468, section 13).
    pub fn public_pem(&self) -> String {
        let pem = match &self.0 {
            Inner::P256(key) => key.verifying_key().to_public_key_pem(LineEnding::LF),
            Inner::Ed25519(key) => key.verifying_key().to_public_key_pem(LineEnding::LF),
        };
        pem.expect("a key that was read can be written")
    }
}

impl fmt::Debug for ImageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageKey({:?})", self.kind())
    }
}
