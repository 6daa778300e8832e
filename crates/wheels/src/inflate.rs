//! Members of a zip archive, one after the other through one decompressor. One for each member takes
//! longer, and its 47 KB are not used again: what is kept of the member is allocated in between.

use std::io::{self, Read};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

/// What members are read with.
pub(crate) struct Inflater {
    state: Decompress,
    /// Compressed bytes, of which those in `left` are still to be read.
    buffer: Vec<u8>,
    left: std::ops::Range<usize>,
    /// The member has come to its end.
    ended: bool,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self { state: Decompress::new(false), buffer: vec![0; 32 << 10], left: 0..0, ended: false }
    }

    /// A reader of what the bytes of a member are, deflated (RFC 1951) or as they stand, whose CRC-32 must
    /// be `crc32`. Once it has come to the end of them, it is an error if that is another.
    pub(crate) fn member<R: Read>(
        &mut self,
        input: R,
        is_deflated: bool,
        crc32: u32,
    ) -> Member<'_, R> {
        self.state.reset(false);
        (self.left, self.ended) = (0..0, false);
        Member { inflater: self, input, is_deflated, crc32, hash: Hasher::new() }
    }

    fn read(&mut self, mut input: impl Read, out: &mut [u8]) -> io::Result<usize> {
        while !self.ended {
            if self.left.is_empty() {
                self.left = 0..input.read(&mut self.buffer)?;
            }
            let flush =
                if self.left.is_empty() { FlushDecompress::Finish } else { FlushDecompress::None };
            let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
            let compressed = &self.buffer[self.left.clone()];
            let status = self.state.decompress(compressed, out, flush);
            let at_end = self.left.is_empty();
            self.left.start += (self.state.total_in() - before_in) as usize;
            let written = (self.state.total_out() - before_out) as usize;
            match status {
                Ok(Status::Ok | Status::BufError) if written == 0 && !at_end => {}
                Ok(Status::Ok | Status::BufError) if written == 0 => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(status) => {
                    self.ended = matches!(status, Status::StreamEnd);
                    return Ok(written);
                }
                Err(_) => {
                    let wrong = "the deflated data is corrupt";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, wrong));
                }
            }
        }
        Ok(0)
    }
}

/// See [`Inflater::member`].
pub(crate) struct Member<'a, R> {
    inflater: &'a mut Inflater,
    input: R,
    is_deflated: bool,
    crc32: u32,
    hash: Hasher,
}

impl<R: Read> Read for Member<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let read = match self.is_deflated {
            true => self.inflater.read(&mut self.input, out)?,
            false => self.input.read(out)?,
        };
        self.hash.update(&out[..read]);
        if read == 0 && self.hash.clone().finalize() != self.crc32 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum is another"));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut writer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn read(inflater: &mut Inflater, input: &[u8], of: &[u8]) -> io::Result<Vec<u8>> {
        let mut found = Vec::new();
        let crc32 = crc32fast::hash(of);
        inflater.member(input, true, crc32).read_to_end(&mut found).map(|_| found)
    }

    #[test]
    fn a_member_does_not_depend_on_those_before_it() {
        let mut inflater = Inflater::new();
        let texts: Vec<Vec<u8>> = [0_u64, 1, 70_000, 40_000, 0, 3]
            .iter()
            .map(|length| (0..*length).map(|at| (at * at % 251) as u8).collect())
            .collect();
        for text in &texts {
            let packed = deflated(text);
            assert_eq!(read(&mut inflater, &packed, text).unwrap(), *text);
            // Damaged ones in between, cut and with other bytes behind.
            for end in 0..packed.len().min(40) {
                assert!(read(&mut inflater, &packed[..end], text).is_err(), "cut at {end}");
            }
            assert!(read(&mut inflater, &packed, b"another text").is_err());
            let more = [&packed[..], b"more"].concat();
            assert_eq!(read(&mut inflater, &more, text).unwrap(), *text);
        }
    }
}
