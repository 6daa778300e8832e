//! Certificates in PEM (RFC 7468).

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
                found.push(decode_base64(&digits)?);
            }
        } else if let Some((_, digits)) = &mut block {
            digits.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }
    block.is_none().then_some(found)
}

/// Base 64 with padding (RFC 4648, part 4).
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text);
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

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
            assert_eq!(decode_base64(text.as_bytes()), expected, "{text}");
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
