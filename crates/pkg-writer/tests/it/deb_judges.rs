//! Debian packages as dpkg sees them.

use std::path::Path;

use filetree::{Node, Tree};
use names::Epoch;
use pkg_writer::Compression;
use pkg_writer::deb::{self, Package};
use testkit::tool;

use crate::deb::{bytes, package};
use crate::{ALL, assert_same, many, options, path, sample, unpacked, wanted};

/// The package `name` in `folder`, of `tree`.
fn save(folder: &Path, tree: &Tree, package: &Package, compression: Compression) -> String {
    let mut options = options(folder);
    options.compression = compression;
    let out = folder.join(package.file_name());
    fs_err::write(&out, bytes(tree, package, &options)).unwrap();
    out.to_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs dpkg-deb and root; .ci/run runs it"]
fn dpkg_unpacks_the_tree() {
    for compression in ALL {
        for tree in [sample(), many()] {
            let folder = tempfile::tempdir().unwrap();
            let mut package = package();
            if tree.at("etc").is_none() {
                package.conffiles.clear();
            }
            let file = save(folder.path(), &tree, &package, compression);
            let root = folder.path().join("root");
            tool("dpkg-deb").args(["-x", &file]).arg(&root).run();
            assert_same(&unpacked(&root), &wanted(&tree));
            let listed = tool("dpkg-deb").args(["-c", &file]).text();
            assert_eq!(listed.lines().count(), tree.len() + 1);
            assert!(listed.lines().all(|line| line.contains(" root/root ")), "{listed}");
        }
    }
}

#[test]
#[ignore = "needs dpkg-deb and root; .ci/run runs it"]
fn dpkg_builds_the_same_members() {
    let folder = tempfile::tempdir().unwrap();
    let ours = save(folder.path(), &sample(), &package(), Compression::zstd());
    let raw = folder.path().join("raw");
    tool("dpkg-deb").args(["-R", &ours]).arg(&raw).run();
    let theirs = folder.path().join("theirs.deb");
    let theirs = theirs.to_str().unwrap();
    tool("dpkg-deb")
        .args(["-Zzstd", "-b"])
        .arg(&raw)
        .arg(theirs)
        .env("SOURCE_DATE_EPOCH", crate::EPOCH.0.to_string())
        .run();
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let members = |file: &str, which: &str| {
        let tar = tool("dpkg-deb").args([which, file]).run();
        let listed = tool("tar").args(["--full-time", "-tvf", "-"]).input(&tar).text();
        // Of the names of one file tar may find another one first.
        sorted(listed).into_iter().filter(|line| !line.contains("sample/large")).collect::<Vec<_>>()
    };
    assert_eq!(members(&ours, "--fsys-tarfile"), members(theirs, "--fsys-tarfile"));
    assert_eq!(members(&ours, "--ctrl-tarfile"), members(theirs, "--ctrl-tarfile"));
    let fields = |file: &str| tool("dpkg-deb").args(["-f", file]).text();
    assert_eq!(fields(&ours), fields(theirs));
    assert_eq!(tool("ar").args(["t", &ours]).text(), tool("ar").args(["t", theirs]).text());
}

#[test]
#[ignore = "needs dpkg-dev and root; .ci/run runs it"]
fn dpkg_writes_the_same_control_file() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let tree = sample();
    let ours = save(folder.path(), &tree, &package(), Compression::gzip());
    tool("dpkg-deb").args(["-x", &ours]).arg(place("root")).run();
    fs_err::create_dir(place("debian")).unwrap();
    fs_err::write(
        place("debian/control"),
        "Source: sample\nMaintainer: Jane Doe <jane@example.org>\nHomepage: https://example.org/\n\
         Section: python\nPriority: optional\n\nPackage: sample\nArchitecture: amd64\nProvides: \
         sample-api (= 2)\nDepends: libc6 (>= 2.36), python3 | python\nDescription: tree for \
         tests\n First paragraph.\n .\n Second one.\n",
    )
    .unwrap();
    fs_err::write(
        place("debian/changelog"),
        "sample (1:2.0~rc1-1) unstable; urgency=low\n\n  * Made.\n\n -- Jane Doe <jane@example.org>  \
         Sat, 21 Nov 2026 02:35:58 +0000\n",
    )
    .unwrap();
    let theirs = tool("dpkg-gencontrol").args(["-O", "-Proot"]).folder(folder.path()).text();
    assert_eq!(tool("dpkg-deb").args(["-f", &ours]).text(), theirs);
}

