//! Files put together from parts of another one.

use crate::sections::{E_SHNUM, E_SHOFF, E_SHSTRNDX, HEADER, Span};

/// What a file is put together from.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    /// Bytes of the file as it was.
    Part(Span),
    Zeros(u64),
    /// The sum of the file of the symbols.
    Sum,
}

impl Piece {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Part(span) => span.size,
            Piece::Zeros(size) => *size,
            Piece::Sum => 4,
        }
    }
}

/// A file that grows at its end.
#[derive(Default)]
pub(crate) struct Growing {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) end: u64,
}

impl Growing {
    /// Fills up with zeros until the end is `at`.
    pub(crate) fn reach(&mut self, at: u64) {
        if at > self.end {
            self.pieces.push(Piece::Zeros(at - self.end));
            self.end = at;
        }
    }

    pub(crate) fn align(&mut self, align: u64) {
        self.reach(self.end.next_multiple_of(align.clamp(1, 4096)));
    }

    pub(crate) fn part(&mut self, span: Span) -> u64 {
        self.pieces.push(Piece::Part(span));
        self.end += span.size;
        self.end - span.size
    }

    pub(crate) fn bytes(&mut self, bytes: Vec<u8>) -> u64 {
        self.end += bytes.len() as u64;
        let at = self.end - bytes.len() as u64;
        self.pieces.push(Piece::Bytes(bytes));
        at
    }

    /// Puts `bytes` over those of one part at `at`.
    pub(crate) fn overwrite(&mut self, at: u64, bytes: Vec<u8>) -> Option<()> {
        let mut start = HEADER;
        let size = bytes.len() as u64;
        for index in 0..self.pieces.len() {
            let length = self.pieces[index].size();
            if let Piece::Part(span) = self.pieces[index]
                && start <= at
                && at + size <= start + length
            {
                let before = Span { offset: span.offset, size: at - start };
                let rest = Span { offset: before.end() + size, size: length - before.size - size };
                let parts = [Piece::Part(before), Piece::Bytes(bytes), Piece::Part(rest)];
                self.pieces.splice(index..=index, parts);
                return Some(());
            }
            start += length;
        }
        None
    }

    /// Adds the section headers, and `header` with the place of them at the front.
    pub(crate) fn finish(
        mut self,
        mut header: Vec<u8>,
        table: &[Vec<u8>],
        names: usize,
    ) -> Vec<Piece> {
        self.align(8);
        let at = self.bytes(table.concat());
        put(&mut header, E_SHOFF, at, 8);
        put(&mut header, E_SHNUM, table.len() as u64, 2);
        put(&mut header, E_SHSTRNDX, names as u64, 2);
        let mut pieces = vec![Piece::Bytes(header)];
        pieces.append(&mut self.pieces);
        pieces
    }
}

/// Writes `value` as a little-endian number of `size` bytes.
pub(crate) fn put(bytes: &mut [u8], at: usize, value: u64, size: usize) {
    bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
}
