//! The cache of small roots. `real_root` compares whole ones with `ldconfig`.

use filetree::Tree;
use names::{Arch, Epoch};
use rootfs::handlers::ld_cache::{install, ld_so_cache};

use super::written::{chain, library, put, tree};

/// The entries of a cache as `name flags level => path`, read from its bytes; the last line is the
/// generator.
fn entries(bytes: &[u8]) -> Vec<String> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let string = |at: usize| {
        let end = at + bytes[at..].iter().position(|byte| *byte == 0).unwrap();
        String::from_utf8_lossy(&bytes[at..end]).into_owned()
    };
    assert_eq!(&bytes[..20], b"glibc-ld.so.cache1.1");
    let extensions = word(32);
    let hwcaps = if word(extensions + 4) == 2 { Some(word(extensions + 32)) } else { None };
    let entry = |at: usize| {
        let hwcap = match (word(at + 20), hwcaps) {
            (0, _) => String::new(),
            (high, Some(hwcaps)) => {
                let name = string(word(hwcaps + 4 * word(at + 16)));
                format!(" {name} level {}", high & 0x3ff)
            }
            (_, None) => panic!("an entry of hwcaps without their section"),
        };
        format!("{} {:#x}{hwcap} => {}", string(word(at + 4)), word(at), string(word(at + 8)))
    };
    let mut lines: Vec<String> = (0..word(20)).map(|at| entry(48 + 24 * at)).collect();
    let generator = word(extensions + 16);
    lines.push(String::from_utf8_lossy(&bytes[generator..][..word(extensions + 20)]).into_owned());
    lines
}

fn root(libraries: &[(&str, Option<&str>)]) -> Tree {
    let mut tree = tree(&[
        ("lib", "-> usr/lib"),
        ("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"),
        ("etc/ld.so.conf.d/a.conf", "/opt/lib\n"),
    ]);
    for (path, soname) in libraries {
        put(&mut tree, path, &library(*soname, 4));
    }
    tree
}

#[test]
fn newer_names_come_first_and_configured_directories_before_others() {
    let tree = root(&[
        ("usr/lib/x86_64-linux-gnu/libz.so.1.9", Some("libz.so.1")),
        ("usr/lib/x86_64-linux-gnu/libz.so.1.10", Some("libz.so.1")),
        ("usr/lib/libz.so.2", Some("libz.so.2")),
        ("usr/lib/libz.so.10", None),
        ("opt/lib/libz.so.2", Some("libz.so.2")),
        ("opt/lib/glibc-hwcaps/x86-64-v3/libz.so.2.0", Some("libz.so.2")),
        ("opt/lib/notes.txt", None),
    ]);
    let cache = ld_so_cache(&tree, Arch::Amd64, "ldconfig of the test").unwrap();
    let expected = [
        "libz.so.10 0x303 => /lib/libz.so.10",
        "libz.so.2 0x303 x86-64-v3 level 2 => /opt/lib/glibc-hwcaps/x86-64-v3/libz.so.2.0",
        "libz.so.2 0x303 => /opt/lib/libz.so.2",
        "libz.so.2 0x303 => /lib/libz.so.2",
        "libz.so.1 0x303 => /lib/x86_64-linux-gnu/libz.so.1",
        "ldconfig of the test",
    ];
    assert_eq!(entries(&cache.bytes), expected);
    let links: Vec<String> =
        cache.links.iter().map(|(path, target)| format!("{path} -> {target}")).collect();
    assert_eq!(links, ["usr/lib/x86_64-linux-gnu/libz.so.1 -> libz.so.1.10"]);
}

#[test]
fn the_flags_are_those_of_the_architecture() {
    let tree = root(&[("usr/lib/aarch64-linux-gnu/libz.so.1", Some("libz.so.1"))]);
    let cache = ld_so_cache(&tree, Arch::Arm64, "x").unwrap();
    let expected = ["libz.so.1 0xa03 => /lib/aarch64-linux-gnu/libz.so.1", "x"];
    assert_eq!(entries(&cache.bytes), expected);
    assert_eq!(entries(&ld_so_cache(&tree, Arch::Amd64, "x").unwrap().bytes), ["x"]);
}

#[test]
fn links_are_made_and_stale_ones_removed() {
    let mut tree = root(&[("opt/lib/liba.so.1.5", Some("liba.so.1"))]);
    put(&mut tree, "opt/lib/libgone.so.1", b"-> nowhere");
    put(&mut tree, "opt/lib/liba.so.1", b"-> liba.so.1.4");
    install(&mut tree, Arch::Amd64, "x", Epoch(9)).unwrap();
    let listing = tree.listing();
    assert!(listing.contains("link 0:0 opt/lib/liba.so.1 -> liba.so.1.5\n"), "{listing}");
    assert!(!listing.contains("libgone"), "{listing}");
    let before = tree.clone();
    install(&mut tree, Arch::Amd64, "x", Epoch(9)).unwrap();
    assert_eq!(tree, before);
}

#[test]
fn a_file_that_includes_itself_is_an_error() {
    let tree = tree(&[("etc/ld.so.conf", "include /etc/ld.so.conf\n")]);
    let error = ld_so_cache(&tree, Arch::Amd64, "x").unwrap_err();
    let expected = "/etc/ld.so.conf: too many included files: look for a file that includes itself";
    assert_eq!(chain(&error), expected);
}
