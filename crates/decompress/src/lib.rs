//! Readers of gzip, xz and zstd with limits, as packages, their indexes and image layers use them.
//!
//! The decoders are compiled here, for one type of input, and not again in each crate that reads.
//!
//! ```
//! use std::io::Read as _;
//!
//! use decompress::Format;
//!
//! let format = Format::of_suffix(".zst").ok_or("another suffix")?;
//! let packed: &[u8] = &[40, 181, 47, 253, 0, 88, 25, 0, 0, 97, 98, 99];
//! let mut text = String::new();
//! decompress::reader(format, packed)?.read_to_string(&mut text)?;
//! assert_eq!(text, "abc");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod zstd_reader;

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952), of one member or several.
    Gzip,
    /// xz, of one stream or several.
    Xz,
    /// zstd (RFC 8878), of one frame or several.
    Zstd,
}

/// `xz -9` needs 65 MiB; no archive for general use takes more (xz(1)). Files name their need themselves.
const XZ_MEMORY: u64 = 72 << 20;

impl Format {
    /// By what compression adds to a file's name: nothing, `.gz`, `.xz` or `.zst`; none for anything else.
    pub fn of_suffix(suffix: &str) -> Option<Self> {
        match suffix {
            "" => Some(Self::Plain),
            ".gz" => Some(Self::Gzip),
            ".xz" => Some(Self::Xz),
            ".zst" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// By the first bytes of a file, six of them if it has so many: their marks are in RFC 1952, 2.3.1, in the
    /// xz file format, 2.1.1.1, and in RFC 8878, 3.1.1. Anything else is plain.
    pub fn of_start(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// A reader of what `input` holds, in memory that hostile input cannot make grow: 72 MiB for xz, a window
/// of 128 MiB for zstd. It reads to the end of the last member, stream or frame. How much comes out is for
/// the caller to limit.
///
/// # Errors
/// There is no memory for a decoder. Damage, and the need of more memory, come with reading.
pub fn reader<'a>(format: Format, input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    decoder(format, Box::new(input))
}

fn decoder<'a>(format: Format, input: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let input = BufReader::with_capacity(64 << 10, input);
    Ok(match format {
        Format::Plain => Box::new(input),
        Format::Gzip => Box::new(MultiGzDecoder::new(input)),
        Format::Xz => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
            Box::new(XzDecoder::new_stream(input, stream))
        }
        Format::Zstd => zstd_reader::reader(input)?,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(format: Format, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        reader(format, bytes)?.read_to_end(&mut out).map(|_| out)
    }

    fn packed(format: Format, text: &[u8]) -> Vec<u8> {
        match format {
            Format::Plain => text.to_vec(),
            Format::Gzip => {
                let mut out =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                out.write_all(text).and_then(|()| out.finish()).unwrap()
            }
            Format::Xz => liblzma::encode_all(text, 1).unwrap(),
            Format::Zstd => zstd::encode_all(text, 1).unwrap(),
        }
    }

    #[test]
    fn all_of_a_file_is_read_and_damage_is_told() {
        for format in [Format::Plain, Format::Gzip, Format::Xz, Format::Zstd] {
            let (first, second) = (packed(format, b"one, "), packed(format, &[b'2'; 100_000]));
            let both = [first, second].concat();
            assert_eq!(Format::of_start(&both), format);
            let read_back = read(format, &both).unwrap();
            assert!(read_back.starts_with(b"one, 22") && read_back.len() == 100_005, "{format:?}");
            if format != Format::Plain {
                assert!(read(format, &both[..both.len() - 9]).is_err(), "{format:?}");
            }
        }
    }

    /// A header that asks for a window of 128 or 256 MiB: RFC 8878, section 3.1.1.1.2. A block that asks for a
    /// dictionary of 64 or 96 MiB: the xz file format, sections 3.1 and 5.3.1.
    #[test]
    fn a_file_cannot_ask_for_any_memory() {
        let zstd = |window| [0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0];
        assert_eq!(read(Format::Zstd, &zstd(17 << 3)).unwrap(), b"");
        let error = read(Format::Zstd, &zstd(18 << 3)).unwrap_err();
        assert!(error.to_string().contains("too much memory"), "{error}");

        let xz = |dictionary| {
            let mut file = liblzma::encode_all(&b"abc"[..], 0).unwrap();
            let block = 12..20;
            assert_eq!(file[block.start..block.start + 4], [2, 0, 0x21, 1], "size, flags, LZMA2");
            file[block.start + 4] = dictionary;
            let mut crc = flate2::Crc::new();
            crc.update(&file[block.clone()]);
            file[block.end..block.end + 4].copy_from_slice(&crc.sum().to_le_bytes());
            file
        };
        assert_eq!(read(Format::Xz, &xz(28)).unwrap(), b"abc");
        let error = read(Format::Xz, &xz(29)).unwrap_err();
        assert!(error.to_string().contains("memory limit"), "{error}");
    }

    #[test]
    fn formats_are_known_by_suffix() {
        assert_eq!(Format::of_suffix(".xz"), Some(Format::Xz));
        assert_eq!(Format::of_suffix(""), Some(Format::Plain));
        for other in ["xz", ".bz2", ".xz.gz", "x.gz"] {
            assert_eq!(Format::of_suffix(other), None);
        }
    }
}
