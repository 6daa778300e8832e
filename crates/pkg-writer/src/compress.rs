//! Compression by several threads, with the same bytes for any number of them.

mod gzip;
mod in_order;
mod xz;

use std::io::{self, Write};

use in_order::BlockWriter;
use zstd::zstd_safe::CParameter;

/// How much of its input libzstd gives to one worker. Part of the format. It would take 8 MiB at level 3, which is
/// 23 MB of memory more with two workers, and 0.2 % less of the package.
const ZSTD_JOB: u32 = 4 << 20;

/// How an archive inside a package is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Compression {
    /// Zstandard, level 1 to 19; others are taken as the nearest of these. dpkg reads it since 1.21.18
    /// (Debian 12), rpm since 4.14 (Fedora 31, EL 8).
    Zstd {
        /// Higher is smaller and slower.
        level: u8,
    },
    /// LZMA2 in the xz container, level 1 to 9; others are taken as the nearest of these. Every dpkg
    /// and rpm in use reads it.
    Xz {
        /// Higher is smaller and slower.
        level: u8,
    },
    /// Gzip, level 1 to 9; others are taken as the nearest of these. Everything reads it.
    Gzip {
        /// Higher is smaller and slower.
        level: u8,
    },
}

impl Compression {
    /// Zstandard at level 3, as `dpkg-deb -Zzstd` and the `w3.zstdio` of rpm have it.
    pub const fn zstd() -> Self {
        Self::Zstd { level: 3 }
    }

    /// xz at level 6, as `dpkg-deb -Zxz` has it.
    pub const fn xz() -> Self {
        Self::Xz { level: 6 }
    }

    /// Gzip at level 6.
    pub const fn gzip() -> Self {
        Self::Gzip { level: 6 }
    }

    /// The end of a file name: `zst`, `xz`, `gz`.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Zstd { .. } => "zst",
            Self::Xz { .. } => "xz",
            Self::Gzip { .. } => "gz",
        }
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self::zstd()
    }
}

/// What bytes are, for the compressors that can make use of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Matter {
    /// Texts, headers, anything.
    Text,
    /// Programs and libraries for 64-bit x86.
    X86,
    /// Programs and libraries for something else.
    Code,
}

/// Runs `produce` with a writer; what is written there goes to `out`, compressed by `jobs` threads.
///
/// The result is one gzip member, one zstd frame or one xz stream: dpkg 1.21 reads no zstd frame but
/// the first.
///
/// The writer fails only when `out` does, or the compressor.
pub(crate) fn compress<W: Write, T>(
    out: &mut W,
    compression: Compression,
    jobs: usize,
    produce: impl FnOnce(&mut Compressor<'_, W>) -> T,
) -> io::Result<T> {
    let jobs = jobs.max(1);
    match compression {
        Compression::Zstd { level } => {
            let mut encoder = zstd::Encoder::new(out, i32::from(level.clamp(1, 19)))?;
            encoder.include_checksum(true)?;
            encoder.set_parameter(CParameter::JobSize(ZSTD_JOB))?;
            // libzstd cuts its input at the same places for any number of workers but none.
            encoder.multithread(u32::try_from(jobs).unwrap_or(u32::MAX))?;
            let mut compressor = Compressor::Stream(encoder);
            let value = produce(&mut compressor);
            if let Compressor::Stream(encoder) = compressor {
                encoder.finish()?;
            }
            Ok(value)
        }
        Compression::Xz { level } => {
            let level = level.clamp(1, 9);
            in_order::compress(
                out,
                xz::Container::default(),
                jobs,
                || xz::Codec::new(level),
                produce,
            )
        }
        Compression::Gzip { level } => {
            let level = level.clamp(1, 9);
            in_order::compress(
                out,
                gzip::Container::default(),
                jobs,
                || gzip::Codec::new(level),
                produce,
            )
        }
    }
}

/// Takes the bytes that are to be compressed.
pub(crate) enum Compressor<'a, W: Write> {
    /// Compressed as a whole.
    Stream(zstd::Encoder<'static, &'a mut W>),
    /// Compressed in blocks.
    Blocks(BlockWriter<'a>),
}

impl<W: Write> Compressor<'_, W> {
    /// Says what the bytes are that follow.
    pub(crate) fn set_matter(&mut self, matter: Matter) -> io::Result<()> {
        match self {
            Self::Stream(_) => Ok(()),
            Self::Blocks(blocks) => blocks.set_matter(matter),
        }
    }
}

impl<W: Write> Write for Compressor<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(encoder) => encoder.write(bytes),
            Self::Blocks(blocks) => blocks.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use testkit::FullDisk;

    use super::*;

    const ALL: [Compression; 3] =
        [Compression::zstd(), Compression::Xz { level: 1 }, Compression::gzip()];

    fn compressed(input: &[u8], compression: Compression, jobs: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let middle = input.len() / 3;
        compress(&mut out, compression, jobs, |writer| -> io::Result<()> {
            writer.write_all(&input[..middle])?;
            writer.set_matter(Matter::X86)?;
            writer.write_all(&input[middle..])
        })
        .unwrap()
        .unwrap();
        out
    }

    fn back(bytes: &[u8], compression: Compression) -> Vec<u8> {
        let mut back = Vec::new();
        match compression {
            Compression::Zstd { .. } => {
                zstd::Decoder::new(bytes).unwrap().single_frame().read_to_end(&mut back).unwrap()
            }
            Compression::Xz { .. } => {
                liblzma::read::XzDecoder::new(bytes).read_to_end(&mut back).unwrap()
            }
            Compression::Gzip { .. } => {
                flate2::read::GzDecoder::new(bytes).read_to_end(&mut back).unwrap()
            }
        };
        back
    }

    /// Text that compresses, with no two blocks alike, and some calls of x86 in it.
    fn text(size: usize) -> Vec<u8> {
        let line = |number: u64| format!("{number}\u{e8}\u{0}\u{1}\u{0}\u{0}").into_bytes();
        (0_u64..).flat_map(line).take(size).collect()
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        for compression in ALL {
            for size in [0, 1, (1 << 20) + 1, (9 << 20) + 5] {
                let input = text(size);
                let one = compressed(&input, compression, 1);
                let three = compressed(&input, compression, 3);
                assert!(three == one, "{compression:?}: {size} bytes");
                assert!(back(&one, compression) == input, "{compression:?}: {size} bytes");
            }
        }
    }

    #[test]
    fn large_archives_have_the_bytes_of_their_format_level() {
        // Of several jobs and blocks, which the golden packages are too small for. Other digests are
        // another format level: pipeline::DEB_FORMAT_LEVEL and RPM_FORMAT_LEVEL.
        let digests = ALL.map(|compression| {
            names::Sha256::digest(compressed(&text(9 << 20), compression, 2)).hex()[..16].to_owned()
        });
        assert_eq!(digests, ["5f8b67311a63989a", "3dc36d85f10e69cf", "e53937776f254108"]);
    }

    #[test]
    fn a_failing_output_ends_the_threads() {
        let input = text(20 << 20);
        for compression in ALL {
            let result = compress(&mut FullDisk, compression, 2, |writer| writer.write_all(&input));
            let failed = result.and_then(|inner| inner).unwrap_err();
            assert_eq!(failed.kind(), io::ErrorKind::StorageFull, "{compression:?}");
        }
    }
}
