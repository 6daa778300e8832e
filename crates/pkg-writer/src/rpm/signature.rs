//! What stands before the header: the lead, and the signature header.

use super::header::{Header, Value};
use super::{Package, RpmError, tag};

/// OpenPGP signatures for a package: binary, detached.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Signatures {
    /// Over [`super::Prepared::header`]. It covers the files too, by the digest of the payload.
    pub header: Option<Vec<u8>>,
    /// Over the header and the payload, for tools from before rpm 4.14.
    pub header_and_payload: Option<Vec<u8>>,
}

/// What is signed, and how large the rest is.
pub(super) struct Measures {
    /// SHA-256 of the header, in hexadecimal digits.
    pub(super) header_sha256: String,
    /// Number of bytes of header and compressed payload.
    pub(super) size: u64,
    /// Number of bytes of the payload before compression.
    pub(super) payload_size: u64,
}

/// The 96 bytes of the lead, which rpm no longer reads but for its magic and type.
pub(super) fn lead(package: &Package) -> [u8; 96] {
    let mut lead = [0; 96];
    // Magic, format 3.0, a binary package, the architecture that x86 has: the header says the true one.
    lead[..10].copy_from_slice(&[0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0, 0, 1]);
    let name = format!("{}-{}-{}", package.name, package.version, package.release);
    let length = name.len().min(65);
    lead[10..10 + length].copy_from_slice(&name.as_bytes()[..length]);
    // Linux; signatures in a header.
    lead[76..80].copy_from_slice(&[0, 1, 0, 5]);
    lead
}

/// The signature header, filled up to a multiple of eight bytes.
pub(super) fn signature_header(
    measures: &Measures,
    signatures: &Signatures,
) -> Result<Vec<u8>, RpmError> {
    let mut header = Header::default();
    header.set_text(tag::SIG_SHA256, &measures.header_sha256);
    match u32::try_from(measures.size) {
        Ok(size) => header.set_number(tag::SIG_SIZE, size),
        Err(_) => header.set(tag::SIG_LONG_SIZE, Value::Int64(vec![measures.size])),
    }
    match u32::try_from(measures.payload_size) {
        Ok(size) => header.set_number(tag::SIG_PAYLOAD_SIZE, size),
        Err(_) => {
            header.set(tag::SIG_LONG_ARCHIVE_SIZE, Value::Int64(vec![measures.payload_size]));
        }
    }
    for (covers, bytes, rsa, other) in [
        ("header", &signatures.header, tag::SIG_RSA, tag::SIG_DSA),
        ("header and payload", &signatures.header_and_payload, tag::SIG_PGP, tag::SIG_GPG),
    ] {
        let Some(bytes) = bytes else { continue };
        let algorithm = key_algorithm(bytes).ok_or(RpmError::Signature { covers })?;
        let tag = if algorithm == RSA { rsa } else { other };
        header.set(tag, Value::Binary(bytes.clone()));
    }
    let mut bytes = header.bytes(tag::REGION_SIGNATURES);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    Ok(bytes)
}

/// Number of the algorithm RSA (RFC 4880 section 9.1).
const RSA: u8 = 1;

/// The algorithm of the key that made a signature (RFC 4880 sections 4.2 and 5.2.3).
fn key_algorithm(packet: &[u8]) -> Option<u8> {
    let (&first, rest) = packet.split_first()?;
    let length = if first & 0xc0 == 0xc0 {
        // The new form of a packet header, with tag 2.
        match (first & 0x3f, rest.first()?) {
            (2, 0..192) => 1,
            (2, 192..224) => 2,
            (2, 255) => 5,
            _ => return None,
        }
    } else {
        // The old form.
        match first {
            0x88 => 1,
            0x89 => 2,
            0x8a => 4,
            _ => return None,
        }
    };
    match rest.get(length..)? {
        [4, _, algorithm, ..] => Some(*algorithm),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_by_their_algorithm() {
        assert_eq!(key_algorithm(&[0x88, 9, 4, 0, 1, 8]), Some(1));
        assert_eq!(key_algorithm(&[0x89, 1, 9, 4, 0, 22, 8]), Some(22));
        assert_eq!(key_algorithm(&[0xc2, 9, 4, 0, 17, 8]), Some(17));
        assert_eq!(key_algorithm(&[0xc2, 200, 1, 4, 0, 1, 8]), Some(1));
        for bad in [&b""[..], &[0x88], &[0x88, 9, 3, 5, 0], b"-----BEGIN PGP", &[0xc6, 9, 4, 0, 1]]
        {
            assert_eq!(key_algorithm(bad), None, "{bad:?}");
        }
    }
}
