//! Lists of packages that are not as they should be.

use apt_solver::Index;
use names::Arch;

const GOOD: &str = "Package: aa\nVersion: 1\nArchitecture: all\nDepends: bb (>= 1)\n\
    Filename: pool/a/aa.deb\nSize: 12\n\
    SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";

fn add(text: &[u8]) -> Result<Index, String> {
    let mut index = Index::new(Arch::Amd64);
    let archive = "debian".parse().unwrap();
    index.add_packages(&archive, "a list", text).map_err(|error| error.to_string())?;
    Ok(index)
}

#[test]
fn a_good_list_is_read() {
    let index = add(format!("\n\n{GOOD}\n\n{}", GOOD.replace("aa", "ab")).as_bytes()).unwrap();
    assert_eq!(index.names().collect::<Vec<_>>(), ["aa", "ab"]);
    let deb = index.newest("aa").unwrap();
    assert_eq!((deb.arch.as_str(), deb.path.as_str(), deb.size), ("all", "pool/a/aa.deb", 12));
    assert!(index.newest("bb").is_none() && index.newest("zz").is_none());
}

#[test]
fn packages_of_other_architectures_are_passed_over() {
    let index = add(GOOD.replace(": all", ": arm64").as_bytes()).unwrap();
    assert_eq!(index.package_count(), 0);
}

#[test]
fn the_first_of_two_equal_versions_counts() {
    let second = GOOD.replace("pool/a", "pool/b");
    let index = add(format!("{GOOD}\n{second}").as_bytes()).unwrap();
    assert_eq!(index.package_count(), 1);
    assert_eq!(index.newest("aa").unwrap().path, "pool/a/aa.deb");
}

#[test]
fn malformed_paragraphs_are_errors_that_name_package_and_field() {
    for (good, bad, message) in [
        ("Package: aa\n", "", "paragraph 2 has no proper field `Package`"),
        ("Package: aa", "Package: A a", "A a has no proper field `Package`: `A a`"),
        ("Version: 1\n", "", "aa has no proper field `Version`"),
        ("Version: 1", "Version: 1 2", "aa has no proper field `Version`: `1 2`"),
        ("Architecture: all\n", "", "aa has no proper field `Architecture`"),
        ("Filename: pool/a/aa.deb\n", "", "aa has no proper field `Filename`"),
        ("pool/a/aa.deb", "pool/../../aa.deb", "`Filename`: `pool/../../aa.deb`"),
        ("pool/a/aa.deb", "/etc/passwd", "`Filename`: `/etc/passwd`"),
        ("pool/a/aa.deb", "http://example.org/aa.deb", "`Filename`"),
        ("Size: 12", "Size: -1", "`Size`: `-1`"),
        ("Size: 12\n", "", "`Size`"),
        ("SHA256: e3", "SHA256: ", "`SHA256`"),
        ("SHA256: e3b0", "MD5sum: e3b0", "`SHA256`"),
        ("(>= 1)", "(>= 1", "aa has no proper field `Depends`: `bb (>= 1`"),
        ("Size", " Size", "`Filename`"),
        ("Depends:", "Depends", "aa has no proper field `Name: value`"),
    ] {
        let bad = GOOD.replacen(good, bad, 1);
        let first = GOOD.replace("aa", "zz");
        let error = add(format!("{first}\n{bad}").as_bytes()).unwrap_err();
        assert!(error.contains(message), "{error}");
        assert!(error.contains("a list"), "{error}");
    }
    assert!(add(b"Package: \xff\xfe\n").is_err());
    assert!(add(format!("{GOOD}Description: {}\n", "x".repeat(2 << 20)).as_bytes()).is_err());
}

#[test]
fn cut_and_changed_lists_never_panic() {
    for end in 0..GOOD.len() {
        let _ = add(&GOOD.as_bytes()[..end]);
        let mut changed = GOOD.as_bytes().to_vec();
        changed[end] ^= 0x15;
        let _ = add(&changed);
    }
}
