//! The compressed members of a .deb.

use std::io::{self, Read};

use decompress::Format;

use super::DebFault;

/// A reader that inflates a member, by the suffix of its name.
pub(super) fn decoder<'a>(
    member: &str,
    stem: &str,
    input: impl Read + 'a,
) -> Result<Box<dyn Read + 'a>, DebFault> {
    let format = member.strip_prefix(stem).and_then(Format::of_suffix);
    let format = format.ok_or_else(|| DebFault::Compression { member: member.to_owned() })?;
    Ok(decompress::reader(format, input)?)
}

/// Fails after `left` bytes: what unpacks to more is meant to fill the disk.
pub(super) struct Limited<R> {
    pub(super) inner: R,
    pub(super) left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::FileTooLarge, "it unpacks to more than the limit")
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_unpacks_to_too_much_is_cut_off() {
        let read = |left| io::copy(&mut Limited { inner: &[0; 100][..], left }, &mut io::sink());
        assert_eq!(read(100).unwrap(), 100);
        assert_eq!(read(99).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
