//! What is damaged or lost in a repository, and how it comes back.

use std::collections::BTreeSet;
use std::path::Path;

use pkg_repo::{
    AptSettings, ChannelSettings, Extras, Format, GateRules, NewPackage, Published, RepoError,
    YumSettings,
};

use crate::room::{Room, deb, files, large, name, noise, suite};
use crate::rpms::plain;

fn init(room: &Room, channel: &str) {
    let settings = match channel.starts_with("apt:") {
        true => ChannelSettings::Apt(AptSettings {
            components: vec!["main".to_owned()],
            architectures: vec!["amd64".to_owned()],
            ..suite(channel)
        }),
        false => ChannelSettings::Yum(YumSettings { compression: Format::Zstd, keep: 2 }),
    };
    room.signing(|s| room.repository().init(&name(channel), &settings, s)).unwrap();
}

/// A small package and one whose description is kept.
fn packages(room: &Room, channel: &str) -> Vec<NewPackage> {
    if channel.starts_with("apt:") {
        return vec![room.deb(&deb("small", "1.0")), room.deb(&large("large", "1.0"))];
    }
    let make = |name: &str, content: &[u8]| {
        let path = room.at("new").join(format!("{name}.rpm"));
        plain(&path, name, content);
        NewPackage { path, component: String::new(), provenance: None }
    };
    vec![make("small", b"small"), make("large", &noise())]
}

/// A repository with one channel and one snapshot.
fn published(channel: &str) -> (Room, Vec<NewPackage>) {
    let mut room = Room::new();
    init(&room, channel);
    room.now.0 += 1;
    let packages = packages(&room, channel);
    publish(&room, channel, &packages).unwrap();
    room.now.0 += 1;
    set_extras(&room, channel).unwrap();
    let (room, _) = room.collect(1, 0);
    (room, packages)
}

fn publish(room: &Room, channel: &str, packages: &[NewPackage]) -> Result<Published, RepoError> {
    room.publish(channel, packages, GateRules::default())
}

/// Groups and advisories, which only the yum side has.
fn set_extras(room: &Room, channel: &str) -> Result<(), RepoError> {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let extras = Extras { comps: text("<comps/>\n"), updateinfo: text("<updates/>\n") };
    if channel.starts_with("yum:") {
        room.signing(|s| room.repository().set_extras(&name(channel), &extras, s))?;
    }
    Ok(())
}

fn refresh(room: &Room, channel: &str) -> Result<String, RepoError> {
    room.signing(|signing| room.repository().refresh(&name(channel), signing))
}

type Harm = fn(&Path);

fn change(path: &Path) {
    let mut bytes = fs_err::read(path).unwrap();
    match bytes.len() / 2 {
        0 => bytes.push(b'x'),
        middle => bytes[middle] ^= 1,
    }
    fs_err::write(path, bytes).unwrap();
}

fn remove(path: &Path) {
    fs_err::remove_file(path).unwrap();
}

#[test]
fn what_is_damaged_or_lost_in_a_suite_is_found_and_comes_back() {
    harm_everything("apt:trixie");
}

#[test]
fn what_is_damaged_or_lost_in_a_repository_of_yum_is_found_and_comes_back() {
    harm_everything("yum:el10");
}

/// Changes and removes each file by itself.
fn harm_everything(channel: &str) {
    let (room, _) = published(channel);
    assert_eq!(room.verify(channel), []);
    let (mut found, mut last) = (0, BTreeSet::new());
    let side = channel.split(':').next().unwrap().replace("apt", "dists");
    let folders = ["pool", &side, "packages", "chunks", "snapshots"];
    let all = folders.map(|folder| files(&room.root().join(folder)));
    let all = all.iter().flatten().map(|path| {
        let path = std::fs::canonicalize(path).unwrap();
        path.strip_prefix(room.root()).unwrap().to_owned()
    });
    for path in all.collect::<BTreeSet<_>>() {
        for harm in [change as Harm, remove] {
            let (room, packages) = published(channel);
            harm(&room.root().join(&path));
            // A compressed chunk is made from the plain one when it is wanted.
            let form = path.starts_with("chunks") && path.extension().is_some();
            if !form || room.root().join(&path).exists() {
                assert_ne!(room.verify(channel), [], "{}", path.display());
            }
            found += 1;
            let mended = publish(&room, channel, &packages)
                .and_then(|_| set_extras(&room, channel))
                .and_then(|()| refresh(&room, channel));
            if mended.is_ok() {
                assert_eq!(room.verify(channel), [], "{}", path.display());
                continue;
            }
            last.insert(path.to_str().unwrap().split('/').next().unwrap().to_owned());
            room.repository().remove_channel(&name(channel)).unwrap();
            let (room, _) = room.collect(0, 0);
            init(&room, channel);
            publish(&room, channel, &packages).unwrap();
            set_extras(&room, channel).unwrap();
            assert_eq!(room.verify(channel), [], "{}", path.display());
        }
    }
    assert!(found > 30, "{channel}: {found}");
    assert_eq!(last, BTreeSet::from(["chunks", "snapshots"].map(str::to_owned)));
}
