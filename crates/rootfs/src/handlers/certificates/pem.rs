//! Certificates in PEM (RFC 7468).

use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};

/// The certificates of a file, in DER. A trusted certificate of OpenSSL's has more behind it.
/// Blocks of other kinds are passed over; `None` where one is damaged.
pub(super) fn certificates(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
    let mut found = Vec::new();
    let mut block: Option<(String, Vec<u8>)> = None;
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii_end();
        let label = |start: &str| {
            let inner = line.strip_prefix(start.as_bytes())?.strip_suffix(b"-----")?;
            String::from_utf8(inner.to_vec()).ok()
        };
        if let Some(label) = label("-----BEGIN ") {
            block = Some((label, Vec::new()));
        } else if let Some(end) = label("-----END ") {
            let (label, digits) = block.take()?;
            if label != end {
                return None;
            }
            if LABELS.contains(&label.as_str()) {
                found.push(BASE64.decode(&digits).ok()?);
            }
        } else if let Some((_, digits)) = &mut block {
            digits.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }
    block.is_none().then_some(found)
}

/// Base 64 with padding (RFC 4648, part 4). Bits that are left over do not count.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, bytes) in [
            ("", Some("")),
            ("Zg==", Some("f")),
            ("Zm8=", Some("fo")),
            ("Zm9v", Some("foo")),
            ("Zm9vYg==", Some("foob")),
            ("Zm9", None),
            ("Zm=v", None),
        ] {
            let expected = bytes.map(|bytes| bytes.as_bytes().to_vec());
            assert_eq!(BASE64.decode(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn only_whole_certificates_are_taken() {
        let block = |label: &str| format!("-----BEGIN {label}-----\nZm9v\n-----END {label}-----\n");
        let two = format!("words\n{}{}", block("CERTIFICATE"), block("TRUSTED CERTIFICATE"));
        assert_eq!(certificates(two.as_bytes()), Some(vec![b"foo".to_vec(), b"foo".to_vec()]));
        assert_eq!(certificates(block("PRIVATE KEY").as_bytes()), Some(Vec::new()));
        assert_eq!(certificates(b"-----BEGIN CERTIFICATE-----\nZm9v\n"), None);
        assert_eq!(certificates(b"-----BEGIN A-----\n-----END B-----\n"), None);
        assert_eq!(certificates(b"\x00\xff\n-----END A-----"), None);
    }
}
