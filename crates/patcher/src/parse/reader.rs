//! Goes through the lines of a patch.

use names::{Fault, Place};

/// The lines of a patch, and the faults found so far.
pub(super) struct Reader<'a> {
    lines: Vec<&'a [u8]>,
    at: usize,
    name: &'a str,
    pub(super) hunks: usize,
    /// Bytes of binary files so far.
    pub(super) inflated: usize,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], name: &'a str) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        Self { lines, at: 0, name, hunks: 0, inflated: 0, faults: Vec::new() }
    }

    /// The line at hand, with its line end.
    pub(super) fn peek(&self) -> Option<&'a [u8]> {
        self.ahead(0)
    }

    /// The line `count` lines further on.
    pub(super) fn ahead(&self, count: usize) -> Option<&'a [u8]> {
        self.lines.get(self.at + count).copied()
    }

    /// Takes the line at hand.
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.peek()?;
        self.at += 1;
        Some(line)
    }

    /// The number of the line at hand, from 1.
    pub(super) fn line(&self) -> usize {
        self.at + 1
    }

    /// A fault in the line at hand.
    pub(super) fn fault(&self, message: impl Into<String>, hint: impl Into<String>) -> Fault {
        self.fault_at(self.line().min(self.lines.len()), message, hint)
    }

    /// A fault in `line`, from 1; 0 for the whole file.
    pub(super) fn fault_at(
        &self,
        line: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Fault {
        Fault {
            place: Place { file: self.name.into(), line, column: 0 },
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// A line without its line end.
pub(super) fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
