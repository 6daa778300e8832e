//! .deb files that claim more than they are, or hold what only looks wrong.

use std::path::Path;
use std::time::{Duration, Instant};

use filetree::Kind;
use tar::{EntryType, Header};

use crate::debs::{Entry, Room, ar, control, deb, directory, file, said, tar};

/// All paths below a folder but for what lies in `except`.
fn paths(folder: &Path, except: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.display().to_string());
        if path.is_dir() && path != except {
            found.extend(paths(&path, except));
        }
    }
    found.sort();
    found
}

#[test]
fn nothing_is_written_beside_the_store() {
    let room = Room::new();
    let folder = room.folder.path();
    std::fs::create_dir(folder.join("beside")).unwrap();
    std::fs::write(folder.join("beside/file"), "text").unwrap();
    let before = paths(folder, room.store.root());
    let absolute = folder.join("beside/evil").display().to_string();
    let beside = folder.join("beside").display().to_string();
    for entries in [
        vec![file("../evil", b"x"), file("../../evil", b"x"), file("../../../beside/file", b"x")],
        vec![file(&absolute, b"x")],
        vec![Entry(EntryType::Symlink, "./l", &beside, b""), file("./l/evil", b"x")],
        vec![file("./l/evil", b"x"), Entry(EntryType::Symlink, "./l", &beside, b"")],
        vec![Entry(EntryType::Symlink, "./l", "../../beside", b"")],
        vec![Entry(EntryType::Link, "./h", "../../beside/file", b"")],
    ] {
        // Refused or kept as data: nothing is followed.
        let _ = room.unpack(&deb(&entries));
        assert_eq!(paths(folder, room.store.root()), before);
    }
    assert_eq!(std::fs::read(folder.join("beside/file")).unwrap(), b"text");
}

#[test]
fn what_is_odd_but_legal_is_kept_as_it_is() {
    let room = Room::new();
    let entries = [
        directory("./a/"),
        file("./a/Name", b"1"),
        file("./a/name", b"2"),
        file("./a/NAME", b"3"),
        file("./a/back\\slash", b""),
        file("./a/ blank ", b""),
        file("./a/-rf", b""),
        file("./a/e\u{301}", b""),
        file("./a/\u{e9}", b""),
        Entry(EntryType::Symlink, "./a/out", "../../../etc/passwd", b""),
        Entry(EntryType::Symlink, "./a/loop", "loop", b""),
    ];
    let unpacked = room.unpack(&deb(&entries)).unwrap();
    assert_eq!(unpacked.pack.entries.len(), entries.len());
    let link = unpacked.pack.entries.iter().find(|(path, _)| path.as_str() == "a/out").unwrap();
    assert_eq!(link.1.kind, Kind::Symlink("../../../etc/passwd".to_owned()));
}

#[test]
fn modes_are_those_of_the_archive() {
    let room = Room::new();
    for (mode, kept) in
        [(0o4755, 0o4755), (0o644, 0o644), (0o2755, 0o2755), (0o1777, 0o1777), (0o104_755, 0o4755)]
    {
        let mut data = tar(&[file("./a", b"x")]);
        let mut header = Header::from_byte_slice(&data[..512]).clone();
        header.set_mode(mode);
        header.set_cksum();
        data[..512].copy_from_slice(header.as_bytes());
        let members: [(&str, &[u8]); 3] =
            [("debian-binary", b"2.0\n"), ("control.tar", &control(&[])), ("data.tar", &data)];
        let unpacked = room.unpack(&ar(&members)).unwrap();
        assert_eq!(unpacked.pack.entries[0].1.mode, kept);
    }
}

