//! `openssl` is the judge.

use std::collections::BTreeMap;
use std::path::Path;

use filetree::{Kind, Tree};
use names::Epoch;
use rootfs::handlers::certificates::install;

use super::folder;
use super::written::{certificate, chain, put, text, tree};

/// Compares the link of the certificate in a PEM file with the hash that OpenSSL prints.
#[track_caller]
pub(super) fn check_hash(pem: &Path) {
    let hash = folder::run("openssl", &["x509", "-in", pem.to_str().unwrap(), "-noout", "-hash"]);
    let mut tree = Tree::new();
    put(&mut tree, "usr/share/ca-certificates/a.crt", &std::fs::read(pem).unwrap());
    install(&mut tree, Epoch(1)).unwrap();
    let links = hash_links(&tree, "etc/ssl/certs");
    let expected = BTreeMap::from([(format!("{}.0", hash.trim_end()), "a.pem".to_owned())]);
    assert_eq!(links, expected, "{}", pem.display());
}

/// Subjects, and the kinds of strings that they are written in (`string_mask`): Printable, T61,
/// IA5, Universal, BMP, UTF-8.
#[test]
#[ignore = "needs openssl; .ci/run runs it"]
fn odd_subjects_have_the_hash_of_openssl() {
    const MASKS: [&str; 6] = ["0x2", "0x4", "0x10", "0x100", "0x800", "0x2000"];
    const SUBJECTS: [&str; 8] = [
        "/CN=plain",
        "/C=DE/O=UPPER Case/CN=Mixed Case Name",
        "/O=  spaces   before,  between and after   /CN= x ",
        "/O=\ttab\t\ttab\n newline /CN=a",
        "/O=Füße Ärger/CN=ÄÖÜ straße",
        "/O=Főtanúsítvány/CN=日本  語",
        "/CN=b+O=a+OU=Z+L= M /CN=second",
        "/O=   /CN=",
    ];
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (key, config, pem) = (path("key"), path("config"), path("pem"));
    folder::run("openssl", &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", &key]);
    let mut made = 0;
    for mask in MASKS {
        let text = format!("[req]\nstring_mask=MASK:{mask}\nutf8=yes\ndistinguished_name=n\n[n]\n");
        std::fs::write(&config, text).unwrap();
        for subject in SUBJECTS {
            let arguments = ["req", "-new", "-x509", "-utf8", "-multivalue-rdn", "-key", &key];
            let rest = ["-config", &config, "-out", &pem, "-subj", subject];
            // Not every subject can be written in every alphabet.
            let command = [&arguments[..], &rest[..]].concat();
            if folder::succeeds("openssl", &command) {
                check_hash(Path::new(&pem));
                made += 1;
            }
        }
    }
    assert!(made > 24, "{made}");
}

/// Certificates of one subject, one of them twice, some with other extensions; and once more after
/// one is gone and another has come.
#[test]
#[ignore = "needs openssl; .ci/run runs it"]
fn equal_subjects_are_numbered_as_openssl_rehash_numbers_them() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let key = path("key");
    folder::run("openssl", &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", &key]);
    let certs = path("certs");
    std::fs::create_dir(&certs).unwrap();
    let make = |name: &str, subject: &str| {
        let out = format!("{certs}/{name}");
        let arguments = ["req", "-new", "-x509", "-key", &key, "-subj", subject, "-out", &out];
        folder::run("openssl", &arguments);
    };
    for name in ["b.pem", "a.crt", "Z.cer", "c.PEM", "d.txt", "e.pem"] {
        make(name, if name == "e.pem" { "/CN=other" } else { "/CN=same" });
    }
    std::fs::copy(format!("{certs}/a.crt"), format!("{certs}/aa.pem")).unwrap();
    let double = [format!("{certs}/a.crt"), format!("{certs}/b.pem")]
        .map(|name| std::fs::read(name).unwrap())
        .concat();
    std::fs::write(format!("{certs}/two.pem"), double).unwrap();
    std::fs::write(format!("{certs}/none.pem"), "nothing\n").unwrap();

    let mut tree = Tree::new();
    for round in 0..3 {
        match round {
            1 => std::fs::remove_file(format!("{certs}/a.crt")).unwrap(),
            2 => make("0.pem", "/CN=same"),
            _ => {}
        }
        let disk = folder::tree(Path::new(&certs));
        let links = hash_links(&tree, "etc/ssl/certs");
        tree = Tree::new();
        put(&mut tree, "usr/share/ca-certificates/x.crt", &certificate(&[(3, 12, b"x")], 1));
        for (path, node) in disk.iter().filter(|(_, node)| matches!(node.kind, Kind::File(_))) {
            tree.insert_with_parents(
                format!("etc/ssl/certs/{path}").parse().unwrap(),
                node.clone(),
            )
            .unwrap();
        }
        for (name, target) in links {
            put(&mut tree, &format!("etc/ssl/certs/{name}"), format!("-> {target}").as_bytes());
        }
        install(&mut tree, Epoch(1)).unwrap();
        folder::run("openssl", &["rehash", &certs]);
        let mut ours = hash_links(&tree, "etc/ssl/certs");
        ours.retain(|_, target| target != "x.pem");
        assert_eq!(ours, hash_links(&folder::tree(Path::new(&certs)), ""), "round {round}");
    }
}

fn hash_links(tree: &Tree, below: &str) -> BTreeMap<String, String> {
    tree.below(&below.parse().unwrap())
        .filter_map(|(path, node)| match &node.kind {
            Kind::Symlink(target) if !target.starts_with('/') => {
                Some((path.file_name().to_owned(), target.clone()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn strings_are_equal_when_their_canonical_forms_are() {
    let hash = |subject: &[(u8, u8, &[u8])]| {
        let mut tree = Tree::new();
        put(&mut tree, "usr/share/ca-certificates/a.crt", &certificate(subject, 1));
        install(&mut tree, Epoch(1)).unwrap();
        let links = hash_links(&tree, "etc/ssl/certs");
        assert!(links.len() <= 1, "{links:?}");
        links.into_keys().next()
    };
    let plain = hash(&[(3, 12, b"a name")]);
    assert!(plain.is_some());
    for same in [
        (3, 19, &b" A  Name\n"[..]),
        (3, 22, b"a\tNAME"),
        (3, 30, b"\0a\0 \0n\0A\0m\0e"),
        (3, 28, b"\0\0\0a\0\0\0 \0\0\0n\0\0\0A\0\0\0m\0\0\0e"),
    ] {
        assert_eq!(hash(&[same]), plain, "{same:?}");
    }
    for other in [(3, 12, &b"aname"[..]), (10, 12, b"a name"), (3, 18, b"a name")] {
        assert_ne!(hash(&[other]), plain, "{other:?}");
    }
    for damaged in [(3, 12, &b"\xff"[..]), (3, 30, b"\0a\0"), (3, 30, b"\xd8\0")] {
        assert_eq!(hash(&[damaged]), None, "{damaged:?}");
    }
}

#[test]
fn certificates_are_listed_linked_and_bundled() {
    let [one, two] = [1, 2].map(|serial| certificate(&[(3, 12, b"x")], serial));
    let mut tree = Tree::new();
    put(&mut tree, "usr/share/ca-certificates/m/b (1).crt", &one);
    put(&mut tree, "usr/share/ca-certificates/m/a.crt", two.trim_ascii_end());
    put(&mut tree, "usr/local/share/ca-certificates/own.crt", &certificate(&[], 3));
    install(&mut tree, Epoch(1)).unwrap();
    let list = text(&tree, "etc/ca-certificates.conf");
    assert!(list.ends_with("#\nm/a.crt\nm/b (1).crt\n"), "{list}");
    let bundle = text(&tree, "etc/ssl/certs/ca-certificates.crt");
    assert_eq!(bundle.matches("\n-----END CERTIFICATE-----\n").count(), 3);
    let links = hash_links(&tree, "etc/ssl/certs");
    let targets: Vec<&String> = links.values().collect();
    assert_eq!(targets.len(), 3, "{links:?}");
    let listing = tree.listing();
    let link = "etc/ssl/certs/b_=1=.pem -> /usr/share/ca-certificates/m/b (1).crt\n";
    assert!(listing.contains(link), "{listing}");
}

#[test]
fn a_root_without_certificates_is_an_error() {
    let error = install(&mut tree(&[]), Epoch(1)).unwrap_err();
    let expected =
        "/usr/share/ca-certificates: there is no certificate: add the package ca-certificates";
    assert_eq!(chain(&error), expected);
}
