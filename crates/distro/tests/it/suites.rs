//! Suites that are not as they should be: the small archive of `fixtures/archive/make.sh`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use distro::{Index, LockedSuite, Suite, SuiteError, fetch_suites};
use names::{Arch, Epoch};
use signer::Keyring;
use store::{Address, Blob, Document, FetchError, Fetcher, Store, Want};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/archive");

/// The archive on disk, with one text replaced in its InRelease files.
struct Folder {
    replaced: (&'static str, &'static str),
    /// What was asked for.
    asked: Mutex<Vec<String>>,
}

impl Folder {
    fn get(&self, address: &Address) -> Result<Vec<u8>, FetchError> {
        self.asked.lock().unwrap().push(address.to_string());
        let path = address.to_string().replacen("debian:", &format!("{FOLDER}/"), 1);
        std::fs::read(PathBuf::from(path)).map_err(|error| FetchError::NotFound {
            address: address.to_string(),
            tried: error.to_string(),
        })
    }
}

impl Folder {
    fn put(&self, store: &Store, want: &Want) -> Blob {
        let bytes = want.addresses.iter().find_map(|address| self.get(address).ok()).unwrap();
        assert_eq!(Some(bytes.len() as u64), want.size);
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(&bytes).unwrap();
        writer.finish(Some(&want.sha256)).unwrap()
    }
}

impl Fetcher for Folder {
    fn document(&self, address: &Address, _: &str, _: u64) -> Result<Document, FetchError> {
        let text = String::from_utf8(self.get(address)?).unwrap();
        let bytes = text.replacen(self.replaced.0, self.replaced.1, 1).into_bytes();
        Ok(Document { bytes, media_type: String::new(), url: String::new() })
    }

    fn blobs(
        &self,
        store: &Store,
        wants: &[Want],
        _: &mut dyn FnMut(usize, &store::Blob, bool),
    ) -> Result<Vec<Blob>, FetchError> {
        Ok(wants.iter().map(|want| self.put(store, want)).collect())
    }
}

const NOW: &str = "2026-01-02T00:00:00Z";

fn fetch(
    fetcher: &Folder,
    suite: &str,
    component: &str,
    now: &str,
) -> Result<(Index, Vec<LockedSuite>), SuiteError> {
    let folder = tempfile::tempdir().unwrap();
    fetch_into(&Store::open(folder.path()).unwrap(), fetcher, suite, component, now)
}

fn fetch_into(
    store: &Store,
    fetcher: &Folder,
    suite: &str,
    component: &str,
    now: &str,
) -> Result<(Index, Vec<LockedSuite>), SuiteError> {
    let suite = Suite {
        archive: "debian".parse().unwrap(),
        suite: suite.to_owned(),
        components: vec![component.to_owned()],
        arches: Vec::new(),
        keyring: "test.gpg".to_owned(),
    };
    let keyring = Keyring::parse(&std::fs::read(format!("{FOLDER}/keyring.gpg")).unwrap()).unwrap();
    let keyrings = BTreeMap::from([("test.gpg".to_owned(), keyring)]);
    let now = Epoch::from_rfc3339(now);
    let (index, locked) = fetch_suites(fetcher, store, &[suite], &keyrings, Arch::Amd64, now)?;
    store.blob(&locked[0].in_release).expect("the InRelease file is in the store");
    Ok((index, locked))
}

fn archive() -> Folder {
    Folder { replaced: ("", ""), asked: Mutex::new(Vec::new()) }
}

#[track_caller]
fn refused(fetcher: &Folder, suite: &str, component: &str, now: &str, message: &str) {
    let error = fetch(fetcher, suite, component, now).unwrap_err();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    assert!(text.contains(message), "{text}");
}

#[test]
fn lists_are_read_in_every_compression() {
    for component in ["main", "gz", "plain"] {
        let (index, locked) = fetch(&archive(), "test", component, NOW).unwrap();
        assert_eq!(index.newest(component).unwrap().path, format!("pool/{component}.deb"));
        assert_eq!(locked[0].date.to_string(), "2026-01-01T00:00:00Z");
    }
}

#[test]
fn lists_are_fetched_by_their_digest_first() {
    let fetcher = archive();
    fetch(&fetcher, "test", "main", NOW).unwrap();
    let asked = fetcher.asked.lock().unwrap();
    assert!(
        asked[1].starts_with("debian:dists/test/main/binary-amd64/by-hash/SHA256/"),
        "{asked:?}"
    );
    assert_eq!(asked.len(), 2);
}

#[test]
fn lists_are_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let again = || {
        let fetcher = archive();
        let (index, _) = fetch_into(&store, &fetcher, "test", "main", NOW).unwrap();
        let newest = index.newest("main").unwrap();
        (newest, index.package_count(), fetcher.asked.into_inner().unwrap().len())
    };
    let (newest, packages, asked) = again();
    assert!(asked > 1);
    assert_eq!(again(), (newest.clone(), packages, 1), "InRelease alone is asked for");
    // A damaged record is as good as none.
    let kind = folder.path().join("derived").join(distro::INDEX_RECORDS);
    let place = std::fs::read_dir(&kind).unwrap().next().unwrap().unwrap().path();
    let record = std::fs::read_dir(place).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&record).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&record, bytes).unwrap();
    assert_eq!(again(), (newest.clone(), packages, asked));
    assert_eq!(again(), (newest, packages, 1));
}

#[test]
fn a_tampered_release_file_is_refused() {
    for (from, to) in [("Origin: Test", "Origin: Evil"), ("2026", "2027"), ("\n\n", "\n\nX: 1\n")] {
        let fetcher = Folder { replaced: (from, to), asked: Mutex::new(Vec::new()) };
        refused(&fetcher, "test", "main", NOW, "BAD signature by");
    }
    let fetcher = Folder { replaced: ("-----BEGIN", "X: 1\n-----BEGIN"), asked: Mutex::default() };
    refused(&fetcher, "test", "main", NOW, "text stands before the signed part");
}

#[test]
fn a_release_file_holds_for_its_time() {
    assert!(fetch(&archive(), "test", "main", "2026-01-08T00:00:00Z").is_ok());
    refused(
        &archive(),
        "test",
        "main",
        "2026-01-08T00:00:01Z",
        "is valid until 2026-01-08T00:00:00Z",
    );
    refused(&archive(), "test", "main", "2025-12-31T00:00:00Z", "is the clock right?");
}

#[test]
fn another_suite_is_refused() {
    let message = "debian:other answers as suite `test`, codename `test`: is the mirror right?";
    refused(&archive(), "other", "main", NOW, message);
}

#[test]
fn lists_that_are_not_the_signed_ones_are_refused() {
    refused(&archive(), "test", "truncated", NOW, "test truncated/binary-amd64/Packages.xz");
    refused(&archive(), "test", "bomb", NOW, "it has more than 151 bytes");
    refused(&archive(), "test", "wrong", NOW, "it hashes to sha256:");
    refused(&archive(), "test", "outside", NOW, "`Filename`: `../../etc/passwd`");
    refused(&archive(), "test", "contrib", NOW, "has no component `contrib` for amd64");
}
