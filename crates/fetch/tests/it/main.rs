//! Downloads from a server of our own that misbehaves in every way that servers do.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and writes plain files"
)]

mod faults;
mod logins;
mod mirrors;
mod real;
mod tls;

use std::time::Duration;

use fetch::{Http, Network, Patience, Settings};
use names::ArchiveName;
use store::{Address, Store, Want};
use testkit::Server;

/// Settings without long waits.
fn settings() -> Settings {
    let patience = Patience {
        connect: Duration::from_millis(500),
        window: Duration::from_millis(400),
        window_bytes: 2000,
        attempts: 3,
        pause: Duration::from_millis(5),
        retry_after: Duration::from_secs(2),
    };
    Settings { patience, ..Settings::new("1.2.3") }
}

/// A fetcher for which every archive is at these addresses.
fn http(bases: &[&str]) -> Http {
    let bases: Vec<String> = bases.iter().map(|base| (*base).to_owned()).collect();
    Http::new(settings(), move |_| Ok(bases.clone()))
}

fn at(path: &str) -> Address {
    let archive: ArchiveName = testkit::ARCHIVE.parse().unwrap();
    Address::in_archive(&archive, path)
}

fn want(path: &str, bytes: &[u8]) -> Want {
    let size = Some(bytes.len() as u64);
    Want { addresses: vec![at(path)], sha256: testkit::sha256(bytes), size }
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

/// The number of unfinished files in the store.
fn partial(store: &Store) -> usize {
    std::fs::read_dir(store.root().join("partial")).unwrap().count()
}

/// A server, and the fetcher that uses it for all archives.
fn served() -> (Server, Http) {
    let server = Server::start();
    let http = http(&[&server.url()]);
    (server, http)
}

/// Bytes of which no part equals another.
fn content(size: usize) -> Vec<u8> {
    (0..).flat_map(|number: u64| number.to_le_bytes()).take(size).collect()
}

#[test]
fn http_keeps_the_promises_of_a_fetcher() {
    let server = Server::start();
    testkit::check_promises(|given| {
        server.put_all(given);
        http(&[&server.url()])
    });
    let agents: std::collections::BTreeSet<_> = server
        .requests()
        .into_iter()
        .map(|request| request.headers["user-agent"].clone())
        .collect();
    assert_eq!(agents.into_iter().collect::<Vec<_>>(), ["cooperage/1.2.3"]);
}

#[test]
fn a_folder_keeps_the_promises_of_a_fetcher() {
    let folder = tempfile::tempdir().unwrap();
    for base in [folder.path().display().to_string(), format!("file://{}", folder.path().display())]
    {
        testkit::check_promises(|given| {
            for (path, bytes) in given {
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
            http(&[&base])
        });
    }
}

#[test]
fn no_page_of_a_server_names_files_of_this_machine() {
    use store::Fetcher as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "here").unwrap();
    let link = Address::Url(format!("file://{}/", folder.path().display()));
    let (_server, far) = served();
    far.document(&at("a"), "*/*", 100).unwrap_err();
    let error = far.document(&link, "*/*", 100).unwrap_err().to_string();
    assert!(error.contains("no mirror is a folder"), "{error}");
    // A page of a folder may: its links lead to its neighbours.
    let near = http(&[folder.path().to_str().unwrap()]);
    assert_eq!(near.document(&at(""), "*/*", 100).unwrap().media_type, "text/html");
    assert_eq!(near.document(&link, "*/*", 100).unwrap().bytes, b"here");
    let device = Address::Url("file:///dev/zero".to_owned());
    let error = near.document(&device, "*/*", 100).unwrap_err().to_string();
    assert!(error.contains("not a plain file"), "{error}");
}

#[test]
fn offline_names_all_that_is_missing_and_asks_nobody() {
    use store::Fetcher as _;
    let server = Server::start();
    let url = server.url();
    let settings = Settings { network: Network::Off, ..settings() };
    let http = Http::new(settings, move |_| Ok(vec![url.clone()]));
    let (_folder, store) = store();
    let here = {
        use std::io::Write as _;
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(b"here").unwrap();
        writer.finish(None).unwrap()
    };
    assert_eq!(http.blobs(&store, &[want("here", b"here")], &mut |_, _, _| {}).unwrap(), [here]);
    let wants = [want("one", b"1"), want("here", b"here"), want("two", b"2"), want("two", b"2")];
    let error = http.blobs(&store, &wants, &mut |_, _, _| {}).unwrap_err().to_string();
    assert_eq!(
        error,
        "--offline forbids fetching what the store does not have:\n  debian:one\n  debian:two"
    );
    let error = http.document(&at("dists/x/InRelease"), "*/*", 1000).unwrap_err();
    assert!(matches!(error, store::FetchError::Offline { .. }), "{error}");
    assert!(server.requests().is_empty());
}
