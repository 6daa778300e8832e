//! MD5 (RFC 1321): what dpkg's database holds. It guards nothing here.

use std::io::{self, Read};

/// The MD5 of all bytes of `input`, as 32 lower-case hexadecimal digits.
pub(crate) fn md5_hex(mut input: impl Read) -> io::Result<String> {
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut length = 0_u64;
    let mut block = [0; 64];
    loop {
        let filled = fill(&mut input, &mut block)?;
        length += filled as u64;
        if filled == block.len() {
            round(&mut state, &block);
            continue;
        }
        block[filled] = 0x80;
        block[filled + 1..].fill(0);
        if filled >= 56 {
            round(&mut state, &block);
            block.fill(0);
        }
        block[56..].copy_from_slice(&length.wrapping_mul(8).to_le_bytes());
        round(&mut state, &block);
        break;
    }
    use std::fmt::Write as _;
    Ok(state.iter().flat_map(|word| word.to_le_bytes()).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes every write");
        text
    }))
}

fn fill(input: &mut impl Read, block: &mut [u8; 64]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match input.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The rotations of the four rounds (RFC 1321, 3.4).
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

fn round(state: &mut [u32; 4], block: &[u8; 64]) {
    let word = |index: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| block[4 * index + byte]));
    let [mut a, mut b, mut c, mut d] = *state;
    for step in 0..64 {
        let (mix, index) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), 7 * step % 16),
        };
        let sum = a.wrapping_add(mix).wrapping_add(constant(step)).wrapping_add(word(index));
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(SHIFTS[step / 16][step % 4]));
    }
    for (sum, value) in state.iter_mut().zip([a, b, c, d]) {
        *sum = sum.wrapping_add(value);
    }
}

/// The integer part of 2^32 times the sine of the step, counted from 1 (RFC 1321, 3.4).
fn constant(step: usize) -> u32 {
    let sine = (step as f64 + 1.0).sin().abs();
    (sine * 4_294_967_296.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_suite_of_rfc_1321_passes() {
        for (text, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(md5_hex(text.as_bytes()).unwrap(), digest, "{text}");
        }
        // Every way in which the end can fall into a block.
        let ends: Vec<String> =
            (55..=65).map(|length| md5_hex(io::repeat(b'x').take(length)).unwrap()).collect();
        assert_eq!(ends[0], "04364420e25c512fd958a70738aa8f72");
        assert_eq!(ends[1], "668a72d5ba17f08e62dabcafad6db14b");
        assert_eq!(ends[9], "c1bb4f81d892b2d57947682aeb252456");
    }
}
