//! An index as bytes: lists of packages are decompressed and parsed once, and then read in this form,
//! which takes a fifth of the time.
//!
//! Numbers are little-endian. In this order, each with its count before it: archives, the text, names,
//! packages, relations; then for each name its packages, and for each name its providers.

use names::{Arch, Digest};

use super::{Index, Kind, Package, Provider, Qualifier, StoredRelation, Text};
use crate::relation::Operator;

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
    /// The index as bytes, for [`Index::from_bytes`] of the same version of this crate.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(Vec::with_capacity(self.text.len() + self.relations.len() * 24));
        out.count(self.archives.len());
        for archive in &self.archives {
            out.bytes(archive.as_str().as_bytes());
        }
        out.bytes(self.text.as_bytes());
        out.count(self.name_texts.len());
        self.name_texts.iter().for_each(|name| out.text(*name));
        out.count(self.packages.len());
        self.packages.iter().for_each(|package| out.package(package));
        out.count(self.relations.len());
        self.relations.iter().for_each(|relation| out.relation(relation));
        for packages in &self.by_name {
            out.count(packages.len());
            packages.iter().for_each(|package| out.number(*package));
        }
        for providers in &self.providers {
            out.count(providers.len());
            for provider in providers {
                out.number(provider.package);
                out.text(provider.version);
            }
        }
        out.0
    }

    /// The index for `arch` that [`Index::to_bytes`] has written; none where these are other bytes.
    pub fn from_bytes(arch: Arch, bytes: &[u8]) -> Option<Self> {
        let mut input = In { bytes, names: u32::MAX, packages: u32::MAX, text: "" };
        let mut index = Self::new(arch);
        for _ in 0..input.count(4)? {
            index.archives.push(std::str::from_utf8(input.bytes()?).ok()?.parse().ok()?);
        }
        input.text = std::str::from_utf8(input.bytes()?).ok()?;
        index.text = input.text.to_owned();
        input.names = input.count(8)?;
        for id in 0..input.names {
            let text = input.text()?;
            index.name_texts.push(text);
            index.names.insert(input.read(text)?.into(), id);
        }
        input.packages = input.count(60)?;
        index.packages.reserve_exact(input.packages as usize);
        for _ in 0..input.packages {
            let package = input.package()?;
            index.archives.get(usize::from(package.archive))?;
            index.packages.push(package);
        }
        let relations = input.count(16)?;
        index.relations.reserve_exact(relations as usize);
        for _ in 0..relations {
            index.relations.push(input.relation()?);
        }
        if index.packages.iter().any(|package| package.relations.1 > relations) {
            return None;
        }
        for _ in 0..input.names {
            let packages = input.count(4)?;
            index.by_name.push((0..packages).map(|_| input.package_id()).collect::<Option<_>>()?);
        }
        for _ in 0..input.names {
            let mut providers = Vec::new();
            for _ in 0..input.count(12)? {
                providers.push(Provider { package: input.package_id()?, version: input.text()? });
            }
            index.providers.push(providers);
        }
        input.bytes.is_empty().then_some(index)
    }
}

struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        self.number(u32::try_from(count).expect("an index counts in 32 bits"));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: Text) {
        self.number(text.start);
        self.number(text.length);
    }

    fn package(&mut self, package: &Package) {
        self.number(package.name);
        self.text(package.version);
        self.text(package.path);
        self.number(package.relations.0);
        self.number(package.relations.1);
        self.0.extend_from_slice(&package.size.to_le_bytes());
        self.0.extend_from_slice(package.sha256.as_bytes());
        self.0.extend_from_slice(&package.archive.to_le_bytes());
        let flags = [package.all, package.allowed, package.essential];
        self.0.push(package.priority);
        self.0.extend(flags.map(u8::from));
    }

    fn relation(&mut self, relation: &StoredRelation) {
        self.number(relation.name);
        self.text(relation.version);
        self.0.extend([
            relation.kind as u8,
            relation.operator as u8,
            relation.qualifier as u8,
            u8::from(relation.or_next),
        ]);
    }
}

/// What is left of the bytes, and what ids and texts must stay within.
struct In<'a> {
    bytes: &'a [u8],
    names: u32,
    packages: u32,
    text: &'a str,
}

impl<'a> In<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// How many follow, of which each takes so many bytes at least.
    fn count(&mut self, least: usize) -> Option<u32> {
        let count = self.number()?;
        (count as usize <= self.bytes.len() / least).then_some(count)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn read(&self, text: Text) -> Option<&'a str> {
        self.text.get(text.start as usize..)?.get(..text.length as usize)
    }

    fn text(&mut self) -> Option<Text> {
        let text = Text { start: self.number()?, length: self.number()? };
        self.read(text).map(|_| text)
    }

    fn name(&mut self) -> Option<u32> {
        self.number().filter(|name| *name < self.names)
    }

    fn package_id(&mut self) -> Option<u32> {
        self.number().filter(|package| *package < self.packages)
    }

    fn package(&mut self) -> Option<Package> {
        let (name, version, path) = (self.name()?, self.text()?, self.text()?);
        let relations = (self.number()?, self.number()?);
        let size = u64::from_le_bytes(self.take()?);
        let sha256 = Digest::from_bytes(self.take()?);
        let archive = u16::from_le_bytes(self.take()?);
        let [priority, all, allowed, essential] = self.take()?;
        (relations.0 <= relations.1).then_some(Package {
            name,
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

    fn relation(&mut self) -> Option<StoredRelation> {
        let (name, version) = (self.name()?, self.text()?);
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

    #[test]
    fn what_is_read_back_is_what_was_written() {
        let index = index();
        let bytes = index.to_bytes();
        let back = Index::from_bytes(Arch::Amd64, &bytes).unwrap();
        // All but the table of names, whose order is random.
        let shown = |index: &Index| {
            let mut index = index.clone();
            index.names.clear();
            format!("{index:?}")
        };
        assert_eq!(shown(&back), shown(&index));
        assert_eq!(back.names, index.names);
        assert_eq!(back.to_bytes(), bytes);
    }

    #[test]
    fn enums_have_the_numbers_of_their_tables() {
        assert!(KINDS.iter().enumerate().all(|(at, kind)| *kind as usize == at));
        assert!(OPERATORS.iter().enumerate().all(|(at, operator)| *operator as usize == at));
        assert!(QUALIFIERS.iter().enumerate().all(|(at, qualifier)| *qualifier as usize == at));
    }

    #[test]
    fn other_bytes_are_no_index_and_never_a_panic() {
        let bytes = index().to_bytes();
        for end in 0..bytes.len() {
            assert!(Index::from_bytes(Arch::Amd64, &bytes[..end]).is_none(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut other = bytes.clone();
                other[at] = value;
                if let Some(index) = Index::from_bytes(Arch::Amd64, &other) {
                    for package in 0..index.packages.len() as u32 {
                        let demands = index.demands(package);
                        demands.for_each(|demand| drop(index.name(demand.name).to_owned()));
                    }
                    (0..index.name_count() as u32).for_each(|name| {
                        let _ = (index.versions(name), index.providers(name));
                    });
                }
            }
        }
    }
}