#[test]
#[ignore = "needs dpkg and root; .ci/run runs it"]
fn dpkg_installs_keeps_and_purges() {
    for compression in ALL {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs_err::create_dir_all(root.join("var/lib/dpkg/info")).unwrap();
        fs_err::create_dir_all(root.join("var/lib/dpkg/updates")).unwrap();
        fs_err::write(root.join("var/lib/dpkg/status"), "").unwrap();
        let dpkg = |arguments: &[&str]| {
            tool("dpkg")
                .arg(format!("--root={}", root.display()))
                .args(["--force-depends", "--force-script-chrootless", "--log=/dev/null"])
                .args(arguments)
                .text()
        };
        let tree = sample();
        let file = save(folder.path(), &tree, &package(), compression);
        dpkg(&["-i", &file]);
        assert!(root.join("etc/made").exists(), "postinst did not run");
        fs_err::remove_file(root.join("etc/made")).unwrap();
        assert_same(&unpacked(&root), &wanted(&tree));
        assert_eq!(dpkg(&["-V", "sample"]), "");

        let conffile = root.join("etc/sample/sample.conf");
        fs_err::write(&conffile, "edited").unwrap();
        fs_err::write(root.join("opt/sample/with blank $x"), "damaged").unwrap();
        let found = dpkg(&["-V", "sample"]);
        assert!(found.contains("c /etc/sample/sample.conf"), "{found}");
        assert!(found.contains("/opt/sample/with blank $x"), "{found}");

        // The next version has no large file, and its conffile is as before.
        let mut newer = package();
        newer.version = "1:2.0-1".to_owned();
        let mut tree = tree;
        for name in ["a name", "large", "zz"] {
            tree.remove(&path(&format!("opt/sample/{name}"))).unwrap();
        }
        tree.insert(path("opt/new"), Node::directory(0o755, Epoch(9))).unwrap();
        let file = save(folder.path(), &tree, &newer, compression);
        dpkg(&["-i", &file]);
        assert_eq!(fs_err::read(&conffile).unwrap(), b"edited");
        assert!(!root.join("opt/sample/large").exists());
        dpkg(&["--purge", "sample"]);
        assert!(unpacked(&root).is_empty(), "{:?}", unpacked(&root));
    }
}

#[test]
#[ignore = "needs dpkg-deb; .ci/run runs it"]
fn dpkg_shows_what_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let mut package = package();
    package.scripts.config = Some("#!/bin/sh\n".to_owned());
    package.other_members.insert("templates".to_owned(), "Template: a/b\n".to_owned());
    package.removed_conffiles.insert(path("etc/sample/old.conf"));
    package.relations.conflicts.push("other".to_owned());
    package.other_fields.insert("Cooperage-Release".to_owned(), "2025.2".to_owned());
    let file = save(folder.path(), &sample(), &package, Compression::xz());
    let control = folder.path().join("control");
    tool("dpkg-deb").args(["-e", &file]).arg(&control).run();
    let read = |name: &str| fs_err::read_to_string(control.join(name)).unwrap();
    assert_eq!(
        read("conffiles"),
        "/etc/sample/sample.conf\nremove-on-upgrade /etc/sample/old.conf\n"
    );
    assert_eq!(read("triggers"), "activate-noawait ldconfig\n");
    assert_eq!(read("templates"), "Template: a/b\n");
    let sums = read("md5sums");
    assert!(sums.contains("  opt/sample/zürich/日本\n") && !sums.contains("sample.conf"), "{sums}");
    let field = |name: &str| tool("dpkg-deb").args(["-f", &file, name]).text();
    assert_eq!(field("Conflicts"), "other\n");
    assert_eq!(field("Cooperage-Release"), "2025.2\n");
    assert_eq!(field("Version"), "1:2.0~rc1-1\n");
}

#[test]
#[ignore = "needs ar; .ci/run runs it"]
fn a_signature_covers_all_members() {
    let folder = tempfile::tempdir().unwrap();
    let mut prepared = deb::prepare(&sample(), &package(), &options(folder.path())).unwrap();
    let file = folder.path().join("sample.deb");
    prepared.save(&file, &[]).unwrap();
    let mut covered = Vec::new();
    std::io::copy(&mut prepared.signed_bytes().unwrap(), &mut covered).unwrap();
    let members = ["debian-binary", "control.tar.zst", "data.tar.zst"];
    assert!(tool("ar").arg("p").arg(&file).args(members).run() == covered);
}
