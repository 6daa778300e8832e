//! From a .deb to its pack file.

use std::io::{self, BufReader, BufWriter, Read};
use std::path::PathBuf;

use filetree::{Pack, PackError, PackWriter};
use names::{Digest, Hashing};
use store::{Blob, BlobError, Store};

use super::control::{self, UnpackedDeb};
use super::members::{Limited, decoder};
use super::{ar, data};

/// The kind of derived file that a store keeps an unpacked .deb under.
pub const DEB_KIND: &str = "deb-2";

/// A .deb with more data is refused: the largest of Debian unpack to about 5 GiB.
pub(super) const DATA_LIMIT: u64 = 16 << 30;
/// Times that the data may be larger than the .deb, after the first [`FREE`] bytes. The most in Debian
/// is 230 times, of 130 MB (`atlc-examples`).
const RATIO: u64 = 500;
const FREE: u64 = 64 << 20;
/// Control data are a few megabytes at most.
pub(super) const CONTROL_LIMIT: u64 = 64 << 20;

/// Why a .deb cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} {}", .path.display(), outcome(.source))]
pub struct DebError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub source: DebFault,
}

/// The store can be at fault too.
fn outcome(fault: &DebFault) -> &'static str {
    match fault {
        DebFault::Keep(_) | DebFault::Pack(_) => "cannot be unpacked",
        _ => "is not a usable .deb",
    }
}

/// What is wrong with a .deb.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DebFault {
    /// It does not start as an ar archive does.
    #[error("it is not an ar archive")]
    NotAnArchive,
    /// A header of the ar archive is not one, or the file was cut.
    #[error("a header between its members is damaged, or the file was cut")]
    BadHeader,
    /// Its format has another major version than 2.
    #[error("its format is `{found}`, and 2.x is known")]
    Format {
        /// What `debian-binary` says.
        found: String,
    },
    /// A member stands where another one must be (deb(5)).
    #[error("it has the member `{found}` where {want} must be")]
    Order {
        /// The member that is there.
        found: String,
        /// What should be there.
        want: &'static str,
    },
    /// A member is missing.
    #[error("it has no `{member}`")]
    Missing {
        /// The member.
        member: &'static str,
    },
    /// The compression is not known.
    #[error("`{member}` is compressed in a way that is not supported: gzip, xz, zstd and none are")]
    Compression {
        /// The member.
        member: String,
    },
    /// A member of one of the two tar archives must not be there.
    #[error("`{member}`: {reason}")]
    Member {
        /// The member, as the archive names it.
        member: String,
        /// Why it must not be there.
        reason: String,
    },
    /// A control file is too large to be one.
    #[error("the control file `{member}` is too large")]
    TooLarge {
        /// The file.
        member: String,
    },
    /// A control file is not text.
    #[error("the control file `{member}` is not UTF-8 text")]
    NotText {
        /// The file.
        member: String,
    },
    /// A control file does not say what it should.
    #[error("the control file `{member}`: {reason}")]
    Control {
        /// The file.
        member: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The file does not have the digest under which the store keeps it.
    #[error("it hashes to {actual}, not to {expected}: delete it and run again")]
    Damaged {
        /// What it should be.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// It cannot be read to its end, or inflates to too much, or the pack cannot be written.
    #[error("it cannot be unpacked to its end")]
    Read(#[from] io::Error),
    /// The store did not take the pack file.
    #[error("its pack file cannot be kept")]
    Keep(#[source] BlobError),
    /// The store has a pack file that is none.
    #[error("its pack file cannot be read")]
    Pack(#[source] PackError),
}

/// Unpacks a .deb of the store, or opens what was unpacked before.
///
/// The archive is read once, from its start to its end; its SHA-256 is checked on the way, and
/// nothing is kept of a file that is not what it should be. Refused are, with the name of the
/// member: paths that leave the tree, members below a link of the same archive, hard links to
/// anything but a file before, devices, files that come twice, extended headers (dpkg does not know
/// them either), and whatever unpacks to more than 16 GiB or to far more than it is.
///
/// # Errors
/// When the file is not a .deb of format 2.x with gzip, xz, zstd or no compression, or is not whole.
pub fn unpack_deb(store: &Store, blob: &Blob) -> Result<UnpackedDeb, DebError> {
    let failed = |source| DebError { path: blob.path.clone(), source };
    let path = match store.derived(DEB_KIND, &blob.digest) {
        Some(path) => path,
        None => make_pack(store, blob).map_err(failed)?,
    };
    let pack = Pack::open(&path).map_err(|source| failed(DebFault::Pack(source)))?;
    control::read(blob.digest, blob.path.clone(), pack)
}

fn make_pack(store: &Store, blob: &Blob) -> Result<PathBuf, DebFault> {
    let file = fs_err::File::open(&blob.path)?;
    let mut input = BufReader::with_capacity(1 << 16, Hashing::new(file));
    let writer = store.derived_writer(DEB_KIND, &blob.digest).map_err(DebFault::Keep)?;
    let mut pack = PackWriter::new(BufWriter::with_capacity(1 << 16, writer));
    let full = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            let path = store.root().to_owned();
            DebFault::Keep(BlobError::Write { path, source: error })
        }
        _ => DebFault::Read(error),
    };
    let data_limit = DATA_LIMIT.min(blob.size.saturating_mul(RATIO).saturating_add(FREE));
    let read = read_archive(&mut input, &mut |part, inner| match part {
        Part::Control => data::read_control(Limited { inner, left: CONTROL_LIMIT }, &mut pack),
        Part::Data => data::read_data(Limited { inner, left: data_limit }, &mut pack),
    });
    let read = read.map_err(|fault| match fault {
        DebFault::Read(error) => full(error),
        fault => fault,
    });
    // A damaged store explains every other fault, so it is looked for first.
    let (actual, _) = input.into_inner().finish_reading()?;
    if actual != blob.digest {
        return Err(DebFault::Damaged { expected: blob.digest, actual });
    }
    read?;
    let writer = pack.finish().map_err(full)?.into_inner();
    let writer = writer.map_err(|error| full(error.into_error()))?;
    writer.finish().map_err(DebFault::Keep)
}

/// One of the two archives inside a .deb.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Control,
    Data,
}

/// What reads the inflated archives.
pub(super) type EachPart<'a> = dyn FnMut(Part, Box<dyn Read + '_>) -> Result<(), DebFault> + 'a;

