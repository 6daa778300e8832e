//! .deb files: small ones that lie, and real ones beside dpkg-deb.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use distro::{
    DEB_KIND, DebError, DistroFile, LockedDeb, Request, UnpackedDeb, fetch_suites, solve,
    unpack_deb,
};
use filetree::Kind;
use names::Arch;
use signer::Keyring;
use store::{Address, Blob, Fetcher as _, Store, Want};
use tar::{EntryType, Header};

use crate::curl::Curl;

const CONTROL: &str =
    "Package: hello\nVersion: 1.0-1\nArchitecture: all\nDescription: says hello\n";

/// An entry of a tar archive: its type, its name as it stands in the header, target and content.
pub(crate) struct Entry<'a>(
    pub(crate) EntryType,
    pub(crate) &'a str,
    pub(crate) &'a str,
    pub(crate) &'a [u8],
);

pub(crate) fn file<'a>(name: &'a str, content: &'a [u8]) -> Entry<'a> {
    Entry(EntryType::Regular, name, "", content)
}

pub(crate) fn directory(name: &str) -> Entry<'_> {
    Entry(EntryType::Directory, name, "", b"")
}

pub(crate) fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Entry(kind, name, target, content) in entries {
        let mut header = Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_gnu_mut().unwrap().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(42);
        header.set_mtime(7);
        header.set_size(content.len() as u64);
        header.set_username("root").unwrap();
        header.set_groupname("shadow").unwrap();
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

pub(crate) fn control(more: &[Entry<'_>]) -> Vec<u8> {
    let mut entries = vec![directory("./"), file("./control", CONTROL.as_bytes())];
    entries.extend(
        more.iter().map(|Entry(kind, name, target, content)| Entry(*kind, name, target, content)),
    );
    tar(&entries)
}

pub(crate) fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, body) in members {
        let size = body.len();
        writeln!(bytes, "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`", 0, 0, 0, "100644").unwrap();
        bytes.extend_from_slice(body);
        bytes.resize(bytes.len().next_multiple_of(2), b'\n');
    }
    bytes
}

