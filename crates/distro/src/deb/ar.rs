//! The outer format of a .deb: a common `ar` archive (ar(5), deb(5)).

use std::io::{self, Read};

use super::DebFault;

/// The header of a member.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size: u64,
}

/// Reads the magic at the start.
pub(super) fn read_magic(input: &mut impl Read) -> Result<(), DebFault> {
    let mut magic = [0; 8];
    match read_full(input, &mut magic)? {
        8 if &magic == b"!<arch>\n" => Ok(()),
        _ => Err(DebFault::NotAnArchive),
    }
}

/// Reads the header of the next member; `None` at the end of the archive.
pub(super) fn read_header(input: &mut impl Read) -> Result<Option<Member>, DebFault> {
    let mut header = [0; 60];
    match read_full(input, &mut header)? {
        0 => return Ok(None),
        60 if &header[58..] == b"`\n" => {}
        _ => return Err(DebFault::BadHeader),
    }
    let text = |range: std::ops::Range<usize>| {
        std::str::from_utf8(&header[range]).map_err(|_| DebFault::BadHeader)
    };
    let name = text(0..16)?.trim_end_matches(' ');
    let name = name.strip_suffix('/').unwrap_or(name);
    let size = text(48..58)?.trim_end_matches(' ');
    let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    if name.is_empty() || !digits {
        return Err(DebFault::BadHeader);
    }
    let size = size.parse().map_err(|_| DebFault::BadHeader)?;
    Ok(Some(Member { name: name.to_owned(), size }))
}

/// Skips the byte that fills a member of odd size. It may be missing at the end of the file.
pub(super) fn skip_padding(input: &mut impl Read, size: u64) -> Result<(), DebFault> {
    if size % 2 == 1 {
        let mut byte = [0];
        if read_full(input, &mut byte)? == 1 && byte[0] != b'\n' {
            return Err(DebFault::BadHeader);
        }
    }
    Ok(())
}

/// Fills `buffer` as far as the input goes and says how far.
pub(super) fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: &str) -> Vec<u8> {
        format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, "100644").into_bytes()
    }

    #[test]
    fn members_are_named_with_and_without_a_slash() {
        for name in ["debian-binary", "debian-binary/"] {
            let member = read_header(&mut header(name, "4").as_slice()).unwrap().unwrap();
            assert_eq!((member.name.as_str(), member.size), ("debian-binary", 4));
        }
        assert!(read_header(&mut [].as_slice()).unwrap().is_none());
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let cut = &header("a", "4")[..59];
        for bytes in
            [cut.to_vec(), header("", "4"), header("a", "-1"), header("a", ""), vec![0; 60]]
        {
            assert!(read_header(&mut bytes.as_slice()).is_err());
        }
    }
}