#[test]
fn names_and_sizes_that_lie_are_refused() {
    let room = Room::new();
    let header = |change: &dyn Fn(&mut Header)| {
        let mut data = tar(&[file("./name", b"x"), file("./other", b"y")]);
        let mut header = Header::from_byte_slice(&data[..512]).clone();
        change(&mut header);
        header.set_cksum();
        data[..512].copy_from_slice(header.as_bytes());
        let members: [(&str, &[u8]); 3] =
            [("debian-binary", b"2.0\n"), ("control.tar", &control(&[])), ("data.tar", &data)];
        said(&room.unpack(&ar(&members)).unwrap_err())
    };
    type Change<'a> = &'a dyn Fn(&mut Header);
    let cases: [(Change<'_>, &str); 9] = [
        (&|header| header.as_old_mut().name[3] = b'\n', "`./n\\nme` is not a path inside the tree"),
        (
            &|header| header.as_old_mut().name[2..4].copy_from_slice(b"\xff\xfe"),
            "is not UTF-8 text",
        ),
        (&|header| header.set_size(1 << 40), "`./name`: the archive ends before the file does"),
        (&|header| header.set_size(u64::MAX), "cannot be unpacked to its end: size overflow"),
        (&|header| header.set_size(700), "cannot be unpacked to its end"),
        (
            &|header| header.as_old_mut().size.copy_from_slice(b"-0000000001\0"),
            "unpacked to its end",
        ),
        (&|header| header.set_entry_type(EntryType::new(b'Z')), "`./name`: an unknown type"),
        (&|header| header.set_entry_type(EntryType::GNUSparse), "`./name`: an unknown type"),
        (
            &|header| header.as_gnu_mut().unwrap().uname[..3].copy_from_slice(b"a:b"),
            "`a:bt`: not the name of a user",
        ),
    ];
    for (change, want) in cases {
        let message = header(change);
        assert!(message.contains(want), "{message}\ninstead of {want}");
    }
    // A long name that claims to be as long as the memory.
    let mut data = tar(&[Entry(EntryType::GNULongName, "L", "", b"name"), file("./a", b"")]);
    let mut long = Header::from_byte_slice(&data[..512]).clone();
    long.set_size(1 << 40);
    long.set_cksum();
    data[..512].copy_from_slice(long.as_bytes());
    let members: [(&str, &[u8]); 3] =
        [("debian-binary", b"2.0\n"), ("control.tar", &control(&[])), ("data.tar", &data)];
    assert!(room.unpack(&ar(&members)).is_err());
    // Sizes in the outer archive.
    let whole = deb(&[file("./a", b"x")]);
    let at = whole.windows(8).position(|window| window == b"data.tar").unwrap() + 48;
    for size in ["0         ", "1         ", "9999999999", "512       ", "-1        ", "1e3       "]
    {
        let mut bytes = whole.clone();
        bytes[at..at + 10].copy_from_slice(size.as_bytes());
        assert!(room.unpack(&bytes).is_err(), "{size}");
    }
}

/// A .deb whose data are these bytes, and then so many times those, compressed by xz. The filler is a
/// member that nobody reads.
fn with_xz_data(filler: &[u8], first: &[u8], again: &[u8], times: usize) -> Vec<u8> {
    let xz = |bytes: &[u8]| liblzma::encode_all(bytes, 0).unwrap();
    // Streams of xz may follow one another (xz file format, section 2).
    let data = [xz(first), xz(again).repeat(times)].concat();
    let (control, format): (_, &[u8]) = (control(&[]), b"2.0\n");
    ar(&[
        ("debian-binary", format),
        ("_", filler),
        ("control.tar", &control),
        ("data.tar.xz", &data),
    ])
}

#[test]
fn a_bomb_is_refused_at_its_member() {
    let head = tar(&[file("./zeros", b"")]);
    let mut header = Header::from_byte_slice(&head[..512]).clone();
    header.set_size(200 << 20);
    header.set_cksum();
    let bomb = with_xz_data(b"", header.as_bytes(), &vec![0; 1 << 20], 200);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let room = Room::new();
    let message = said(&room.unpack(&bomb).unwrap_err());
    assert!(message.contains("`./zeros`: it unpacks to more than"), "{message}");
    let left = paths(room.store.root(), Path::new(""));
    let large = left.iter().filter(|path| std::fs::metadata(path).unwrap().len() > 1 << 20);
    assert_eq!(large.count(), 0, "something is left of what was unpacked: {left:?}");
}

#[test]
fn a_million_members_are_refused_in_time() {
    // The same folder again and again, which in small numbers is legal.
    let folder = tar(&[directory("./a/")])[..512].to_vec();
    // Large enough that it may unpack to as much.
    let filler = vec![0; 1 << 20];
    let bytes = with_xz_data(&filler, &folder, &folder.repeat(10_000), 100);
    let start = Instant::now();
    let message = said(&Room::new().unpack(&bytes).unwrap_err());
    assert!(message.contains("`./a/`: there are too many members before it"), "{message}");
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}
