//! The repository over HTTP: curl, apt and dnf as clients, nginx as the server that knows.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use names::Epoch;
use pkg_repo::{ChannelSettings, Format, Served, Watch, YumSettings};
use signer::OpenPgpKey as _;
use testkit::tool;

use crate::apt::Apt;
use crate::room::{Room, deb, name};
use crate::writers::Nginx;

/// Serves a repository for as long as the process lives.
struct Server {
    url: String,
    port: u16,
    heard: Arc<Heard>,
}

/// What a server has answered, and its clock.
struct Heard {
    now: Epoch,
    served: Mutex<Vec<Served>>,
}

impl Watch for Heard {
    fn now(&self) -> Epoch {
        self.now
    }

    fn served(&self, served: Served) {
        self.served.lock().unwrap().push(served);
    }
}

/// Before everything that tests write.
const EARLY: Epoch = Epoch(0);
/// Long after it.
const LATE: Epoch = Epoch(10_000_000_000);

impl Server {
    fn start(root: &Path, now: Epoch) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Heard { now, served: Mutex::default() });
        let (root, watch) = (root.to_owned(), Arc::clone(&heard));
        std::thread::spawn(move || pkg_repo::serve(&root, &listener, &*watch));
        Self { url: format!("http://127.0.0.1:{port}"), port, heard }
    }

    /// Sends bytes on a connection of their own; gives all that comes back.
    fn says(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn filled() -> Room {
    let room = Room::new();
    room.init("apt:trixie");
    room.add("apt:trixie", &[deb("a", "1:1.0~rc1+b1"), deb("b", "1.0")]);
    room
}

#[test]
fn what_is_for_clients_is_served_and_nothing_else() {
    let room = filled();
    fs_err::write(room.at("secret"), "secret").unwrap();
    std::os::unix::fs::symlink(room.at("secret"), room.root().join("pool/out")).unwrap();
    std::os::unix::fs::symlink(room.folder.path(), room.root().join("pool/above")).unwrap();
    let server = Server::start(room.root(), LATE);
    let get = |target: &str| {
        server.says(&format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
    };
    let release = get("/dists/trixie/Release");
    assert!(release.starts_with("HTTP/1.1 200 OK\r\n"), "{release}");
    assert!(release.contains("\r\n\r\nOrigin: "), "{release}");
    for target in [
        "/",
        "/dists",
        "/dists/trixie/",
        "/snapshots",
        "/pointers/dists/trixie/Release",
        "/locks/x",
        "/format",
        "/pool/out",
        "/pool/above/secret",
        "/pool/../format",
        "/pool/%2e%2e/format",
        "/pool%2f..%2fformat",
        "/dists/trixie/Release/x",
        "*",
    ] {
        assert!(get(target).starts_with("HTTP/1.1 404 "), "{target}: {}", get(target));
    }
    // Two requests at once, and what is not understood ends the connection.
    let two = "HEAD /dists/trixie/Release HTTP/1.1\r\nHost: a\r\n\r\n";
    let said = server.says(&format!("{two}{two}\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(said.matches("HTTP/1.1 200 OK").count(), 2, "{said}");
    assert!(!said.contains("Origin: "), "{said}");
    let served = server.heard.served.lock().unwrap();
    assert_eq!((served[0].request.as_str(), served[0].status), ("GET /dists/trixie/Release", 200));
    assert!(served[0].bytes > 100);
}

#[test]
#[ignore = "needs curl and nginx; .ci/run runs it"]
fn curl_gets_what_nginx_gives() {
    let room = filled();
    let (server, nginx) = (Server::start(room.root(), LATE), Nginx::start(room.root()));
    let time = |url: &str| {
        let head = tool("curl").args(["-sI", &format!("{url}/dists/trixie/InRelease")]).text();
        let line = head.lines().find(|line| line.starts_with("Last-Modified: ")).unwrap();
        line["Last-Modified: ".len()..].trim().to_owned()
    };
    let time = [&server.url, &nginx.url].map(|url| time(url));
    assert_eq!(time[0], time[1]);
    let since = format!("If-Modified-Since: {}", time[0]);
    let if_same = format!("If-Range: {}", time[0]);
    let earlier = "If-Range: Thu, 01 Jan 1970 00:00:00 GMT";
    let paths = [
        "dists/trixie/InRelease",
        "dists/trixie/main/binary-amd64/Packages.xz",
        "dists/trixie/none",
        "keys/none",
        "yum/none/repodata/repomd.xml",
    ];
    let asked: [&[&str]; 14] = [
        &[],
        &["-I"],
        &["-r", "0-99"],
        &["-r", "100-"],
        &["-r", "-7"],
        &["-r", "99999999-"],
        &["-r", "5-99999999"],
        &["-H", "Range: lines=1-2"],
        &["-H", &since],
        &["-H", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"],
        &["-r", "3-9", "-H", &if_same],
        &["-r", "3-9", "-H", earlier],
        &["--http1.0"],
        &["-H", "Connection: close"],
    ];
    let mut compared = 0;
    for path in paths {
        for arguments in asked {
            let answer = |url: &str| {
                let format = "\n%{http_code} %header{content-range} %header{content-length}\n";
                let curl = tool("curl").args(["-s", "-w", format]).args(arguments);
                let said = curl.arg(format!("{url}/{path}")).run();
                let said = String::from_utf8_lossy(&said);
                let (body, status) = said.trim_end().rsplit_once('\n').unwrap();
                // Of an error, or of the head alone, the status is what counts.
                let is_file = ["200", "206"].iter().any(|code| status.starts_with(code));
                match is_file && !arguments.contains(&"-I") {
                    true => (status.to_owned(), body.to_owned()),
                    false => (status[..3].to_owned(), String::new()),
                }
            };
            let (ours, theirs) = (answer(&server.url), answer(&nginx.url));
            assert_eq!(ours, theirs, "{path} {arguments:?}");
            compared += 1;
        }
    }
    println!("{compared} answers are those of nginx");
}

#[test]
#[ignore = "needs root, apt, rpmbuild and dnf; .ci/run runs it"]
fn apt_and_dnf_are_served() {
    let room = filled();
    let key = room.key.certificate().to_bytes();
    let updates = |apt: &Apt, word: &str| {
        let said = apt.update();
        assert!(said.contains(word) && !said.contains("W:"), "{word} is not in {said}");
    };
    let server = Server::start(room.root(), LATE);
    let apt = Apt::new(&server.url, "trixie", &key);
    updates(&apt, "Get:1");
    updates(&apt, "Hit:1");

    // What has just changed is not taken for what it was, however soon it changes again.
    let server = Server::start(room.root(), EARLY);
    let apt = Apt::new(&server.url, "trixie", &key);
    updates(&apt, "Get:1");
    room.add("apt:trixie", &[deb("a", "2:2.0")]);
    updates(&apt, "Get:1");
    assert_eq!(apt.download("a"), ["a_2%3a2.0_all.deb"]);

    let settings = YumSettings { compression: Format::Zstd, keep: 2 };
    let channel = name("yum:el10");
    let init = |signing: &pkg_repo::Signing<'_>| {
        room.repository().init(&channel, &ChannelSettings::Yum(settings), signing)
    };
    room.signing(init).unwrap();
    let small = crate::rpms::small(room.folder.path(), "small", "1.0");
    crate::rpms::sign(&small, &room.key);
    let package = crate::yum::new(small);
    room.publish("yum:el10", &[package], pkg_repo::GateRules::default()).unwrap();
    let root = room.at("root");
    crate::yum::dnf(&room, &server.url, &root).args(["install", "small"]).said();
    let base = root.join("root");
    let installed = tool("rpm").arg("--root").arg(base).args(["-q", "small"]).text();
    assert!(installed.starts_with("small-1.0-1"), "{installed}");
    println!("{} requests", server.heard.served.lock().unwrap().len());
}
