//! Damage is found, what is used stays, and bundles carry files whole.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use names::Epoch;
use store::{BundleError, Inventory, Store, StoreError, StoreKey};
use testkit::{sha256, tool};

/// A store with two blobs and two derived files.
fn filled(root: &Path) -> Store {
    let store = Store::open(root).unwrap();
    for bytes in [&b"first"[..], b"second"] {
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish(None).unwrap();
    }
    for (kind, bytes) in [("deb-1", &b"pack"[..]), ("layer-1", b"record")] {
        let mut writer = store.derived_writer(kind, &sha256(b"first")).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap();
    }
    store
}

fn keys(store: &Store) -> BTreeSet<StoreKey> {
    Inventory::read(store).unwrap().files.into_keys().collect()
}

/// Every file below `root`, with its bytes.
fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

fn sound(kind: &str, path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).unwrap();
    let good = matches!((kind, &bytes[..]), ("deb-1", b"pack") | ("layer-1", b"record"));
    (!good).then(|| "it is no pack".to_owned())
}

#[test]
fn the_inventory_has_every_file_and_what_does_not_belong() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    std::fs::write(folder.path().join("blobs/note"), "mine").unwrap();
    std::fs::create_dir_all(folder.path().join("derived/Not a kind")).unwrap();
    let blob = store.blob(&sha256(b"first")).unwrap().path;
    std::fs::write(blob.with_extension("bak"), "mine").unwrap();
    let inventory = Inventory::read(&store).unwrap();
    let shown: Vec<String> = inventory
        .tallies()
        .iter()
        .map(|(kind, t)| format!("{kind} {} {}", t.files, t.bytes))
        .collect();
    assert_eq!(shown, ["blob 2 11", "deb-1 1 4", "layer-1 1 6"]);
    assert_eq!(inventory.strays.len(), 3, "{:?}", inventory.strays);
    for (key, file) in &inventory.files {
        assert_eq!(key.to_string().parse::<StoreKey>().unwrap(), *key);
        assert!(file.path.is_file());
    }
}

#[test]
fn damage_is_found_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    let mut bytes = 0;
    let whole = store::verify(&store, &sound, &mut |size, _| bytes += size).unwrap();
    assert_eq!((whole.read.files, whole.read.bytes, bytes), (4, 21, 21));
    assert!(whole.damaged.is_empty() && whole.strays.is_empty());

    let blob = store.blob(&sha256(b"second")).unwrap().path;
    std::fs::write(&blob, "sekond").unwrap();
    let pack = store.derived("deb-1", &sha256(b"first")).unwrap();
    std::fs::write(&pack, "pac").unwrap();
    let found = store::verify(&store, &sound, &mut |_, _| {}).unwrap();
    let shown: Vec<String> =
        found.damaged.iter().map(|file| format!("{}: {}", file.key, file.reason)).collect();
    let want = [
        format!("{}: it hashes to {}", sha256(b"second"), sha256(b"sekond")),
        format!("deb-1/{}: it is no pack", sha256(b"first").hex()),
    ];
    assert_eq!(shown, want);

    store::remove_damaged(&store, &found.damaged).unwrap();
    assert!(!blob.exists() && !pack.exists());
    let left = store::verify(&store, &sound, &mut |_, _| {}).unwrap();
    assert_eq!((left.read.files, left.damaged.len()), (2, 0));
}

#[test]
fn what_is_used_or_named_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    for file in Inventory::read(&store).unwrap().files.values() {
        tool("touch").args(["-d", "2026-01-01"]).arg(&file.path).run();
    }
    let since = Epoch::from_rfc3339("2026-06-01").unwrap();
    // Asking for a file is a use of it.
    assert!(store.blob(&sha256(b"first")).is_some());
    let mut writer = store.derived_writer("layer-1", &sha256(b"inputs")).unwrap();
    writer.write_all(b"record").unwrap();
    let record = writer.finish().unwrap();
    tool("touch").args(["-d", "2026-01-01"]).arg(&record).run();
    assert!(store.derived("layer-1", &sha256(b"inputs")).is_some());

    let error = Store::open_alone(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("in use"), "{error}");
    drop(store);
    let alone = Store::open_alone(folder.path()).unwrap();
    let done = store::collect(&alone, since, &BTreeSet::from([sha256(b"first")])).unwrap();
    // What was made of a blob that is named stays with it.
    assert_eq!((done.removed.files, done.removed.bytes, done.kept.files), (1, 6, 4));
    assert!(!keys(alone.store()).contains(&StoreKey::Blob(sha256(b"second"))));
    let done = store::collect(&alone, since, &BTreeSet::new()).unwrap();
    assert_eq!((done.removed.files, done.kept.files), (2, 2));
    let left = keys(alone.store());
    assert!(left.contains(&StoreKey::Blob(sha256(b"first"))), "{left:?}");
    assert!(left.iter().any(|key| key.kind() == "layer-1"), "{left:?}");
}

