//! Where the files of a wheel go, and what is generated.

use testkit::WheelBuilder;

use crate::{installed, text};

const SITE: &str = "opt/v/lib/python3.13/site-packages";

/// A wheel with something for each place.
fn full() -> WheelBuilder {
    WheelBuilder::new("Tin.Can", "1.0")
        .entry_points("[console_scripts]\ntin = tin:main\n[wsgi_scripts]\ntin-api = tin.api:init\n")
        .file("tin/__init__.py", b"")
        .program("tin/tool.sh", b"#!/bin/sh\n")
        .file("tin_can-1.0.data/purelib/pure.py", b"1")
        .file("tin_can-1.0.data/platlib/plat.py", b"2")
        .file("tin_can-1.0.data/headers/tin.h", b"3")
        .file("tin_can-1.0.data/data/etc/tin/tin.conf", b"4")
        .file("tin_can-1.0.data/scripts/helper", b"#!python\nprint(1)\n")
        .file("tin_can-1.0.data/scripts/shell", b"#!/bin/sh\n")
        .file("tin_can-1.0.data/scripts/tin", b"#!python\nold launcher\n")
}

#[test]
fn every_scheme_has_its_place() {
    let tree = installed(&full()).unwrap();
    let paths: Vec<String> = tree
        .iter()
        .filter(|(_, node)| !node.is_directory())
        .map(|(path, node)| format!("{:o} {path}", node.mode))
        .collect();
    let below = |path: &str| format!("644 {SITE}/{path}");
    assert_eq!(
        paths,
        [
            "755 opt/v/bin/helper".to_owned(),
            "755 opt/v/bin/shell".to_owned(),
            "755 opt/v/bin/tin".to_owned(),
            "755 opt/v/bin/tin-api".to_owned(),
            "644 opt/v/etc/tin/tin.conf".to_owned(),
            "644 opt/v/include/site/python3.13/Tin.Can/tin.h".to_owned(),
            below("plat.py"),
            below("pure.py"),
            below("tin/__init__.py"),
            format!("755 {SITE}/tin/tool.sh"),
            below("tin_can-1.0.dist-info/INSTALLER"),
            below("tin_can-1.0.dist-info/METADATA"),
            below("tin_can-1.0.dist-info/RECORD"),
            below("tin_can-1.0.dist-info/WHEEL"),
            below("tin_can-1.0.dist-info/entry_points.txt"),
        ]
    );
    assert_eq!(text(&tree, "opt/v/bin/helper"), "#!/opt/v/bin/python\nprint(1)\n");
    assert_eq!(text(&tree, "opt/v/bin/shell"), "#!/bin/sh\n");
    assert!(text(&tree, "opt/v/bin/tin").ends_with("sys.exit(main())\n"));
    assert!(text(&tree, "opt/v/bin/tin-api").contains("application = init()"));
}

#[test]
fn generated_files_and_directories_have_the_given_time() {
    let tree = installed(&full()).unwrap();
    for path in ["bin/tin", "bin", "lib/python3.13/site-packages/tin_can-1.0.dist-info/RECORD"] {
        assert_eq!(tree.at(&format!("opt/v/{path}")).unwrap().mtime.0, 7, "{path}");
    }
    assert_eq!(tree.at("opt/v/bin/helper").unwrap().mtime.to_string(), "1980-01-01T00:00:00Z");
}

#[test]
fn record_lists_all_files_and_itself_without_a_hash() {
    let tree = installed(&full()).unwrap();
    let record = text(&tree, &format!("{SITE}/tin_can-1.0.dist-info/RECORD"));
    let lines = wheels::parse_record(&record).unwrap();
    assert_eq!(lines.len(), 15);
    assert!(lines.is_sorted());
    assert_eq!(lines[0].path, "../../../bin/helper");
    for line in &lines {
        let own = line.path.ends_with("/RECORD");
        assert_eq!((line.hash.is_none(), line.size.is_none()), (own, own), "{}", line.path);
        assert!(!line.path.contains(".data/"), "{}", line.path);
    }
    let path = format!("{SITE}/{}", lines[0].path);
    assert!(path.starts_with("opt/v/lib/python3.13/site-packages/../../../bin/"), "{path}");
}

#[test]
fn a_shipped_wsgi_script_stays() {
    let wheel = WheelBuilder::new("a", "1")
        .entry_points("[wsgi_scripts]\na-api = a.api:init\n")
        .file("a-1.data/scripts/a-api", b"#!python\n# by pbr\n");
    let tree = installed(&wheel).unwrap();
    assert_eq!(text(&tree, "opt/v/bin/a-api"), "#!/opt/v/bin/python\n# by pbr\n");
}

#[test]
fn what_another_installer_has_left_is_replaced() {
    let wheel = WheelBuilder::new("a", "1")
        .file("a-1.dist-info/INSTALLER", b"somebody\n")
        .file("a-1.dist-info/REQUESTED", b"")
        .file("a-1.dist-info/RECORD.jws", b"{}");
    let tree = installed(&wheel).unwrap();
    let site = |name: &str| format!("{SITE}/a-1.dist-info/{name}");
    assert_eq!(text(&tree, &site("INSTALLER")), "cooperage\n");
    assert!(tree.at(&site("REQUESTED")).is_none());
    assert!(text(&tree, &site("RECORD")).contains("a-1.dist-info/RECORD.jws,sha256="));
}
