//! Reading zstd with a decoder that was there before.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use zstd::stream::raw::{DParameter, InBuffer, Operation, OutBuffer, WriteBuf};
use zstd::stream::zio;
use zstd::zstd_safe::{DCtx, ErrorCode, ResetDirective, get_error_name};

/// What zstd(1) takes without being asked, 128 MiB.
const WINDOW_LOG: u32 = 27;

/// A decoder that takes more is not kept: windows of packages have 2 MiB at level 3.
const KEPT: usize = 4 << 20;

thread_local! {
    /// The decoder that the last reader of the thread has left. Of a small package more time goes by getting the memory
    /// of one from the system, and giving it back, than by decoding.
    static SPARE: Cell<Option<DCtx<'static>>> = const { Cell::new(None) };
}

/// A decoder, kept for the next reader.
struct Decoder(Option<DCtx<'static>>);

/// A reader of all frames of `input`.
pub(crate) fn reader<'a>(input: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let spare = SPARE.take();
    let mut context = spare.or_else(DCtx::try_create).ok_or(io::ErrorKind::OutOfMemory)?;
    context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)).map_err(failed)?;
    Ok(Box::new(zio::Reader::new(input, Decoder(Some(context)))))
}

impl Operation for Decoder {
    fn run<C: WriteBuf + ?Sized>(
        &mut self,
        input: &mut InBuffer<'_>,
        output: &mut OutBuffer<'_, C>,
    ) -> io::Result<usize> {
        let Some(context) = &mut self.0 else { return Ok(0) };
        context.decompress_stream(output, input).map_err(failed)
    }

    fn finish<C: WriteBuf + ?Sized>(
        &mut self,
        _output: &mut OutBuffer<'_, C>,
        is_frame_finished: bool,
    ) -> io::Result<usize> {
        match is_frame_finished {
            true => Ok(0),
            false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "incomplete frame")),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let Some(mut context) = self.0.take() else { return };
        if context.sizeof() <= KEPT && context.reset(ResetDirective::SessionAndParameters).is_ok() {
            SPARE.set(Some(context));
        }
    }
}

fn failed(code: ErrorCode) -> io::Error {
    io::Error::other(get_error_name(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        reader(bytes)?.read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn what_a_reader_leaves_does_not_show_in_the_next() {
        let noise: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        let packed = zstd::encode_all(&noise[..], 3).unwrap();
        let far = [0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0];
        let mut damaged = packed.clone();
        damaged[5] ^= 0xff;
        for before in [&packed[..packed.len() / 2], &damaged, &far, b"no frame", b""] {
            let mut some = [0; 1000];
            let _ = reader(before).unwrap().read(&mut some);
            assert!(read(&packed).unwrap() == noise);
            let _ = read(before);
            assert!(read(&packed).unwrap() == noise);
        }
        // Two at once: the second has one of its own.
        let mut first = reader(&packed[..]).unwrap();
        let mut start = vec![0; 10_000];
        first.read_exact(&mut start).unwrap();
        assert!(read(&packed).unwrap() == noise);
        first.read_to_end(&mut start).unwrap();
        assert!(start == noise);
    }
}
