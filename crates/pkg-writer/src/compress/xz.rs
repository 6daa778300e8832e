//! The xz container ("The .xz File Format" 1.2): one stream, whose blocks several threads make.

use std::io::{self, Write as _};

use flate2::Crc;
use liblzma::stream::{Filters, LzmaOptions, Stream};
use liblzma::write::XzEncoder;

use super::Matter;
use super::in_order::{self, Encoded};

/// Reserved byte and check type of the stream: CRC-32 (section 2.1.1.2).
const FLAGS: [u8; 2] = [0, 1];

/// Filter ids (section 5.3).
const X86: u8 = 0x04;
const LZMA2: u8 = 0x21;

/// The dictionary: 4 MiB, and its code in a block header (section 5.3.1). Level 6 of `xz` takes twice
/// as much, which is 90 MB for each thread and cannot pay in blocks of 6 MiB.
const DICTIONARY: u32 = 4 << 20;
const DICTIONARY_CODE: u8 = 20;

/// One thread's compressor.
pub(super) struct Codec {
    level: u8,
}

impl Codec {
    pub(super) fn new(level: u8) -> Self {
        Self { level }
    }

    /// The filters, in the order of encoding. Texts gain by a longer context for letters and none for positions.
    fn filters(&self, matter: Matter) -> io::Result<Filters> {
        let mut options = LzmaOptions::new_preset(u32::from(self.level))?;
        options.dict_size(DICTIONARY);
        let mut filters = Filters::new();
        match matter {
            Matter::Text => {
                options.literal_context_bits(4).position_bits(0);
            }
            Matter::X86 => {
                filters.x86();
            }
            Matter::Code => {}
        }
        filters.lzma2(&options);
        Ok(filters)
    }
}

impl in_order::Codec for Codec {
    const BLOCK: usize = 6 << 20;

    fn compress(&mut self, block: &[u8], matter: Matter) -> io::Result<Encoded> {
        let mut plain = Crc::new();
        plain.update(block);
        let raw = Stream::new_raw_encoder(&self.filters(matter)?)?;
        let mut lzma = XzEncoder::new_stream(Vec::with_capacity(block.len() / 4), raw);
        lzma.write_all(block)?;
        let data = lzma.finish()?;
        let header = block_header(matter, data.len() as u64, block.len() as u64);
        let mut bytes = Vec::with_capacity(header.len() + data.len() + 8);
        bytes.extend(&header);
        bytes.extend(&data);
        pad(&mut bytes);
        bytes.extend(plain.sum().to_le_bytes());
        // The unpadded size of a block leaves its padding out (section 4.3).
        let unpadded = (header.len() + data.len() + 4) as u64;
        Ok(Encoded { bytes, unpadded, plain_size: block.len() as u64, plain })
    }
}

/// Section 3.1: sizes, filters in the order of encoding, padding, CRC-32.
fn block_header(matter: Matter, packed: u64, plain: u64) -> Vec<u8> {
    let filters = if matter == Matter::X86 { 2 } else { 1 };
    // The first byte is the size, known at the end; the second has both sizes present.
    let mut header = vec![0, 0xc0 | (filters - 1)];
    push_number(&mut header, packed);
    push_number(&mut header, plain);
    if filters == 2 {
        header.extend([X86, 0]);
    }
    header.extend([LZMA2, 1, DICTIONARY_CODE]);
    pad(&mut header);
    // With its CRC a header is at most 36 bytes long here, so its quarter fits.
    header[0] = u8::try_from(header.len() / 4).unwrap_or(u8::MAX);
    push_crc(&mut header, 0);
    header
}

/// Stream header, index and footer.
#[derive(Default)]
pub(super) struct Container {
    /// Unpadded and plain size of each block.
    records: Vec<(u64, u64)>,
}

impl in_order::Container for Container {
    fn begin(&mut self) -> Vec<u8> {
        let mut bytes = b"\xfd7zXZ\0".to_vec();
        bytes.extend(FLAGS);
        push_crc(&mut bytes, 6);
        bytes
    }

    fn note(&mut self, block: &Encoded) {
        self.records.push((block.unpadded, block.plain_size));
    }

    fn end(&mut self) -> Vec<u8> {
        let mut bytes = vec![0];
        push_number(&mut bytes, self.records.len() as u64);
        for (unpadded, plain) in &self.records {
            push_number(&mut bytes, *unpadded);
            push_number(&mut bytes, *plain);
        }
        pad(&mut bytes);
        push_crc(&mut bytes, 0);
        let mut footer =
            u32::try_from(bytes.len() / 4 - 1).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        footer.extend(FLAGS);
        let mut crc = Crc::new();
        crc.update(&footer);
        bytes.extend(crc.sum().to_le_bytes());
        bytes.extend(footer);
        bytes.extend(b"YZ");
        bytes
    }
}

/// A number of variable length (section 1.2): seven bits in each byte, the lowest first.
fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// Appends the CRC-32 of what stands from `start` on.
fn push_crc(bytes: &mut Vec<u8>, start: usize) {
    let mut crc = Crc::new();
    crc.update(&bytes[start..]);
    bytes.extend(crc.sum().to_le_bytes());
}
