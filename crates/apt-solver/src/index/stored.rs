//! An index as bytes: lists of packages are decompressed and parsed once, and then read in this form,
//! which takes a fifth of the time.
//!
//! Numbers are little-endian. In this order, each with its count before it: archives, the text, names,
//! packages, relations, providers.

use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write};

use names::{Arch, Digest};

use super::{Index, Kind, NONE, Package, Qualifier, StoredRelation, Text};
use crate::relation::Operator;

/// How much is read or written at once.
const BUFFER: usize = 64 << 10;

const KINDS: [Kind; 3] = [Kind::Depends, Kind::Recommends, Kind::Conflicts];
const QUALIFIERS: [Qualifier; 3] = [Qualifier::None, Qualifier::Any, Qualifier::Foreign];
const OPERATORS: [Operator; 6] = [
    Operator::Any,
    Operator::Earlier,
    Operator::EarlierOrEqual,
    Operator::Equal,
    Operator::LaterOrEqual,
    Operator::Later,
];

impl Index {
    /// Writes the index as bytes, for [`Index::read_from`] of the same version of this crate.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = Out(BufWriter::with_capacity(BUFFER, out));
        out.count(self.archives.len())?;
        for archive in &self.archives {
            out.bytes(archive.as_str().as_bytes())?;
        }
        out.bytes(self.text.as_bytes())?;
        out.count(self.names.len())?;
        for name in &self.names {
            out.text(name.text)?;
        }
        out.count(self.packages.len())?;
        for package in &self.packages {
            out.package(package)?;
        }
        out.count(self.relations.len())?;
        for relation in &self.relations {
            out.relation(relation)?;
        }
        out.count(self.providers.len())?;
        for name in 0..self.name_count() as u32 {
            for provider in self.providers(name) {
                out.number(name)?;
                out.number(provider.package)?;
                out.text(provider.version)?;
            }
        }
        out.0.flush()
    }

    /// The index for `arch` that [`Index::write_to`] has written; none where these are other bytes, or
    /// cannot be read.
    pub fn read_from(arch: Arch, input: &mut dyn Read) -> Option<Self> {
        let mut input = In(BufReader::with_capacity(BUFFER, input));
        let mut index = Self::new(arch);
        for _ in 0..input.number()? {
            let mut archive = String::new();
            input.append(&mut archive)?;
            index.archives.push(archive.parse().ok()?);
        }
        input.append(&mut index.text)?;
        for _ in 0..input.number()? {
            let text = input.text(&index)?;
            index.add_name(text)?;
        }
        for _ in 0..input.number()? {
            let package = input.package(&index)?;
            index.add(package)?;
        }
        for _ in 0..input.number()? {
            let relation = input.relation(&index)?;
            index.relations.push(relation);
        }
        let relations = index.relations.len();
        if index.packages.iter().any(|package| package.relations.1 as usize > relations) {
            return None;
        }
        for _ in 0..input.number()? {
            let (name, package) = (input.name(&index)?, input.number()?);
            index.packages.get(package as usize)?;
            let version = input.text(&index)?;
            index.add_provider(name, package, version)?;
        }
        input.0.fill_buf().is_ok_and(<[u8]>::is_empty).then_some(index)
    }
}

struct Out<'a>(BufWriter<&'a mut dyn Write>);

impl Out<'_> {
    fn number(&mut self, number: u32) -> io::Result<()> {
        self.0.write_all(&number.to_le_bytes())
    }

    fn count(&mut self, count: usize) -> io::Result<()> {
        self.number(u32::try_from(count).expect("an index counts in 32 bits"))
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count(bytes.len())?;
        self.0.write_all(bytes)
    }

    fn text(&mut self, text: Text) -> io::Result<()> {
        self.number(text.start)?;
        self.number(text.length)
    }

    fn package(&mut self, package: &Package) -> io::Result<()> {
        self.number(package.name)?;
        self.text(package.version)?;
        self.text(package.path)?;
        self.number(package.relations.0)?;
        self.number(package.relations.1)?;
        self.0.write_all(&package.size.to_le_bytes())?;
        self.0.write_all(package.sha256.as_bytes())?;
        self.0.write_all(&package.archive.to_le_bytes())?;
        let [all, allowed, essential] =
            [package.all, package.allowed, package.essential].map(u8::from);
        self.0.write_all(&[package.priority, all, allowed, essential])
    }

    fn relation(&mut self, relation: &StoredRelation) -> io::Result<()> {
        self.number(relation.name)?;
        self.text(relation.version)?;
        self.0.write_all(&[
            relation.kind as u8,
            relation.operator as u8,
            relation.qualifier as u8,
            u8::from(relation.or_next),
        ])
    }
}

