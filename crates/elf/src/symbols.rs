//! The symbols for debuggers, taken out of a library or program into a file of their own.

use std::io::{self, Write};

use filetree::Content;

use crate::parts::{PT_LOAD, PT_NOTE, PT_PHDR, Parts};
use crate::pieces::{Growing, Piece, put};
use crate::sections::{
    E_PHOFF, HEADER, P_FILESZ, P_OFFSET, PROGRAM, SH_OFFSET, SH_TYPE, SHT_NOBITS, SHT_NOTE, Span,
    Tables, tables,
};
use crate::stripped::{LINK, stripped};

/// A library or program with symbols for debuggers, and how it is taken apart: as `objcopy --only-keep-debug`,
/// `strip --strip-unneeded` and `objcopy --add-gnu-debuglink` do. What is loaded stays as it is, but for its place
/// in the file, and for the numbers of sections in `.dynsym` where these change.
#[derive(Debug)]
pub struct Symbols {
    content: Content,
    debug: Vec<Piece>,
    stripped: Vec<Piece>,
}

/// Finds the symbols in `content`; `name` is how the file for them is called. `None` for what is neither a library
/// nor a program of 64 bits, has no such symbols or was stripped of them already, and for what cannot be taken
/// apart for certain. Debuggers look for the file beside the library, in `.debug` there, and below `/usr/lib/debug`
/// in a folder of the same path.
///
/// # Errors
/// When the bytes cannot be read.
pub fn symbols(content: &Content, name: &str) -> io::Result<Option<Symbols>> {
    let mut file = Parts::open(content)?;
    let Some(tables) = tables(&mut file)? else { return Ok(None) };
    if tables.sections.iter().any(|section| section.name == LINK) {
        return Ok(None);
    }
    let Some(symbols) = tables.symbols().filter(|symbols| symbols.contains(&true)) else {
        return Ok(None);
    };
    let Some(stripped) = stripped(&mut file, &tables, &symbols, name)? else { return Ok(None) };
    let debug = debug(&tables);
    // Tables may name the same bytes again and again.
    let most = 2 * content.size + (1 << 16);
    let fits = |pieces: &[Piece]| pieces.iter().map(Piece::size).sum::<u64>() <= most;
    let symbols = Symbols { content: content.clone(), debug, stripped };
    Ok(Some(symbols).filter(|symbols| fits(&symbols.debug) && fits(&symbols.stripped)))
}

impl Symbols {
    /// Writes the file with the symbols, and returns its CRC-32.
    ///
    /// # Errors
    /// When bytes cannot be read or written.
    pub fn write_debug(&self, out: &mut (impl Write + ?Sized)) -> io::Result<u32> {
        let mut out = Summing { out, hash: crc32fast::Hasher::new() };
        self.write(&self.debug, 0, &mut out)?;
        Ok(out.hash.finalize())
    }

    /// Writes what is left. `sum` is that of the file with the symbols.
    ///
    /// # Errors
    /// When bytes cannot be read or written.
    pub fn write_stripped(&self, sum: u32, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        self.write(&self.stripped, sum, out)
    }

    fn write(&self, pieces: &[Piece], sum: u32, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let mut file = Parts::open(&self.content)?;
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => out.write_all(bytes)?,
                Piece::Part(span) => file.copy(span.offset, span.size, out)?,
                Piece::Zeros(size) => _ = io::copy(&mut io::Read::take(io::repeat(0), *size), out)?,
                Piece::Sum => out.write_all(&sum.to_le_bytes())?,
            }
        }
        Ok(())
    }
}

struct Summing<'a, W: ?Sized> {
    out: &'a mut W,
    hash: crc32fast::Hasher,
}

impl<W: Write + ?Sized> Write for Summing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The file with the symbols: all sections, those that are loaded without their bytes, but for the notes, of which
/// one has the build's id.
fn debug(tables: &Tables) -> Vec<Piece> {
    let mut file = Growing { end: HEADER, ..Growing::default() };
    let mut header = tables.header.clone();
    put(&mut header, E_PHOFF, HEADER, 8);
    let mut programs: Vec<Vec<u8>> =
        tables.programs.iter().map(|program| program.bytes.clone()).collect();
    file.end += programs.len() as u64 * PROGRAM;
    let front = file.end;
    let mut table = Vec::new();
    let mut notes: Vec<(Span, u64)> = Vec::new();
    for (program, bytes) in tables.programs.iter().zip(&mut programs) {
        let place = match program.segment.kind {
            PT_PHDR => Some((HEADER, program.span().size)),
            // The header and this table.
            PT_LOAD if program.span().offset == 0 => Some((0, front.min(program.span().size))),
            PT_NOTE => {
                file.align(program.segment.align);
                let at = file.part(program.span());
                notes.push((program.span(), at));
                Some((at, program.span().size))
            }
            _ => None,
        };
        // As the linker wants it, though nothing is there: the place in the page is the same as in memory.
        let (at, size) =
            place.unwrap_or((program.segment.address % program.segment.align.max(1), 0));
        put(bytes, P_OFFSET, at, 8);
        put(bytes, P_FILESZ, size, 8);
    }
    for section in &tables.sections {
        let mut bytes = section.bytes.clone();
        let note = notes
            .iter()
            .find(|(span, _)| section.kind == SHT_NOTE && span.holds(section.span))
            .map(|(span, at)| at + (section.span.offset - span.offset));
        let at = match note {
            Some(at) => at,
            None if section.has_bytes() && !section.is_loaded => {
                file.align(section.align);
                file.part(section.span)
            }
            None => {
                if section.has_bytes() {
                    put(&mut bytes, SH_TYPE, SHT_NOBITS.into(), 4);
                }
                file.end
            }
        };
        if section.bytes.iter().any(|byte| *byte != 0) {
            put(&mut bytes, SH_OFFSET, at, 8);
        }
        table.push(bytes);
    }
    file.pieces.insert(0, Piece::Bytes(programs.concat()));
    file.finish(header, &table, tables.names)
}
