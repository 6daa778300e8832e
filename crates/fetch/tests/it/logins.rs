//! Logins and proxies.

use fetch::{Http, Settings};
use store::{Address, Fetcher as _};
use testkit::{Fault, Server};

use crate::{at, settings, store, want};

/// `me:secret`, and `you:other`.
const ME: &str = "Basic bWU6c2VjcmV0";
const YOU: &str = "Basic eW91Om90aGVy";

fn authorization(server: &Server) -> Vec<Option<String>> {
    let requests = server.requests();
    requests.iter().map(|request| request.headers.get("authorization").cloned()).collect()
}

#[test]
fn a_login_of_the_netrc_goes_to_its_host_alone() {
    let (first, second) = (Server::start(), Server::start());
    first.put("/a", "", b"a");
    // The same machine under another name, which the netrc does not know.
    let other = second.url().replace("127.0.0.1", "localhost");
    first.fault("/a", Fault::Redirect(format!("{other}/b")));
    second.put("/b", "", b"a");
    let folder = tempfile::tempdir().unwrap();
    let netrc = folder.path().join("netrc");
    std::fs::write(&netrc, "machine 127.0.0.1 login me password secret\n").unwrap();
    let url = first.url();
    let settings = Settings { netrc: Some(netrc), ..settings() };
    let http = Http::new(settings, move |_| Ok(vec![url.clone()]));
    http.document(&at("a"), "*/*", 10).unwrap();
    http.document(&at("a"), "*/*", 10).unwrap();
    assert_eq!(authorization(&first), [Some(ME.to_owned()), Some(ME.to_owned())]);
    assert_eq!(authorization(&second), [None]);
}

#[test]
fn a_login_of_an_address_goes_to_its_origin_alone_and_into_no_message() {
    let (first, second) = (Server::start(), Server::start());
    let base = first.url().replace("http://", "http://me:secret@");
    // Links in a page that came from there carry no login themselves.
    first.put("/page", "", b"page");
    first.put("/file", "", b"file");
    first.put("/away", "", b"");
    first.always("/away", Fault::Redirect(format!("{}/file", second.url())));
    second.put("/file", "", b"file");
    let http = Http::new(settings(), move |_| Ok(vec![base.clone()]));
    let page = http.document(&at("page"), "*/*", 10).unwrap();
    assert_eq!(page.url, format!("{}/page", first.url()));
    let file = Address::Url(page.url.replace("/page", "/file"));
    http.document(&file, "*/*", 10).unwrap();
    http.document(&at("away"), "*/*", 10).unwrap();
    assert_eq!(authorization(&first), vec![Some(ME.to_owned()); 3]);
    assert_eq!(authorization(&second), [None]);

    first.always("/page", Fault::Status(401, Vec::new()));
    let error = http.document(&at("page"), "*/*", 10).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    let wrong = Address::Url(page.url.replace("http://", "http://me:secret@") + "?token=secret");
    let error = http.document(&wrong, "*/*", 10).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    for wrong in ["ftp://me:secret@h/", "http://me:secret@:x/"] {
        let error = http.document(&Address::Url(wrong.to_owned()), "*/*", 10).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn a_redirect_within_a_host_keeps_its_login_and_to_another_takes_the_other_one() {
    let (first, second) = (Server::start(), Server::start());
    let other = second.url().replace("127.0.0.1", "localhost");
    first.always("/a", Fault::Redirect("/b".to_owned()));
    first.always("/b", Fault::Redirect(format!("{other}/c")));
    second.put("/c", "", b"c");
    let folder = tempfile::tempdir().unwrap();
    let netrc = folder.path().join("netrc");
    let text =
        "machine 127.0.0.1 login me password secret machine localhost login you password other";
    std::fs::write(&netrc, text).unwrap();
    let url = first.url();
    let settings = Settings { netrc: Some(netrc), ..settings() };
    let http = Http::new(settings, move |_| Ok(vec![url.clone()]));
    let (_folder, store) = store();
    http.blob(&store, &want("a", b"c")).unwrap();
    assert_eq!(authorization(&first), [Some(ME.to_owned()), Some(ME.to_owned())]);
    assert_eq!(authorization(&second), [Some(YOU.to_owned())]);
}

/// Fetches `http://m.example.org/a` with these variables; what does not go through the proxy fails,
/// as no such host exists.
#[track_caller]
fn through_proxy(proxy: &Server, variables: &[(&str, &str)]) -> bool {
    proxy.put("http://m.example.org/a", "", b"a");
    let mut settings = settings();
    settings.patience.attempts = 1;
    for (name, value) in variables {
        settings.environment.insert((*name).to_owned(), (*value).to_owned());
    }
    let http = Http::new(settings, |_| Ok(vec!["http://m.example.org".to_owned()]));
    http.document(&at("a"), "*/*", 10).is_ok()
}

#[test]
fn proxies_are_those_of_the_environment() {
    let proxy = Server::start();
    let url = proxy.url();
    assert!(through_proxy(&proxy, &[("http_proxy", &url)]));
    assert!(through_proxy(&proxy, &[("HTTP_PROXY", &url)]));
    assert!(through_proxy(&proxy, &[("ALL_PROXY", &url)]));
    assert!(through_proxy(&proxy, &[("HTTP_PROXY", &url), ("NO_PROXY", "other.example.org")]));
    let count = proxy.requests().len();
    assert!(!through_proxy(&proxy, &[]));
    assert!(!through_proxy(&proxy, &[("https_proxy", &url)]));
    assert!(!through_proxy(&proxy, &[("http_proxy", &url), ("no_proxy", "example.org")]));
    assert_eq!(proxy.requests().len(), count);
    let login = url.replace("http://", "http://me:secret@");
    assert!(through_proxy(&proxy, &[("http_proxy", &login)]));
    let requests = proxy.requests();
    assert_eq!(requests.last().unwrap().headers["proxy-authorization"], ME);
}

#[test]
fn a_proxy_that_makes_no_sense_is_named_without_its_password() {
    for (value, want) in
        [("socks5://me:secret@h:1", "SOCKS"), ("http://me:secret@:x", "http_proxy")]
    {
        let mut settings = settings();
        settings.environment.insert("http_proxy".to_owned(), value.to_owned());
        let http = Http::new(settings, |_| Ok(vec!["http://m.example.org".to_owned()]));
        let error = http.document(&at("a"), "*/*", 10).unwrap_err().to_string();
        assert!(error.contains(want) && !error.contains("secret"), "{error}");
    }
}
