//! A root that mmdebstrap made, with the maintainer scripts really run, is the judge: what a handler
//! is to compute is taken out of it, computed, and compared.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use filetree::{Kind, Tree, TreePath};
use names::{Arch, Epoch};
use rootfs::handlers::alternatives::{self, Alternative, Slave};
use rootfs::handlers::{accounts, certificates, ld_cache, pam, shells};

use super::folder;

/// Packages with much for the handlers to do.
const PACKAGES: &str = "ca-certificates,ssl-cert,passwd,adduser,dbus,libpam-cap,libpam-krb5,\
    libpam-mkhomedir,libpam-pwquality,libpam-ldapd,libpam-gnome-keyring,gawk,original-awk,\
    vim-tiny,vim,nano,ed,less,zsh,tmux,openssh-server,libvirt0,librbd1,qemu-utils,openvswitch-common,\
    libc6-i386,libpam-systemd";

/// The root, and the folder that is removed in the end.
struct Reference {
    root: PathBuf,
    _folder: tempfile::TempDir,
}

impl Reference {
    /// A root that is there already may be given in `COOPERAGE_TEST_ROOT`: it is copied.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let place = root.to_str().unwrap();
        if let Ok(ready) = std::env::var("COOPERAGE_TEST_ROOT") {
            folder::run("cp", &["-a", &ready, place]);
        } else {
            let sources = folder.path().join("sources.list");
            std::fs::write(&sources, sources_list()).unwrap();
            let include = format!("--include={PACKAGES}");
            let sources = sources.to_str().unwrap();
            folder::run("mmdebstrap", &["--variant=apt", &include, "trixie", place, sources]);
        }
        Self { root, _folder: folder }
    }

    /// The tree of one directory.
    fn part(&self, top: &str) -> Tree {
        folder::part(&self.root, top)
    }

    fn chroot(&self, script: &str) {
        folder::run("chroot", &[self.root.to_str().unwrap(), "/bin/sh", "-ec", script]);
    }
}

/// Trixie with its updates, from the mirrors that the environment names.
fn sources_list() -> String {
    let keyring = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../distros/keyrings/debian-archive-trixie.gpg")
        .canonicalize()
        .unwrap();
    let suites = [
        ("COOPERAGE_MIRROR_DEBIAN", "trixie"),
        ("COOPERAGE_MIRROR_DEBIAN", "trixie-updates"),
        ("COOPERAGE_MIRROR_DEBIAN_SECURITY", "trixie-security"),
    ];
    let line = |(variable, suite): (&str, &str)| {
        let mirror = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must be set"));
        format!("deb [signed-by={}] {mirror} {suite} main\n", keyring.display())
    };
    suites.map(line).concat()
}

#[test]
#[ignore = "needs root, mmdebstrap, openssl and a mirror; .ci/run runs it"]
fn handlers_compute_what_the_scripts_leave() {
    let reference = Reference::new();
    let tree = folder::tree(&reference.root);
    check_certificates(&tree);
    check_hashes(&tree);
    check_pam(&tree);
    check_alternatives(&tree);
    check_shells(&reference, &tree);
    check_accounts(&reference, &tree);
    check_libraries(&reference, &tree);
}

/// Compares everything at or below `paths`, times aside.
#[track_caller]
fn assert_same(made: &Tree, real: &Tree, paths: &[&str]) {
    let tops: Vec<TreePath> = paths.iter().map(|path| path.parse().unwrap()).collect();
    let part = |tree: &Tree| {
        let mut part = Tree::new();
        for (path, node) in tree {
            if tops.iter().any(|top| path.strip_prefix(top).is_some()) {
                part.insert_with_parents(path.clone(), node.clone()).unwrap();
            }
        }
        part.listing()
    };
    let (made, real) = (part(made), part(real));
    let [ours, theirs] = [&made, &real].map(|text| text.lines().collect::<BTreeSet<_>>());
    let missing: Vec<_> = theirs.difference(&ours).collect();
    let surplus: Vec<_> = ours.difference(&theirs).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}\nsurplus {surplus:#?}");
    assert!(!real.is_empty(), "{paths:?}");
}

fn remove(tree: &mut Tree, path: &str) {
    tree.remove(&path.parse().unwrap());
}

