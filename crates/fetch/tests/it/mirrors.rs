//! Several addresses for one thing, several threads for one fetcher.

use std::collections::BTreeMap;

use fetch::{Http, Settings};
use store::{Address, FetchError, Fetcher as _, Want};
use testkit::{Fault, Server};

use crate::{at, content, http, settings, store, want};

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn the_next_mirror_has_what_the_first_has_not() {
    let (bad, good) = (Server::start(), Server::start());
    let bytes = content(1000);
    for path in ["/b/missing", "/b/damaged", "/b/broken"] {
        good.put(path, "", &bytes);
    }
    bad.always("/a/damaged", Fault::Bytes(vec![0; 1000]));
    bad.always("/a/broken", Fault::Status(500, Vec::new()));
    let http = http(&[&format!("{}/a", bad.url()), &format!("{}/b/", good.url())]);
    for path in ["missing", "damaged", "broken"] {
        let (_folder, store) = store();
        http.blob(&store, &want(path, &bytes)).unwrap();
    }
    let (_folder, store) = store();
    let error = http.blob(&store, &want("nowhere", b"x")).unwrap_err();
    let expected = format!(
        "debian:nowhere is not there: {}/a/nowhere: 404 Not Found; {}/b/nowhere: 404 Not Found",
        bad.url(),
        good.url()
    );
    assert_eq!(error.to_string(), expected);
    // One damaged and one missing copy: the damage is what matters.
    let error = http.blob(&store, &want("damaged", b"y")).unwrap_err();
    assert!(matches!(error, FetchError::Damaged { .. }), "{error}");
}

#[test]
fn a_mirror_that_is_down_is_asked_last_from_then_on() {
    let good = Server::start();
    let files: BTreeMap<String, Vec<u8>> =
        (0..40).map(|n| (format!("f{n}"), content(n + 1))).collect();
    good.put_all(&files);
    let http = http(&[&nobody(), &good.url()]);
    let (_folder, store) = store();
    let wants: Vec<Want> = files.iter().map(|(path, bytes)| want(path, bytes)).collect();
    let blobs = http.blobs(&store, &wants, &mut |_, _, _| {}).unwrap();
    assert_eq!(blobs.len(), 40);
    let error = http.document(&at("gone"), "*/*", 9).unwrap_err().to_string();
    let (first, last) = error.split_once("; ").unwrap();
    assert!(first.contains("404") && last.contains("onnection refused"), "{error}");
    assert!(!last.contains("attempts"), "{error}");
    assert!(last.ends_with("or name another mirror"), "{error}");
}

#[test]
fn the_first_failure_ends_all_and_keeps_what_has_arrived() {
    let server = Server::start();
    server.put("/good", "", b"good");
    let http = http(&[&server.url()]);
    let (_folder, store) = store();
    let mut wants = vec![want("good", b"good")];
    http.blobs(&store, &wants, &mut |_, _, _| {}).unwrap();
    wants.push(want("gone", b"gone"));
    wants.extend((0..100).map(|n| want(&format!("later{n}"), format!("{n}").as_bytes())));
    assert!(matches!(
        http.blobs(&store, &wants, &mut |_, _, _| {}),
        Err(FetchError::NotFound { .. })
    ));
    assert!(server.requests().len() < 60, "{} requests", server.requests().len());
    assert!(store.blob(&wants[0].sha256).is_some());
}

#[test]
fn several_threads_share_a_fetcher_and_its_limit() {
    let server = Server::start();
    let files: BTreeMap<String, Vec<u8>> =
        (0..60).map(|n| (format!("f{n}"), content(50_000 + n))).collect();
    server.put_all(&files);
    let drip = Fault::Drip(20_000, std::time::Duration::from_millis(5));
    files.keys().for_each(|path| server.always(&format!("/{path}"), drip.clone()));
    let url = server.url();
    let http = Http::new(Settings { parallel: 3, ..settings() }, move |_| Ok(vec![url.clone()]));
    let (_folder, store) = store();
    let wants: Vec<Want> = files.iter().map(|(path, bytes)| want(path, bytes)).collect();
    std::thread::scope(|scope| {
        for chunk in wants.chunks(25) {
            let (http, store) = (&http, &store);
            scope.spawn(move || http.blobs(store, chunk, &mut |_, _, _| {}).unwrap());
            scope.spawn(move || http.document(&at("f0"), "*/*", 100_000).unwrap());
        }
    });
    assert!(wants.iter().all(|want| store.blob(&want.sha256).is_some()));
    assert_eq!(server.most_at_once(), 3);
}

#[test]
fn an_archive_without_a_mirror_is_an_error_only_where_nothing_else_is_left() {
    let server = Server::start();
    server.put("/direct", "", b"direct");
    let http = Http::new(settings(), |archive| {
        let hint = "try --mirror".to_owned();
        Err(FetchError::NoMirror { archive: archive.clone(), hint })
    });
    let (_folder, store) = store();
    let mut wanted = want("direct", b"direct");
    let error = http.blob(&store, &wanted).unwrap_err();
    assert!(matches!(error, FetchError::NoMirror { .. }), "{error}");
    wanted.addresses.push(Address::Url(format!("{}/direct", server.url())));
    http.blob(&store, &wanted).unwrap();
}

#[test]
fn no_path_leads_out_of_an_archive() {
    let server = Server::start();
    server.put("/secret", "", b"secret");
    let http = http(&[&format!("{}/debian", server.url())]);
    for path in ["../secret", "a/../../secret", "/secret", "..", "%2e%2e/secret", "a/%2E./../x"] {
        let error = http.document(&at(path), "*/*", 100).unwrap_err().to_string();
        assert!(error.contains("leads out of the archive"), "{error}");
    }
    assert!(server.requests().is_empty());
    let error = http.document(&at("http://127.0.0.1/x"), "*/*", 100).unwrap_err();
    assert!(matches!(error, FetchError::NotFound { .. }), "{error}");
    assert_eq!(server.requests()[0].path, "/debian/http://127.0.0.1/x");
}
