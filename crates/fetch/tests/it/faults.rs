//! Servers that fail, for a moment or for good.

use std::time::{Duration, Instant};

use store::{FetchError, Fetcher as _};
use testkit::Fault;

use crate::{at, content, partial, served, store, want};

const PATH: &str = "/pool/a.deb";

/// Fetches a file of 100,000 bytes from a server with these faults; returns the number of requests.
#[track_caller]
fn arrives(faults: &[Fault]) -> usize {
    let (server, http) = served();
    let (_folder, store) = store();
    let bytes = content(100_000);
    server.put(PATH, "", &bytes);
    for fault in faults {
        server.fault(PATH, fault.clone());
    }
    let blob = http.blob(&store, &want("pool/a.deb", &bytes)).unwrap();
    assert_eq!(std::fs::read(blob.path).unwrap(), bytes);
    assert_eq!(partial(&store), 0);
    server.requests().len()
}

/// Fetches it from a server that always fails so; returns the error and the number of requests.
#[track_caller]
fn fails(fault: Fault) -> (FetchError, usize) {
    let (server, http) = served();
    let (_folder, store) = store();
    let bytes = content(100_000);
    server.put(PATH, "", &bytes);
    server.always(PATH, fault);
    let error = http.blob(&store, &want("pool/a.deb", &bytes)).unwrap_err();
    assert!(error.to_string().contains("debian:pool/a.deb"), "{error}");
    assert_eq!(partial(&store), 0, "{error}");
    assert!(store.blob(&testkit::sha256(&bytes)).is_none());
    (error, server.requests().len())
}

fn status(code: u16) -> Fault {
    Fault::Status(code, Vec::new())
}

#[test]
fn what_fails_for_a_moment_is_tried_again() {
    assert_eq!(arrives(&[]), 1);
    assert_eq!(arrives(&[status(500)]), 2);
    assert_eq!(arrives(&[status(503), status(502)]), 3);
    assert_eq!(arrives(&[status(408)]), 2);
    // A connection that ends without an answer may be tried again by the HTTP library too.
    assert!(arrives(&[Fault::Reset]) >= 2);
    assert_eq!(arrives(&[Fault::Chunked]), 1);
    // Mirrors mark `.tar.gz` files so; the bytes are those of the file all the same.
    assert_eq!(arrives(&[Fault::Header("Content-Encoding: gzip".into())]), 1);
}

#[test]
fn a_server_may_ask_for_a_pause() {
    let start = Instant::now();
    let pause = |seconds: &str| Fault::Status(429, vec![format!("Retry-After: {seconds}")]);
    assert_eq!(arrives(&[pause("1")]), 2);
    assert!(start.elapsed() >= Duration::from_secs(1));
    let (error, requests) = fails(pause("3600"));
    assert_eq!(requests, 1);
    assert!(error.to_string().contains("asks for a pause of 3600 s"), "{error}");
}

#[test]
fn what_fails_for_good_is_given_up() {
    let cases = [
        (status(500), 3, "500 Internal Server Error (3 attempts)"),
        (status(403), 1, "403 Forbidden (a login is taken from the netrc file)"),
        (status(418), 1, "418"),
        (Fault::Drip(100, Duration::from_millis(100)), 3, "bytes came in 0.4 s (3 attempts)"),
        (Fault::Redirect("/pool/a.deb".into()), 21, "more than 20 redirects"),
        (Fault::Redirect("file:///etc/passwd".into()), 1, "http redirects to file:///etc/passwd"),
        (Fault::Redirect("ftp://h/".into()), 1, "which is refused"),
        (Fault::Redirect("http://".into()), 1, "a redirect to nowhere"),
    ];
    for (fault, want_requests, want) in cases {
        let (error, requests) = fails(fault);
        assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(want), "{error}");
        assert!(error.to_string().contains("http://127.0.0.1:"), "{error}");
        assert_eq!(requests, want_requests, "{error}");
    }
    assert!(matches!(fails(status(404)), (FetchError::NotFound { .. }, 1)));
}

