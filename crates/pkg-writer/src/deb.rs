//! Debian packages, format 2.0 (`deb(5)`).

mod ar;
mod control;
mod error;
mod package;
mod tar;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::Path;

use ::tar::EntryType;
use filetree::{Tree, TreePath};
use md5::{Digest as _, Md5};

pub use error::DebError;
pub use package::{Package, Relations, Scripts};

use crate::compress::{self, Compressor, Matter};
use crate::entries::{self, CopyError, Entry};
use crate::spool::{self, Spool};
use crate::{Compression, Options};

/// The first member and its content.
const VERSION: (&str, &[u8]) = ("debian-binary", b"2.0\n");

/// A package whose files are compressed, and that can be signed and written.
///
/// Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Prepared {
    compression: Compression,
    mtime: u64,
    control: Vec<u8>,
    data: Spool,
}

/// A signature inside a package, in the form of debsigs: a detached OpenPGP signature, binary, over
/// [`Prepared::signed_bytes`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    /// Whose signature it is: `origin`, `maint`, `archive`.
    pub role: String,
    /// The signature.
    pub bytes: Vec<u8>,
}

/// Writes the package to the file `path`, whole or not at all, without a signature.
///
/// # Errors
/// As [`prepare`] and [`Prepared::save`].
pub fn save(
    tree: &Tree,
    package: &Package,
    options: &Options,
    path: &Path,
) -> Result<(), DebError> {
    prepare(tree, package, options)?.save(path, &[])
}

/// Compresses `tree` and what `package` says of it. Holds a few blocks of the files in memory and the
/// compressed files in the scratch folder.
///
/// Owners are the tree's numbers, with names where the options know them. The root of the tree gives
/// `./` its mode and owner where the tree has one. Files come in the order of the tree, shared
/// libraries after all else.
///
/// # Errors
/// When the metadata break a rule, a content cannot be read or is damaged, a hard link dangles, or the
/// scratch folder cannot be written.
pub fn prepare(tree: &Tree, package: &Package, options: &Options) -> Result<Prepared, DebError> {
    let code = if package.architecture == "amd64" { Matter::X86 } else { Matter::Code };
    let entries = entries::list(tree, options.epoch, Some(code))?;
    let mut members = control::members(package, tree, &entries)?;
    let spooled = |source| DebError::Scratch { folder: options.scratch.clone(), source };
    let mut data = Spool::new(&options.scratch).map_err(spooled)?;
    let digests = compress::compress(&mut data, options.compression, options.jobs, |out| {
        write_data(tree, &entries, options, out)
    });
    let digests = digests.map_err(spooled)??;
    if !digests.is_empty() {
        let lines = control::md5sums(&digests, &package.conffiles);
        members.insert("md5sums".to_owned(), (0o644, lines));
    }
    let mut control = Vec::new();
    compress::compress(&mut control, options.compression, 1, |out| {
        write_control(&members, options, out)
    })
    .and_then(|written| written)
    .map_err(spooled)?;
    let prepared =
        Prepared { compression: options.compression, mtime: options.epoch.0, control, data };
    ar::check_size(prepared.data.size())?;
    Ok(prepared)
}

impl Prepared {
    /// Number of bytes of the package without signatures.
    pub fn size(&self) -> u64 {
        let members = [VERSION.1.len() as u64, self.control.len() as u64, self.data.size()];
        8 + members.map(|size| 60 + size.next_multiple_of(2)).iter().sum::<u64>()
    }

