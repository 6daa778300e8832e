//! Roots of small packages.

use std::cell::RefCell;
use std::io::Write as _;
use std::path::Path;

use distro::{DistroFile, UnpackedDeb, normalise, unpack_deb};
use filetree::{Kind, Tree, TreePath, changes};
use names::{Arch, Epoch, render_faults};
use rootfs::{Request, assemble};
use store::Store;
use tempfile::TempDir;
use testkit::DebBuilder;

const TIME: Epoch = Epoch(1_750_000_000);

thread_local! {
    /// Where the packs lie: a tree reads its files from there until the test ends.
    static FOLDERS: RefCell<Vec<TempDir>> = const { RefCell::new(Vec::new()) };
}

/// A distro in which the postinst `#!/bin/sh\nNAME\n` of the package NAME has these effects.
fn distro(scripts: &[(&str, &str)]) -> DistroFile {
    let mut text = r#"name = "test"
glibc = "2.41"
ldconfig = "ldconfig @VERSION@"
python = { version = "3.13", path = "/usr/bin/python3" }
base.full = { essential = true, packages = [] }
users = { hello = 100 }
groups = { hello = 101 }
[[suite]]
archive = "debian"
suite = "trixie"
components = ["main"]
keyring = "k"
"#
    .to_owned();
    for (name, effects) in scripts {
        let digest = normalise(&script(name), "1.0").digest.hex();
        text += &format!(
            "[[script]]\npackage = \"{name}\"\nkind = \"postinst\"\nsha256 = [\"{digest}\"]\n\
             class = \"effects\"\nreason = \"a test\"\neffects = [{effects}]\n"
        );
    }
    DistroFile::parse(&text, Path::new("test.toml"))
        .unwrap_or_else(|faults| panic!("{}", render_faults(&faults)))
}

fn script(name: &str) -> String {
    format!("#!/bin/sh\n{name}\n")
}

/// A package whose files all have its own name as content.
fn package(name: &str, files: &[&str]) -> DebBuilder {
    let builder = DebBuilder::new(name, "1.0");
    files.iter().fold(builder, |builder, path| builder.file(path, name.as_bytes()))
}

fn unpacked(builders: &[DebBuilder]) -> Vec<UnpackedDeb> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    FOLDERS.with_borrow_mut(|folders| folders.push(folder));
    let unpack = |builder: &DebBuilder| {
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(&builder.build()).unwrap();
        unpack_deb(&store, &writer.finish(None).unwrap()).unwrap()
    };
    builders.iter().map(unpack).collect()
}

fn root(distro: &DistroFile, builders: &[DebBuilder]) -> Result<Tree, String> {
    let unpacked = unpacked(builders);
    let debs: Vec<&UnpackedDeb> = unpacked.iter().collect();
    let request = Request { arch: Arch::Amd64, distro, debs: &debs, requested: &[], time: TIME };
    let tree = assemble(&request).map_err(|error| chain(&error));
    let reversed: Vec<&UnpackedDeb> = unpacked.iter().rev().collect();
    let again = assemble(&Request { debs: &reversed, ..request }).map_err(|error| chain(&error));
    if tree == again { tree } else { Err("the order of the packages matters".to_owned()) }
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or(error.to_string(), |cause| format!("{error}: {}", chain(cause)))
}

