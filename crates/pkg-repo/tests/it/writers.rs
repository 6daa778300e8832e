//! Many publishers at once, killed at random, with apt and a strict reader watching.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use distro::Release;
use pkg_repo::{Check, Depth, Folder, Repository};
use signer::{Keyring, OpenPgpKey as _, verify_cleartext};
use testkit::{Random, tool};

use crate::apt::Apt;
use crate::room::{Room, TIME, deb, name};

const WRITERS: usize = 32;

/// How much each writer does.
struct Amount {
    /// Packages of each writer.
    packages: usize,
    /// How many it publishes at once.
    batch: usize,
    /// The longest time, in milliseconds, after which the first attempt of each batch is killed.
    patience: usize,
}

impl Amount {
    /// A sample; where COOPERAGE_CI says `full`, a thousand packages of each writer.
    #[expect(clippy::disallowed_methods, reason = "a slow test asks how slow it may be")]
    fn wanted() -> Self {
        match std::env::var("COOPERAGE_CI").is_ok_and(|tier| tier == "full") {
            true => Self { packages: 1000, batch: 250, patience: 20_000 },
            false => Self { packages: 12, batch: 4, patience: 700 },
        }
    }
}

/// The program of `examples/publish.rs`, which cargo builds with the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples/publish")
}

/// Reads the suite as a client does that keeps to hashes: the signed file, then every index that it
/// names, under its digest. Returns how many packages are listed.
fn read(root: &Path, keyring: &Keyring) -> usize {
    let suite = root.join("dists/trixie");
    let document = fs_err::read(suite.join("InRelease")).unwrap();
    let signed = verify_cleartext(&document, keyring, None).unwrap();
    let mut packages = 0;
    for (path, entry) in Release::parse(&signed.text).unwrap().files {
        let folder = Path::new(&path).parent().unwrap();
        let by_hash = suite.join(folder).join("by-hash/SHA256").join(entry.sha256.hex());
        let bytes = fs_err::read(by_hash).unwrap();
        assert_eq!(testkit::sha256(&bytes), entry.sha256, "{path}");
        if path == "main/binary-amd64/Packages" {
            let text = String::from_utf8(bytes).unwrap();
            for path in text.lines().filter_map(|line| line.strip_prefix("Filename: ")) {
                assert!(root.join(path).exists(), "{path}");
                packages += 1;
            }
        }
    }
    packages
}

/// nginx with one folder, until it is dropped.
pub(crate) struct Nginx {
    folder: tempfile::TempDir,
    pub(crate) url: String,
}

impl Nginx {
    pub(crate) fn start(root: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = folder.path().display();
        let config = format!(
            "user root;\npid {at}/pid;\nerror_log {at}/error.log;\nevents {{}}\nhttp {{\n\
             access_log off;\nclient_body_temp_path {at}/a;\nproxy_temp_path {at}/b;\n\
             fastcgi_temp_path {at}/c;\nuwsgi_temp_path {at}/d;\nscgi_temp_path {at}/e;\n\
             server {{ listen 127.0.0.1:{port}; root {}; }}\n}}\n",
            root.display()
        );
        fs_err::write(folder.path().join("nginx.conf"), config).unwrap();
        let nginx = Self { folder, url: format!("http://127.0.0.1:{port}") };
        nginx.command().run();
        nginx
    }

    fn command(&self) -> testkit::Tool {
        tool("nginx").arg("-c").arg(self.folder.path().join("nginx.conf"))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.command().args(["-s", "stop"]).said();
    }
}

#[test]
#[ignore = "needs apt, nginx and timeout; .ci/run runs it"]
fn many_writers_that_are_killed_lose_nothing_and_readers_never_see_a_half() {
    let Amount { packages: each, batch: size, patience } = Amount::wanted();
    let room = Room::new();
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/../signer/tests/fixtures/secret.asc");
    let publish = |packages: &[PathBuf], patience: Option<f64>| {
        let seconds = patience.map_or("3600".to_owned(), |seconds| format!("{seconds:.3}"));
        let run = tool("timeout").args(["-s", "KILL", &seconds]).arg(program());
        let run = run.arg(room.root()).args(["apt:trixie", key, &TIME.0.to_string()]);
        let said = run.args(packages).said();
        // What is printed comes after all is done.
        said.lines().any(|line| line.starts_with('0')).then_some(()).ok_or(said)
    };
    publish(&[], None).unwrap();
    let (killed, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let keyring = room.key.certificate().keyring();
    let nginx = Nginx::start(room.root());
    let apt = Apt::new(&nginx.url, "trixie", &room.key.certificate().to_bytes());
    let (reads, updates) = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (room, publish, killed, done) = (&room, &publish, &killed, &done);
            scope.spawn(move || {
                let mut random = Random::new(0x9e37_79b9 + writer as u64);
                for batch in 0..each / size {
                    let package = |index: usize| {
                        let number = batch * size + index;
                        room.deb(&deb(&format!("w{writer}-p{number}"), "1.0")).path
                    };
                    let packages: Vec<PathBuf> = (0..size).map(package).collect();
                    for attempt in 1.. {
                        // The first ones are killed at some moment; the later, the more time.
                        let patience = (attempt < 4)
                            .then(|| (attempt * random.below(patience)) as f64 / 1000.0 + 0.01);
                        match publish(&packages, patience) {
                            Ok(()) => break,
                            Err(said) => assert!(said.is_empty(), "{said}"),
                        }
                        killed.fetch_add(1, Ordering::Relaxed);
                    }
                }
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        let (mut reads, mut updates, mut before) = (0, 0, 0);
        while done.load(Ordering::Relaxed) < WRITERS {
            let now = read(room.root(), &keyring);
            assert!(now >= before, "packages were lost: {before}, then {now}");
            before = now;
            reads += 1;
            if reads % 10 == 0 {
                let said = apt.update();
                assert!(!said.contains("E:") && !said.contains("W:"), "{said}");
                updates += 1;
            }
        }
        (reads, updates)
    });
    let kills = killed.load(Ordering::Relaxed);
    println!("{each} packages of each writer: {kills} killed, {reads} reads, {updates} updates");
    assert!(kills > WRITERS / 4, "the kills came too late");
    assert!(reads > 10 && updates > 0);
    let listed: BTreeSet<String> = room.list("apt:trixie").into_iter().collect();
    let all = (0..WRITERS)
        .flat_map(|writer| (0..each).map(move |number| format!("w{writer}-p{number} 1.0 all")));
    assert_eq!(listed, all.collect());
    assert_eq!(read(room.root(), &keyring), WRITERS * each);
    let storage = Folder::open(room.root()).unwrap();
    let repository = Repository { storage: &storage, workers: 2 };
    let check = Check { keyring: Some(&keyring), now: TIME, depth: Depth::Bytes };
    assert_eq!(repository.verify(&name("apt:trixie"), &check).unwrap(), []);
}
