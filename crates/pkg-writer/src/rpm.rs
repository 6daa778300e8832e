//! RPM packages, format 4 (rpm's manual, "Package format").
//!
//! Written here and not by the crate `rpm`, which holds the compressed files in memory
//! (`docs/why-not/rpm-crate.md`).

mod dependency;
mod describe;
mod error;
mod files;
mod header;
mod package;
mod payload;
mod read;
mod signature;
mod tag;

use std::io::{self, Read, Write};
use std::path::Path;

use filetree::Tree;
use names::{Hashing, Sha256};

pub use dependency::{Comparison, Dependency, Scriptlet};
pub use error::RpmError;
pub use package::{ChangelogEntry, Mark, Package, Relations, Script, Scripts};
pub use read::{Header, Headers, PackedEntry, read_headers, read_payload};
pub use signature::Signatures;

use crate::spool::{self, Spool};
use crate::{Options, compress, entries};

/// The largest store of a header (`HEADER_DATA_MAX` of rpm).
const LARGEST_HEADER: usize = (256 << 20) - 1;

/// A package whose files are compressed, and that can be signed and written.
///
/// Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Prepared {
    lead: [u8; 96],
    header: Vec<u8>,
    payload: Spool,
    payload_size: u64,
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
) -> Result<(), RpmError> {
    prepare(tree, package, options)?.save(path, &Signatures::default())
}

/// Compresses `tree` and makes the header of it and `package`. Holds a few blocks of the files in
/// memory and the compressed files in the scratch folder.
///
/// Files are in the order of the tree. Every owner must have a name in the options.
///
/// # Errors
/// When the metadata break a rule, an owner has no name, a content cannot be read or is damaged, a hard
/// link dangles, or the scratch folder cannot be written.
pub fn prepare(tree: &Tree, package: &Package, options: &Options) -> Result<Prepared, RpmError> {
    describe::check(package)?;
    let entries = entries::list(tree, options.epoch, None)?;
    let files = files::files(entries, package, &options.accounts)?;
    let scratch = |source| RpmError::Scratch { folder: options.scratch.clone(), source };
    let mut payload = Spool::new(&options.scratch).map_err(scratch)?;
    let mut hashed = Hashing::new(&mut payload);
    let payload_size = compress::compress(&mut hashed, options.compression, options.jobs, |out| {
        payload::write(&files, options.check_contents, out, scratch)
    })
    .map_err(scratch)??;
    let sha256 = hashed.finish().0.hex();
    let header = describe::header(package, &files, &describe::Payload { sha256 }, options)?;
    let header = header.bytes(tag::REGION_IMMUTABLE);
    if header.len() > LARGEST_HEADER {
        return Err(RpmError::TooLarge { size: header.len() });
    }
    Ok(Prepared { lead: signature::lead(package), header, payload, payload_size })
}

impl Prepared {
    /// The header: what a signature of the header covers.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Header and payload: what a signature of both covers.
    ///
    /// # Errors
    /// When the scratch file cannot be read.
    pub fn header_and_payload(&mut self) -> io::Result<impl Read + '_> {
        Ok(self.header.chain(self.payload.reader()?))
    }

    /// Writes the package to `out`.
    ///
    /// # Errors
    /// When a signature is not one that rpm reads, the scratch file cannot be read or `out` not written.
    pub fn write(&mut self, out: &mut dyn Write, signatures: &Signatures) -> Result<(), RpmError> {
        let measures = signature::Measures {
            header_sha256: Sha256::digest(&self.header).hex(),
            size: self.header.len() as u64 + self.payload.size(),
            payload_size: self.payload_size,
        };
        let signature_header = signature::signature_header(&measures, signatures)?;
        let mut write = || {
            out.write_all(&self.lead)?;
            out.write_all(&signature_header)?;
            let written = io::copy(&mut self.header_and_payload()?, out)?;
            if written != measures.size {
                let text = "the scratch file was cut short";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
            }
            Ok(())
        };
        write().map_err(RpmError::Write)
    }

    /// Writes the package to the file `path`, whole or not at all: with mode 0644, in place of what was
    /// there.
    ///
    /// # Errors
    /// As [`Prepared::write`].
    pub fn save(&mut self, path: &Path, signatures: &Signatures) -> Result<(), RpmError> {
        let saved = spool::save(path, |out| match self.write(out, signatures) {
            Err(RpmError::Write(source)) => Err(source),
            Err(error) => Err(io::Error::other(error)),
            Ok(()) => Ok(()),
        });
        saved.map_err(|source| RpmError::Save { path: path.to_owned(), source })
    }
}