#[test]
fn wrong_bytes_are_refused() {
    let mut other = content(100_000);
    other[50_000] ^= 1;
    let cases = [
        (Fault::Bytes(other), "it hashes to sha256:"),
        (Fault::Bytes(content(99_999)), "it has 99999 bytes, not 100000"),
        (Fault::Bytes(content(100_001)), "it has 100001 bytes, not 100000"),
        (Fault::TooLong(5), "it has 100005 bytes, not 100000"),
    ];
    for (fault, want) in cases {
        let (error, requests) = fails(fault);
        assert!(matches!(error, FetchError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(want), "{error}");
        assert_eq!(requests, 1);
    }
}

#[test]
fn what_broke_off_is_continued() {
    let (server, http) = served();
    let (_folder, store) = store();
    let bytes = content(100_000);
    server.put(PATH, "", &bytes);
    // More breaks than attempts: each brings the file forward.
    for _ in 0..5 {
        server.fault(PATH, Fault::Cut(15_000));
    }
    http.blob(&store, &want("pool/a.deb", &bytes)).unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 6);
    let tag = format!("\"{}\"", testkit::sha256(&bytes).hex());
    for (request, start) in requests[1..].iter().zip([15_000, 30_000, 45_000, 60_000, 75_000]) {
        assert_eq!(request.headers["range"], format!("bytes={start}-"));
        assert_eq!(request.headers["if-range"], tag);
    }
    assert!(!requests[0].headers.contains_key("range"));
    assert_eq!(requests[0].headers["accept-encoding"], "identity");
}

#[test]
fn where_it_cannot_be_continued_it_is_fetched_whole() {
    let cut = Fault::Cut(60_000);
    assert_eq!(arrives(&[cut.clone(), Fault::NoRange]), 2);
    assert_eq!(arrives(&[cut.clone(), Fault::OtherRange]), 3);
    // The first part was of another file: the server sees that by If-Range.
    let (server, http) = served();
    let (_folder, store) = store();
    let (old, new) = (vec![7; 100_000], content(100_000));
    server.put(PATH, "", &old);
    server.fault(PATH, cut);
    let other = testkit::Server::start();
    other.put("/other", "", &new);
    server.fault(PATH, Fault::Redirect(format!("{}/other", other.url())));
    http.blob(&store, &want("pool/a.deb", &new)).unwrap();
    assert!(other.requests()[0].headers.contains_key("if-range"));
}

#[test]
fn a_document_is_bounded_and_says_what_it_is() {
    let (server, http) = served();
    server.put("/simple/a/", "Text/HTML; charset=utf-8", &content(5000));
    server.fault("/simple/a/", status(503));
    let document = http.document(&at("simple/a/"), "text/html;q=0.1", 5000).unwrap();
    assert_eq!(document.media_type, "text/html");
    assert_eq!(document.url, format!("{}/simple/a/", server.url()));
    assert_eq!(server.requests()[1].headers["accept"], "text/html;q=0.1");
    for fault in [None, Some(Fault::Chunked)] {
        fault.into_iter().for_each(|fault| server.fault("/simple/a/", fault));
        let error = http.document(&at("simple/a/"), "*/*", 4999).unwrap_err();
        assert!(error.to_string().contains("it has more than 4999 bytes"), "{error}");
    }
    // A list in an encoding that was not asked for is not what it seems.
    server.fault("/simple/a/", Fault::Header("Content-Encoding: gzip".into()));
    let error = http.document(&at("simple/a/"), "*/*", 5000).unwrap_err();
    assert!(error.to_string().contains("gzip"), "{error}");
    // One that broke off is fetched again, whole or the rest of it.
    server.fault("/simple/a/", Fault::Cut(3000));
    assert_eq!(http.document(&at("simple/a/"), "*/*", 5000).unwrap().bytes, content(5000));
    // The base of its links is where it was found.
    server.put("/old", "", b"");
    server.always("/old", Fault::Redirect("/simple/a/".into()));
    assert!(http.document(&at("old"), "*/*", 5000).unwrap().url.ends_with("/simple/a/"));
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    // A port that accepts and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http = crate::http(&[&format!("http://{}", listener.local_addr().unwrap())]);
    let error = http.document(&at("a"), "*/*", 100).unwrap_err().to_string();
    assert!(error.contains("no answer in 0.9 s (3 attempts)"), "{error}");
}
