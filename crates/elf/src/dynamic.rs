//! The dynamic section of an ELF file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use filetree::Content;
use names::Arch;

use crate::parts::{ET_DYN, ET_EXEC, PT_DYNAMIC, PT_LOAD, Parts, Segment, TABLE_LIMIT, number};

/// What the dynamic linker reads of a file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Dynamic {
    /// The processor that it is for.
    pub machine: Machine,
    /// The name by which others ask for it.
    pub soname: Option<String>,
    /// The libraries that it asks for, in its order.
    pub needed: Vec<String>,
    /// Where they are looked for, `DT_RUNPATH` or else `DT_RPATH`, with `$ORIGIN` as it is written.
    pub search: Vec<String>,
    /// The symbol versions that it needs of a library, by the library's name; weak ones are left out.
    pub versions_needed: BTreeMap<String, BTreeSet<String>>,
    /// The symbol versions that it has.
    pub versions: BTreeSet<String>,
}

/// The processor that a file is for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Machine {
    /// One of the architectures that images are made for.
    Known(Arch),
    /// Another one.
    #[default]
    Other,
}

const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_SONAME: u64 = 14;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;
const DT_VERDEF: u64 = 0x6fff_fffc;
const DT_VERNEED: u64 = 0x6fff_fffe;
/// `vd_flags`: the name of the file itself, which is no version of symbols.
const VER_FLG_BASE: u64 = 1;
/// `vna_flags`: it may be missing.
const VER_FLG_WEAK: u64 = 2;
/// No real library has more entries than this in a list.
const MOST: usize = 10_000;

/// Reads the dynamic section of a shared library or program; `None` for whatever is neither, is
/// statically linked or damaged. A relocatable file (`.o`) is neither.
///
/// # Errors
/// When the bytes cannot be read.
pub fn dynamic(content: &Content) -> io::Result<Option<Dynamic>> {
    let mut file = Parts::open(content)?;
    let Some(header) = file.read(0, 64)? else { return Ok(None) };
    let kind = number(&header, 16, 2);
    if !header.starts_with(b"\x7fELF") || header[5] != 1 || ![ET_EXEC, ET_DYN].contains(&kind) {
        return Ok(None);
    }
    let wide = header[4] == 2;
    let (table, count) = match wide {
        true => (number(&header, 32, 8), number(&header, 56, 2)),
        false => (number(&header, 28, 4), number(&header, 44, 2)),
    };
    let size = if wide { 56 } else { 32 };
    let Some(table) = file.read(table, count * size)? else { return Ok(None) };
    let segments: Vec<Segment> =
        table.chunks_exact(size as usize).map(|bytes| Segment::parse(bytes, wide)).collect();
    let Some(place) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
        return Ok(None);
    };
    if place.size > TABLE_LIMIT {
        return Ok(None);
    }
    let Some(entries) = file.read(place.offset, place.size)? else { return Ok(None) };
    let word = if wide { 8 } else { 4 };
    let entries: Vec<(u64, u64)> = entries
        .chunks_exact(2 * word)
        .map(|bytes| (number(bytes, 0, word), number(bytes, word, word)))
        .take_while(|(tag, _)| *tag != 0)
        .collect();
    let mut reader = Reader { file, segments, strings: 0 };
    let first = |tag: u64| entries.iter().find(|(found, _)| *found == tag).map(|(_, value)| *value);
    let Some(strings) = first(DT_STRTAB).and_then(|address| reader.offset(address)) else {
        return Ok(None);
    };
    reader.strings = strings;
    let mut found = Dynamic {
        machine: match (number(&header, 18, 2), wide) {
            (62, true) => Machine::Known(Arch::Amd64),
            (183, true) => Machine::Known(Arch::Arm64),
            _ => Machine::Other,
        },
        ..Dynamic::default()
    };
    for (tag, value) in &entries {
        if *tag == DT_NEEDED && found.needed.len() < MOST {
            let Some(name) = reader.string(*value)? else { return Ok(None) };
            found.needed.push(name);
        }
    }
    if let Some(at) = first(DT_SONAME) {
        found.soname = reader.string(at)?;
    }
    if let Some(at) = first(DT_RUNPATH).or_else(|| first(DT_RPATH)) {
        let paths = reader.string(at)?.unwrap_or_default();
        found.search =
            paths.split(':').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    }
    if let Some(at) = first(DT_VERNEED).and_then(|address| reader.offset(address)) {
        found.versions_needed = reader.versions_needed(at)?;
    }
    if let Some(at) = first(DT_VERDEF).and_then(|address| reader.offset(address)) {
        found.versions = reader.versions(at)?;
    }
    Ok(Some(found))
}

struct Reader {
    file: Parts,
    segments: Vec<Segment>,
    /// Where the strings are in the file.
    strings: u64,
}

impl Reader {
    /// Where an address is in the file.
    fn offset(&self, address: u64) -> Option<u64> {
        let holds = |segment: &&Segment| {
            segment.kind == PT_LOAD
                && address.checked_sub(segment.address).is_some_and(|at| at < segment.size)
        };
        let segment = self.segments.iter().find(holds)?;
        (address - segment.address).checked_add(segment.offset)
    }

    fn string(&mut self, at: u64) -> io::Result<Option<String>> {
        let Some(at) = self.strings.checked_add(at) else { return Ok(None) };
        let name = self.file.name(at)?;
        Ok(name.map(|name| String::from_utf8_lossy(&name).into_owned()))
    }

    /// `Verneed` and, for each, its `Vernaux` entries. Both have the same size in both classes.
    fn versions_needed(&mut self, mut at: u64) -> io::Result<BTreeMap<String, BTreeSet<String>>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for _ in 0..MOST {
            let Some(entry) = self.file.read(at, 16)? else { break };
            let [file, mut inner, next] = [4, 8, 12].map(|field| number(&entry, field, 4));
            let Some(library) = self.string(file)? else { break };
            let versions = found.entry(library).or_default();
            let mut inside = at;
            for _ in 0..number(&entry, 2, 2) {
                inside = inside.saturating_add(inner);
                let Some(version) = self.file.read(inside, 16)? else { break };
                let weak = number(&version, 4, 2) & VER_FLG_WEAK != 0;
                if let Some(name) = self.string(number(&version, 8, 4))?.filter(|_| !weak) {
                    versions.insert(name);
                }
                inner = number(&version, 12, 4);
            }
            if next == 0 {
                break;
            }
            at = at.saturating_add(next);
        }
        Ok(found)
    }

    /// `Verdef` and, for each, its first `Verdaux` entry, which has the name.
    fn versions(&mut self, mut at: u64) -> io::Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for _ in 0..MOST {
            let Some(entry) = self.file.read(at, 20)? else { break };
            let [inner, next] = [12, 16].map(|field| number(&entry, field, 4));
            let base = number(&entry, 2, 2) & VER_FLG_BASE != 0;
            if let Some(name) = self.file.read(at.saturating_add(inner), 8)?
                && let Some(name) = self.string(number(&name, 0, 4))?.filter(|_| !base)
            {
                found.insert(name);
            }
            if next == 0 {
                break;
            }
            at = at.saturating_add(next);
        }
        Ok(found)
    }
}
