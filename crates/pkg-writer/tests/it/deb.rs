//! Debian packages, without another tool.

use filetree::{Content, Kind, Node, Tree};
use names::{Digest, Epoch};
use pkg_writer::deb::{self, DebError, Package, Scripts, Signature};

use crate::{ALL, options, path, sample};

pub(crate) fn package() -> Package {
    let list = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
    Package {
        name: "sample".to_owned(),
        version: "1:2.0~rc1-1".to_owned(),
        architecture: "amd64".to_owned(),
        maintainer: "Jane Doe <jane@example.org>".to_owned(),
        description: "tree for tests\nFirst paragraph.\n\nSecond one.\n".to_owned(),
        section: Some("python".to_owned()),
        priority: Some("optional".to_owned()),
        homepage: Some("https://example.org/".to_owned()),
        relations: deb::Relations {
            depends: list(&["libc6 (>= 2.36)", "python3 | python"]),
            provides: list(&["sample-api (= 2)"]),
            ..deb::Relations::default()
        },
        scripts: Scripts {
            postinst: Some("#!/bin/sh\nset -e\n: > \"${DPKG_ROOT:-}/etc/made\"\n".to_owned()),
            postrm: Some("#!/bin/sh\nset -e\nrm -f \"${DPKG_ROOT:-}/etc/made\"\n".to_owned()),
            ..Scripts::default()
        },
        conffiles: [path("etc/sample/sample.conf")].into(),
        triggers: vec!["activate-noawait ldconfig".to_owned()],
        ..Package::default()
    }
}

/// The bytes of a package of `tree`.
pub(crate) fn bytes(tree: &Tree, package: &Package, options: &pkg_writer::Options) -> Vec<u8> {
    let mut out = Vec::new();
    let mut prepared = deb::prepare(tree, package, options).unwrap();
    prepared.write(&mut out, &[]).unwrap();
    assert_eq!(prepared.size(), out.len() as u64);
    out
}

#[test]
fn equal_input_gives_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for compression in ALL {
        let mut options = options(folder.path());
        options.compression = compression;
        let one = bytes(&sample(), &package(), &options);
        (options.jobs, options.check_contents) = (3, false);
        assert!(bytes(&sample(), &package(), &options) == one, "{compression:?}");
    }
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0, "something is left");
}

#[test]
fn a_failure_leaves_the_old_package_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("sample.deb");
    fs_err::write(&out, "old").unwrap();
    let mut tree = sample();
    let wrong = Digest::from_bytes([7; 32]);
    let good = folder.path().join("content");
    fs_err::write(&good, "bytes").unwrap();
    let content = Content::from_slice(good.as_path().into(), 0, 5, wrong);
    tree.insert(path("opt/sample/wrong"), Node::file(0o644, Epoch(0), content)).unwrap();
    let error = deb::save(&tree, &package(), &options(folder.path()), &out).unwrap_err();
    assert!(matches!(&error, DebError::Content { path, .. } if path.as_str().ends_with("wrong")));
    assert_eq!(fs_err::read(&out).unwrap(), b"old");
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 2);

    let mut unchecked = options(folder.path());
    unchecked.check_contents = false;
    deb::save(&tree, &package(), &unchecked, &out).unwrap();
    let cut = Content::from_slice(good.as_path().into(), 0, 9, wrong);
    tree.insert(path("opt/sample/wrong"), Node::file(0o644, Epoch(0), cut)).unwrap();
    deb::save(&tree, &package(), &unchecked, &out).unwrap_err();
}

#[test]
fn signatures_are_members_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut prepared = deb::prepare(&sample(), &package(), &options(folder.path())).unwrap();
    let mut plain = Vec::new();
    prepared.write(&mut plain, &[]).unwrap();
    let mut signed = Vec::new();
    std::io::copy(&mut prepared.signed_bytes().unwrap(), &mut signed).unwrap();
    assert_eq!(signed[..4], *b"2.0\n");
    let signature = Signature { role: "origin".to_owned(), bytes: b"seal!".to_vec() };
    let mut out = Vec::new();
    prepared.write(&mut out, &[signature]).unwrap();
    assert!(out.starts_with(&plain));
    let tail = String::from_utf8(out[plain.len()..].to_vec()).unwrap();
    assert!(tail.starts_with("_gpgorigin      ") && tail.ends_with("`\nseal!\n"), "{tail}");
    for role in ["", "Origin", "a role", "elevenletter"] {
        let signature = Signature { role: role.to_owned(), bytes: Vec::new() };
        let refused = prepared.write(&mut Vec::new(), &[signature]);
        assert!(matches!(refused, Err(DebError::Role { .. })), "{role}");
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Package), message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut package = package();
    change(&mut package);
    let error = deb::prepare(&sample(), &package, &options(folder.path())).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn metadata_that_break_policy_are_refused() {
    let text = |text: &str| text.to_owned();
    refused(
        |package| package.name = text("Sample"),
        "Package `Sample` is not right: want lower-case letters, digits, `+`, `-` and `.`, two at \
         least",
    );
    for version in ["", "a1", "1:", "1_2", "x:1", "1-", "1:2:3", "99999999999:1"] {
        refused(
            |package| package.version = text(version),
            &format!(
                "Version `{version}` is not right: want [epoch:]upstream[-revision], such as 1:2.3-1"
            ),
        );
    }
    refused(
        |package| package.relations.depends.push(text("a\nEssential: yes")),
        "Depends `libc6 (>= 2.36), python3 | python, a\\nEssential: yes` is not right: want one line \
         with something on it",
    );
    refused(
        |package| package.scripts.prerm = Some(text("exit 0")),
        "the script prerm does not begin with `#!`: name its interpreter in the first line",
    );
    refused(
        |package| _ = package.conffiles.insert(path("etc/none")),
        "/etc/none: a conffile must be a regular file of the package, and not a removed one",
    );
    refused(
        |package| _ = package.removed_conffiles.insert(path("opt/sample/large")),
        "/opt/sample/large: a conffile that is to be removed must not be in the package",
    );
    refused(
        |package| _ = package.other_fields.insert(text("depends"), text("x")),
        "`depends` is no name for an additional field: want one without blanks and colons that the \
         package does not have yet",
    );
    refused(
        |package| _ = package.other_members.insert(text("postinst"), text("x")),
        "the control archive has a member postinst already: give it in its own place",
    );
    refused(
        |package| _ = package.other_members.insert(text("../x"), text("x")),
        "`../x` is no name for a member of the control archive",
    );
}

#[test]
fn a_link_to_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut tree = sample();
    let link = Node { kind: Kind::HardLink(path("none")), ..Node::symlink("", Epoch(0)) };
    tree.insert(path("opt/link"), link).unwrap();
    let error = deb::prepare(&tree, &package(), &options(folder.path())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/opt/link: a hard link to /none, which is no file of this package"
    );
}
