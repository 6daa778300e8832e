//! Verification, and removing what nothing points to.

use pkg_repo::{Check, Depth, Finding, GateRules, RepoError};
use signer::OpenPgpKey as _;

use crate::room::{Room, TIME, deb, files, large, name};

fn verify(room: &Room) -> Vec<Finding> {
    room.verify("apt:trixie")
}

#[test]
fn signatures_of_a_stranger_are_found() {
    let room = Room::new();
    room.init("apt:trixie");
    let stranger = signer::OpenPgpKeyFile::parse(
        include_bytes!("../../../signer/tests/fixtures/secret-p256.asc"),
        None,
    );
    let keyring = stranger.unwrap().certificate().keyring();
    let check = Check { keyring: Some(&keyring), now: room.now, depth: Depth::Sizes };
    let findings = room.repository().verify(&name("apt:trixie"), &check).unwrap();
    let paths: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths, ["dists/trixie/InRelease", "dists/trixie/Release.gpg"]);
}

#[test]
fn snapshots_stay_by_count_and_age_and_what_they_have_stays_with_them() {
    let mut room = Room::new();
    room.init("apt:trixie");
    room.init("apt:CR-1");
    room.add("apt:CR-1", &[deb("change", "1.0")]);
    room.add("apt:trixie", &[deb("kept", "1.0")]);
    for day in 1..=6 {
        room.now.0 = TIME.0 + day * 86_400;
        room.add("apt:trixie", &[deb("a", &format!("{day}.0"))]);
    }
    let pool = |room: &Room| files(&room.root().join("pool")).len();
    assert_eq!(pool(&room), 8);
    let days = |room: &Room| {
        let snapshots = room.repository().snapshots(&name("apt:trixie")).unwrap();
        snapshots.iter().map(|it| (it.date.0 - TIME.0) / 86_400).collect::<Vec<_>>()
    };
    // Four snapshots are as new as three days; each holds the version before its own.
    let (room, collected) = room.collect(1, 3);
    assert_eq!(days(&room), [6, 5, 4, 3]);
    assert_eq!(collected.snapshots, 4 + 1);
    assert_eq!(pool(&room), 2 + 5);
    // Nothing is removed twice.
    let (room, collected) = room.collect(1, 3);
    assert_eq!((collected.snapshots, collected.files), (0, 0));
    let (room, _) = room.collect(2, 0);
    assert_eq!(days(&room), [6, 5]);
    // The channel of a change goes, and what only it had.
    room.repository().remove_channel(&name("apt:CR-1")).unwrap();
    let (room, _) = room.collect(0, 0);
    assert_eq!(days(&room), [6], "what a channel is at stays");
    assert_eq!(pool(&room), 3);
    assert!(!room.root().join("dists/CR-1").exists());
    assert!(!files(room.root()).iter().any(|path| path.contains("CR-1/")));
    assert_eq!(verify(&room), []);
    assert_eq!(room.list("apt:trixie"), ["a 5.0 all", "a 6.0 all", "kept 1.0 all"]);
}

#[test]
fn an_old_snapshot_that_cannot_be_read_is_named() {
    let mut room = Room::new();
    room.init("apt:trixie");
    room.add("apt:trixie", &[deb("a", "1.0")]);
    room.now.0 += 1;
    room.add("apt:trixie", &[deb("a", "2.0")]);
    let snapshots = room.repository().snapshots(&name("apt:trixie")).unwrap();
    let old = format!("snapshots/dists/trixie/{}", snapshots[1].id);
    fs_err::write(room.root().join(&old).join("state.json"), "{}").unwrap();
    let error = room.repository().snapshots(&name("apt:trixie")).unwrap_err();
    assert!(matches!(&error, RepoError::OldSnapshot { folder, .. } if *folder == old), "{error}");
    let pool = files(&room.root().join("pool"));
    let (room, collected) = room.try_collect(0, 0);
    let error = collected.unwrap_err();
    assert!(matches!(&error, RepoError::OldSnapshot { folder, .. } if *folder == old), "{error}");
    assert_eq!(files(&room.root().join("pool")), pool, "nothing was removed");
    fs_err::remove_dir_all(room.root().join(&old)).unwrap();
    let (room, _) = room.collect(0, 0);
    assert_eq!(room.list("apt:trixie"), ["a 1.0 all", "a 2.0 all"]);
    assert_eq!(verify(&room), []);
}

