//! Nothing wrong and nothing half-written is ever in the store, whoever writes and however it ends.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and writes plain files"
)]

mod care;

use std::io::Write as _;
use std::path::Path;

use store::{BlobError, Store, StoreError};
use testkit::{sha256, tool};

/// The bytes of the `number`th blob.
fn content(number: u32) -> Vec<u8> {
    number.to_le_bytes().repeat(5000)
}

fn write(store: &Store, bytes: &[u8]) -> Result<store::Blob, BlobError> {
    let mut writer = store.blob_writer()?;
    for chunk in bytes.chunks(1000) {
        let path = store.root().to_owned();
        writer.write_all(chunk).map_err(|source| BlobError::Write { path, source })?;
    }
    writer.finish(Some(&sha256(bytes)))
}

/// The unfinished files in the store at `root`.
fn partial(root: &Path) -> usize {
    std::fs::read_dir(root.join("partial")).unwrap().count()
}

/// This program again, running only the test `name`, with the store at `root`.
fn again(name: &str, root: &Path) -> testkit::Tool {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", name, "--ignored", "--nocapture"];
    tool(this.to_str().unwrap()).args(arguments).env("COOPERAGE_TEST_STORE", root)
}

/// The store that [`again`] has named.
fn named() -> Option<Store> {
    Some(Store::open(Path::new(&std::env::var_os("COOPERAGE_TEST_STORE")?)).unwrap())
}

#[test]
fn what_is_written_is_there_under_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let digest = sha256(&content(1));
    assert_eq!(store.blob(&digest), None);
    let mut writer = store.blob_writer().unwrap();
    writer.write_all(&content(1)).unwrap();
    assert_eq!((writer.size(), writer.digest()), (20_000, digest));
    assert_eq!(store.blob(&digest), None);
    let blob = writer.finish(None).unwrap();
    assert_eq!(store.blob(&digest), Some(blob.clone()));
    assert_eq!(std::fs::read(&blob.path).unwrap(), content(1));
    assert_eq!(blob.path.strip_prefix(folder.path()).unwrap().components().count(), 3);

    let mut writer = store.derived_writer("deb-1", &digest).unwrap();
    writer.write_all(b"made from it").unwrap();
    assert_eq!(store.derived("deb-1", &digest), None);
    let path = writer.finish().unwrap();
    assert_eq!(store.derived("deb-1", &digest), Some(path.clone()));
    assert_eq!(store.derived("deb-2", &digest), None);
    // Made again, it replaces the old one at once.
    let mut writer = store.derived_writer("deb-1", &digest).unwrap();
    writer.write_all(b"made anew").unwrap();
    writer.finish().unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"made anew");
}

#[test]
fn a_wrong_digest_is_refused_and_a_dropped_writer_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut writer = store.blob_writer().unwrap();
    writer.write_all(b"other").unwrap();
    let error = writer.finish(Some(&sha256(b"right"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("it hashes to {}, not to {}", sha256(b"other"), sha256(b"right"))
    );
    for bytes in [&b"other"[..], b"right"] {
        assert_eq!(store.blob(&sha256(bytes)), None);
    }
    let mut writer = store.blob_writer().unwrap();
    writer.write_all(b"half").unwrap();
    assert_eq!(partial(folder.path()), 1);
    drop(writer);
    let _ = store.derived_writer("deb-1", &sha256(b"x")).unwrap();
    assert_eq!(partial(folder.path()), 0);
    assert_eq!(std::fs::read_dir(folder.path().join("blobs")).unwrap().count(), 0);
}

#[test]
fn several_threads_may_write_the_same_blob() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // Each with a store of its own, as processes have.
                let store = Store::open(folder.path()).unwrap();
                for number in 0..20 {
                    let blob = write(&store, &content(number)).unwrap();
                    assert_eq!(std::fs::read(blob.path).unwrap(), content(number));
                }
            });
        }
    });
    assert_eq!(partial(folder.path()), 0);
}

#[test]
#[ignore = "only for several_processes_may_write_the_same_blob, which starts it"]
fn write_hundred() {
    let Some(store) = named() else { return };
    for number in 0..100 {
        write(&store, &content(number)).unwrap();
    }
}

