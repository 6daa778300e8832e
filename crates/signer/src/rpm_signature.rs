//! Signatures of rpm packages, as tags of their signature header.

use std::io::Read;

use names::Epoch;
use pgp::packet::{Packet, PacketParser};

use crate::{OpenPgpKey, SignError, SignatureKind};

/// An entry of the signature header of an rpm (rpm's `docs/manual/tags.md` and `signatures.md`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RpmSignature {
    /// The number of the tag.
    pub tag: u32,
    /// Its value, of the type BIN: an OpenPGP signature packet.
    pub value: Vec<u8>,
}

/// Signs the main header of an rpm, the bytes from its magic to its end. The tag is `RSAHEADER`
/// (268) for an RSA key and `DSAHEADER` (267) for any other.
///
/// # Errors
/// When the bytes are no header, or when the key does not sign.
pub fn rpm_header_signature(
    header: &[u8],
    key: &dyn OpenPgpKey,
    time: Epoch,
) -> Result<RpmSignature, SignError> {
    if !header.starts_with(&[0x8e, 0xad, 0xe8, 1]) {
        let reason = "it does not begin with the magic of a header".to_owned();
        return Err(SignError::Subject { subject: "the header of the rpm", reason });
    }
    let value = key.sign(&mut &*header, SignatureKind::Binary, time)?;
    Ok(RpmSignature { tag: if is_rsa(key, &value) { 268 } else { 267 }, value })
}

/// Signs the main header of an rpm and its compressed payload, which `package` reads one behind the
/// other. The tag is `SIGPGP` (1002) for an RSA key and `SIGGPG` (1005) for any other. rpm from 4.14
/// on checks the payload by its digest in the header, so this one is for older versions.
///
/// # Errors
/// When the bytes cannot be read, or when the key does not sign.
pub fn rpm_package_signature(
    package: &mut dyn Read,
    key: &dyn OpenPgpKey,
    time: Epoch,
) -> Result<RpmSignature, SignError> {
    let value = key.sign(package, SignatureKind::Binary, time)?;
    Ok(RpmSignature { tag: if is_rsa(key, &value) { 1002 } else { 1005 }, value })
}

fn is_rsa(key: &dyn OpenPgpKey, packet: &[u8]) -> bool {
    let issuer = PacketParser::new(packet).flatten().find_map(|packet| match packet {
        Packet::Signature(signature) => {
            signature.issuer_fingerprint().first().map(|name| name.to_string().to_uppercase())
        }
        _ => None,
    });
    key.certificate().is_rsa(&issuer.unwrap_or_default())
}