#[track_caller]
fn text(tree: &Tree, path: &str) -> String {
    match tree.at(path).map(|node| &node.kind) {
        Some(Kind::File(content)) => String::from_utf8(content.read().unwrap()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn one_file_in_two_packages_is_a_conflict() {
    let [a, b] = ["a1", "b1"].map(|name| package(name, &["usr/bin/same"]));
    let message = root(&distro(&[]), &[a, b]).unwrap_err();
    assert_eq!(message, "/usr/bin/same is in both a1 and b1: leave one of the packages out");
}

#[test]
fn a_package_that_replaces_another_one_takes_its_files() {
    for (first, second) in [("a1", "b1"), ("b1", "a1")] {
        for (relation, wins) in [("old-one, OTHER (<< 2)", true), ("OTHER (<< 1)", false)] {
            let relation = relation.replace("OTHER", first);
            let old = package(first, &["usr/bin/same", "usr/bin/other"]);
            let new = package(second, &["usr/bin/same"]).field("Replaces", &relation);
            let tree = root(&distro(&[]), &[old, new]);
            if !wins {
                assert!(tree.unwrap_err().contains("is in both"));
                continue;
            }
            let tree = tree.unwrap();
            assert_eq!(text(&tree, "usr/bin/same"), second);
            let list = |name: &str| text(&tree, &format!("var/lib/dpkg/info/{name}.list"));
            assert!(!list(first).contains("/usr/bin/same\n"), "{}", list(first));
            assert!(list(first).contains("/usr/bin/other\n"));
            assert!(list(second).contains("/usr/bin/same\n"));
        }
    }
}

#[test]
fn links_of_merged_usr_are_followed() {
    let base = DebBuilder::new("base-files", "1.0").folder("usr/lib").link("lib", "usr/lib");
    let old = package("aa", &["lib/old.so"]);
    let tree = root(&distro(&[]), &[base.clone(), old.clone()]).unwrap();
    assert_eq!(text(&tree, "usr/lib/old.so"), "aa");
    assert!(matches!(&tree.at("lib").unwrap().kind, Kind::Symlink(target) if target == "usr/lib"));
    // dpkg's list keeps the names of the archive.
    assert!(text(&tree, "var/lib/dpkg/info/aa.list").ends_with("/lib\n/lib/old.so\n"));
    // One place under two names is a conflict too.
    let other = package("bb", &["usr/lib/old.so"]);
    let message = root(&distro(&[]), &[base, old, other]).unwrap_err();
    assert!(message.contains("/usr/lib/old.so is in both aa and bb"), "{message}");
}

#[test]
fn a_diverted_file_goes_elsewhere_and_keeps_its_name_in_the_list() {
    let effects = r#"{ divert = { path = "/usr/bin/same", to = "/usr/bin/same.distrib" } }"#;
    let diverter =
        package("diverter", &["usr/bin/same"]).control_file("postinst", &script("diverter"));
    let other = package("other", &["usr/bin/same"]);
    let tree = root(&distro(&[("diverter", effects)]), &[diverter, other]).unwrap();
    assert_eq!(text(&tree, "usr/bin/same"), "diverter");
    assert_eq!(text(&tree, "usr/bin/same.distrib"), "other");
    assert!(text(&tree, "var/lib/dpkg/info/other.list").ends_with("/usr/bin/same\n"));
    let want = "/usr/bin/same\n/usr/bin/same.distrib\ndiverter\n";
    assert_eq!(text(&tree, "var/lib/dpkg/diversions"), want);
}

#[test]
fn an_upper_layer_holds_its_packages_and_the_database() {
    let distro = distro(&[]);
    let base =
        package("base", &["usr/bin/base", "etc/base"]).control_file("conffiles", "/etc/base\n");
    let more = package("more", &["usr/bin/more"]);
    let lower = root(&distro, std::slice::from_ref(&base)).unwrap();
    assert!(root(&distro, std::slice::from_ref(&base)).unwrap() == lower, "two runs differ");
    let upper = root(&distro, &[base, more]).unwrap();
    let changed = changes(&lower, &upper, TIME);
    let changed: Vec<&str> = changed.keys().map(TreePath::as_str).collect();
    assert_eq!(
        changed,
        [
            "usr/bin/more",
            "var/lib/dpkg/info/more.list",
            "var/lib/dpkg/info/more.md5sums",
            "var/lib/dpkg/status",
        ]
    );
}

#[test]
fn the_database_says_what_dpkg_would_say() {
    let deb = DebBuilder::new("hello", "1.0")
        .field("Depends", "libc6(>=2.41)|libc,  other")
        .field("Homepage", "https://example.org")
        .file("etc/hello", b"configured\n")
        .file("usr/bin/hello", b"hello\n")
        .control_file("conffiles", "/etc/hello\n")
        .control_file("triggers", "interest-noawait /usr/share/hello\ninterest hello-now\n");
    let tree = root(&distro(&[]), &[deb]).unwrap();
    let status = text(&tree, "var/lib/dpkg/status");
    let fields: Vec<&str> = status
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_once(':').map(|(name, _)| name))
        .collect();
    let order = ["Package", "Status", "Architecture", "Version", "Depends", "Conffiles"];
    let mut found = order.map(|name| fields.iter().position(|field| *field == name).unwrap());
    found.sort_unstable();
    assert_eq!(found.map(|at| fields[at]), order);
    assert!(status.contains("\nStatus: install ok installed\n"));
    assert!(status.contains("\nDepends: libc6 (>= 2.41) | libc, other\n"), "{status}");
    assert!(
        status.contains("\nConffiles:\n /etc/hello 6658ea6e0b887bce7ec6bb7a0c3d5c0d\n"),
        "{status}"
    );
    assert!(status.ends_with("\nHomepage: https://example.org\n\n"), "{status}");
    let info = |name: &str| text(&tree, &format!("var/lib/dpkg/info/{name}"));
    assert_eq!(info("hello.md5sums"), "b1946ac92492d2347c6235b4d2611184  usr/bin/hello\n");
    assert_eq!(info("format"), "1\n");
    let triggers = |name: &str| text(&tree, &format!("var/lib/dpkg/triggers/{name}"));
    assert_eq!(triggers("File"), "/usr/share/hello hello/noawait\n");
    assert_eq!(triggers("hello-now"), "hello\n");
}

#[test]
fn effects_are_done_once_all_files_are_there() {
    let effects = r#"
        { group = { name = "hello" } },
        { user = { name = "hello", group = "hello", home = "/nonexistent" } },
        { directory = { path = "/var/lib/hello", mode = 0o2750, group = "hello" } },
        { copy = { from = "/usr/share/hello/default", to = "/etc/hello" } },
        { file = { path = "/etc/hello.d/empty", mode = 0o600 } },
        { link = { path = "/etc/hello.link", target = "hello" } },
        { link = { path = "/var/old", target = "/var/lib/hello" } },
        { mode = { path = "/usr/bin/hello", mode = 0o4755 } },
        "arch-native",
        { empty = { paths = ["/var/lib/hello", "/usr/lib/none"] } },
        { without = { paths = ["/usr/bin/absent"] } }"#;
    let hello = package("hello", &["usr/share/hello/default", "usr/bin/hello", "etc/kept"])
        .folder("var/old")
        .control_file("postinst", &script("hello"));
    let accounts = DebBuilder::new("base-passwd", "1.0")
        .file("etc/passwd", b"root:*:0:0:root:/root:/bin/bash\n")
        .file("etc/group", b"root:*:0:\n");
    let packages = [hello, accounts];
    let tree = root(&distro(&[("hello", effects)]), &packages).unwrap();
    let lines: Vec<String> = ["etc/hello", "etc/hello.d/empty", "etc/hello.link", "usr/bin/hello"]
        .into_iter()
        .chain(["var/lib/hello", "var/old"])
        .map(|path| {
            let node = tree.at(path).unwrap();
            let kind = match &node.kind {
                Kind::Symlink(target) => target.as_str(),
                _ => "",
            };
            format!("{path} {:04o} {}:{} {kind}", node.mode, node.uid, node.gid)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "etc/hello 0644 0:0 ",
            "etc/hello.d/empty 0600 0:0 ",
            "etc/hello.link 0777 0:0 hello",
            "usr/bin/hello 4755 0:0 ",
            "var/lib/hello 2750 0:101 ",
            "var/old 0777 0:0 /var/lib/hello",
        ]
    );
    assert!(
        text(&tree, "etc/passwd").contains("\nhello:!:100:101::/nonexistent:/usr/sbin/nologin\n")
    );
    assert_eq!(text(&tree, "var/lib/dpkg/arch-native"), "amd64\n");
    assert_eq!(tree.at("var/lib/dpkg/status").unwrap().mtime, TIME);

    let absent = package("absent", &["usr/bin/absent"]);
    let packages = [packages.as_slice(), &[absent]].concat();
    let message = root(&distro(&[("hello", effects)]), &packages).unwrap_err();
    assert!(message.contains("would use /usr/bin/absent, which is in this root"), "{message}");
    let full = package("full", &["var/lib/hello/schema"]);
    let packages = [&packages[..2], &[full]].concat();
    let message = root(&distro(&[("hello", effects)]), &packages).unwrap_err();
    assert!(message.contains("make an index of /var/lib/hello/schema"), "{message}");
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let distro = distro(&[("copier", r#"{ copy = { from = "/usr/no", to = "/etc/no" } }"#)]);
    let hello = || package("hello", &[]);
    for (packages, want) in [
        (vec![hello(), hello()], "the package hello is there twice: 1.0 and 1.0"),
        (vec![hello().field("Architecture", "arm64")], "is for arm64, and the root is for amd64"),
        (vec![hello().control_file("postinst", &script("x"))], "hello 1.0: the postinst is new"),
        (
            vec![package("copier", &[]).control_file("postinst", &script("copier"))],
            "no file /usr/no",
        ),
        (vec![hello().control_file("conffiles", "/etc/no\n")], "does not have it"),
    ] {
        let message = root(&distro, &packages).unwrap_err();
        assert!(message.contains(want), "{message}\ninstead of {want}");
    }
}

#[test]
fn nothing_is_enabled_without_the_program_that_does_it() {
    let effects = r#"
        { systemd-enable = { unit = "hello.service" } },
        { rc-defaults = { script = "hello" } }"#;
    let hello = DebBuilder::new("hello", "1.0")
        .file("usr/lib/systemd/system/hello.service", b"[Install]\nWantedBy=multi-user.target\n")
        .file("etc/init.d/hello", b"### BEGIN INIT INFO\n# Default-Start: 2\n### END INIT INFO\n")
        .control_file("postinst", &script("hello"));
    let helpers = package("init-system-helpers", &["usr/bin/deb-systemd-helper"]);
    let distro = distro(&[("hello", effects)]);
    let links = ["etc/systemd/system/multi-user.target.wants/hello.service", "etc/rc2.d/S01hello"];
    for (packages, made) in [(vec![hello.clone()], false), (vec![hello, helpers], true)] {
        let tree = root(&distro, &packages).unwrap();
        assert_eq!(links.map(|link| tree.at(link).is_some()), [made; 2]);
        assert_eq!(tree.at("var/lib/systemd").is_some(), made);
    }
}

#[test]
fn a_list_of_choices_is_written_unless_it_is_there() {
    let effect =
        r#"{ commented = { path = "/etc/b.gen", from = "/usr/share/b", head = "head\n\n" } }"#;
    let distro = distro(&[("b1", effect)]);
    let choices = "# note\nb_C.x  \na_B\n b\nb_C.x\n";
    let with = || DebBuilder::new("b1", "1.0").control_file("postinst", &script("b1"));
    let tree = root(&distro, &[with().file("usr/share/b", choices.as_bytes())]).unwrap();
    assert_eq!(text(&tree, "etc/b.gen"), "head\n\n# a_B\n# b_C.x\n");

    let there = with().file("usr/share/b", b"x").file("etc/b.gen", b"mine");
    assert_eq!(text(&root(&distro, &[there]).unwrap(), "etc/b.gen"), "mine");
    let message = root(&distro, &[with()]).unwrap_err();
    assert!(message.contains("/usr/share/b: there is no such file"), "{message}");
}