/// What is left of the bytes. What they refer to must be in the index already.
struct In<'a>(BufReader<&'a mut dyn Read>);

impl In<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut taken = [0; N];
        self.0.read_exact(&mut taken).ok().map(|()| taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// Appends a text with its length before it.
    fn append(&mut self, text: &mut String) -> Option<()> {
        let length = self.number()?;
        let read = (&mut self.0).take(u64::from(length)).read_to_string(text).ok()?;
        (read == length as usize).then_some(())
    }

    fn text(&mut self, index: &Index) -> Option<Text> {
        let text = Text { start: self.number()?, length: self.number()? };
        index.text.get(text.start as usize..)?.get(..text.length as usize).map(|_| text)
    }

    fn name(&mut self, index: &Index) -> Option<u32> {
        self.number().filter(|name| (*name as usize) < index.names.len())
    }

    fn package(&mut self, index: &Index) -> Option<Package> {
        let name = self.name(index)?;
        let (version, path) = (self.text(index)?, self.text(index)?);
        let relations = (self.number()?, self.number()?);
        let size = u64::from_le_bytes(self.take()?);
        let sha256 = Digest::from_bytes(self.take()?);
        let archive = u16::from_le_bytes(self.take()?);
        index.archives.get(usize::from(archive))?;
        let [priority, all, allowed, essential] = self.take()?;
        (relations.0 <= relations.1).then_some(Package {
            name,
            older: NONE,
            version,
            all: all == 1,
            archive,
            path,
            size,
            sha256,
            priority,
            allowed: allowed == 1,
            essential: essential == 1,
            relations,
        })
    }

    fn relation(&mut self, index: &Index) -> Option<StoredRelation> {
        let (name, version) = (self.name(index)?, self.text(index)?);
        let [kind, operator, qualifier, or_next] = self.take()?;
        Some(StoredRelation {
            name,
            version,
            kind: *KINDS.get(usize::from(kind))?,
            operator: *OPERATORS.get(usize::from(operator))?,
            qualifier: *QUALIFIERS.get(usize::from(qualifier))?,
            or_next: or_next == 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGES: &str = "\
Package: apt
Version: 3.0
Architecture: amd64
Filename: pool/apt.deb
Size: 7
SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
Priority: required
Essential: yes
Depends: libc6 (>= 2.41) | libc7:any, gpgv (<< 9), foreign:i386
Conflicts: old (= 1)
Provides: package-manager (= 3), apt-like

Package: libc6
Version: 2.41
Architecture: all
Filename: pool/libc6.deb
Size: 8
SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
Multi-Arch: allowed
Suggests: apt
";

    fn index() -> Index {
        let mut index = Index::new(Arch::Amd64);
        index.add_packages(&"debian".parse().unwrap(), "test", PACKAGES.as_bytes()).unwrap();
        index
    }

    fn bytes(index: &Index) -> Vec<u8> {
        let mut bytes = Vec::new();
        index.write_to(&mut bytes).unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Index> {
        Index::read_from(Arch::Amd64, &mut &*bytes)
    }

    #[test]
    fn what_is_read_back_is_what_was_written() {
        let index = index();
        let bytes = bytes(&index);
        let back = read(&bytes).unwrap();
        // All but the table of names, whose order is random.
        let shown = |index: &Index| {
            let mut index = index.clone();
            index.by_text.clear();
            format!("{index:?}")
        };
        assert_eq!(shown(&back), shown(&index));
        let id = |name| back.id_of(back.name(name));
        assert!((0..index.name_count() as u32).all(|name| id(name) == Some(name)));
        assert_eq!(self::bytes(&back), bytes);
    }

    #[test]
    fn enums_have_the_numbers_of_their_tables() {
        assert!(KINDS.iter().enumerate().all(|(at, kind)| *kind as usize == at));
        assert!(OPERATORS.iter().enumerate().all(|(at, operator)| *operator as usize == at));
        assert!(QUALIFIERS.iter().enumerate().all(|(at, qualifier)| *qualifier as usize == at));
    }

    #[test]
    fn other_bytes_are_no_index_and_never_a_panic() {
        let bytes = bytes(&index());
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_none(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut other = bytes.clone();
                other[at] = value;
                if let Some(index) = read(&other) {
                    for package in 0..index.packages.len() as u32 {
                        let demands = index.demands(package);
                        demands.for_each(|demand| drop(index.name(demand.name).to_owned()));
                    }
                    (0..index.name_count() as u32).for_each(|name| {
                        let _ = (index.versions(name).count(), index.providers(name).count());
                    });
                }
            }
        }
    }
}
