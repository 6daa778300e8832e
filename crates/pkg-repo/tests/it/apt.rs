//! apt, apt-ftparchive, reprepro and aptly as judges.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pkg_repo::{AptSettings, ChannelSettings, GateRules, NewPackage, Pinning};
use signer::OpenPgpKey as _;
use testkit::{Compression, DebBuilder, Tool, tool};

use crate::room::{Room, deb, name, suite};

/// `apt-get` with a scratch root, whose only source is the repository.
pub(crate) struct Apt {
    root: tempfile::TempDir,
}

impl Apt {
    pub(crate) fn new(repo: &str, suite: &str, key: &[u8]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in [
            "etc/apt/sources.list.d",
            "etc/apt/preferences.d",
            "etc/apt/apt.conf.d",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial",
            "var/lib/dpkg",
        ] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs_err::write(root.path().join("var/lib/dpkg/status"), "").unwrap();
        let keyring = root.path().join("key.gpg");
        fs_err::write(&keyring, key).unwrap();
        let keyring = keyring.display();
        let line = format!("deb [arch=amd64 signed-by={keyring}] {repo} {suite} main\n");
        fs_err::write(root.path().join("etc/apt/sources.list"), line).unwrap();
        Self { root }
    }

    fn run(&self, program: &str) -> Tool {
        let root = self.root.path().display();
        tool(program)
            .folder(self.root.path())
            .args(["-o".to_owned(), format!("Dir={root}")])
            .args(["-o".to_owned(), format!("Dir::State::status={root}/var/lib/dpkg/status")])
            .args(["-o", "APT::Architecture=amd64", "-o", "APT::Architectures=amd64"])
            .args(["-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"])
            .args(["-o", "Debug::NoLocking=1", "-o", "Acquire::Check-Valid-Until=true"])
            .args(["-o", "Acquire::Check-Date=true"])
    }

    pub(crate) fn update(&self) -> String {
        self.run("apt-get").args(["-o", "APT::Update::Error-Mode=any", "update"]).said()
    }

    /// Downloads a package; gives all that have been downloaded.
    pub(crate) fn download(&self, package: &str) -> Vec<String> {
        self.run("apt-get").args(["download", package]).run();
        let names = std::fs::read_dir(self.root.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".deb")).collect()
    }

    fn versions(&self) -> String {
        self.run("apt-cache").arg("madison").args(["a", "b", "tool"]).text()
    }
}

fn filled() -> Room {
    let room = Room::new();
    room.init("apt:trixie");
    let native = DebBuilder::new("tool", "1:2.0~rc1-1").field("Architecture", "amd64");
    let native = native.field("Depends", "a (>= 1.0)").program("usr/bin/tool", b"#!/bin/sh\n");
    let native = native.field("Source", "tools (2.0~rc1-1)").compression(Compression::Gzip);
    room.add("apt:trixie", &[deb("a", "1.0"), deb("b", "1.0"), native]);
    room.add("apt:trixie", &[deb("a", "2.0")]);
    room
}

fn url(path: &Path) -> String {
    format!("file:{}", path.display())
}

