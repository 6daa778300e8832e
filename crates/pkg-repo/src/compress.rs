//! Compressing indexes piece by piece, and putting the pieces together.
//!
//! A file of gzip members or zstd frames, one behind the other, is a whole file (RFC 1952, section
//! 2.2; RFC 8878, section 3), and so is an xz stream of several blocks (the xz file format, section
//! 2). So a piece is compressed once, and an index that changes in one place is put together from
//! the rest as it was.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use liblzma::stream::{Check, Filters, LzmaOptions, MatchFinder, Stream};
use liblzma::write::XzEncoder;

/// How an index is compressed.
#[derive(
    Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// xz.
    Xz,
    /// zstd (RFC 8878).
    Zstd,
}

impl Format {
    /// That of a file with this name.
    pub(crate) fn of(name: &str) -> Self {
        let compressed = [Self::Gzip, Self::Xz, Self::Zstd];
        let fits = |format: &Self| name.ends_with(format.suffix());
        compressed.into_iter().find(fits).unwrap_or(Self::Plain)
    }

    /// The suffix of its files.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
        }
    }
}

/// The length of the header and of the footer of an xz stream.
const XZ_FRAME: usize = 12;

/// Compresses a piece. Equal bytes give equal bytes.
pub(crate) fn compress(bytes: &[u8], format: Format) -> Vec<u8> {
    let because = "a Vec takes every write";
    match format {
        Format::Plain => bytes.to_vec(),
        Format::Gzip => {
            let mut encoder =
                GzBuilder::new().operating_system(255).write(Vec::new(), Compression::new(6));
            encoder.write_all(bytes).expect(because);
            encoder.finish().expect(because)
        }
        Format::Xz => {
            let known = "level 5 is known, and so is the filter";
            let mut options = LzmaOptions::new_preset(5).expect(known);
            // The tables of the encoder are ten times as large, and are cleared for each piece.
            let room = u32::try_from(bytes.len().next_power_of_two()).unwrap_or(u32::MAX);
            // Without positions, which texts have none of, pieces are as small as at level 6. Chains take half the
            // time of trees, and of stanzas they find nearly as much: Debian's make 0.7 % more.
            options.dict_size(room.clamp(64 << 10, 1 << 20)).position_bits(0);
            options.match_finder(MatchFinder::HashChain4);
            let stream = Stream::new_stream_encoder(Filters::new().lzma2(&options), Check::Crc64);
            let mut encoder = XzEncoder::new_stream(Vec::new(), stream.expect(known));
            encoder.write_all(bytes).expect(because);
            encoder.finish().expect(because)
        }
        Format::Zstd => zstd::bulk::compress(bytes, 10).expect("memory is enough"),
    }
}

/// Puts compressed pieces together to one file; `None` if one of them is damaged.
pub(crate) fn join(pieces: &[Vec<u8>], format: Format) -> Option<Vec<u8>> {
    match format {
        Format::Xz => join_xz(pieces),
        _ if pieces.is_empty() => Some(compress(b"", format)),
        _ => Some(pieces.concat()),
    }
}

/// Takes the blocks out of streams of one block each, and writes one stream with all of them.
fn join_xz(pieces: &[Vec<u8>]) -> Option<Vec<u8>> {
    let empty = compress(b"", Format::Xz);
    let header = empty.get(..XZ_FRAME)?;
    let mut joined = header.to_vec();
    let mut records = Vec::new();
    let mut count = 0;
    for piece in pieces {
        if piece.get(..XZ_FRAME)? != header {
            return None;
        }
        let footer = piece.get(piece.len().checked_sub(XZ_FRAME)?..)?;
        let words = u32::from_le_bytes(footer.get(4..8)?.try_into().ok()?);
        let index = (usize::try_from(words).ok()? + 1) * 4;
        let end = piece.len().checked_sub(XZ_FRAME + index)?;
        joined.extend_from_slice(piece.get(XZ_FRAME..end)?);
        // The index: a zero byte, the number of records, the records, padding and a checksum.
        let mut rest = piece.get(end + 1..piece.len() - XZ_FRAME)?;
        for _ in 0..take_number(&mut rest)? {
            for _ in 0..2 {
                put_number(&mut records, take_number(&mut rest)?);
            }
            count += 1;
        }
    }
    let mut index = vec![0];
    put_number(&mut index, count);
    index.extend(records);
    while index.len() % 4 != 0 {
        index.push(0);
    }
    index.extend(crc32(&index).to_le_bytes());
    let words = u32::try_from(index.len() / 4 - 1).ok()?;
    joined.extend(index);
    let mut tail = words.to_le_bytes().to_vec();
    tail.extend(&header[6..8]);
    joined.extend(crc32(&tail).to_le_bytes());
    joined.extend(tail);
    joined.extend(b"YZ");
    Some(joined)
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Takes a number of seven bits in each byte, the lowest first.
fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn inflate(bytes: &[u8], format: Format) -> Vec<u8> {
        let mut plain = Vec::new();
        match format {
            Format::Plain => plain = bytes.to_vec(),
            Format::Gzip => {
                flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain).map(drop).unwrap();
            }
            Format::Xz => {
                // One stream, and no more.
                let mut decoder = liblzma::read::XzDecoder::new(bytes);
                decoder.read_to_end(&mut plain).map(drop).unwrap();
            }
            Format::Zstd => plain = zstd::decode_all(bytes).unwrap(),
        }
        plain
    }

    #[test]
    fn pieces_make_one_file() {
        let pieces: [&[u8]; 4] = [b"first\n", &[b'x'; 100_000], b"", b"last"];
        for format in [Format::Plain, Format::Gzip, Format::Xz, Format::Zstd] {
            for count in 0..=pieces.len() {
                let pieces = &pieces[..count];
                let compressed: Vec<_> =
                    pieces.iter().map(|piece| compress(piece, format)).collect();
                let file = join(&compressed, format).unwrap();
                assert_eq!(inflate(&file, format), pieces.concat(), "{format:?} {count}");
            }
        }
    }

    #[test]
    fn damaged_pieces_are_no_panic() {
        let good = compress(b"some text", Format::Xz);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            let _ = join(&[bad], Format::Xz);
            let _ = join(&[good[..at].to_vec()], Format::Xz);
        }
    }
}