pub(crate) fn deb(data: &[Entry<'_>]) -> Vec<u8> {
    let (control, data) = (control(&[]), tar(data));
    ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", &data)])
}

pub(crate) struct Room {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Room {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        Self { folder, store }
    }

    fn blob(&self, bytes: &[u8]) -> Blob {
        let mut writer = self.store.blob_writer().unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish(None).unwrap()
    }

    pub(crate) fn unpack(&self, bytes: &[u8]) -> Result<UnpackedDeb, DebError> {
        unpack_deb(&self.store, &self.blob(bytes))
    }
}

/// The package `hello` 1.0-1 with these maintainer scripts.
pub(crate) fn with_scripts(scripts: &[(&str, &str)]) -> Vec<u8> {
    let files: Vec<Entry<'_>> =
        scripts.iter().map(|(name, text)| file(name, text.as_bytes())).collect();
    let (control, data) = (control(&files), tar(&[]));
    ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", &data)])
}

pub(crate) fn said(error: &dyn std::error::Error) -> String {
    error.source().map_or(error.to_string(), |cause| format!("{error}: {}", said(cause)))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_package_is_unpacked_once() {
    let room = Room::new();
    let control = control(&[
        file("./conffiles", b"/etc/hello\n"),
        file("./postinst", b"#!/bin/sh\n"),
        file("./triggers", b"activate-noawait ldconfig\n"),
    ]);
    let long = format!("./{}", "n".repeat(200));
    let data = tar(&[
        directory("./"),
        directory("./etc/"),
        file("./etc/hello", b"hi\n"),
        Entry(EntryType::Link, "./etc/hello2", "./etc/hello", b""),
        Entry(EntryType::Symlink, "./etc/hello3", "/absolute/is/fine", b""),
        Entry(EntryType::GNULongName, "././@LongLink", "", long.as_bytes()),
        file("./short", b"long"),
    ]);
    let bytes = ar(&[
        ("debian-binary", b"2.0\n"),
        ("_note", b"odd"),
        ("control.tar.gz", &gzip(&control)),
        ("data.tar.gz", &gzip(&data)),
        ("more", b"is ignored"),
    ]);
    let blob = room.blob(&bytes);
    let deb = unpack_deb(&room.store, &blob).unwrap();
    let text = |path: &str| {
        let path = path.parse().unwrap();
        let (_, node) = deb.pack.entries.iter().find(|(other, _)| *other == path).unwrap();
        node.kind.clone()
    };
    let Kind::File(content) = text("etc/hello") else { panic!("no file") };
    assert_eq!(content.read().unwrap(), b"hi\n");
    assert_eq!(text("etc/hello2"), Kind::HardLink("etc/hello".parse().unwrap()));
    assert!(matches!(text(&"n".repeat(200)), Kind::File(_)));
    assert_eq!(deb.conffiles[0].path.as_str(), "etc/hello");
    assert_eq!(deb.owners[&"etc/hello".parse().unwrap()], ("root".into(), "shadow".into()));
    let names: Vec<&str> = deb.control_files.keys().map(String::as_str).collect();
    assert_eq!(names, ["conffiles", "postinst", "triggers"]);

    // The second call does not look at the archive any more.
    std::fs::remove_file(&blob.path).unwrap();
    let again = unpack_deb(&room.store, &blob).unwrap();
    assert_eq!(again.pack.entries, deb.pack.entries);
}

#[test]
fn members_that_must_not_be_there_are_named() {
    let room = Room::new();
    let hello = || file("./hello", b"hi");
    for (entries, want) in [
        (vec![file("../evil", b"")], "`../evil`: `../evil` is not a path"),
        (vec![file("./a/../../evil", b"")], "it leaves the tree"),
        (vec![file("//evil", b"")], "an empty component"),
        (vec![Entry(EntryType::Symlink, "./a", "/etc", b""), file("./a/evil", b"")], "`./a/evil`"),
        (vec![Entry(EntryType::Link, "./a", "/etc/shadow", b"")], "no file before it"),
        (vec![Entry(EntryType::Link, "./a", "../../etc/shadow", b"")], "it leaves the tree"),
        (vec![directory("./d"), Entry(EntryType::Link, "./a", "./d", b"")], "no file before it"),
        (vec![Entry(EntryType::Symlink, "./a", "", b"")], "a link to nothing"),
        (vec![Entry(EntryType::Char, "./dev/null", "", b"")], "devices and pipes"),
        (vec![Entry(EntryType::Block, "./dev/sda", "", b"")], "devices and pipes"),
        (vec![Entry(EntryType::Fifo, "./pipe", "", b"")], "devices and pipes"),
        (
            vec![Entry(EntryType::XHeader, "./pax", "", b"11 path=ab\n"), hello()],
            "extended headers",
        ),
        (vec![hello(), hello()], "`./hello`: it comes twice"),
        (vec![hello(), directory("./hello/")], "it comes twice"),
        (
            vec![file("./a/b", b""), Entry(EntryType::Symlink, "./a", "/etc", b"")],
            "`./a`: it is no directory, and others lie in it",
        ),
        (vec![file("./a/b/c", b""), file("./a", b"")], "others lie in it"),
        (vec![Entry(EntryType::Directory, "./d", "", b"bytes")], "it has a size and is no file"),
        (vec![Entry(EntryType::GNULongName, "L", "", b"name")], "it names no member"),
        (vec![Entry(EntryType::GNULongName, "L", "", &[b'a'; 5000]), hello()], "too long"),
    ] {
        let message = said(&room.unpack(&deb(&entries)).unwrap_err());
        assert!(message.contains(want), "{message}\ninstead of {want}");
    }
}

#[test]
fn archives_that_are_not_whole_are_refused() {
    let room = Room::new();
    let (control, data) = (control(&[]), tar(&[file("./hello", b"hi")]));
    let format = ("debian-binary", b"2.0\n".as_slice());
    let (control, data) = (("control.tar", control.as_slice()), ("data.tar", data.as_slice()));
    let bzip2 = ("data.tar.bz2", b"".as_slice());
    let cut = gzip(data.1);
    let cut = ("data.tar.gz", &cut[..cut.len() - 4]);
    let twice = self::control(&[file("control", b"Package: other\n")]);
    let other = tar(&[file("./control", b"Package: ../other\nVersion: 1\nArchitecture: all\n")]);
    let none = tar(&[file("./md5sums", b"")]);
    for (members, want) in [
        (vec![], "it has no `debian-binary`"),
        (vec![format], "it has no `control.tar`"),
        (vec![format, control], "it has no `data.tar`"),
        (vec![control, format, data], "has the member `control.tar` where debian-binary must be"),
        (vec![format, data, control], "has the member `data.tar` where control.tar must be"),
        (vec![format, control, control], "has the member `control.tar` where data.tar must be"),
        (vec![("debian-binary", b"3.0\n"), control, data], "its format is `3.0`"),
        (vec![("debian-binary", b"2.x\n"), control, data], "its format is `2.x`"),
        (vec![format, control, bzip2], "`data.tar.bz2` is compressed in a way"),
        (vec![format, control, cut], "it cannot be unpacked to its end"),
        (vec![format, ("control.tar", &twice), data], "`control`: it comes twice"),
        (vec![format, ("control.tar", &other), data], "`../other` is not the name of a package"),
        (vec![format, ("control.tar", &none), data], "it has no `control`"),
    ] {
        let message = said(&room.unpack(&ar(&members)).unwrap_err());
        assert!(message.contains(want), "{message}\ninstead of {want}");
    }
    let whole = ar(&[format, control, data]);
    assert!(room.unpack(&whole).is_ok());
    for end in [0, 7, 60, 100, whole.len() - 600] {
        assert!(room.unpack(&whole[..end]).is_err(), "cut at {end}");
    }
    assert!(room.unpack(&[whole.as_slice(), b"garbage"].concat()).is_err());
}

#[test]
fn no_byte_makes_the_reader_panic() {
    let room = Room::new();
    let entries = [directory("./etc/"), file("./etc/hello", b"hi\n")];
    let (control, data) = (gzip(&control(&[file("./conffiles", b"/etc/hello\n")])), tar(&entries));
    let members: [(&str, &[u8]); 3] =
        [("debian-binary", b"2.0\n"), ("control.tar.gz", &control), ("data.tar", &data)];
    let whole = ar(&members);
    let changes = (0..whole.len()).step_by(9);
    let refused = changes.filter(|at| {
        let mut bytes = whole.clone();
        bytes[*at] ^= 0x81;
        room.unpack(&bytes).is_err()
    });
    let refused = refused.count();
    assert!(refused > 80, "{refused} changes were found");
}

#[test]
fn a_damaged_store_is_named() {
    let room = Room::new();
    let bytes = deb(&[file("./hello", b"hi")]);
    let blob = room.blob(&bytes);
    let mut damaged = bytes.clone();
    let at = damaged.len() - 1500;
    damaged[at] ^= 1;
    std::fs::write(&blob.path, damaged).unwrap();
    let message = said(&unpack_deb(&room.store, &blob).unwrap_err());
    assert!(message.contains("delete it and run again"), "{message}");
    assert!(message.contains(&blob.path.display().to_string()), "{message}");
    assert_eq!(room.store.derived(DEB_KIND, &blob.digest), None);
}

/// Entries as one text: type, mode, owner, path, and target or size and digest.
fn listing(deb: &UnpackedDeb) -> String {
    let mut text = String::new();
    for (path, node) in &deb.pack.entries {
        let (kind, rest) = match &node.kind {
            Kind::Directory => ('d', String::new()),
            Kind::File(content) => ('f', format!("{} {}", content.size, content.sha256)),
            Kind::Symlink(target) => ('l', target.clone()),
            Kind::HardLink(target) => ('h', target.to_string()),
        };
        let (mode, uid, gid, mtime) = (node.mode, node.uid, node.gid, node.mtime.0);
        writeln!(text, "{kind} {mode:o} {uid}:{gid} {mtime} /{path} {rest}").unwrap();
    }
    text
}

/// The same of what `dpkg-deb --fsys-tarfile` writes.
fn judged(archive: &[u8]) -> String {
    let mut archive = tar::Archive::new(archive);
    let mut text = String::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let clean = |path: &Path| {
            let path = path.to_str().unwrap();
            path.strip_prefix("./").unwrap_or(path).trim_end_matches('/').to_owned()
        };
        let path = clean(&entry.path().unwrap());
        let path = if path == "." { String::new() } else { path };
        let target = entry.link_name().unwrap().map(|target| target.to_path_buf());
        let header = entry.header().clone();
        let mut mode = header.mode().unwrap();
        let (kind, rest) = match header.entry_type() {
            EntryType::Directory => ('d', String::new()),
            EntryType::Symlink => {
                mode = 0o777;
                ('l', target.unwrap().to_str().unwrap().to_owned())
            }
            EntryType::Link => ('h', clean(&target.unwrap())),
            _ => {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                let digest = names::Sha256::digest(&bytes);
                ('f', format!("{} {digest}", bytes.len()))
            }
        };
        let (uid, gid) = (header.uid().unwrap(), header.gid().unwrap());
        let mtime = header.mtime().unwrap();
        writeln!(text, "{kind} {mode:o} {uid}:{gid} {mtime} /{path} {rest}").unwrap();
    }
    text
}

/// The base of the distro's file and all that it needs, fetched from the mirrors.
fn base(store: &Store) -> Vec<Blob> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("distros/debian-trixie.toml")).unwrap();
    let file = DistroFile::parse(&text, Path::new("debian-trixie.toml")).unwrap();
    let mut keyrings = BTreeMap::new();
    for suite in &file.suites {
        let bytes = std::fs::read(root.join("distros/keyrings").join(&suite.keyring)).unwrap();
        keyrings.insert(suite.keyring.clone(), Keyring::parse(&bytes).unwrap());
    }
    let (index, _) =
        fetch_suites(&Curl, store, &file.suites, &keyrings, Arch::Amd64, None).unwrap();
    let base = &file.base["full"];
    let packages = base.packages.clone();
    let request = Request { packages, essential: base.essential, ..Request::default() };
    let wants: Vec<Want> = solve(&index, &request).unwrap().debs.iter().map(want).collect();
    Curl.blobs(store, &wants, &mut |_, _, _| {}).unwrap()
}