#[test]
#[ignore = "needs apt; .ci/run runs it"]
fn apt_takes_packages_and_refuses_what_was_tampered_with() {
    let room = filled();
    let key = room.key.certificate().to_bytes();
    let apt = || Apt::new(&url(room.root()), "trixie", &key);
    let first = apt();
    let said = first.update();
    assert!(!said.contains("W:") && !said.contains("E:"), "{said}");
    let versions = first.versions();
    for part in ["a |        2.0 |", "a |        1.0 |", "tool | 1:2.0~rc1-1 |"] {
        assert!(versions.contains(part), "{versions}");
    }
    first.run("apt-get").args(["download", "tool", "a=1.0"]).run();
    assert!(first.root.path().join("tool_1%3a2.0~rc1-1_amd64.deb").exists());
    let plan = first.run("apt-get").args(["install", "--simulate", "tool"]).text();
    assert!(plan.contains("Inst a (2.0"), "{plan}");

    // Another key, a changed index, a changed list, a changed package.
    let stranger = testkit::SigningKey::generate().public();
    let said = Apt::new(&url(room.root()), "trixie", &stranger).update();
    assert!(said.contains("NO_PUBKEY") && said.contains("E:"), "{said}");
    let change = |path: &str, from: &str, to: &str| {
        let path = room.root().join(path);
        let path = std::fs::canonicalize(path).unwrap();
        let old = fs_err::read(&path).unwrap();
        let at = old.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        let mut new = old.clone();
        new[at..at + to.len()].copy_from_slice(to.as_bytes());
        fs_err::write(&path, new).unwrap();
        move || fs_err::write(&path, &old).unwrap()
    };
    let undo = change("dists/trixie/InRelease", "Example", "Examine");
    let said = apt().update();
    assert!(said.contains("BADSIG") || said.contains("invalid"), "{said}");
    undo();
    let listed = room.read("dists/trixie/Release");
    let line =
        listed.lines().rfind(|line| line.ends_with("main/binary-amd64/Packages.xz")).unwrap();
    let digest = line.split_whitespace().next().unwrap();
    let by_hash = format!("dists/trixie/main/binary-amd64/by-hash/SHA512/{digest}");
    let undo = change(&by_hash, "7zXZ", "8zXZ");
    let said = apt().update();
    assert!(said.contains("Hash Sum mismatch") || said.contains("E:"), "{said}");
    undo();
    assert!(!apt().update().contains("E:"));
    let record = room.repository().records(&name("apt:trixie")).unwrap().remove(0);
    let undo = change(&record.path, "debian-binary", "debiam-binary");
    let again = apt();
    again.update();
    let download = format!("{}={}", record.name, record.version);
    // apt does not copy what lies in a folder, but checks it all the same.
    let said = again.run("apt-get").args(["download", &download]).fail();
    assert!(said.contains("mismatch") || said.contains("unexpected size"), "{said}");
    undo();
}

/// Stanzas by package and version; each with its fields.
fn stanzas(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for text in text.split("\n\n").filter(|text| !text.trim().is_empty()) {
        let stanza = distro::Stanza::parse(text).unwrap();
        let key = format!("{} {}", stanza.get("Package").unwrap(), stanza.get("Version").unwrap());
        all.insert(key, stanza.fields.into_iter().collect());
    }
    all
}

#[test]
#[ignore = "needs apt-ftparchive; .ci/run runs it"]
fn apt_ftparchive_describes_the_same_packages() {
    let room = filled();
    let off = |sum: &str| format!("APT::FTPArchive::{sum}=false");
    let options = ["--md5=no", "-o", &off("SHA1"), "-o", &off("SHA512")];
    let theirs = tool("apt-ftparchive").args(options).args(["packages", "pool"]);
    let mut theirs = stanzas(&theirs.folder(room.root()).text());
    let mut ours = stanzas(&room.read("dists/trixie/main/binary-amd64/Packages"));
    assert_eq!(ours.len(), 4);
    for fields in ours.values_mut().chain(theirs.values_mut()) {
        fields.retain(|name, _| !["MD5sum", "SHA1"].contains(&name.as_str()));
    }
    assert_eq!(ours, theirs);
    let theirs = tool("apt-ftparchive").args(["contents", "pool"]).folder(room.root()).text();
    let inflated = tool("gzip").args(["-dc", "dists/trixie/main/Contents-amd64.gz"]);
    let ours = inflated.folder(room.root()).text();
    // apt-ftparchive takes sections from an override file alone.
    let words = |text: &str| {
        let text = text.replace("net/", "");
        let line = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        text.lines().map(line).collect::<Vec<_>>()
    };
    assert!(ours.contains(" net/a\n"), "{ours}");
    assert_eq!(words(&ours), words(&theirs));
    // The Release file names what is there, with the digests that it has.
    let folder = std::fs::canonicalize(room.root().join("pointers/dists/trixie")).unwrap();
    let theirs = tool("apt-ftparchive").args(["release", "."]).folder(&folder).text();
    let ours = room.read("dists/trixie/Release");
    let lines: Vec<&str> = ours.lines().filter(|line| line.starts_with(' ')).collect();
    assert_eq!(lines.len(), 2 * (4 * 3 + 2));
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let same = |other: &str| other.split_whitespace().eq(words.iter().copied());
        assert!(theirs.lines().any(same), "{line} is not in\n{theirs}");
    }
}

