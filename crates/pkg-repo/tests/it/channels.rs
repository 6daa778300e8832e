//! What channels are after each change.

use std::io::Write as _;
use std::os::fd::AsRawFd as _;

use names::Digest;
use pkg_repo::{
    Downgrade, Folder, GateRules, NewPackage, Provenance, RepoError, Repository, provenance_path,
};
use testkit::DebBuilder;

use crate::room::{Room, deb, name};

#[test]
fn packages_are_published_listed_and_removed() {
    let room = Room::new();
    room.init("apt:trixie");
    let first = room.add("apt:trixie", &[deb("a", "1.0"), deb("b", "1.0")]);
    assert_eq!((first.added.len(), first.removed.len()), (2, 0));
    let second = room.add("apt:trixie", &[deb("a", "1.0"), deb("a", "2.0"), deb("a", "3.0")]);
    assert_eq!((second.added.len(), second.skipped.len(), second.removed.len()), (2, 1, 1));
    assert_eq!(room.list("apt:trixie"), ["a 2.0 all", "a 3.0 all", "b 1.0 all"]);
    let same = room.add("apt:trixie", &[deb("a", "3.0")]);
    assert_eq!(same.snapshot, second.snapshot, "nothing new makes no snapshot");
    let digest = second.added[0].sha256;
    let repository = room.repository();
    let gone = room.signing(|s| repository.remove(&name("apt:trixie"), &[digest], s)).unwrap();
    assert_eq!(gone.removed[0].0.version, "2.0");
    let again = room.signing(|s| repository.remove(&name("apt:trixie"), &[digest], s));
    assert!(matches!(again, Err(RepoError::NoPackage { .. })));
    assert_eq!(room.list("apt:trixie"), ["a 3.0 all", "b 1.0 all"]);
}

#[test]
fn a_publication_that_is_refused_changes_nothing() {
    let room = Room::new();
    room.init("apt:trixie");
    room.add("apt:trixie", &[deb("a", "2.0")]);
    let before = room.read("dists/trixie/InRelease");
    let other = DebBuilder::new("a", "2.0").file("etc/other", b"x");
    for bad in [
        vec![room.deb(&deb("b", "1")), room.deb(&deb("a", "1.0"))],
        vec![room.deb(&deb("b", "1")), room.deb(&other)],
        vec![room.deb(&DebBuilder::new("c", "1").field("Architecture", "riscv64"))],
        vec![room.deb(&DebBuilder::new("c", "1").field("Package", "../c"))],
        vec![room.deb(&DebBuilder::new("c", "1").field("Source", "x y"))],
        vec![room.deb(&DebBuilder::new("c", "1").field("Version", "1_"))],
        vec![pkg_repo::NewPackage { component: "none".to_owned(), ..room.deb(&deb("c", "1")) }],
        vec![pkg_repo::NewPackage { path: room.at("nothing"), ..room.deb(&deb("c", "1")) }],
    ] {
        room.publish("apt:trixie", &bad, GateRules::default()).unwrap_err();
        assert_eq!(room.read("dists/trixie/InRelease"), before);
    }
    let unknown = room.publish("apt:sid", &[room.deb(&deb("b", "1"))], GateRules::default());
    assert!(matches!(unknown, Err(RepoError::NoChannel { .. })));
    let allow = GateRules { downgrade: Downgrade::Allow, ..GateRules::default() };
    room.publish("apt:trixie", &[room.deb(&deb("a", "1.0"))], allow).unwrap();
    assert_eq!(room.list("apt:trixie"), ["a 1.0 all"]);
}

#[test]
fn equal_contents_have_equal_indexes_whatever_their_history() {
    let (left, right) = (Room::new(), Room::new());
    let debs: Vec<DebBuilder> = (0..400).map(|i| deb(&format!("p{i}"), "1.0")).collect();
    left.init("apt:trixie");
    left.add("apt:trixie", &debs);
    right.init("apt:trixie");
    for part in debs.chunks(37).rev() {
        right.add("apt:trixie", part);
    }
    let extra = right.add("apt:trixie", &[deb("p10", "2.0"), deb("zzz", "1"), deb("aaa", "1")]);
    let digests: Vec<_> = extra.added.iter().map(|record| record.sha256).collect();
    let channel = name("apt:trixie");
    right.signing(|s| right.repository().remove(&channel, &digests, s)).unwrap();
    for file in ["Release", "main/binary-amd64/Packages", "main/binary-arm64/Packages.xz"] {
        let path = format!("dists/trixie/{file}");
        let bytes = |room: &Room| fs_err::read(room.root().join(&path)).unwrap();
        assert!(bytes(&left) == bytes(&right), "{file} differs");
    }
    let contents =
        |room: &Room| fs_err::read(room.root().join("dists/trixie/main/Contents-amd64.gz"));
    assert!(contents(&left).unwrap() == contents(&right).unwrap());
}

