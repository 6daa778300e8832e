//! What is not installed, and what is said about it.

use std::error::Error as _;

use filetree::{Content, Node, Pack};
use names::Epoch;
use testkit::WheelBuilder;
use venv::Wheel;

use crate::{installed, layout};

const METADATA: &str = "Metadata-Version: 2.1\nName: a\nVersion: 1\n";
const WHEEL: &str = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n";

/// Installs files as `a-1-py3-none-any.whl`; RECORD lists them rightly unless it is given.
fn refused(files: &[(&str, &str)]) -> String {
    let mut pack = Pack::default();
    let mut record = Vec::new();
    let mut own = None;
    for (path, bytes) in files {
        let content = Content::from_bytes(bytes);
        record.push(wheels::RecordLine {
            path: (*path).to_owned(),
            hash: Some(wheels::RecordHash::Sha256(content.sha256)),
            size: Some(content.size),
        });
        own = own.or(path.ends_with("/RECORD").then_some(()));
        pack.entries.push((path.parse().unwrap(), Node::file(0o644, Epoch(1), content)));
    }
    if own.is_none() {
        let content = Content::from_bytes(wheels::render_record(&record));
        let path = "a-1.dist-info/RECORD".parse().unwrap();
        pack.entries.push((path, Node::file(0o644, Epoch(1), content)));
    }
    let wheel = Wheel { file_name: "a-1-py3-none-any.whl", pack: &pack, requested: true };
    let error = venv::install(&layout(), &wheel, Epoch(1)).unwrap_err();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text.replace("a-1-py3-none-any.whl", "A")
}

#[test]
fn metadata_must_be_there_and_right() {
    let info = [("a-1.dist-info/METADATA", METADATA), ("a-1.dist-info/WHEEL", WHEEL)];
    for (files, want) in [
        (&[("a.py", "")][..], "A has no WHEEL"),
        (&[info[1]][..], "A has no METADATA"),
        (&[info[0], info[1], ("b-1.dist-info/x", "")][..], "A holds 2 .dist-info folders, not one"),
        (
            &[("b-1.dist-info/METADATA", METADATA), ("b-1.dist-info/RECORD", "")][..],
            "A holds b-1.dist-info",
        ),
        (
            &[("a-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: b\nVersion: 1\n"), info[1]]
                [..],
            "A holds b 1",
        ),
        (
            &[("a-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: a\nVersion: 2\n"), info[1]]
                [..],
            "A holds a 2",
        ),
        (
            &[info[0], ("a-1.dist-info/WHEEL", "Wheel-Version: 2.0\nRoot-Is-Purelib: true\n")][..],
            "A: the file WHEEL cannot be taken: Wheel-Version is `2.0`: version 1 is the one that is known",
        ),
        (
            &[info[0], info[1], ("a-1.data/other/x", "")][..],
            "A: `a-1.data/other/x` lies in no known part of .data: want purelib, platlib, headers, scripts or data",
        ),
        (
            &[
                info[0],
                info[1],
                ("a-1.dist-info/entry_points.txt", "[console_scripts]\n../x = a:b\n"),
            ][..],
            "A: the entry points cannot be taken: line 2 of entry_points.txt names a script `../x`: want a plain file name",
        ),
        (
            &[info[0], info[1], ("x.py", "1"), ("a-1.data/purelib/x.py", "2")][..],
            "A has two files for /opt/v/lib/python3.13/site-packages/x.py",
        ),
        (
            &[info[0], info[1], ("x", "1"), ("a-1.data/purelib/x/y.py", "2")][..],
            "A: a file stands in the way of another: /opt/v/lib/python3.13/site-packages/x/y.py: \
             /opt/v/lib/python3.13/site-packages/x is not a directory",
        ),
    ] {
        assert_eq!(refused(files), want);
    }
}

#[test]
fn contents_must_be_what_record_says() {
    let record = |lines: &str| {
        let metadata = Content::from_bytes(METADATA).sha256;
        let wheel = Content::from_bytes(WHEEL).sha256;
        let line = |path: &str, digest| wheels::RecordLine {
            path: format!("a-1.dist-info/{path}"),
            hash: Some(wheels::RecordHash::Sha256(digest)),
            size: None,
        };
        let known = [line("METADATA", metadata), line("WHEEL", wheel)];
        let record = wheels::render_record(&known) + lines;
        refused(&[
            ("a-1.dist-info/METADATA", METADATA),
            ("a-1.dist-info/WHEEL", WHEEL),
            ("a.py", "abc"),
            ("a-1.dist-info/RECORD", &record),
        ])
    };
    // `printf abc | openssl dgst -sha256 -binary | base64`, with the letters of URLs.
    let right = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
    for (lines, want) in [
        (String::new(), "RECORD has no hash for `a.py`: the wheel was changed after it was made"),
        (
            "a.py,,3\n".to_owned(),
            "RECORD has no hash for `a.py`: the wheel was changed after it was made",
        ),
        (
            format!("a.py,sha256={right},4\n"),
            "`a.py` is not the file that RECORD lists: the wheel was changed after it was made",
        ),
        (
            format!("a.py,sha256={},3\n", right.replace("ung", "abc")),
            "`a.py` is not the file that RECORD lists: the wheel was changed after it was made",
        ),
        (
            "a.py,sha512=AAAA,3\n".to_owned(),
            "`a.py` is not the file that RECORD lists: the wheel was changed after it was made",
        ),
        (
            "a.py,md5=kAFQmDzST7DWlj99KOF_cg,3\n".to_owned(),
            "RECORD lists `a.py` with the hash `md5=kAFQmDzST7DWlj99KOF_cg`: want sha256, sha384 or sha512",
        ),
        (format!("a.py,sha256={right},3\na.py,,\n"), "RECORD lists `a.py` twice"),
        (
            format!("a.py,sha256={right},3\nb.py,sha256={right},3\n"),
            "RECORD lists `b.py`, which the wheel does not have",
        ),
    ] {
        assert_eq!(record(&lines), format!("A is not what it was when it was made: {want}"));
    }
    // The same three bytes by the longer hashes.
    let sha384 = "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP_W-2AhgcroefMI1i67KE0yCWn";
    // Accepted as it is: the next fault is another file's.
    let message = record(&format!("a.py,sha384={sha384},3\nc.py,,\n"));
    assert!(message.contains("RECORD lists `c.py`"), "{message}");
}

#[test]
fn a_file_name_that_names_no_project_is_refused() {
    let pack = Pack::default();
    for name in ["", "a.whl", "-1-py3-none-any.whl", "é-1-py3-none-any.whl"] {
        let wheel = Wheel { file_name: name, pack: &pack, requested: true };
        assert!(venv::install(&layout(), &wheel, Epoch(1)).is_err(), "{name}");
    }
}

#[test]
fn a_sound_wheel_is_not_refused() {
    assert!(installed(&WheelBuilder::new("a", "1").file("a.py", b"abc")).is_ok());
}
