//! RECORD: the list of an installed project's files (recording installed projects, PEP 376).

use std::fmt::Write as _;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use names::Digest;

/// One line of RECORD.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RecordLine {
    /// The file, relative to the folder that holds `.dist-info`, with `/` between its parts.
    pub path: String,
    /// Its hash; RECORD itself has none.
    pub hash: Option<RecordHash>,
    /// Its size in bytes.
    pub size: Option<u64>,
}

/// A hash in RECORD.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RecordHash {
    /// `sha256=`, with the digest in URL-safe base64 without padding.
    Sha256(Digest),
    /// Another algorithm, as written: `sha512=...`.
    Other(String),
}

/// Why RECORD cannot be read. Lines count from 1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A line does not have three values.
    #[error("line {line} of RECORD is not `path,hash,size`")]
    Line {
        /// The line.
        line: usize,
    },
    /// A hash cannot be read.
    #[error("line {line} of RECORD has the wrong hash `{hash}`")]
    Hash {
        /// The line.
        line: usize,
        /// The hash.
        hash: String,
    },
    /// A size is no number.
    #[error("line {line} of RECORD has the wrong size `{size}`")]
    Size {
        /// The line.
        line: usize,
        /// The size.
        size: String,
    },
}

/// Reads RECORD. Paths are as written, unchecked.
///
/// # Errors
/// When a line is not `path,hash,size` in the form of Python's `csv` module.
///
/// ```
/// let lines = wheels::parse_record("a/__init__.py,,0\n\"b,c.py\",,\n")?;
/// assert_eq!(lines[1].path, "b,c.py");
/// assert_eq!(wheels::render_record(&lines), "a/__init__.py,,0\n\"b,c.py\",,\n");
/// # Ok::<(), wheels::RecordError>(())
/// ```
pub fn parse_record(text: &str) -> Result<Vec<RecordLine>, RecordError> {
    let mut lines = Vec::new();
    let mut rest = text;
    let mut number = 1;
    while !rest.is_empty() {
        let (values, after) = row(rest).ok_or(RecordError::Line { line: number })?;
        let read = &rest[..rest.len() - after.len()];
        rest = after;
        let line = number;
        number += read.matches('\n').count();
        let [path, hash, size] = match values.as_slice() {
            [only] if only.is_empty() => continue,
            [path, hash, size] if !path.is_empty() => [path, hash, size],
            _ => return Err(RecordError::Line { line }),
        };
        let hash = match hash.split_once('=') {
            _ if hash.is_empty() => None,
            Some(("sha256", digest)) => {
                let wrong = || RecordError::Hash { line, hash: hash.chars().take(80).collect() };
                Some(RecordHash::Sha256(from_base64(digest).ok_or_else(wrong)?))
            }
            Some(_) => Some(RecordHash::Other(hash.clone())),
            None => {
                let hash = hash.chars().take(80).collect();
                return Err(RecordError::Hash { line, hash });
            }
        };
        let size = match size.as_str() {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                let wrong = || RecordError::Size { line, size: digits.chars().take(40).collect() };
                Some(u64::from_str(digits).map_err(|_| wrong())?)
            }
            other => {
                return Err(RecordError::Size { line, size: other.chars().take(40).collect() });
            }
        };
        lines.push(RecordLine { path: path.clone(), hash, size });
    }
    Ok(lines)
}

/// Writes RECORD, line by line in the given order, as Python's `csv` module does with `\n`.
pub fn render_record(lines: &[RecordLine]) -> String {
    let mut text = String::new();
    for line in lines {
        push_value(&mut text, &line.path);
        text.push(',');
        match &line.hash {
            Some(RecordHash::Sha256(digest)) => {
                text.push_str("sha256=");
                URL_SAFE_NO_PAD.encode_string(digest.as_bytes(), &mut text);
            }
            Some(RecordHash::Other(hash)) => push_value(&mut text, hash),
            None => {}
        }
        text.push(',');
        if let Some(size) = line.size {
            write!(text, "{size}").expect("a String takes every write");
        }
        text.push('\n');
    }
    text
}

fn push_value(text: &mut String, value: &str) {
    if value.contains([',', '"', '\n', '\r']) {
        text.push('"');
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(value);
    }
}

/// The values of the first row, and what follows it. `None` where a quote does not end.
fn row(text: &str) -> Option<(Vec<String>, &str)> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            loop {
                let end = rest.find('"')?;
                value.push_str(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.strip_prefix('"') {
                    Some(after) => {
                        value.push('"');
                        rest = after;
                    }
                    None => break,
                }
            }
        }
        let end = rest.find([',', '\n']).unwrap_or(rest.len());
        let at_line_end = !rest[end..].starts_with(',');
        let plain = &rest[..end];
        value.push_str(if at_line_end { plain.strip_suffix('\r').unwrap_or(plain) } else { plain });
        values.push(value);
        if at_line_end {
            return Some((values, rest.get(end + 1..).unwrap_or("")));
        }
        // More than three values are wrong in any case.
        if values.len() > 3 {
            return None;
        }
        rest = &rest[end + 1..];
    }
}

fn from_base64(text: &str) -> Option<Digest> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    bytes.try_into().ok().map(Digest::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_in_url_safe_base64() {
        // base64.urlsafe_b64encode(hashlib.sha256(b"").digest()).rstrip(b"=")
        let line = "a,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n";
        let lines = parse_record(line).unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(lines[0].hash, Some(RecordHash::Sha256(empty.parse().unwrap())));
        assert_eq!(render_record(&lines), line);
    }

    #[test]
    fn quotes_carriage_returns_and_empty_lines_are_read() {
        let lines = parse_record("\"a\"\"b\nc\",sha512=x,1\r\n\r\nd,,").unwrap();
        assert_eq!(lines[0].path, "a\"b\nc");
        assert_eq!(lines[0].size, Some(1));
        assert_eq!(lines[1].path, "d");
        assert_eq!(parse_record(&render_record(&lines)), Ok(lines));
    }

    #[test]
    fn faults_name_their_line() {
        for (text, line) in [
            ("a,,\n\"b", 2),
            ("a,b,c,d,e\n", 1),
            ("a\n", 1),
            (",,\n", 1),
            ("a,,-1\n", 1),
            ("a,,99999999999999999999\n", 1),
            ("a,md5,\n", 1),
            ("a,sha256=AA,\n", 1),
        ] {
            let error = parse_record(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {line} ")), "{text:?}: {error}");
        }
    }
}
