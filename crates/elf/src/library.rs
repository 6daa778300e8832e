//! The little of an ELF file that `ldconfig` of glibc 2.41 looks at, read as it reads it.

use std::io;

use filetree::Content;
use names::Arch;

use crate::parts::{ET_DYN, PT_DYNAMIC, PT_LOAD, Parts, Segment, TABLE_LIMIT, number};

/// A shared library, as `ldconfig` sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Library {
    /// The flags of its entry in the cache: 0x0303 for x86-64, 0x0a03 for AArch64.
    pub flags: i32,
    /// The x86 level that it needs, where it says so (`GNU_PROPERTY_X86_ISA_1_NEEDED`).
    pub isa_level: u32,
    /// Its SONAME, where it has one.
    pub soname: Option<Vec<u8>>,
}

const PT_GNU_PROPERTY: u32 = 0x6474_e553;
const DT_STRTAB: u64 = 5;
const DT_SONAME: u64 = 14;
const NT_GNU_PROPERTY_TYPE_0: u32 = 5;
const X86_ISA_1_NEEDED: u32 = 0xc000_8002;

/// Reads a library; `None` for whatever is not one, or is damaged.
///
/// # Errors
/// When the bytes cannot be read.
pub fn library(content: &Content, arch: Arch) -> io::Result<Option<Library>> {
    let mut file = Parts::open(content)?;
    let Some(header) = file.read(0, 64)? else { return Ok(None) };
    if !header.starts_with(b"\x7fELF") || header[5] != 1 || number(&header, 16, 2) != ET_DYN {
        return Ok(None);
    }
    let wide = match header[4] {
        1 => false,
        2 => true,
        _ => return Ok(None),
    };
    let Some(flags) = flags(&header, arch, wide) else { return Ok(None) };

    let (table, count) = match wide {
        true => (number(&header, 32, 8), number(&header, 56, 2)),
        false => (number(&header, 28, 4), number(&header, 44, 2)),
    };
    let entry_size = if wide { 56 } else { 32 };
    let Some(table) = file.read(table, count * entry_size)? else { return Ok(None) };
    let segments: Vec<Segment> =
        table.chunks_exact(entry_size as usize).map(|bytes| Segment::parse(bytes, wide)).collect();

    let mut isa_level = 0;
    for segment in segments.iter().filter(|segment| segment.kind == PT_GNU_PROPERTY) {
        let align = if wide { 8 } else { 4 };
        if arch == Arch::Amd64
            && segment.align == align
            && segment.size <= TABLE_LIMIT
            && let Some(notes) = file.read(segment.offset, segment.size)?
            && let Some(level) = needed_level(&notes, align as usize)
        {
            isa_level = level;
        }
    }
    let dynamic = segments.iter().rfind(|segment| segment.kind == PT_DYNAMIC);
    let Some(dynamic) = dynamic.filter(|segment| (1..=TABLE_LIMIT).contains(&segment.size)) else {
        return Ok(None);
    };
    // Its offset goes through 32 bits in glibc too.
    let Some(entries) = file.read(dynamic.offset & 0xffff_ffff, dynamic.size)? else {
        return Ok(None);
    };
    let word = if wide { 8 } else { 4 };
    let entry = |tag: u64| {
        entries
            .chunks_exact(2 * word)
            .map(|bytes| (number(bytes, 0, word), number(bytes, word, word)))
            .take_while(|(tag, _)| *tag != 0)
            .find(|(found, _)| *found == tag)
            .map(|(_, value)| value)
    };
    let Some(strings) = entry(DT_STRTAB) else { return Ok(None) };
    let holds = |segment: &&Segment| {
        segment.kind == PT_LOAD
            && strings.checked_sub(segment.address).is_some_and(|inner| inner < segment.size)
    };
    let strings = match segments.iter().find(holds) {
        Some(segment) => strings.wrapping_sub(segment.address).wrapping_add(segment.offset),
        None => strings,
    };
    let soname = match entry(DT_SONAME) {
        None => None,
        Some(at) => match file.name(strings.wrapping_add(at))? {
            Some(name) => Some(name),
            None => return Ok(None),
        },
    };
    Ok(Some(Library { flags, isa_level, soname }))
}

/// What the machine and class of the file become in the cache of this architecture.
fn flags(header: &[u8], arch: Arch, wide: bool) -> Option<i32> {
    const ELF_LIBC6: i32 = 3;
    match (arch, wide) {
        (Arch::Amd64, _) => match (number(header, 18, 2), wide) {
            (62, true) => Some(0x0300 | ELF_LIBC6),
            (62, false) => Some(0x0800 | ELF_LIBC6),
            (3, false) => Some(ELF_LIBC6),
            _ => None,
        },
        (Arch::Arm64, true) => Some(0x0a00 | ELF_LIBC6),
        (Arch::Arm64, false) => {
            let bits = number(header, 36, 4);
            Some(match (bits >> 24 == 5, bits & 0x400 != 0, bits & 0x200 != 0) {
                (true, true, _) => 0x0900 | ELF_LIBC6,
                (true, false, true) => 0x0b00 | ELF_LIBC6,
                _ => ELF_LIBC6,
            })
        }
    }
}

/// The highest level named by the first `NT_GNU_PROPERTY_TYPE_0` note (x86-64 psABI, "Program
/// Property").
fn needed_level(mut notes: &[u8], align: usize) -> Option<u32> {
    while notes.len() > 12 {
        let [name_size, size, kind] = [0, 4, 8].map(|at| number(notes, at, 4) as usize);
        let padded_name = name_size.next_multiple_of(align.min(4));
        let start = 12 + padded_name;
        if name_size == 4
            && kind == NT_GNU_PROPERTY_TYPE_0 as usize
            && notes[12..].starts_with(b"GNU\0")
        {
            if size < 8 || !size.is_multiple_of(align) {
                return None;
            }
            return properties_level(notes.get(16..)?.get(..size)?, align);
        }
        let next =
            start.next_multiple_of(align).checked_add(size)?.checked_next_multiple_of(align)?;
        notes = notes.get(next..)?;
    }
    None
}

fn properties_level(mut properties: &[u8], align: usize) -> Option<u32> {
    let mut last = 0;
    while properties.len() >= 8 {
        let kind = number(properties, 0, 4) as u32;
        let size = number(properties, 4, 4) as usize;
        let value = properties.get(8..)?.get(..size)?;
        if kind < last || kind > X86_ISA_1_NEEDED {
            return None;
        }
        last = kind;
        if kind == X86_ISA_1_NEEDED {
            let needed = (size == 4).then(|| number(value, 0, 4) as u32)?;
            return needed.checked_ilog2();
        }
        properties = properties.get(8 + size.checked_next_multiple_of(align)?..)?;
    }
    None
}