#[test]
#[ignore = "needs reprepro and gpg; .ci/run runs it"]
fn reprepro_imports_from_it() {
    let room = filled();
    let base = room.at("reprepro");
    std::fs::create_dir_all(base.join("conf")).unwrap();
    let distributions =
        "Codename: trixie\nArchitectures: amd64 arm64\nComponents: main\nUpdate: ours\n";
    fs_err::write(base.join("conf/distributions"), distributions).unwrap();
    let home = room.at("gnupg");
    std::fs::create_dir(&home).unwrap();
    let certificate = room.key.certificate();
    let import = tool("gpg").args(["--batch", "--quiet", "--import"]).env("GNUPGHOME", &home);
    import.input(&certificate.to_bytes()).run();
    let updates = format!(
        "Name: ours\nMethod: file:{}\nSuite: trixie\nComponents: main\nArchitectures: amd64 arm64\n\
         VerifyRelease: {}\n",
        room.root().display(),
        &certificate.fingerprint()[24..]
    );
    fs_err::write(base.join("conf/updates"), updates).unwrap();
    let reprepro = || tool("reprepro").arg("-b").arg(&base).env("GNUPGHOME", &home);
    reprepro().arg("update").run();
    let list = reprepro().args(["-A", "amd64", "list", "trixie"]).text();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(
        lines,
        [
            "trixie|main|amd64: a 2.0",
            "trixie|main|amd64: b 1.0",
            "trixie|main|amd64: tool 1:2.0~rc1-1",
        ]
    );
}

#[test]
#[ignore = "needs aptly, gpg and python3; .ci/run runs it"]
fn aptly_imports_from_it() {
    let room = filled();
    let base = room.at("aptly");
    std::fs::create_dir(&base).unwrap();
    let config = format!("{{\"rootDir\": \"{}\", \"architectures\": [\"amd64\"]}}", base.display());
    fs_err::write(room.at("aptly.conf"), config).unwrap();
    fs_err::write(room.at("ours.gpg"), room.key.certificate().to_bytes()).unwrap();
    let server = testkit::Server::start();
    server.put_all(&served(room.root()));
    let aptly = || {
        let config = format!("-config={}", room.at("aptly.conf").display());
        tool("aptly").arg(config).env("HOME", room.folder.path())
    };
    let keyring = format!("-keyring={}", room.at("ours.gpg").display());
    let url = server.url();
    aptly().args(["mirror", "create", &keyring, "ours", &url, "trixie", "main"]).run();
    aptly().args(["mirror", "update", &keyring, "ours"]).run();
    let shown = aptly().args(["mirror", "show", "-with-packages", "ours"]).text();
    for package in ["a_1.0_all", "a_2.0_all", "b_1.0_all", "tool_1:2.0~rc1-1_amd64"] {
        assert!(shown.contains(package), "{shown}");
    }
}

/// What a web server would serve: files by path, links followed.
fn served(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec!["dists".to_owned(), "pool".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
            let path = root.join(&name);
            if path.is_dir() {
                folders.push(name);
            } else {
                found.insert(name, fs_err::read(path).unwrap());
            }
        }
    }
    found
}