fn want(deb: &LockedDeb) -> Want {
    let address = Address::in_archive(&deb.archive, &deb.path);
    Want { addresses: vec![address], sha256: deb.sha256, size: Some(deb.size) }
}

#[test]
#[ignore = "needs dpkg, curl and a Debian mirror; .ci/run runs it"]
fn real_packages_unpack_as_dpkg_deb_unpacks_them() {
    let room = Room::new();
    let blobs = base(&room.store);
    assert!(blobs.len() > 80, "{} packages", blobs.len());
    for blob in blobs {
        let path = &blob.path;
        let deb = unpack_deb(&room.store, &blob);
        let deb = deb.unwrap_or_else(|error| panic!("{}: {}", path.display(), said(&error)));
        let run = |option: &str| {
            let output = Command::new("dpkg-deb").arg(option).arg(path).output().unwrap();
            assert!(output.status.success(), "{option} {}", path.display());
            output.stdout
        };
        assert_eq!(listing(&deb), judged(&run("--fsys-tarfile")), "{}", deb.package);
        let fields = String::from_utf8(run("--field")).unwrap();
        let ours = deb.stanza.fields.iter().map(|(name, value)| {
            let space = if value.starts_with('\n') { "" } else { " " };
            format!("{name}:{space}{value}\n")
        });
        assert_eq!(ours.collect::<String>(), fields, "{}", deb.package);
        let mut control = tar::Archive::new(std::io::Cursor::new(run("--ctrl-tarfile")));
        for entry in control.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().trim_start_matches("./").to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if !name.is_empty() && name != "control" {
                assert_eq!(deb.control_files[&name].content.read().unwrap(), bytes, "{name}");
                assert_eq!(deb.control_files[&name].mode, entry.header().mode().unwrap(), "{name}");
            }
        }
    }
}
