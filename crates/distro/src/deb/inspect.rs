//! What an index of packages says of a .deb, without unpacking it.

use std::io::{self, Read};
use std::path::Path;

use tar::EntryType;

use super::members::Limited;
use super::unpack::{CONTROL_LIMIT, DATA_LIMIT, Part, read_archive};
use super::{DebError, DebFault, Stanza, data};

/// The most that a control file may hold: 4 MiB.
const SMALL: u64 = 4 << 20;

/// What an index says of a .deb.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InspectedDeb {
    /// The control data.
    pub stanza: Stanza,
    /// The paths of its files and links, sorted and without a slash at their start. Folders are not
    /// among them.
    pub files: Vec<String>,
}

/// Reads a .deb once, from its first byte to its last, which is all that `input` gives. Nothing is
/// unpacked, so paths, links and kinds of members are checked as [`crate::unpack_deb`] checks them only
/// as far as the list of files goes. `place` names the file in errors.
///
/// # Errors
/// When it is not a .deb of format 2.x with gzip, xz, zstd or no compression, when it is not whole,
/// and when it has no control data.
pub fn inspect_deb(input: &mut dyn Read, place: &Path) -> Result<InspectedDeb, DebError> {
    let mut input = input;
    read(&mut input).map_err(|source| DebError { path: place.to_owned(), source })
}

fn read(input: &mut &mut dyn Read) -> Result<InspectedDeb, DebFault> {
    let mut control = None;
    let mut files = Vec::new();
    read_archive(input, &mut |part, inner| match part {
        Part::Control => data::walk(Limited { inner, left: CONTROL_LIMIT }, |member, entry| {
            if member.path.as_str() != "control" || member.kind != EntryType::Regular {
                return Ok(());
            }
            let name = || "control".to_owned();
            if member.size > SMALL {
                return Err(DebFault::TooLarge { member: name() });
            }
            let mut bytes = Vec::new();
            entry.take(SMALL).read_to_end(&mut bytes)?;
            let text = String::from_utf8(bytes);
            control = Some(text.map_err(|_| DebFault::NotText { member: name() })?);
            Ok(())
        }),
        Part::Data => data::walk(Limited { inner, left: DATA_LIMIT }, |member, entry| {
            if member.kind != EntryType::Directory && !member.path.is_root() {
                files.push(member.path.as_str().to_owned());
            }
            let read = io::copy(entry, &mut io::sink())?;
            member.check_size(read)
        }),
    })?;
    let control = control.ok_or(DebFault::Missing { member: "control" })?;
    let stanza = Stanza::parse(&control)
        .map_err(|source| DebFault::Control { member: "control", reason: source.to_string() })?;
    files.sort_unstable();
    files.dedup();
    Ok(InspectedDeb { stanza, files })
}
