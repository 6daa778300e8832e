//! The tables of an ELF file of 64 bits: segments and sections (System V gABI, chapters 4 and 5).

use std::io;

use crate::parts::{ET_DYN, ET_EXEC, Parts, Segment, TABLE_LIMIT, number};

pub(crate) const HEADER: u64 = 64;
pub(crate) const PROGRAM: u64 = 56;
pub(crate) const SECTION: u64 = 64;

/// Where fields are in the header, in an entry of the program header, and in a section header.
pub(crate) const E_PHOFF: usize = 32;
pub(crate) const E_SHOFF: usize = 40;
pub(crate) const E_SHNUM: usize = 60;
pub(crate) const E_SHSTRNDX: usize = 62;
pub(crate) const P_OFFSET: usize = 8;
pub(crate) const P_FILESZ: usize = 32;
pub(crate) const SH_TYPE: usize = 4;
const SH_FLAGS: usize = 8;
pub(crate) const SH_OFFSET: usize = 24;
pub(crate) const SH_SIZE: usize = 32;
pub(crate) const SH_LINK: usize = 40;
pub(crate) const SH_INFO: usize = 44;
pub(crate) const SH_ALIGN: usize = 48;

pub(crate) const SHT_NULL: u32 = 0;
const SHT_SYMTAB: u32 = 2;
const SHT_RELA: u32 = 4;
pub(crate) const SHT_NOTE: u32 = 7;
pub(crate) const SHT_NOBITS: u32 = 8;
const SHT_REL: u32 = 9;
pub(crate) const SHT_DYNSYM: u32 = 11;
const SHT_SYMTAB_SHNDX: u32 = 18;
const SHF_ALLOC: u64 = 1 << 1;
const SHF_INFO_LINK: u64 = 1 << 6;

/// A range of the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

impl Span {
    pub(crate) fn end(self) -> u64 {
        self.offset + self.size
    }

    pub(crate) fn holds(self, other: Span) -> bool {
        self.offset <= other.offset && other.end() <= self.end()
    }
}

/// An entry of the program header, with its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) bytes: Vec<u8>,
    pub(crate) segment: Segment,
}

impl Program {
    /// What it has of the file.
    pub(crate) fn span(&self) -> Span {
        Span { offset: self.segment.offset, size: self.segment.size }
    }
}

/// A section header, as its bytes are.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) bytes: Vec<u8>,
    pub(crate) name: Vec<u8>,
    pub(crate) kind: u32,
    pub(crate) is_loaded: bool,
    pub(crate) span: Span,
    pub(crate) align: u64,
    pub(crate) link: usize,
    pub(crate) info: usize,
}

impl Section {
    /// Whether `info` is the number of another section.
    pub(crate) fn names_another(&self) -> bool {
        self.relocates() || number(&self.bytes, SH_FLAGS, 8) & SHF_INFO_LINK != 0
    }

    fn relocates(&self) -> bool {
        [SHT_REL, SHT_RELA].contains(&self.kind)
    }

    /// Whether it has bytes in the file.
    pub(crate) fn has_bytes(&self) -> bool {
        ![SHT_NULL, SHT_NOBITS].contains(&self.kind)
    }
}

/// The tables of a file.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) header: Vec<u8>,
    pub(crate) programs: Vec<Program>,
    pub(crate) sections: Vec<Section>,
    /// Where the program header is.
    pub(crate) program_table: Span,
    /// The number of the section with the names of all.
    pub(crate) names: usize,
}