#[test]
fn several_processes_may_write_the_same_blob() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| again("write_hundred", folder.path()).run());
        }
    });
    let store = Store::open(folder.path()).unwrap();
    for number in 0..100 {
        let blob = store.blob(&sha256(&content(number))).unwrap();
        assert_eq!(std::fs::read(blob.path).unwrap(), content(number));
    }
    assert_eq!(partial(folder.path()), 0);
}

#[test]
#[ignore = "only for what_a_killed_process_leaves_is_swept, which starts it"]
fn die_in_the_middle() {
    let Some(store) = named() else { return };
    write(&store, &content(1)).unwrap();
    let mut writer = store.blob_writer().unwrap();
    writer.write_all(&content(2)).unwrap();
    let mut derived = store.derived_writer("deb-1", &sha256(b"x")).unwrap();
    derived.write_all(b"half").unwrap();
    std::process::abort();
}

#[test]
fn what_a_killed_process_leaves_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    again("die_in_the_middle", folder.path()).fail();
    assert_eq!(partial(folder.path()), 2);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(partial(folder.path()), 0);
    assert!(store.blob(&sha256(&content(1))).is_some());
    assert!(store.blob(&sha256(&content(2))).is_none());
    assert!(store.derived("deb-1", &sha256(b"x")).is_none());
    // While somebody uses the store nothing is swept: the files could be theirs.
    let mut writer = store.blob_writer().unwrap();
    writer.write_all(&content(2)).unwrap();
    again("die_in_the_middle", folder.path()).fail();
    let other = Store::open(folder.path()).unwrap();
    assert_eq!(partial(folder.path()), 3);
    writer.finish(Some(&sha256(&content(2)))).unwrap();
    drop((store, other));
    Store::open(folder.path()).unwrap();
    assert_eq!(partial(folder.path()), 0);
}

#[test]
fn a_format_of_a_later_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path()).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("format")).unwrap(), "1\n");
    std::fs::write(folder.path().join("format"), "2\n").unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Format { .. }), "{error}");
    let want = format!(
        "the store {} has format 2, and this version knows format 1: use a newer cooperage, or \
         another folder with --store",
        folder.path().display()
    );
    assert_eq!(error.to_string(), want);
    assert_eq!(std::fs::read_to_string(folder.path().join("format")).unwrap(), "2\n");
    // What a later version has half-written is its own matter too.
    std::fs::write(folder.path().join("partial/x"), "theirs").unwrap();
    Store::open(folder.path()).unwrap_err();
    assert_eq!(partial(folder.path()), 1);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for path in [folder.path().join("file"), "/proc/cooperage".into()] {
        let error = Store::open(&path).unwrap_err();
        let want =
            format!("cannot use {} as the store: name another folder with --store", path.display());
        assert_eq!(error.to_string(), want);
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
#[ignore = "only for a_full_disk_is_an_error, which starts it"]
fn fill() {
    let Some(store) = named() else { return };
    let errors: Vec<_> =
        (0..100).filter_map(|number| write(&store, &content(number)).err()).collect();
    assert!(matches!(errors[0], BlobError::Write { .. }), "{:?}", errors[0]);
    assert_eq!(partial(store.root()), 0);
    for number in 0..100 {
        if let Some(blob) = store.blob(&sha256(&content(number))) {
            assert_eq!(std::fs::read(blob.path).unwrap(), content(number));
        }
    }
    println!("{} did not fit", errors.len());
}

#[test]
#[ignore = "needs unshare and mount; .ci/run runs it"]
fn a_full_disk_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let script = "mount -t tmpfs -o size=500k none \"$1\" && shift && exec \"$@\"";
    let said = tool("unshare")
        .args(["-rm", "sh", "-ec", script, "sh"])
        .args([folder.path(), &this])
        .args(["--exact", "fill", "--ignored", "--nocapture"])
        .env("COOPERAGE_TEST_STORE", folder.path())
        .text();
    assert!(said.contains("did not fit"), "{said}");
}
