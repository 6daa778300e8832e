//! The little of an ELF file that `ldconfig` looks at: machine, SONAME, needed x86 level.

use std::io::{self, Read, Seek, SeekFrom};

use filetree::{Content, ContentReader};
use names::Arch;

/// A shared library.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Library {
    /// The flags of its entry in the cache: 0x0303 for x86-64, 0x0a03 for AArch64.
    pub(super) flags: i32,
    /// The x86 level that it needs, where it says so (`GNU_PROPERTY_X86_ISA_1_NEEDED`).
    pub(super) isa_level: u32,
    /// Its SONAME, where it has one.
    pub(super) soname: Option<Vec<u8>>,
}

/// No real library comes near these limits, in bytes.
const TABLE_LIMIT: u64 = 1 << 20;
const NAME_LIMIT: u64 = 4096;

const ET_DYN: u64 = 3;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_GNU_PROPERTY: u32 = 0x6474_e553;
const DT_STRTAB: u64 = 5;
const DT_SONAME: u64 = 14;
const NT_GNU_PROPERTY_TYPE_0: u32 = 5;
const X86_ISA_1_NEEDED: u32 = 0xc000_8002;

/// Reads a library; `None` for whatever is not one, or is damaged.
///
/// # Errors
/// When the bytes cannot be read.
pub(super) fn library(content: &Content, arch: Arch) -> io::Result<Option<Library>> {
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

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
    align: u64,
}

impl Segment {
    fn parse(bytes: &[u8], wide: bool) -> Self {
        let kind = number(bytes, 0, 4) as u32;
        let [offset, address, size, align] = match wide {
            true => [8, 16, 32, 48].map(|at| number(bytes, at, 8)),
            false => [4, 8, 16, 28].map(|at| number(bytes, at, 4)),
        };
        Self { kind, offset, address, size, align }
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

/// The little-endian number in `size` bytes (2, 4 or 8) at `at`; zero where they are not there.
fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    let mut wide = [0; 8];
    if let Some(found) = bytes.get(at..at + size) {
        wide[..size].copy_from_slice(found);
    }
    u64::from_le_bytes(wide)
}

/// Reads parts of a file without the rest: a library may be larger than the memory of a build.
struct Parts {
    reader: ContentReader,
    start: u64,
    size: u64,
}

impl Parts {
    fn open(content: &Content) -> io::Result<Self> {
        let mut reader = content.reader()?;
        let start = match &mut reader {
            ContentReader::Memory(_) => 0,
            ContentReader::Slice(slice) => slice.get_mut().stream_position()?,
        };
        Ok(Self { reader, start, size: content.size })
    }

    /// `size` bytes at `offset`; `None` when they are not all inside the file or are too many.
    fn read(&mut self, offset: u64, size: u64) -> io::Result<Option<Vec<u8>>> {
        let inside = offset.checked_add(size).is_some_and(|end| end <= self.size);
        if !inside || size > 4 * TABLE_LIMIT {
            return Ok(None);
        }
        match &mut self.reader {
            ContentReader::Memory(bytes) => bytes.set_position(offset),
            ContentReader::Slice(slice) => {
                slice.get_mut().seek(SeekFrom::Start(self.start + offset))?;
                slice.set_limit(size);
            }
        }
        let mut bytes = vec![0; size as usize];
        self.reader.read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// The bytes at `offset` up to a NUL.
    fn name(&mut self, offset: u64) -> io::Result<Option<Vec<u8>>> {
        let size = self.size.saturating_sub(offset).min(NAME_LIMIT);
        let Some(mut bytes) = self.read(offset, size)? else { return Ok(None) };
        Ok(bytes.iter().position(|byte| *byte == 0).map(|end| {
            bytes.truncate(end);
            bytes
        }))
    }
}