    /// What a signature covers: the contents of the three members, one after the other.
    ///
    /// # Errors
    /// When the scratch file cannot be read.
    pub fn signed_bytes(&mut self) -> io::Result<impl Read + '_> {
        Ok(VERSION.1.chain(&*self.control).chain(self.data.reader()?))
    }

    /// Writes the package to `out`.
    ///
    /// # Errors
    /// When a signature's role is no word, the scratch file cannot be read or `out` not written.
    pub fn write(&mut self, out: &mut dyn Write, signatures: &[Signature]) -> Result<(), DebError> {
        for Signature { role, .. } in signatures {
            let right =
                (1..=10).contains(&role.len()) && role.bytes().all(|b| b.is_ascii_lowercase());
            if !right {
                return Err(DebError::Role { role: role.clone() });
            }
        }
        self.write_members(out, signatures).map_err(DebError::Write)
    }

    fn write_members(&mut self, out: &mut dyn Write, signatures: &[Signature]) -> io::Result<()> {
        let (suffix, mtime) = (self.compression.suffix(), self.mtime);
        out.write_all(ar::MAGIC)?;
        ar::write_member(out, VERSION.0, mtime, VERSION.1.len() as u64, VERSION.1)?;
        let name = format!("control.tar.{suffix}");
        ar::write_member(out, &name, mtime, self.control.len() as u64, &*self.control)?;
        let name = format!("data.tar.{suffix}");
        ar::write_member(out, &name, mtime, self.data.size(), self.data.reader()?)?;
        for Signature { role, bytes } in signatures {
            let name = format!("_gpg{role}");
            ar::write_member(out, &name, mtime, bytes.len() as u64, &**bytes)?;
        }
        Ok(())
    }

    /// Writes the package to the file `path`, whole or not at all: with mode 0644, in place of what was
    /// there.
    ///
    /// # Errors
    /// As [`Prepared::write`].
    pub fn save(&mut self, path: &Path, signatures: &[Signature]) -> Result<(), DebError> {
        let saved = spool::save(path, |out| match self.write(out, signatures) {
            Err(DebError::Write(source)) => Err(source),
            Err(error) => Err(io::Error::other(error)),
            Ok(()) => Ok(()),
        });
        saved.map_err(|source| DebError::Save { path: path.to_owned(), source })
    }
}

/// Writes the archive of the files and returns their MD5 digests.
fn write_data<'a, W: Write>(
    tree: &'a Tree,
    entries: &[Entry<'a>],
    options: &Options,
    out: &mut Compressor<'_, W>,
) -> Result<BTreeMap<&'a TreePath, [u8; 16]>, DebError> {
    let spooled = |source| DebError::Scratch { folder: options.scratch.clone(), source };
    let root = tree.get(&TreePath::root());
    let top = tar::Member {
        name: "./",
        mode: root.map_or(0o755, |node| node.mode),
        uid: root.map_or(0, |node| node.uid),
        gid: root.map_or(0, |node| node.gid),
        mtime: root.map_or(options.epoch, |node| node.mtime.min(options.epoch)).0,
        size: 0,
        entry_type: EntryType::Directory,
        target: None,
    };
    tar::write_header(&top, &options.accounts, out).map_err(spooled)?;
    let mut digests = BTreeMap::new();
    let mut buffer = vec![0; 128 << 10];
    for entry in entries {
        out.set_matter(entry.matter).map_err(spooled)?;
        let has_content = tar::write_entry(entry, &options.accounts, out).map_err(spooled)?;
        let entries::Form::File { content, first, .. } = entry.form else { continue };
        if !has_content {
            let digest = digests.get(first).copied().unwrap_or_default();
            digests.insert(entry.path, digest);
            continue;
        }
        let mut hash = Md5::new();
        let copied = entries::copy(content, options.check_contents, &mut buffer, |bytes| {
            hash.update(bytes);
            out.write_all(bytes)
        });
        match copied {
            Ok(()) => {}
            Err(CopyError::Write(source)) => return Err(spooled(source)),
            Err(CopyError::Read(source)) => {
                return Err(DebError::Content { path: entry.path.clone(), source });
            }
        }
        out.write_all(tar::padding(content.size)).map_err(spooled)?;
        digests.insert(entry.path, hash.finalize().into());
    }
    out.write_all(&tar::END).map_err(spooled)?;
    Ok(digests)
}

/// Writes the control archive, its members in the order of their names.
fn write_control(
    members: &control::Members,
    options: &Options,
    out: &mut impl Write,
) -> io::Result<()> {
    let header = |name: &str, mode: u32, size: u64, entry_type: EntryType, out: &mut _| {
        let mtime = options.epoch.0;
        let member =
            tar::Member { name, mode, uid: 0, gid: 0, mtime, size, entry_type, target: None };
        tar::write_header(&member, &options.accounts, out)
    };
    header("./", 0o755, 0, EntryType::Directory, out)?;
    for (name, (mode, bytes)) in members {
        let size = bytes.len() as u64;
        header(&format!("./{name}"), *mode, size, EntryType::Regular, out)?;
        out.write_all(bytes)?;
        out.write_all(tar::padding(size))?;
    }
    out.write_all(&tar::END)
}
