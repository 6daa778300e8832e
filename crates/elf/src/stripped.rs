//! A library or program without its symbols.

use std::io;

use crate::parts::{PT_LOAD, Parts, number};
use crate::pieces::{Growing, Piece, put};
use crate::sections::{
    E_PHOFF, HEADER, P_OFFSET, SECTION, SH_ALIGN, SH_INFO, SH_LINK, SH_OFFSET, SH_SIZE, SH_TYPE,
    SHT_DYNSYM, Section, Span, Tables,
};

/// The section that names the file of the symbols, with its sum ("Separate Debug Files" of gdb's manual).
pub(crate) const LINK: &[u8] = b".gnu_debuglink";

/// No processor has larger pages.
const LARGEST_PAGE: u64 = 1 << 30;

/// Bytes and the place of those that they replace.
type Change = (Span, Vec<u8>);

/// The file without `symbols`; `name` is that of the file with them. What is loaded moves towards the front where
/// symbols were before it, by whole pages. `None` where something would be lost.
pub(crate) fn stripped(
    file: &mut Parts,
    tables: &Tables,
    symbols: &[bool],
    name: &str,
) -> io::Result<Option<Vec<Piece>>> {
    let names = tables.sections[tables.names].span;
    let Some(mut names) = file.read(names.offset, names.size)? else { return Ok(None) };
    let kept = Kept::new(symbols);
    let Some(dynamic) = kept.dynamic_symbols(file, tables)? else { return Ok(None) };
    let Some(moved) = Moved::new(tables) else { return Ok(None) };
    let mut out = Growing { end: HEADER, ..Growing::default() };
    for (span, at) in &moved.spans {
        // The header is written apart.
        let skipped = HEADER.saturating_sub(span.offset).min(span.size);
        out.reach(at + skipped);
        out.part(Span { offset: span.offset + skipped, size: span.size - skipped });
    }
    let Some(programs) = moved.programs(tables) else { return Ok(None) };
    let mut header = tables.header.clone();
    let Some(at) = moved.to(tables.program_table) else { return Ok(None) };
    put(&mut header, E_PHOFF, at, 8);
    let mut changed = dynamic;
    changed.push((tables.program_table, programs));
    for (span, bytes) in changed {
        let at = moved.to(span).map(|at| out.overwrite(at, bytes));
        if at.flatten().is_none() {
            return Ok(None);
        }
    }
    let mut table = Vec::new();
    let there = tables.sections.iter().zip(symbols).enumerate().filter(|(_, (_, gone))| !**gone);
    for (number, (section, _)) in there {
        let mut bytes = kept.renumbered(section);
        let size = if section.has_bytes() { section.span.size } else { 0 };
        if let Some(at) = moved.to(Span { size, ..section.span }) {
            put(&mut bytes, SH_OFFSET, at, 8);
        } else if section.is_loaded && size > 0 {
            return Ok(None);
        } else if size > 0 && number != tables.names {
            out.align(section.align);
            put(&mut bytes, SH_OFFSET, out.part(section.span), 8);
        }
        table.push(bytes);
    }
    let mut link = name.as_bytes().to_vec();
    link.push(0);
    link.resize(link.len().next_multiple_of(4), 0);
    out.align(4);
    let size = link.len() as u64 + 4;
    let at = out.bytes(link);
    out.pieces.push(Piece::Sum);
    out.end += 4;
    table.push(section_of(names.len() as u64, at, size));
    names.extend_from_slice(LINK);
    names.push(0);
    let size = names.len() as u64;
    let at = out.bytes(names);
    let Some(number) = kept.numbers[tables.names] else { return Ok(None) };
    put(&mut table[number], SH_OFFSET, at, 8);
    put(&mut table[number], SH_SIZE, size, 8);
    Ok(Some(out.finish(header, &table, number)))
}

/// The sections that are left.
struct Kept {
    /// Their numbers, by those that they had.
    numbers: Vec<Option<usize>>,
}

impl Kept {
    fn new(symbols: &[bool]) -> Self {
        let mut next = 0;
        let number = |gone: &bool| {
            let number = (!gone).then_some(next);
            next += usize::from(!gone);
            number
        };
        Self { numbers: symbols.iter().map(number).collect() }
    }