fn read(tree: &Tree, path: &str) -> Vec<u8> {
    match &tree.at(path).unwrap().kind {
        Kind::File(content) => content.read().unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

fn check_certificates(real: &Tree) {
    let mut tree = real.clone();
    let links: Vec<TreePath> = real
        .below(&"etc/ssl/certs".parse().unwrap())
        .filter(|(path, _)| !path.file_name().contains("snakeoil"))
        .filter(|(_, node)| match &node.kind {
            Kind::Symlink(target) => !target.contains("snakeoil"),
            _ => true,
        })
        .map(|(path, _)| path.clone())
        .collect();
    for path in links {
        tree.remove(&path);
    }
    remove(&mut tree, "etc/ca-certificates.conf");
    remove(&mut tree, "usr/local/share/ca-certificates");
    certificates::install(&mut tree, Epoch(1)).unwrap();
    let paths = ["etc/ssl/certs", "etc/ca-certificates.conf", "usr/local/share/ca-certificates"];
    assert_same(&tree, real, &paths);
    // Done again, nothing changes.
    certificates::install(&mut tree, Epoch(1)).unwrap();
    assert_same(&tree, real, &paths);
}

fn check_hashes(real: &Tree) {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for (path, _) in real.below(&"usr/share/ca-certificates".parse().unwrap()) {
        if path.file_name().ends_with(".crt") {
            let place = folder.path().join("certificate");
            std::fs::write(&place, read(real, path.as_str())).unwrap();
            super::certificates::check_hash(&place);
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

fn check_pam(real: &Tree) {
    let mut tree = real.clone();
    let names = ["account", "auth", "password", "session", "session-noninteractive"];
    let common = names.map(|name| format!("etc/pam.d/common-{name}"));
    for path in &common {
        remove(&mut tree, path);
    }
    remove(&mut tree, "var/lib/pam");
    pam::update(&mut tree, Epoch(1)).unwrap();
    let mut paths: Vec<&str> = common.iter().map(String::as_str).collect();
    paths.push("var/lib/pam");
    assert_same(&tree, real, &paths);
}

fn check_alternatives(real: &Tree) {
    let mut tree = real.clone();
    let mut all = Vec::new();
    for (path, _) in real.below(&"var/lib/dpkg/alternatives".parse().unwrap()) {
        let text = String::from_utf8(read(real, path.as_str())).unwrap();
        all.extend(parse_group(path.file_name(), &text));
        remove(&mut tree, path.as_str());
    }
    let mut paths = vec!["etc/alternatives".to_owned(), "var/lib/dpkg/alternatives".to_owned()];
    for new in &all {
        for (name, link) in
            new.slaves.iter().map(|s| (&s.name, &s.link)).chain([(&new.name, &new.link)])
        {
            let link: TreePath = link.parse().unwrap();
            let link = real.resolve_parent(&link).unwrap();
            tree.remove(&link);
            remove(&mut tree, &format!("etc/alternatives/{name}"));
            paths.push(link.to_string());
        }
    }
    assert!(all.len() > 10, "{all:?}");
    alternatives::install(&mut tree, &all, Epoch(1)).unwrap();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    assert_same(&tree, real, &paths);
    // The order of installation does not matter, but for choices of one priority.
    all.reverse();
    alternatives::install(&mut tree, &all, Epoch(1)).unwrap();
    assert_same(&tree, real, &paths);
}

/// The calls that lead to a group as dpkg keeps it.
fn parse_group(name: &str, text: &str) -> Vec<Alternative> {
    let mut lines = text.lines().map(str::to_owned);
    let mut next = || lines.next().unwrap();
    assert_eq!(next(), "auto");
    let link = next();
    let mut slaves = Vec::new();
    loop {
        match next() {
            end if end.is_empty() => break,
            slave => slaves.push((slave, next())),
        }
    }
    let mut found = Vec::new();
    loop {
        let path = next();
        if path.is_empty() {
            return found;
        }
        let priority = next().parse().unwrap();
        let slaves = slaves
            .iter()
            .map(|(name, link)| Slave { name: name.clone(), link: link.clone(), path: next() })
            .filter(|slave| !slave.path.is_empty())
            .collect();
        found.push(Alternative {
            name: name.to_owned(),
            link: link.clone(),
            path,
            priority,
            slaves,
        });
    }
}

fn check_shells(reference: &Reference, before: &Tree) {
    let mut tree = before.clone();
    reference.chroot("rm /etc/shells /var/lib/shells.state; update-shells");
    let real = reference.part("etc");
    let state = reference.part("var/lib");
    remove(&mut tree, "etc/shells");
    remove(&mut tree, "var/lib/shells.state");
    for _ in 0..2 {
        shells::update(&mut tree, Epoch(1)).unwrap();
        let text = |tree: &Tree, path| String::from_utf8(read(tree, path)).unwrap();
        assert_eq!(text(&tree, "etc/shells"), text(&real, "etc/shells"));
        assert_eq!(text(&tree, "var/lib/shells.state"), text(&state, "var/lib/shells.state"));
    }
    // A shell that a person added, one that was removed, and one whose package is gone.
    let script = "sed -i -e '/dash/d' -e '$a/opt/mysh # mine' /etc/shells; echo /bin/gone >> \
                  /etc/shells; echo /bin/gone >> /var/lib/shells.state";
    reference.chroot(script);
    for path in ["etc/shells", "var/lib/shells.state"] {
        let now = reference.part(path.rsplit_once('/').unwrap().0).at(path).unwrap().clone();
        tree.insert(path.parse().unwrap(), now).unwrap();
    }
    shells::update(&mut tree, Epoch(1)).unwrap();
    reference.chroot("update-shells");
    assert_eq!(read(&tree, "etc/shells"), read(&reference.part("etc"), "etc/shells"));
}

fn check_accounts(reference: &Reference, before: &Tree) {
    const FILES: [&str; 6] =
        ["etc/passwd", "etc/group", "etc/shadow", "etc/gshadow", "etc/subuid", "etc/subgid"];
    let day = 20_000;
    let time = Epoch(day * 86_400 + 5);
    let clock = format!("export SOURCE_DATE_EPOCH={}", time.0);

    let mut tree = before.clone();
    for path in FILES {
        remove(&mut tree, path);
    }
    accounts::install_base(&mut tree, time).unwrap();
    let shared = "/usr/share/base-passwd";
    reference.chroot(&format!(
        "{clock}; cp {shared}/passwd.master /etc/passwd; cp {shared}/group.master /etc/group
         rm -f /etc/shadow /etc/gshadow /etc/*-; shadowconfig on"
    ));
    accounts::enable_shadow(&mut tree, time).unwrap();
    assert_same(&tree, &reference.part("etc"), &FILES);

    reference.chroot(&format!(
        "{clock}; groupadd --system --gid 42424 keystone
         useradd --system --uid 42424 --gid 42424 --comment 'OpenStack keystone' \\
            --home-dir /var/lib/keystone --shell /usr/sbin/nologin --no-create-home keystone
         groupadd --system --gid 150 helpers; usermod -a -G helpers keystone; usermod -a -G helpers daemon"
    ));
    let home = "/var/lib/keystone";
    accounts::add_service_account(&mut tree, "keystone", 42424, "OpenStack keystone", home, time)
        .unwrap();
    let group = accounts::Group {
        name: "helpers".to_owned(),
        gid: 150,
        members: Vec::new(),
        style: accounts::Style::Useradd,
    };
    accounts::add_group(&mut tree, &group, time).unwrap();
    for user in ["keystone", "daemon"] {
        accounts::add_member(&mut tree, user, "helpers", time).unwrap();
    }
    assert_same(&tree, &reference.part("etc"), &FILES);

    reference.chroot(&format!(
        "{clock}; adduser --quiet --system --uid 151 --group --home /nonexistent --no-create-home \\
            --comment 'Somebody' somebody"
    ));
    let system = accounts::Group { name: "somebody".to_owned(), gid: 151, ..group };
    accounts::add_group(&mut tree, &system, time).unwrap();
    let user = accounts::User {
        name: "somebody".to_owned(),
        uid: 151,
        gid: 151,
        gecos: "Somebody".to_owned(),
        home: "/nonexistent".to_owned(),
        shell: "/usr/sbin/nologin".to_owned(),
        style: accounts::Style::Useradd,
    };
    accounts::add_user(&mut tree, &user, time).unwrap();
    assert_same(&tree, &reference.part("etc"), &FILES);
}

fn check_libraries(reference: &Reference, before: &Tree) {
    let status = String::from_utf8(read(before, "var/lib/dpkg/status")).unwrap();
    let version = status
        .split("\n\n")
        .find(|stanza| stanza.starts_with("Package: libc-bin\n"))
        .and_then(|stanza| stanza.lines().find_map(|line| line.strip_prefix("Version: ")))
        .unwrap();
    let line = ld_cache::version_line(version);
    let made = ld_cache::ld_so_cache(before, Arch::Amd64, &line).unwrap();
    assert!(made.bytes == read(before, "etc/ld.so.cache"), "the cache of the scripts");
    assert!(made.links.is_empty() && made.stale.is_empty(), "{:?} {:?}", made.links, made.stale);

    // Directories of hwcaps, links that are missing, wrong, of no use; directories of its own.
    reference.chroot(
        "cd /usr/lib/x86_64-linux-gnu; mkdir -p glibc-hwcaps/x86-64-v2 glibc-hwcaps/x86-64-v3/x \\
             glibc-hwcaps/empty glibc-hwcaps/.hidden /opt/a /opt/b /opt/conf
         cp libz.so.1 libcap.so.2 glibc-hwcaps/x86-64-v2; cp libz.so.1 glibc-hwcaps/x86-64-v3
         cp libz.so.1 glibc-hwcaps/x86-64-v3/libz.so.1.0; ln -s libz.so.1.0 glibc-hwcaps/x86-64-v3/other
         cp libz.so.1 glibc-hwcaps/.hidden
         ln -s nowhere libnowhere.so.1; ln -s nowhere libnowhere.so; rm libcap.so.2
         ln -sf libz.so.1 libcrypt.so.1; cp libz.so.1 /opt/a/libz.so.1.2.9
         cp libz.so.1 /opt/a/libz.so.1.2.10; cp libz.so.1 /opt/b/libother.so; : > /opt/b/libempty.so
         echo 'GROUP ( libz.so )' > /opt/b/libscript.so; ln -s libother.so /opt/b/libz.so
         ln -s libother.so /opt/b/libfoo.so.3; ln libz.so.1 /opt/b/libhard.so.2; mkdir /opt/b/libd.so
         ln -s /opt/b /opt/c; head -c 3000 libz.so.1 > /opt/b/libcut.so.1
         head -c 20 libz.so.1 > /opt/b/libshort.so.1; cp libz.so.1 /opt/b/libz.so.1.dpkg-new
         printf '/opt/c/  # here\\n\\n include /opt/conf/*.conf more/*\\n/opt/b\\n/nowhere\\nhwcap 1 a\\n' \\
             > /etc/ld.so.conf.d/aa.conf
         mkdir /etc/ld.so.conf.d/more; echo /opt/a > /etc/ld.so.conf.d/more/x; \\
         echo /usr/lib/x86_64-linux-gnu/// > /opt/conf/x.conf",
    );
    let mut tree = folder::tree(&reference.root);
    let made = ld_cache::install(&mut tree, Arch::Amd64, &line, Epoch(1)).unwrap();
    assert!(made.links.len() > 3 && !made.stale.is_empty(), "{:?} {:?}", made.links, made.stale);
    reference.chroot("/sbin/ldconfig 2>/dev/null");
    let real = folder::tree(&reference.root);
    let text = |root: &Path, bytes: &[u8]| {
        std::fs::write(root.join("tmp/cache"), bytes).unwrap();
        folder::run("chroot", &[root.to_str().unwrap(), "/sbin/ldconfig", "-p", "-C", "/tmp/cache"])
    };
    let [ours, theirs] = [&tree, &real].map(|tree| read(tree, "etc/ld.so.cache"));
    if ours != theirs {
        let [ours, theirs] = [ours, theirs].map(|bytes| text(&reference.root, &bytes));
        let different: Vec<_> = ours.lines().zip(theirs.lines()).filter(|(a, b)| a != b).collect();
        panic!("{different:#?}");
    }
    assert_same(&tree, &real, &["etc/ld.so.cache", "usr/lib", "opt"]);
}
