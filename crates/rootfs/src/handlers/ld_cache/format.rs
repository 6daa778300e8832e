//! The bytes of the cache.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::Entry;

const MAGIC: &[u8; 20] = b"glibc-ld.so.cache1.1";
const HEADER_SIZE: usize = 48;
const ENTRY_SIZE: usize = 24;
const LITTLE_ENDIAN: u8 = 2;
const EXTENSION_MAGIC: u32 = (-358_342_284_i32).cast_unsigned();
const SECTION_SIZE: usize = 16;
const TAG_GENERATOR: u32 = 0;
const TAG_HWCAPS: u32 = 1;
/// Says that the lower half of an entry's last field is a number in the section of hwcaps.
const HWCAP_EXTENSION: u64 = 1 << 62;

/// Writes the cache. `hwcaps` are the names of all directories below `glibc-hwcaps`: they are in
/// the table of strings even when no library is in them.
pub(super) fn write<'a>(
    entries: &'a [Entry],
    hwcaps: impl Iterator<Item = &'a str>,
    generator: &str,
) -> Vec<u8> {
    let mut strings: BTreeSet<&[u8]> = hwcaps.map(str::as_bytes).collect();
    strings.extend(entries.iter().flat_map(|entry| [&entry.soname[..], &entry.path[..]]));
    let (offsets, strings) = table(strings);
    let used: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.hwcaps.as_deref()).collect();
    let used: Vec<&str> = used.into_iter().collect();

    let strings_start = HEADER_SIZE + entries.len() * ENTRY_SIZE;
    let extensions_start = (strings_start + strings.len()).next_multiple_of(4);
    let offset = |text: &[u8]| (strings_start + offsets.get(text).copied().unwrap_or(0)) as u32;

    let mut out = Vec::with_capacity(extensions_start + 256);
    out.extend_from_slice(MAGIC);
    push(&mut out, entries.len() as u32);
    push(&mut out, strings.len() as u32);
    out.extend_from_slice(&[LITTLE_ENDIAN, 0, 0, 0]);
    push(&mut out, extensions_start as u32);
    out.resize(HEADER_SIZE, 0);
    for entry in entries {
        push(&mut out, entry.flags.cast_unsigned());
        push(&mut out, offset(&entry.soname));
        push(&mut out, offset(&entry.path));
        push(&mut out, 0);
        let hwcap = entry.hwcaps.as_deref().map_or(0, |name| {
            let index = used.binary_search(&name).unwrap_or(0) as u64;
            HWCAP_EXTENSION | u64::from(entry.isa_level) << 32 | index
        });
        out.extend_from_slice(&hwcap.to_le_bytes());
    }
    out.extend_from_slice(&strings);
    out.resize(extensions_start, 0);

    let sections = if used.is_empty() { 1 } else { 2 };
    let hwcaps_start = extensions_start + 8 + sections * SECTION_SIZE;
    let hwcaps_size = used.len() * 4;
    push(&mut out, EXTENSION_MAGIC);
    push(&mut out, sections as u32);
    push_section(&mut out, TAG_GENERATOR, hwcaps_start + hwcaps_size, generator.len());
    if !used.is_empty() {
        push_section(&mut out, TAG_HWCAPS, hwcaps_start, hwcaps_size);
    }
    for name in used {
        push(&mut out, offset(name.as_bytes()));
    }
    out.extend_from_slice(generator.as_bytes());
    out
}

fn push_section(out: &mut Vec<u8>, tag: u32, start: usize, size: usize) {
    for word in [tag, 0, start as u32, size as u32] {
        push(out, word);
    }
}

fn push(out: &mut Vec<u8>, word: u32) {
    out.extend_from_slice(&word.to_le_bytes());
}

/// The table of strings, each with a NUL, and where each begins: sorted from the back, the last
/// byte first, larger bytes and longer strings first, so that a tail follows what it is a tail of
/// (`stringtable_finalize` of stringtable.c).
fn table(strings: BTreeSet<&[u8]>) -> (BTreeMap<&[u8], usize>, Vec<u8>) {
    let mut sorted: Vec<&[u8]> = strings.into_iter().collect();
    sorted.sort_by(|left, right| right.iter().rev().cmp(left.iter().rev()));
    let mut offsets = BTreeMap::new();
    let mut bytes = Vec::new();
    let mut previous: (usize, &[u8]) = (0, &[]);
    for string in sorted {
        let start = if previous.1.ends_with(string) && !bytes.is_empty() {
            previous.0 + previous.1.len() - string.len()
        } else {
            let start = bytes.len();
            bytes.extend_from_slice(string);
            bytes.push(0);
            start
        };
        offsets.insert(string, start);
        previous = (start, string);
    }
    (offsets, bytes)
}
