//! Names that stand in front of their member: GNU's long names, and the extended headers of pax
//! (POSIX.1-2017, `pax`, "pax Header Block").

use std::io::{self, Read};

use tar::{Entry, EntryType, PaxExtensions};

/// Bytes of a name, or of all that an extended header says.
const LONGEST: u64 = 64 << 10;

/// What is said of the next member.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Long {
    /// Its name.
    pub(super) name: Option<Vec<u8>>,
    /// Where it points, for a link.
    pub(super) target: Option<Vec<u8>>,
}

/// Why that cannot be taken.
pub(super) enum Fault {
    Read(io::Error),
    Refused(&'static str),
}

impl Long {
    /// Takes in what `entry` says of the member after it; `false` where `entry` is a member itself.
    pub(super) fn take_in<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<bool, Fault> {
        match entry.header().entry_type() {
            // What holds for all members: a commit, as a rule.
            EntryType::XGlobalHeader => {}
            EntryType::GNULongName => self.name = Some(name(bytes(entry)?)),
            EntryType::GNULongLink => self.target = Some(name(bytes(entry)?)),
            EntryType::XHeader => {
                let bytes = bytes(entry)?;
                for extension in PaxExtensions::new(&bytes) {
                    let extension = extension.map_err(Fault::Read)?;
                    match extension.key_bytes() {
                        b"path" => self.name = Some(extension.value_bytes().to_vec()),
                        b"linkpath" => self.target = Some(extension.value_bytes().to_vec()),
                        b"size" => return Err(Fault::Refused("has its size in two places")),
                        key if key.starts_with(b"GNU.sparse.") => {
                            return Err(Fault::Refused("says that the next one has holes"));
                        }
                        _ => {}
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn bytes(entry: &mut impl Read) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    entry.take(LONGEST + 1).read_to_end(&mut bytes).map_err(Fault::Read)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Fault::Refused("is a name of more than 65536 bytes"));
    }
    Ok(bytes)
}

/// GNU ends a name by a zero.
fn name(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}
