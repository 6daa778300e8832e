//! RPM packages, without another tool.

use filetree::{Kind, Node, Tree};
use names::Epoch;
use pkg_writer::rpm::{
    self, ChangelogEntry, Comparison, Dependency, Mark, Package, RpmError, Script, Scriptlet,
    Scripts, Signatures,
};

use crate::{ALL, options, path, sample};

pub(crate) fn dependencies(texts: &[&str]) -> Vec<Dependency> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(crate) fn package() -> Package {
    let entry = |time, version: &str, text: &str| ChangelogEntry {
        time: Epoch(time),
        author: format!("Jane Doe <jane@example.org> - {version}"),
        text: text.to_owned(),
    };
    Package {
        name: "sample".to_owned(),
        epoch: Some(1),
        version: "2.0~rc1".to_owned(),
        release: "1.fc42".to_owned(),
        architecture: "x86_64".to_owned(),
        summary: "Tree for tests".to_owned(),
        description: "First paragraph.\n\nSecond one: zürich.\n".to_owned(),
        license: "Apache-2.0".to_owned(),
        url: Some("https://example.org/".to_owned()),
        relations: rpm::Relations {
            requires: dependencies(&["python(abi) = 3.13", "(postfix or exim)", "/bin/sh"]),
            provides: dependencies(&["sample-api = 2"]),
            conflicts: dependencies(&["other < 1:3"]),
            obsoletes: dependencies(&["old-sample <= 1.0-1"]),
            recommends: dependencies(&["sample-doc"]),
            ..rpm::Relations::default()
        },
        scripts: Scripts {
            pre: Some(Script { interpreter: "<lua>".to_owned(), body: "x = 1".to_owned() }),
            post: Some(Script { interpreter: "<lua>".to_owned(), body: "y = 2\n".to_owned() }),
            ..Scripts::default()
        },
        changelog: vec![
            entry(1_795_176_000, "2.0~rc1-1", "- Second.\n- Third."),
            entry(1_700_049_600, "1.0-1", "- First."),
        ],
        marks: [
            (path("etc/sample/sample.conf"), Mark::ConfigNoReplace),
            (path("opt/sample/large"), Mark::Doc),
            (path("opt/sample/nothing"), Mark::Ghost),
        ]
        .into(),
        left_out: [path("etc"), path("opt")].into(),
        ..Package::default()
    }
}

/// The bytes of a package of `tree`.
pub(crate) fn bytes(tree: &Tree, package: &Package, options: &pkg_writer::Options) -> Vec<u8> {
    let mut out = Vec::new();
    rpm::prepare(tree, package, options).unwrap().write(&mut out, &Signatures::default()).unwrap();
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
fn dependencies_are_read_as_in_a_spec_file() {
    let read = |text: &str| text.parse::<Dependency>().unwrap();
    let python = read(" python3  >= 1:3.13-2 ");
    assert_eq!(python.name, "python3");
    assert_eq!(python.version, Some((Comparison::GreaterOrEqual, "1:3.13-2".to_owned())));
    assert_eq!(read("(a or b)"), Dependency::any("(a or b)"));
    // As rpm's %add_sysuser writes a line in base64.
    assert!(read("user(a) = dSBhL2I/IC0A").version.is_some());
    let needed = read("/usr/sbin/useradd").needed_by(Scriptlet::Pre);
    assert_eq!(needed.needed_by, Some(Scriptlet::Pre));
    for bad in ["", "a b", "a =", "a => 1", "a = 1 b", "(a or b", "a\0", "a = 1*2", "a>=1"] {
        assert!(bad.parse::<Dependency>().is_err(), "{bad:?}");
    }
}

#[track_caller]
fn refused(tree: &Tree, change: impl FnOnce(&mut Package), message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut package = package();
    change(&mut package);
    let error = rpm::prepare(tree, &package, &options(folder.path())).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn metadata_that_rpm_would_not_take_are_refused() {
    let tree = sample();
    let text = |text: &str| text.to_owned();
    refused(
        &tree,
        |package| package.version = text("2.0-1"),
        "Version `2.0-1` is not right: want letters, digits, `.`, `_`, `+`, `~` and `^`",
    );
    refused(
        &tree,
        |package| package.summary = text("a\nb"),
        "Summary `a\\nb` is not right: want one line with something on it",
    );
    refused(
        &tree,
        |package| package.scripts.pre = Some(Script { interpreter: text("sh"), body: text("") }),
        "Interpreter `sh` is not right: want an absolute path, or <lua>",
    );
    refused(
        &tree,
        |package| package.changelog.reverse(),
        "the changelog is not sorted: put its newest entry first",
    );
    refused(
        &tree,
        |package| _ = package.marks.insert(path("opt/none"), Mark::Doc),
        "/opt/none is marked or left out, and the tree has no such entry",
    );
    refused(
        &tree,
        |package| _ = package.left_out.insert(path("opt/sample/zz")),
        "/opt/sample/zz: names of one file are all in the package or none is, and not as ghosts",
    );
    refused(
        &tree,
        |package| package.relations.requires.push(Dependency::any("a b")),
        "`a b` is no dependency: want a name, a name with a comparison and a version, or a condition \
         in parentheses",
    );
    let mut owned = sample();
    let node = Node::directory(0o750, Epoch(0)).owned_by(42_424, 0);
    owned.insert(path("opt/sample/owned"), node).unwrap();
    refused(&owned, |_| {}, "/opt/sample/owned: user 42424 has no name: give one in the accounts");
    let mut dangling = sample();
    let link = Node { kind: Kind::HardLink(path("none")), ..Node::symlink("", Epoch(0)) };
    dangling.insert(path("opt/link"), link).unwrap();
    refused(&dangling, |_| {}, "/opt/link: a hard link to /none, which is no file of this package");
}

#[test]
fn a_text_is_no_signature() {
    let folder = tempfile::tempdir().unwrap();
    let mut prepared = rpm::prepare(&sample(), &package(), &options(folder.path())).unwrap();
    let header = Some(b"-----BEGIN PGP SIGNATURE-----".to_vec());
    let signatures = Signatures { header, header_and_payload: None };
    let out = folder.path().join("sample.rpm");
    let refused = prepared.save(&out, &signatures).unwrap_err();
    assert!(matches!(refused, RpmError::Save { .. }));
    assert!(!out.exists());
}