/// Reads the tables; `None` for what is no little-endian library or program of 64 bits, has no sections, or whose
/// tables do not lie in the file.
pub(crate) fn tables(file: &mut Parts) -> io::Result<Option<Tables>> {
    let Some(header) = file.read(0, HEADER)? else { return Ok(None) };
    let sizes = (number(&header, 54, 2), number(&header, 58, 2));
    if !header.starts_with(b"\x7fELF\x02\x01")
        || ![ET_EXEC, ET_DYN].contains(&number(&header, 16, 2))
        || sizes != (PROGRAM, SECTION)
    {
        return Ok(None);
    }
    let program_table =
        Span { offset: number(&header, E_PHOFF, 8), size: number(&header, 56, 2) * PROGRAM };
    let Some(programs) = file.read(program_table.offset, program_table.size)? else {
        return Ok(None);
    };
    let count = number(&header, E_SHNUM, 2);
    let Some(table) = file.read(number(&header, E_SHOFF, 8), count * SECTION)? else {
        return Ok(None);
    };
    let sections: Vec<Section> = table.chunks_exact(SECTION as usize).map(section).collect();
    let names = number(&header, E_SHSTRNDX, 2) as usize;
    let tables = Tables {
        header,
        programs: programs.chunks_exact(PROGRAM as usize).map(program).collect(),
        sections,
        program_table,
        names,
    };
    let size = file.size();
    let inside = |span: Span| span.offset.checked_add(span.size).is_some_and(|end| end <= size);
    let whole = tables.programs.iter().all(|program| inside(program.span()))
        && tables.sections.iter().filter(|section| section.has_bytes()).all(|s| inside(s.span))
        && tables.sections.iter().all(|section| section.link < tables.sections.len());
    if !whole {
        return Ok(None);
    }
    named(file, tables)
}

/// Fills in the names of the sections.
fn named(file: &mut Parts, mut tables: Tables) -> io::Result<Option<Tables>> {
    let Some(Span { offset, size }) = tables.sections.get(tables.names).map(|names| names.span)
    else {
        return Ok(None);
    };
    if size > TABLE_LIMIT {
        return Ok(None);
    }
    let Some(names) = file.read(offset, size)? else { return Ok(None) };
    for section in &mut tables.sections {
        let name = names.get(number(&section.bytes, 0, 4) as usize..).unwrap_or_default();
        section.name = name.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
    }
    Ok(Some(tables))
}

fn program(bytes: &[u8]) -> Program {
    Program { bytes: bytes.to_vec(), segment: Segment::parse(bytes, true) }
}

fn section(bytes: &[u8]) -> Section {
    Section {
        bytes: bytes.to_vec(),
        name: Vec::new(),
        kind: number(bytes, SH_TYPE, 4) as u32,
        is_loaded: number(bytes, SH_FLAGS, 8) & SHF_ALLOC != 0,
        span: Span { offset: number(bytes, SH_OFFSET, 8), size: number(bytes, SH_SIZE, 8) },
        align: number(bytes, SH_ALIGN, 8),
        link: number(bytes, SH_LINK, 4) as usize,
        info: number(bytes, SH_INFO, 4) as usize,
    }
}

impl Tables {
    /// Which sections hold symbols for debuggers alone, by their numbers: those that `strip --strip-unneeded`
    /// takes away. `None` where another section needs one of them.
    pub(crate) fn symbols(&self) -> Option<Vec<bool>> {
        let named = |section: &Section| {
            let starts = [&b".debug_"[..], b".zdebug_", b".gnu.debuglto_", b".stab", b".gdb_index"];
            starts.iter().any(|start| section.name.starts_with(start))
        };
        let mut symbols: Vec<bool> = self
            .sections
            .iter()
            .map(|section| {
                let table = [SHT_SYMTAB, SHT_SYMTAB_SHNDX].contains(&section.kind);
                !section.is_loaded && section.has_bytes() && (table || named(section))
            })
            .collect();
        for (number, section) in self.sections.iter().enumerate() {
            let relocates = section.relocates() && !section.is_loaded;
            if relocates && symbols.get(section.info) == Some(&true) {
                symbols[number] = true;
            }
        }
        // The names of the symbols go with them.
        for section in self.sections.iter().filter(|section| section.kind == SHT_SYMTAB) {
            let strings = &self.sections[section.link];
            if !strings.is_loaded && strings.has_bytes() && section.link != self.names {
                symbols[section.link] = true;
            }
        }
        // Relocations of a static program name no symbol, though they lead to the table.
        let needs = |section: &Section| symbols[section.link] && !section.relocates();
        let mut left = self.sections.iter().zip(&symbols).filter(|(_, symbols)| !**symbols);
        left.all(|(section, _)| !needs(section)).then_some(symbols)
    }
}
