//! Debs, lists of packages, signed Release files.

use std::sync::LazyLock;

use distro::{Index, Release, Request, Stanza, normalise, solve, unpack_deb};
use names::{Arch, Epoch};
use signer::Keyring;

use crate::shelf::{check_pack, with_blob};

/// A .deb, as it is.
pub(crate) fn deb(input: &[u8]) {
    with_blob(input, |store, blob| {
        let Ok(deb) = unpack_deb(store, blob) else { return };
        check_pack(&deb.pack);
        for script in deb.scripts.values() {
            let once = normalise(script, deb.version.as_str());
            assert_eq!(once, normalise(script, deb.version.as_str()));
        }
    });
}

/// The data archive of a .deb, not compressed.
pub(crate) fn data_tar(input: &[u8]) {
    let control = "Package: a\nVersion: 1\nArchitecture: all\n";
    let mut tar = header("./control", control.len());
    tar.extend_from_slice(control.as_bytes());
    tar.resize(2048, 0);
    deb(&archive(&tar, input));
}

/// The control archive of a .deb, not compressed.
pub(crate) fn control_tar(input: &[u8]) {
    deb(&archive(input, &[0; 1024]));
}

/// A stanza such as that of a control file, and the text of a Release file.
pub(crate) fn deb822(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(stanza) = Stanza::parse(text) {
        for (name, value) in &stanza.fields {
            assert!(stanza.get(name).is_some(), "{name}: {value}");
        }
    }
    let _ = Release::parse(text);
}

/// A list of packages, and what is to be installed for the first few of them.
pub(crate) fn packages(input: &[u8]) {
    let mut index = Index::new(Arch::Amd64);
    let archive = "debian".parse().unwrap();
    if index.add_packages(&archive, "the input", input).is_err() {
        return;
    }
    let lines = input.split(|byte| *byte == b'\n');
    let names = lines.filter_map(|line| line.strip_prefix(b"Package: "));
    let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
    let packages: Vec<String> = names.take(3).collect();
    for essential in [false, true] {
        let request = Request { packages: packages.clone(), essential, ..Request::default() };
        let Ok(solution) = solve(&index, &request) else { continue };
        // What was chosen is a choice that holds.
        let prefer = solution.debs.clone();
        let again = solve(&index, &Request { prefer, ..request }).unwrap();
        assert_eq!(solution.debs, again.debs);
    }
}

/// A signed Release file, against the keyring of the test archive.
pub(crate) fn in_release(input: &[u8]) {
    const KEYRING: &[u8] = include_bytes!("../../distro/tests/it/fixtures/archive/keyring.gpg");
    static RING: LazyLock<Keyring> = LazyLock::new(|| Keyring::parse(KEYRING).unwrap());
    for now in [None, Some(Epoch(1_800_000_000))] {
        if let Ok(signed) = signer::verify_cleartext(input, &RING, now) {
            assert!(!signed.signers.is_empty());
            let _ = Release::parse(&signed.text);
        }
    }
}

/// A keyring.
pub(crate) fn keyring(input: &[u8]) {
    let Ok(keyring) = Keyring::parse(input) else { return };
    let document = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\na\n\
        -----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n";
    assert!(signer::verify_cleartext(document, &keyring, None).is_err());
}

/// A .deb of two tar archives.
fn archive(control: &[u8], data: &[u8]) -> Vec<u8> {
    let mut deb = b"!<arch>\n".to_vec();
    let members: [(&str, &[u8]); 3] =
        [("debian-binary", b"2.0\n"), ("control.tar", control), ("data.tar", data)];
    for (name, bytes) in members {
        let size = bytes.len();
        let line = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, "100644");
        deb.extend_from_slice(line.as_bytes());
        deb.extend_from_slice(bytes);
        deb.resize(deb.len().next_multiple_of(2), b'\n');
    }
    deb
}

/// The header of a file in a tar archive.
fn header(name: &str, size: usize) -> Vec<u8> {
    let mut block = vec![0; 512];
    let mut put = |at: usize, text: &str| {
        block[at..at + text.len()].copy_from_slice(text.as_bytes());
    };
    put(0, name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{size:011o}"));
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
