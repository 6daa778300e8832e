//! The ar archive around it all (`deb(5)`, "Format").

use std::io::{self, Read, Write};

use super::DebError;

/// What the archive begins with.
pub(super) const MAGIC: &[u8] = b"!<arch>\n";

/// The largest member: ten digits are all that a header has room for.
const LARGEST: u64 = 9_999_999_999;

/// Refuses what does not fit into a member.
pub(super) fn check_size(size: u64) -> Result<(), DebError> {
    if size > LARGEST { Err(DebError::TooLarge { size }) } else { Ok(()) }
}

/// Writes a member of root's with mode 0100644: its header, `content`, and a newline where the size
/// is odd.
pub(super) fn write_member(
    out: &mut dyn Write,
    name: &str,
    mtime: u64,
    size: u64,
    mut content: impl Read,
) -> io::Result<()> {
    // Twelve digits are all that there is room for: the year 33658.
    let mtime = mtime.min(999_999_999_999);
    writeln!(out, "{name:<16}{mtime:<12}0     0     100644  {size:<10}`")?;
    let copied = io::copy(&mut content, out)?;
    if copied != size {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the scratch file was cut short"));
    }
    if size % 2 == 1 { out.write_all(b"\n") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_over_four_gibibytes_fits_and_one_over_ten_gigabytes_does_not() {
        assert!(check_size(5 << 30).is_ok());
        assert!(check_size(LARGEST + 1).is_err());
    }

    #[test]
    fn odd_members_are_filled_up() {
        let mut out = Vec::new();
        write_member(&mut out, "debian-binary", 1, 3, &b"2.0"[..]).unwrap();
        assert_eq!(out.len(), 64);
        assert!(out.ends_with(b"`\n2.0\n"));
    }
}