/// A suite with these settings and a package.
fn suite_with(room: &Room, channel: &str, change: impl FnOnce(&mut AptSettings)) {
    let mut settings = suite(channel);
    change(&mut settings);
    let settings = ChannelSettings::Apt(settings);
    room.signing(|s| room.repository().init(&name(channel), &settings, s)).unwrap();
    room.add(channel, &[deb("a", "1.0")]);
}

#[test]
#[ignore = "needs apt; .ci/run runs it"]
fn apt_heeds_what_release_says() {
    let mut room = Room::new();
    let key = room.key.certificate().to_bytes();
    let apt = |room: &Room, suite: &str| Apt::new(&url(room.root()), suite, &key);
    let pinnings = [
        ("normal", Pinning::Normal, 500),
        ("upgrades", Pinning::UpgradesOnly, 100),
        ("manual", Pinning::Manual, 1),
    ];
    for (suite, pinning, priority) in pinnings {
        suite_with(&room, &format!("apt:{suite}"), |settings| settings.pinning = pinning);
        let apt = apt(&room, suite);
        assert!(!apt.update().contains("W:"));
        let policy = apt.run("apt-cache").args(["policy", "a"]).text();
        let want = format!("     1.0 {priority}\n");
        assert!(policy.contains(&want), "{suite}: {policy}");
    }

    // It is for a week of half a year ago.
    suite_with(&room, "apt:trixie", |settings| settings.valid_for = Some(7 * 86_400));
    let said = apt(&room, "trixie").update();
    assert!(said.contains("E: Release file") && said.contains("expired"), "{said}");
    room.now = names::Epoch(tool("date").arg("+%s").text().trim().parse().unwrap());
    room.signing(|s| room.repository().refresh(&name("apt:trixie"), s)).unwrap();
    let said = apt(&room, "trixie").update();
    assert!(!said.contains("W:") && !said.contains("E:"), "{said}");
    assert!(room.read("dists/trixie/Release").contains("\nValid-Until: "));
}

#[test]
#[ignore = "needs apt; .ci/run runs it"]
fn apt_finds_components_and_udebs_apart() {
    let room = Room::new();
    let key = room.key.certificate().to_bytes();
    let components = ["main", "updates", "proposed", "security", "holdback", "hotfix"];
    suite_with(&room, "apt:trixie", |settings| {
        settings.components = components.map(str::to_owned).to_vec();
    });
    let mut packages = Vec::new();
    for component in &components[1..] {
        let package = room.deb(&deb(component, "1.0"));
        packages.push(NewPackage { component: (*component).to_owned(), ..package });
    }
    packages.push(room.deb(&deb("for-installer", "1.0").field("Package-Type", "udeb")));
    room.publish("apt:trixie", &packages, GateRules::default()).unwrap();
    let of = |components: &str| {
        let apt = Apt::new(&url(room.root()), &format!("trixie {components}"), &key);
        let said = apt.update();
        assert!(!said.contains("W:") && !said.contains("E:"), "{said}");
        let names = apt.run("apt-cache").args(["pkgnames"]).text();
        names.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(of(""), BTreeSet::from(["a".to_owned()]));
    for component in &components[1..] {
        assert_eq!(of(component), BTreeSet::from(["a", *component].map(str::to_owned)));
    }
    let installer = of("main/debian-installer");
    assert_eq!(installer, BTreeSet::from(["a", "for-installer"].map(str::to_owned)));
    let files = |index: &str| {
        let path = room.root().join(format!("dists/trixie/main/{index}-amd64.gz"));
        tool("gzip").args(["-dc"]).arg(path).text()
    };
    assert!(files("Contents-udeb").contains("net/for-installer"));
    assert!(!files("Contents").contains("for-installer"));
    let records = room.repository().records(&name("apt:trixie")).unwrap();
    let udeb = records.iter().find(|record| record.name == "for-installer").unwrap();
    assert!(udeb.path.ends_with(".udeb"), "{}", udeb.path);
}
