//! The GNU dialect of tar, which dpkg reads: it refuses pax headers.

use std::io::{self, Write};

use tar::{EntryType, Header};

use crate::Accounts;
use crate::entries::{Entry, Form};

/// What a header says.
pub(super) struct Member<'a> {
    /// The name in the archive: `./usr/bin/`.
    pub(super) name: &'a str,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mtime: u64,
    pub(super) size: u64,
    pub(super) entry_type: EntryType,
    /// Target of a link.
    pub(super) target: Option<&'a str>,
}

/// Writes the header of `entry`, and of what it needs before itself; the content of a file is the
/// caller's. Returns whether a content follows.
pub(super) fn write_entry(
    entry: &Entry<'_>,
    accounts: &Accounts,
    out: &mut impl Write,
) -> io::Result<bool> {
    let mut name = format!("./{}", entry.path);
    let linked;
    let (entry_type, size, target) = match entry.form {
        Form::Directory => {
            name.push('/');
            (EntryType::Directory, 0, None)
        }
        Form::Symlink(target) => (EntryType::Symlink, 0, Some(target)),
        Form::File { content, position: 0, .. } => (EntryType::Regular, content.size, None),
        Form::File { first, .. } => {
            linked = format!("./{first}");
            (EntryType::Link, 0, Some(linked.as_str()))
        }
    };
    let Entry { mode, uid, gid, mtime, .. } = *entry;
    let member = Member { name: &name, mode, uid, gid, mtime: mtime.0, size, entry_type, target };
    write_header(&member, accounts, out)?;
    Ok(entry_type == EntryType::Regular)
}

/// Writes a header, with the GNU entries before it that carry a long name or target.
pub(super) fn write_header(
    member: &Member<'_>,
    accounts: &Accounts,
    out: &mut impl Write,
) -> io::Result<()> {
    if let Some(target) = member.target.filter(|target| target.len() > 100) {
        write_long(EntryType::GNULongLink, target, out)?;
    }
    if member.name.len() > 100 {
        write_long(EntryType::GNULongName, member.name, out)?;
    }
    let mut header = Header::new_gnu();
    header.set_entry_type(member.entry_type);
    header.set_mode(member.mode);
    header.set_uid(u64::from(member.uid));
    header.set_gid(u64::from(member.gid));
    header.set_mtime(member.mtime);
    header.set_size(member.size);
    // dpkg takes a name for the number that it has on the machine, where it knows it.
    set_account(&mut header, accounts, member)?;
    let old = header.as_old_mut();
    fill(&mut old.name, member.name);
    fill(&mut old.linkname, member.target.unwrap_or_default());
    header.set_cksum();
    out.write_all(header.as_bytes())
}

fn set_account(header: &mut Header, accounts: &Accounts, member: &Member<'_>) -> io::Result<()> {
    if let Some(name) = accounts.user(member.uid) {
        header.set_username(name)?;
    }
    if let Some(name) = accounts.group(member.gid) {
        header.set_groupname(name)?;
    }
    Ok(())
}

/// Writes an entry that carries a long name for the next one (GNU tar manual, "Basic Tar Format").
fn write_long(entry_type: EntryType, name: &str, out: &mut impl Write) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(entry_type);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    let size = name.len() as u64 + 1;
    header.set_size(size);
    fill(&mut header.as_old_mut().name, "././@LongLink");
    header.set_cksum();
    out.write_all(header.as_bytes())?;
    out.write_all(name.as_bytes())?;
    out.write_all(&[0])?;
    out.write_all(padding(size))
}

/// As much of `text` as there is room for; a name that fills its field has no zero at its end.
fn fill(field: &mut [u8], text: &str) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text.as_bytes()[..length]);
}

/// What fills up the last record of a content of `size` bytes.
pub(super) fn padding(size: u64) -> &'static [u8] {
    &[0; 512][..(512 - (size % 512) as usize) % 512]
}

/// The end of an archive.
pub(super) const END: [u8; 1024] = [0; 1024];

#[cfg(test)]
mod tests {
    use super::*;

    fn header(member: &Member<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        write_header(member, &Accounts::default(), &mut out).unwrap();
        out
    }

    const FILE: Member<'static> = Member {
        name: "./a",
        mode: 0o4755,
        uid: 0,
        gid: 0,
        mtime: 7,
        size: 0,
        entry_type: EntryType::Regular,
        target: None,
    };

    #[test]
    fn sizes_over_eight_gibibytes_are_binary_numbers() {
        for (size, digits) in
            [((8 << 30) - 1, *b"77777777777\0"), (8 << 30, [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0])]
        {
            let bytes = header(&Member { size, ..FILE });
            assert_eq!(bytes[124..136], digits);
        }
    }

    #[test]
    fn names_over_a_hundred_bytes_come_in_an_entry_of_their_own() {
        let short = format!("./{}", "a".repeat(98));
        assert_eq!(header(&Member { name: &short, ..FILE }).len(), 512);
        let long = format!("./{}", "a".repeat(99));
        let bytes = header(&Member { name: &long, target: Some(&long), ..FILE });
        assert_eq!(bytes.len(), 5 * 512);
        assert_eq!((bytes[156], bytes[1024 + 156]), (b'K', b'L'));
    }
}
