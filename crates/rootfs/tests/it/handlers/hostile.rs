//! Damaged files of every kind: an error or a result, never a panic, never without end.

use names::{Arch, Epoch};
use rootfs::handlers::alternatives::{self, Alternative};
use rootfs::handlers::{accounts, certificates, ld_cache, pam, shells};
use testkit::Random;

use super::written::{certificate, damaged, library, put, tree};

const ROUNDS: usize = 2_000;

#[test]
fn damaged_libraries_are_passed_over() {
    let mut numbers = Random::new(1);
    let good = library(Some("libx.so.1"), 2);
    let (mut taken, mut passed) = (0, 0);
    for _ in 0..ROUNDS {
        let mut tree = tree(&[("etc/ld.so.conf", "/opt\n")]);
        put(&mut tree, "opt/libx.so.1", &damaged(&mut numbers, &good));
        put(&mut tree, "opt/glibc-hwcaps/x86-64-v3/libx.so.1", &damaged(&mut numbers, &good));
        for arch in Arch::ALL {
            let cache = ld_cache::ld_so_cache(&tree, arch, "ldconfig").unwrap();
            match cache.bytes[20] {
                0 => passed += 1,
                _ => taken += 1,
            }
        }
    }
    assert!(taken > 100 && passed > 100, "{taken} {passed}");
}

#[test]
fn damaged_loader_configurations_are_read() {
    let mut numbers = Random::new(2);
    let good = b"include /etc/ld.so.conf.d/*.conf # all\n/opt/a\n\thwcap 1 x\n/opt/[a-c]/\n";
    for _ in 0..ROUNDS {
        let mut tree = tree(&[("opt/a/", ""), ("etc/ld.so.conf.d/a.conf", "/opt\n")]);
        put(&mut tree, "etc/ld.so.conf", &damaged(&mut numbers, good));
        let _ = ld_cache::ld_so_cache(&tree, Arch::Amd64, "ldconfig");
    }
}

#[test]
fn damaged_certificates_get_no_link() {
    let mut numbers = Random::new(3);
    let good = certificate(&[(10, 12, b"Name"), (3, 30, b"\0A\0B"), (6, 19, b"DE")], 1);
    let der = |pem: &[u8]| -> Vec<u8> { pem.iter().copied().filter(|b| *b != b'-').collect() };
    for _ in 0..ROUNDS {
        let damaged = damaged(&mut numbers, &good);
        let _ = certificates::subject_hash(&der(&damaged));
        let mut tree = tree(&[]);
        put(&mut tree, "usr/share/ca-certificates/a.crt", &damaged);
        put(&mut tree, "etc/ssl/certs/0123abcd.0", b"-> a.pem");
        certificates::install(&mut tree, Epoch(1)).unwrap();
    }
}

#[test]
fn damaged_profiles_are_read_or_refused() {
    let mut numbers = Random::new(4);
    let good = b"Name: Unix\nDefault: yes\nPriority: 256\nAuth-Type: Primary\nAuth:\n\
                 \t[success=end default=ignore]\tpam_unix.so nullok\nSession-Type: Additional\n\
                 Session:\n\trequired pam_unix.so\nConflicts: a, b\n";
    let template = "# here are the per-package modules (the \"Primary\" block)\n\
                    # here's the fallback if no module succeeds\n\
                    # and here are more per-package modules (the \"Additional\" block)\n\
                    # end of pam-auth-update config\n";
    let (mut read, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        let mut tree = tree(&[]);
        for part in ["auth", "account", "password", "session", "session-noninteractive"] {
            put(&mut tree, &format!("usr/share/pam/common-{part}"), template.as_bytes());
        }
        put(&mut tree, "usr/share/pam-configs/unix", &damaged(&mut numbers, good));
        match pam::update(&mut tree, Epoch(1)) {
            Ok(()) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 100 && refused > 100, "{read} {refused}");
}

#[test]
fn damaged_alternatives_are_read_or_refused() {
    let mut numbers = Random::new(5);
    let good = b"auto\n/usr/bin/awk\nnawk\n/usr/bin/nawk\n\n/usr/bin/mawk\n5\n/usr/bin/mawk\n\n";
    let new = Alternative {
        name: "awk".to_owned(),
        link: "/usr/bin/awk".to_owned(),
        path: "/usr/bin/gawk".to_owned(),
        priority: 10,
        slaves: Vec::new(),
    };
    let (mut read, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        let mut tree = tree(&[("usr/bin/gawk", ""), ("usr/bin/mawk", "")]);
        put(&mut tree, "var/lib/dpkg/alternatives/awk", &damaged(&mut numbers, good));
        match alternatives::install(&mut tree, std::slice::from_ref(&new), Epoch(1)) {
            Ok(()) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 100 && refused > 100, "{read} {refused}");
}

#[test]
fn damaged_accounts_and_shells_are_read_or_refused() {
    let mut numbers = Random::new(6);
    let (passwd, group) =
        (b"root:*:0:0:root:/root:/bin/sh\na:*:1:1:::\n", b"root:*:0:\nb:*:1:a,b\n");
    let (mut read, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        let mut tree =
            tree(&[("bin", "-> usr/bin"), ("usr/share/debianutils/shells.d/a", "/bin/a\n")]);
        put(&mut tree, "etc/passwd", &damaged(&mut numbers, passwd));
        put(&mut tree, "etc/group", &damaged(&mut numbers, group));
        put(
            &mut tree,
            "usr/share/debianutils/shells",
            &damaged(&mut numbers, b"# shells\n/bin/sh # x\n/bin/b"),
        );
        let _ = shells::update(&mut tree, Epoch(1));
        let added = accounts::enable_shadow(&mut tree, Epoch(1))
            .and_then(|()| accounts::add_service_account(&mut tree, "x", 5, "", "/", Epoch(1)));
        match added {
            Ok(()) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 20 && refused > 100, "{read} {refused}");
}