/// An earlier version gave each package a folder.
#[test]
fn a_package_that_is_in_the_pool_stays_where_it_is() {
    let room = Room::new();
    room.init("apt:trixie");
    room.init("apt:trixie-updates");
    let record = room.add("apt:trixie", &[large("a", "1.0")]).added.remove(0);
    let hex = record.sha256.hex();
    let old = format!("pool/a/a/{}/a_1.0_all.deb", &hex[..16]);
    let description = room.root().join(format!("packages/{}/{hex}.json", &hex[..2]));
    let text = fs_err::read_to_string(&description).unwrap();
    fs_err::write(&description, text.replace(&record.path, &old)).unwrap();
    fs_err::create_dir_all(room.root().join(&old).parent().unwrap()).unwrap();
    fs_err::rename(room.root().join(&record.path), room.root().join(&old)).unwrap();

    let again = room.add("apt:trixie-updates", &[large("a", "1.0")]).added.remove(0);
    assert_eq!((again.sha256, &again.path), (record.sha256, &old));
    assert!(!room.root().join(&record.path).exists());
    let index = room.read("dists/trixie-updates/main/binary-amd64/Packages");
    assert!(index.contains(&format!("\nFilename: {old}\n")), "{index}");
}

#[test]
fn a_package_is_described_anew_as_it_was_at_first() {
    let room = Room::new();
    for channel in ["apt:one", "apt:two"] {
        room.init(channel);
    }
    let packages = [deb("small", "1.0").file("usr/share/x", b"x"), large("large", "1.0")];
    let added = room.add("apt:one", &packages).added;
    assert_eq!(files(&room.root().join("packages")).len(), 1, "of the large one");
    let promote = |record: &pkg_repo::Record| {
        let (from, to) = (name("apt:one"), name("apt:two"));
        let digests = [record.sha256];
        let promote = |s: &pkg_repo::Signing<'_>| {
            room.repository().promote(&from, &to, &digests, GateRules::default(), s)
        };
        room.signing(promote)
    };
    // What is in the pool is not what was published.
    let small = added.iter().find(|record| record.name == "small").unwrap();
    let path = room.root().join(&small.path);
    let good = fs_err::read(&path).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs_err::write(&path, bad).unwrap();
    let error = promote(small).unwrap_err();
    assert!(matches!(error, RepoError::Damaged { .. }), "{error}");
    fs_err::write(&path, good).unwrap();

    added.iter().for_each(|record| drop(promote(record).unwrap()));
    assert!(room.read("dists/one/main/binary-amd64/Packages").contains("Package: small\n"));
    for index in ["binary-amd64/Packages", "Contents-amd64.gz"] {
        let read = |suite: &str| {
            fs_err::read(room.root().join(format!("dists/{suite}/main/{index}"))).unwrap()
        };
        assert!(read("one") == read("two"), "{index}");
    }
}

#[test]
fn what_is_lost_or_damaged_can_be_removed() {
    type Harm = fn(&Room, &str);
    let harms: [Harm; 3] = [
        |room, path| fs_err::remove_file(room.root().join(path)).unwrap(),
        |room, path| fs_err::write(room.root().join(path), "no package").unwrap(),
        |room, path| fs_err::write(room.root().join(path), vec![0; 1 << 20]).unwrap(),
    ];
    for harm in harms {
        let room = Room::new();
        room.init("apt:trixie");
        let packages = [deb("small", "1.0"), large("large", "1.0")];
        let added = room.add("apt:trixie", &packages).added;
        added.iter().for_each(|record| harm(&room, &record.path));
        fs_err::remove_dir_all(room.root().join("packages")).unwrap();
        // The second of the versions that come takes the place of the one that is lost.
        for version in ["2.0", "3.0"] {
            room.add("apt:trixie", &[deb("small", version), large("large", version)]);
        }
        let left = ["large 2.0 all", "large 3.0 all", "small 2.0 all", "small 3.0 all"];
        assert_eq!(room.list("apt:trixie"), left);
        assert_eq!(verify(&room), []);
    }
}