#[test]
fn a_change_has_a_channel_of_its_own_until_it_is_promoted() {
    let room = Room::new();
    room.init("apt:trixie");
    room.init("apt:CR-1234");
    let change = room.add("apt:CR-1234", &[deb("a", "1.0"), deb("b", "1.0")]);
    let digests: Vec<_> = change.added.iter().map(|record| record.sha256).collect();
    let (from, to) = (name("apt:CR-1234"), name("apt:trixie"));
    let rules = GateRules::default();
    let repository = room.repository();
    let promoted = room.signing(|s| repository.promote(&from, &to, &digests[..1], rules, s));
    assert_eq!(promoted.unwrap().added[0].sha256, digests[0]);
    assert_eq!(room.list("apt:trixie"), ["a 1.0 all"]);
    let stranger = [testkit::sha256(b"stranger")];
    let error = room.signing(|s| repository.promote(&from, &to, &stranger, rules, s)).unwrap_err();
    assert!(matches!(error, RepoError::NoPackage { .. }), "{error}");
    repository.remove_channel(&from).unwrap();
    assert_eq!(repository.channels().unwrap(), [to]);
    assert!(repository.records(&from).is_err());
    assert!(!room.root().join("dists/CR-1234/InRelease").exists());
}

#[test]
fn a_channel_goes_back_to_an_earlier_snapshot() {
    let room = Room::new();
    room.init("apt:trixie");
    let first = room.add("apt:trixie", &[deb("a", "1.0")]);
    let packages = room.read("dists/trixie/main/binary-amd64/Packages");
    room.add("apt:trixie", &[deb("a", "2.0"), deb("b", "1.0")]);
    let channel = name("apt:trixie");
    let back = |id: &str| room.signing(|s| room.repository().rollback(&channel, id, s));
    back(&first.snapshot).unwrap();
    assert_eq!(room.list("apt:trixie"), ["a 1.0 all"]);
    assert_eq!(room.read("dists/trixie/main/binary-amd64/Packages"), packages);
    for wrong in ["00000099-0123456789abcdef", "../trixie", ""] {
        assert!(matches!(back(wrong), Err(RepoError::NoSnapshot { .. })), "{wrong}");
    }
}

#[test]
fn provenance_lies_beside_its_package() {
    let room = Room::new();
    room.init("apt:trixie");
    let mut package = room.deb(&deb("a", "1.0"));
    let statement = |digest: Digest| {
        format!(
            "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{{\"name\":\"a.deb\",\
             \"digest\":{{\"sha256\":\"{}\"}}}}],\"predicateType\":\"https://slsa.dev/provenance/v1\",\
             \"predicate\":{{}}}}\n",
            digest.hex()
        )
    };
    let of = |text: &str| Some(Provenance::parse(text.as_bytes()).unwrap());
    package.provenance = of(&statement(testkit::sha256(b"another")));
    let refused = room.publish("apt:trixie", std::slice::from_ref(&package), GateRules::default());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("its provenance speaks of another file"), "{refused}");
    let text = statement(testkit::sha256(&fs_err::read(&package.path).unwrap()));
    package.provenance = of(&text);
    let published = room.publish("apt:trixie", &[package], GateRules::default()).unwrap();
    assert_eq!(room.read(&provenance_path(&published.added[0])), text);
}

#[test]
fn a_later_format_is_refused() {
    let room = Room::new();
    fs_err::write(room.root().join("format"), "2\n").unwrap();
    let error = Folder::open(room.root()).unwrap_err();
    assert!(error.to_string().contains("has format 2"), "{error}");
}

#[test]
fn what_is_damaged_is_an_error() {
    let room = Room::new();
    room.init("apt:trixie");
    room.add("apt:trixie", &[deb("a", "1.0")]);
    let repository: Repository<'_> = room.repository();
    let pointer = std::fs::canonicalize(room.root().join("pointers/dists/trixie")).unwrap();
    let state = pointer.join("state.json");
    let good = fs_err::read(&state).unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs_err::write(&state, bytes).unwrap();
        // It may still be a state; it must not panic.
        let _ = repository.records(&name("apt:trixie"));
    }
    std::fs::remove_file(&state).unwrap();
    let error = repository.records(&name("apt:trixie")).unwrap_err();
    assert!(matches!(error, RepoError::NoSnapshot { .. }), "{error}");
}

#[test]
fn a_package_is_read_once() {
    let room = Room::new();
    room.init("apt:trixie");
    let bytes = deb("piped", "1.0").file("usr/share/large", &[7; 300_000]).build();
    let digest = testkit::sha256(&bytes);
    // What a pipe has said is gone, so a second reader would wait or get something else.
    let (reader, mut writer) = std::io::pipe().unwrap();
    let path = format!("/proc/self/fd/{}", reader.as_raw_fd()).into();
    let package = NewPackage { path, component: "main".to_owned(), provenance: None };
    let published = std::thread::scope(|scope| {
        scope.spawn(move || writer.write_all(&bytes).unwrap());
        room.publish("apt:trixie", &[package], GateRules::default()).unwrap()
    });
    assert_eq!(published.added[0].sha256, digest);
    let pool = fs_err::read(room.root().join(&published.added[0].path)).unwrap();
    assert_eq!(testkit::sha256(&pool), digest);
    assert_eq!(fs_err::read_dir(room.root().join("partial")).unwrap().count(), 0);
}
