//! What the starter and the stages tell each other: lists of byte strings, each with its length.

use std::io::{self, Read, Write};

/// The longest message: arguments and environment of a command are limited by the kernel to 2 MiB.
const LONGEST: u64 = 8 << 20;

/// Writes a list as one message: its length in bytes, then each part with its own.
pub(crate) fn send(parts: &[Vec<u8>], out: &mut impl Write) -> io::Result<()> {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(&(part.len() as u64).to_le_bytes());
        body.extend_from_slice(part);
    }
    let mut message = (body.len() as u64).to_le_bytes().to_vec();
    message.append(&mut body);
    out.write_all(&message)
}

/// Reads one message, and not a byte more.
pub(crate) fn receive(input: &mut impl Read) -> io::Result<Vec<Vec<u8>>> {
    let length = number(input)?;
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    input.read_exact(&mut body)?;
    let mut rest = body.as_slice();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let length = usize::try_from(number(&mut rest)?).map_err(io::Error::other)?;
        let part = rest.split_off(..length).ok_or(io::ErrorKind::InvalidData)?;
        parts.push(part.to_vec());
    }
    Ok(parts)
}

fn number(input: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_and_ends_where_it_ends() {
        let parts = vec![b"run".to_vec(), Vec::new(), vec![0, 255]];
        let mut bytes = Vec::new();
        send(&parts, &mut bytes).unwrap();
        send(&[], &mut bytes).unwrap();
        let mut rest = bytes.as_slice();
        assert_eq!(receive(&mut rest).unwrap(), parts);
        assert_eq!(receive(&mut rest).unwrap(), Vec::<Vec<u8>>::new());
        assert_eq!(receive(&mut rest).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn damaged_messages_are_errors() {
        let mut good = Vec::new();
        send(&[b"abc".to_vec(), b"d".to_vec()], &mut good).unwrap();
        for at in 0..good.len() {
            for value in [0, 1, 2, 9, 127, 255] {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = receive(&mut bad.as_slice());
            }
            assert!(receive(&mut &good[..at]).is_err(), "{at}");
        }
    }
}