#[test]
fn a_bundle_is_the_same_to_the_bit_and_goes_in_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(&folder.path().join("one"));
    let all = keys(&store);
    let bundle = folder.path().join("bundle.tar");
    let (digest, tally) = store::export(&store, &all, &bundle).unwrap();
    assert_eq!(digest, sha256(&std::fs::read(&bundle).unwrap()));
    assert_eq!((tally.files, tally.bytes), (4, 21));
    let listed = tool("tar").args(["--list", "--verbose", "--file"]).arg(&bundle).text();
    assert_eq!(listed.lines().count(), 5, "{listed}");
    let times = "-rw-r--r-- 0/0 ";
    assert!(listed.lines().all(|line| line.starts_with(times)), "{listed}");

    // Files made at another time, in another order, are the same bundle.
    let other = Store::open(&folder.path().join("two")).unwrap();
    let (new, tally) = store::import(&other, &bundle).unwrap();
    assert_eq!((new.len(), tally.files), (4, 4));
    assert_eq!(keys(&other), all);
    let again = folder.path().join("again.tar");
    assert_eq!(store::export(&other, &all, &again).unwrap().0, digest);
    let (new, tally) = store::import(&other, &bundle).unwrap();
    assert_eq!((new.len(), tally.files), (0, 4));
    let inside = |store: &Store| -> Vec<(PathBuf, Vec<u8>)> {
        let root = store.root().to_owned();
        let strip =
            |(path, bytes): (PathBuf, _)| (path.strip_prefix(&root).unwrap().to_owned(), bytes);
        files(&root).into_iter().map(strip).collect()
    };
    assert_eq!(inside(&store), inside(&other));
}

#[test]
fn what_is_missing_or_damaged_is_not_exported() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(&folder.path().join("store"));
    let out = folder.path().join("out.tar");
    let absent = [StoreKey::Blob(sha256(b"x")), StoreKey::Blob(sha256(b"y"))];
    let mut all = keys(&store);
    all.extend(absent.clone());
    let error = store::export(&store, &all, &out).unwrap_err().to_string();
    assert!(absent.iter().all(|key| error.contains(&key.to_string())), "{error}");
    std::fs::write(store.blob(&sha256(b"first")).unwrap().path, "other").unwrap();
    let error = store::export(&store, &keys(&store), &out).unwrap_err();
    assert!(matches!(error, BundleError::Damaged { .. }), "{error}");
    let error =
        store::export(&store, &BTreeSet::new(), &folder.path().join("no/out.tar")).unwrap_err();
    assert!(matches!(error, BundleError::Write { .. }), "{error}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_spoilt_bundle_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(&folder.path().join("one"));
    let bundle = folder.path().join("bundle.tar");
    store::export(&store, &keys(&store), &bundle).unwrap();
    let good = std::fs::read(&bundle).unwrap();
    let spoilt = folder.path().join("spoilt.tar");
    let refusal = |bytes: &[u8]| {
        std::fs::write(&spoilt, bytes).unwrap();
        let root = folder.path().join("two");
        let store = Store::open(&root).unwrap();
        let error = store::import(&store, &spoilt).unwrap_err().to_string();
        // Whatever is there is what it should be.
        assert!(store::verify(&store, &sound, &mut |_, _| {}).unwrap().damaged.is_empty());
        assert_eq!(std::fs::read_dir(root.join("partial")).unwrap().count(), 0);
        drop(store);
        std::fs::remove_dir_all(root).unwrap();
        error
    };
    let replaced = |from: &[u8], to: &[u8]| {
        let at = good.windows(from.len()).rposition(|window| window == from).unwrap();
        let mut bytes = good.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    for (bytes, want) in [
        (replaced(b"second", b"sekond"), "it hashes to"),
        (replaced(b"record", b"rekord"), "it hashes to"),
        (good[..1024].to_vec(), "ends in its index"),
        (good[..1536].to_vec(), "ends before"),
        (good[..2048 + 2].to_vec(), "ends before"),
        (good[..100].to_vec(), "is no bundle"),
        (b"not a tar archive at all".repeat(100), "is no bundle"),
        (Vec::new(), "is no bundle"),
        (replaced(b"cooperage store 1", b"cooperage store 2"), "use a newer cooperage"),
        (replaced(b"index\0", b"indax\0"), "is no bundle"),
    ] {
        let error = refusal(&bytes);
        assert!(error.contains(want), "{want}: {error}");
        assert!(error.contains("spoilt.tar"), "{error}");
    }
    // Cut anywhere it is refused or, where only the end mark is cut, whole.
    for length in (0..good.len()).step_by(97) {
        std::fs::write(&spoilt, &good[..length]).unwrap();
        let store = Store::open(&folder.path().join("three")).unwrap();
        let outcome = store::import(&store, &spoilt);
        assert!(outcome.is_err() || keys(&store).len() == 4, "{length}");
    }
    // No member leads out of the store.
    let hex = sha256(b"first").hex();
    for name in
        [format!("../{hex}"), format!("blob/{hex}"), "deb-1/x".to_owned(), "sha256:zz".to_owned()]
    {
        assert!(name.parse::<StoreKey>().is_err(), "{name}");
    }
}

#[test]
fn a_store_of_a_later_format_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("format"), "9\n").unwrap();
    std::fs::write(folder.path().join("lock"), "theirs").unwrap();
    let before = files(folder.path());
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Format { .. })));
    assert!(matches!(Store::open_alone(folder.path()), Err(StoreError::Format { .. })));
    assert_eq!(files(folder.path()), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}