/// The members in their order: `debian-binary`, optional ones whose names start with `_`, the control
/// archive, again optional ones, the data archive; what follows is ignored (deb(5)).
pub(super) fn read_archive(input: &mut impl Read, each: &mut EachPart<'_>) -> Result<(), DebFault> {
    ar::read_magic(input)?;
    let mut stage = Stage::Format;
    while let Some(ar::Member { name, size }) = ar::read_header(input)? {
        let mut body = input.by_ref().take(size);
        match stage {
            Stage::Format if name == "debian-binary" => {
                check_format(&mut body)?;
                stage = Stage::Control;
            }
            Stage::Format => return Err(DebFault::Order { found: name, want: "debian-binary" }),
            Stage::Control | Stage::Data if name.starts_with('_') => {}
            Stage::Control if name.starts_with("control.tar") => {
                let inner = decoder(&name, "control.tar", &mut body)?;
                each(Part::Control, inner)?;
                stage = Stage::Data;
            }
            Stage::Control => return Err(DebFault::Order { found: name, want: "control.tar" }),
            Stage::Data if name.starts_with("data.tar") => {
                let inner = decoder(&name, "data.tar", &mut body)?;
                each(Part::Data, inner)?;
                stage = Stage::Done;
            }
            Stage::Data => return Err(DebFault::Order { found: name, want: "data.tar" }),
            Stage::Done => {}
        }
        io::copy(&mut body, &mut io::sink())?;
        if body.limit() > 0 {
            return Err(DebFault::BadHeader);
        }
        ar::skip_padding(input, size)?;
    }
    match stage {
        Stage::Done => Ok(()),
        Stage::Data => Err(DebFault::Missing { member: "data.tar" }),
        Stage::Control => Err(DebFault::Missing { member: "control.tar" }),
        Stage::Format => Err(DebFault::Missing { member: "debian-binary" }),
    }
}

enum Stage {
    Format,
    Control,
    Data,
    Done,
}

fn check_format(body: &mut impl Read) -> Result<(), DebFault> {
    let mut text = String::new();
    body.take(64).read_to_string(&mut text)?;
    let found = text.lines().next().unwrap_or_default();
    let minor = found.strip_prefix("2.").filter(|_| text.contains('\n'));
    match minor.map(|minor| minor.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(true) => Ok(()),
        _ => Err(DebFault::Format { found: found.chars().take(20).collect() }),
    }
}
