//! What a client is answered.

use std::io::{Seek as _, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use fs_err::File;
use names::Epoch;

use super::PUBLIC;
use super::request::Head;

/// The head of an answer, and what follows it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: Vec<(&'static str, String)>,
    /// A file at the first byte that is sent, and how many follow.
    pub(super) body: Option<(File, u64)>,
}

impl Answer {
    /// An answer without a body.
    pub(super) fn of_status(status: u16) -> Self {
        let mut fields = vec![("Content-Length", "0".to_owned())];
        if status == 405 {
            fields.push(("Allow", "GET, HEAD".to_owned()));
        }
        Self { status, fields, body: None }
    }

    /// The answer at the time `now` to a request for a file below `folder`, a path without links.
    pub(super) fn to(folder: &Path, head: &Head, now: Epoch) -> Self {
        match open(folder, head) {
            Some((file, size, time)) => {
                // A second of the clock, and one for clocks that differ.
                let settled = time.0.saturating_add(2) <= now.0;
                of_file(file, size, settled.then(|| time.rfc5322("GMT")), head)
            }
            None => Self::of_status(404),
        }
    }

    /// The words for the status (RFC 9110, section 15).
    pub(super) fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            206 => "Partial Content",
            304 => "Not Modified",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            416 => "Range Not Satisfiable",
            431 => "Request Header Fields Too Large",
            _ => "Internal Server Error",
        }
    }
}

/// Opens the file that is asked for; gives its size and the time of its last change, too.
fn open(folder: &Path, head: &Head) -> Option<(File, u64, Epoch)> {
    let names = head.names()?;
    if !PUBLIC.contains(&names.first()?.as_str()) {
        return None;
    }
    let path = names.iter().fold(folder.to_owned(), |path, name| path.join(name));
    // Links lead from what is current to its snapshot; where they lead out, there is nothing.
    let path = fs_err::canonicalize(path).ok().filter(|path| path.starts_with(folder))?;
    if !path.is_file() {
        return None;
    }
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((file, metadata.len(), Epoch(changed.as_secs())))
}

/// The answer with a file of `size` bytes; `date` is its time, where that tells it from what it was before
/// and from what it will be.
fn of_file(mut file: File, size: u64, date: Option<String>, head: &Head) -> Answer {
    let mut fields = vec![("Accept-Ranges", "bytes".to_owned())];
    fields.extend(date.clone().map(|date| ("Last-Modified", date)));
    // A rollback can make a file older, so another time is another file (RFC 9110, section 13.1.3,
    // leaves that to the server).
    if head.range.is_none() && date.is_some() && head.if_modified_since == date {
        return Answer { status: 304, fields, body: None };
    }
    let same = head.if_range.is_none() || head.if_range == date;
    let range = head.range.as_deref().filter(|_| same).and_then(|text| Range::parse(text, size));
    let (status, start, length) = match range {
        None => (200, 0, size),
        Some(Range::Part { start, length }) => {
            let last = start + length - 1;
            fields.push(("Content-Range", format!("bytes {start}-{last}/{size}")));
            (206, start, length)
        }
        Some(Range::None) => {
            let fields = vec![
                ("Content-Range", format!("bytes */{size}")),
                ("Content-Length", "0".to_owned()),
            ];
            return Answer { status: 416, fields, body: None };
        }
    };
    if file.seek(SeekFrom::Start(start)).is_err() {
        return Answer::of_status(500);
    }
    fields.push(("Content-Type", "application/octet-stream".to_owned()));
    fields.push(("Content-Length", length.to_string()));
    Answer { status, fields, body: Some((file, length)) }
}

/// A part of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Range {
    /// `length` bytes, at least one, from `start` on.
    Part { start: u64, length: u64 },
    /// Nothing of the file.
    None,
}

impl Range {
    /// Reads the value of a `Range` field for a file of `size` bytes (RFC 9110, section 14.1.2); none for
    /// what is passed over: other units, several ranges, and what is no range.
    fn parse(text: &str, size: u64) -> Option<Self> {
        let (first, last) = text.strip_prefix("bytes=")?.trim().split_once('-')?;
        let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            // More than a number can say is beyond the end of every file.
            true if !digits.is_empty() => Some(digits.parse().unwrap_or(u64::MAX)),
            _ => None,
        };
        let (start, end) = match (first.is_empty(), last.is_empty()) {
            (true, _) => (size.saturating_sub(number(last)?), size),
            (false, true) => (number(first)?, size),
            (false, false) => {
                let (start, last) = (number(first)?, number(last)?);
                if last < start {
                    return None;
                }
                (start, last.saturating_add(1).min(size))
            }
        };
        Some(match start < end {
            true => Self::Part { start, length: end - start },
            false => Self::None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_rfc() {
        let part = |start, length| Some(Range::Part { start, length });
        for (text, range) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-3", part(2, 2)),
            ("bytes=5-", part(5, 5)),
            ("bytes=5-99", part(5, 5)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-99", part(0, 10)),
            ("bytes=-0", Some(Range::None)),
            ("bytes=10-", Some(Range::None)),
            ("bytes=99999999999999999999-", Some(Range::None)),
            ("bytes=3-2", None),
            ("bytes=1-2,4-5", None),
            ("bytes=-", None),
            ("bytes=a-b", None),
            ("bytes=+1-2", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(Range::parse(text, 10), range, "{text}");
        }
        assert_eq!(Range::parse("bytes=0-0", 0), Some(Range::None));
    }
}
