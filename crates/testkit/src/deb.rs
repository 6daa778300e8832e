//! Debian packages, `deb(5)`.

use std::io::Write as _;

/// How the members of a package are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compression {
    /// `.tar`
    None,
    /// `.tar.gz`
    Gzip,
    /// `.tar.xz`
    Xz,
}

/// A small package, made in memory. Owners are root and times 2025-01-01, so equal input gives equal
/// bytes.
#[derive(Clone, Debug)]
pub struct DebBuilder {
    fields: Vec<(String, String)>,
    control: Vec<(String, u32, Vec<u8>)>,
    data: Vec<Entry>,
    compression: Compression,
}

#[derive(Clone, Debug)]
struct Entry {
    path: String,
    mode: u32,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Folder,
    File(Vec<u8>),
    Link(String),
}

/// 2025-01-01T00:00:00Z
const TIME: u64 = 1_735_689_600;

impl DebBuilder {
    /// A package without files, for `all` architectures.
    pub fn new(name: &str, version: &str) -> Self {
        let fields = [
            ("Package", name),
            ("Version", version),
            ("Architecture", "all"),
            ("Maintainer", "Nobody <nobody@example.org>"),
            ("Description", "a package for tests"),
        ];
        Self {
            fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            control: Vec::new(),
            data: Vec::new(),
            compression: Compression::Xz,
        }
    }

    /// Sets a field of the control file, such as `Depends`.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Adds a file to the control archive: a script (`postinst`), `conffiles`, `triggers`.
    pub fn control_file(mut self, name: &str, text: &str) -> Self {
        let scripts = ["preinst", "postinst", "prerm", "postrm", "config"];
        let mode = if scripts.contains(&name) { 0o755 } else { 0o644 };
        self.control.push((name.to_owned(), mode, text.as_bytes().to_vec()));
        self
    }

    /// Adds a file with mode 0644, at a path without a leading slash.
    pub fn file(self, path: &str, bytes: &[u8]) -> Self {
        self.entry(path, 0o644, Kind::File(bytes.to_vec()))
    }

    /// Adds a file with mode 0755.
    pub fn program(self, path: &str, bytes: &[u8]) -> Self {
        self.entry(path, 0o755, Kind::File(bytes.to_vec()))
    }

    /// Adds a symbolic link.
    pub fn link(self, path: &str, target: &str) -> Self {
        self.entry(path, 0o777, Kind::Link(target.to_owned()))
    }

    /// Adds a folder with mode 0755; those above files are added by themselves.
    pub fn folder(self, path: &str) -> Self {
        self.entry(path, 0o755, Kind::Folder)
    }

    fn entry(mut self, path: &str, mode: u32, kind: Kind) -> Self {
        for (end, _) in path.match_indices('/') {
            let parent = &path[..end];
            if !self.data.iter().any(|entry| entry.path == parent) {
                self.data.push(Entry { path: parent.to_owned(), mode: 0o755, kind: Kind::Folder });
            }
        }
        self.data.push(Entry { path: path.to_owned(), mode, kind });
        self
    }

    /// Sets how the members are compressed; xz at first.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// The text of the control file: one stanza.
    pub fn control(&self) -> String {
        self.fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    /// `NAME_VERSION_ARCH.deb`, without the version's epoch.
    pub fn file_name(&self) -> String {
        let field = |name: &str| {
            let found = self.fields.iter().find(|(field, _)| field == name);
            found.map(|(_, value)| value.as_str()).unwrap()
        };
        let version = field("Version");
        let version = version.split_once(':').map_or(version, |(_, version)| version);
        format!("{}_{version}_{}.deb", field("Package"), field("Architecture"))
    }

    /// The bytes of the package.
    pub fn build(&self) -> Vec<u8> {
        let mut control = vec![("control".to_owned(), 0o644, self.control().into_bytes())];
        control.extend(self.control.clone());
        let control = control.into_iter().map(|(path, mode, bytes)| Entry {
            path,
            mode,
            kind: Kind::File(bytes),
        });
        let suffix = match self.compression {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Xz => ".xz",
        };
        let mut deb = b"!<arch>\n".to_vec();
        member(&mut deb, "debian-binary", b"2.0\n");
        let control: Vec<Entry> = control.collect();
        let members = [("control.tar", archive(&control)), ("data.tar", archive(&self.data))];
        for (name, tar) in members {
            member(&mut deb, &format!("{name}{suffix}"), &compress(&tar, self.compression));
        }
        deb
    }
}

/// A member of an `ar` archive, `ar(5)`.
fn member(deb: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    writeln!(deb, "{name:<16}{TIME:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, "100644", bytes.len())
        .unwrap();
    deb.extend_from_slice(bytes);
    if !bytes.len().is_multiple_of(2) {
        deb.push(b'\n');
    }
}

fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let root = Entry { path: String::new(), mode: 0o755, kind: Kind::Folder };
    for entry in std::iter::once(&root).chain(entries) {
        let mut header = tar::Header::new_gnu();
        header.set_mode(entry.mode);
        header.set_mtime(TIME);
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root").unwrap();
        header.set_groupname("root").unwrap();
        // By hand, as the tar crate would drop the `./` that dpkg writes.
        let path = match entry.kind {
            Kind::Folder if !entry.path.is_empty() => format!("./{}/", entry.path),
            _ => format!("./{}", entry.path),
        };
        assert!(path.len() <= 100, "{path} is too long for a test package");
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        let (kind, bytes): (_, &[u8]) = match &entry.kind {
            Kind::Folder => (tar::EntryType::Directory, &[]),
            Kind::File(bytes) => (tar::EntryType::Regular, bytes),
            Kind::Link(target) => {
                header.set_link_name_literal(target).unwrap();
                (tar::EntryType::Symlink, &[])
            }
        };
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.append(&header, bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

pub(crate) fn compress(bytes: &[u8], compression: Compression) -> Vec<u8> {
    match compression {
        Compression::None => bytes.to_vec(),
        Compression::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Xz => liblzma::encode_all(bytes, 1).unwrap(),
    }
}
