//! Damage, the same in every run.

use testkit::Random;

/// Bytes that mean something in one format or another.
const SPICE: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b"\"",
    b"'",
    b"\\",
    b"/",
    b"../",
    b"..",
    b"=",
    b":",
    b",",
    b";",
    b"[",
    b"]",
    b"{",
    b"}",
    b"<",
    b">",
    b"&#",
    b"%",
    b"0",
    b"-1",
    b"99999999999999999999",
    b"\xc3\xa9",
    b"\xe2\x80\xa8",
    b"\x1b[31m",
    b"\x80\x00\x00\x00",
    b"\x7f\xff\xff\xff",
];

/// A damaged copy of `seed`, some of `other` in it now and then.
pub(crate) fn mutated(random: &mut Random, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let end = (at + 1 + random.below(24)).min(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 | 2 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            3 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                drop(bytes.splice(to..to, piece));
            }
            6 if !other.is_empty() => {
                let start = random.below(other.len());
                let stop = (start + 1 + random.below(64)).min(other.len());
                drop(bytes.splice(at..at, other[start..stop].iter().copied()));
            }
            _ => {
                let piece = random.pick(SPICE);
                drop(bytes.splice(at..at, piece.iter().copied()));
            }
        }
    }
    bytes
}