    fn number(&self, old: usize) -> usize {
        self.numbers.get(old).copied().flatten().unwrap_or(0)
    }

    /// The header of a section, with the new numbers of others.
    fn renumbered(&self, section: &Section) -> Vec<u8> {
        let mut bytes = section.bytes.clone();
        put(&mut bytes, SH_LINK, self.number(section.link) as u64, 4);
        if section.names_another() {
            put(&mut bytes, SH_INFO, self.number(section.info) as u64, 4);
        }
        bytes
    }

    /// The symbols of the dynamic linker, which name sections by number, where these numbers change: their place and
    /// new bytes. `None` where they are too many.
    fn dynamic_symbols(
        &self,
        file: &mut Parts,
        tables: &Tables,
    ) -> io::Result<Option<Vec<Change>>> {
        const SYMBOL: usize = 24;
        const ST_SHNDX: usize = 6;
        const SHN_LORESERVE: u64 = 0xff00;
        let mut changed = Vec::new();
        let dynamic = tables.sections.iter().filter(|section| section.kind == SHT_DYNSYM);
        for Section { span, .. } in dynamic {
            let Some(old) = file.read(span.offset, span.size)? else { return Ok(None) };
            let mut new = old.clone();
            for symbol in new.chunks_exact_mut(SYMBOL) {
                let section = number(symbol, ST_SHNDX, 2);
                if section < SHN_LORESERVE {
                    put(symbol, ST_SHNDX, self.number(section as usize) as u64, 2);
                }
            }
            if new != old {
                changed.push((*span, new));
            }
        }
        Ok(Some(changed))
    }
}

/// Where what is loaded lies in the stripped file.
struct Moved {
    /// Ranges of the file as it was, in order and apart from each other, and where each begins now.
    spans: Vec<(Span, u64)>,
}

impl Moved {
    fn new(tables: &Tables) -> Option<Self> {
        let loads = tables.programs.iter().filter(|program| program.segment.kind == PT_LOAD);
        let align = loads.clone().map(|load| load.segment.align).max()?.max(1);
        if align > LARGEST_PAGE {
            return None;
        }
        let mut loads: Vec<Span> =
            loads.map(|load| load.span()).filter(|span| span.size > 0).collect();
        loads.sort_by_key(|span| span.offset);
        let mut spans: Vec<(Span, u64)> = Vec::new();
        for span in loads {
            let Some((last, at)) = spans.last_mut() else {
                // The header is in the first of them.
                if span.offset != 0 || span.size < HEADER {
                    return None;
                }
                spans.push((span, 0));
                continue;
            };
            if span.offset <= last.end() {
                last.size = last.size.max(span.end() - last.offset);
                continue;
            }
            // A page of the file is a page of memory: the offset keeps its place in the page.
            let end = *at + last.size;
            let at = end + (span.offset % align + align - end % align) % align;
            spans.push((span, at));
        }
        Some(Self { spans })
    }

    /// The program header with the new places.
    fn programs(&self, tables: &Tables) -> Option<Vec<u8>> {
        let mut programs = Vec::new();
        for program in &tables.programs {
            let mut bytes = program.bytes.clone();
            match self.to(program.span()) {
                Some(at) => put(&mut bytes, P_OFFSET, at, 8),
                None if program.span().size > 0 => return None,
                None => {}
            }
            programs.extend(bytes);
        }
        Some(programs)
    }

    /// Where a range that is loaded begins now.
    fn to(&self, range: Span) -> Option<u64> {
        let held = self.spans.iter().find(|(span, _)| span.holds(range));
        held.map(|(span, at)| at + (range.offset - span.offset))
    }
}

/// A header for the link.
fn section_of(name: u64, at: u64, size: u64) -> Vec<u8> {
    const SHT_PROGBITS: u64 = 1;
    let mut bytes = vec![0; SECTION as usize];
    for (place, value, width) in [
        (0, name, 4),
        (SH_TYPE, SHT_PROGBITS, 4),
        (SH_OFFSET, at, 8),
        (SH_SIZE, size, 8),
        (SH_ALIGN, 4, 8),
    ] {
        put(&mut bytes, place, value, width);
    }
    bytes
}
