//! Wheels, source archives, the texts in them, and pages of an index.

use std::io::Cursor;

use names::Epoch;
use venv::{Layout, Wheel};
use wheels::{EntryPoints, Metadata, ProjectPage, WheelInfo, parse_record, render_record};

use crate::shelf::{check_pack, with_blob};

/// A wheel: unpacked, installed, and written once more.
pub(crate) fn wheel(input: &[u8]) {
    with_blob(input, |store, blob| {
        let Ok(pack) = wheels::unpack(store, blob) else { return };
        check_pack(&pack);
        let layout = Layout {
            prefix: "opt/v".parse().unwrap(),
            python: "/usr/bin/python3.13".to_owned(),
            version: "3.13.5".to_owned(),
        };
        let file_name = "demo-1.0-py3-none-any.whl";
        let wheel = Wheel { file_name, pack: &pack, requested: false };
        if let Ok(tree) = venv::install(&layout, &wheel, Epoch(7)) {
            for (path, _) in &tree {
                let inside = path.strip_prefix(&layout.prefix).is_some()
                    || layout.prefix.strip_prefix(path).is_some();
                assert!(inside, "{path} lies outside of the environment");
            }
        }
    });
    let time = Epoch(1_700_000_000);
    let normal = |bytes: &[u8]| {
        wheels::normalize_wheel(Cursor::new(bytes), Cursor::new(Vec::new()), time)
            .map(Cursor::into_inner)
    };
    if let Ok(once) = normal(input) {
        assert_eq!(normal(&once).unwrap(), once);
    }
}

/// A source archive, compressed or not.
pub(crate) fn sdist(input: &[u8]) {
    with_blob(input, |store, blob| {
        if let Ok(pack) = wheels::unpack_sdist(store, blob) {
            check_pack(&pack);
        }
    });
}

/// METADATA.
pub(crate) fn metadata(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = Metadata::parse(text);
}

/// RECORD: what was read is written and read as the same.
pub(crate) fn record(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(lines) = parse_record(text) {
        assert_eq!(parse_record(&render_record(&lines)), Ok(lines));
    }
}

/// WHEEL and `entry_points.txt`.
pub(crate) fn wheel_texts(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = WheelInfo::parse(text);
    let _ = EntryPoints::parse(text);
}

/// A page of the simple index in HTML.
pub(crate) fn page_html(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    check_page(ProjectPage::parse_html(text, "https://index.example.org/simple/demo/").ok());
}

/// A page of the simple index in JSON.
pub(crate) fn page_json(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    check_page(ProjectPage::parse_json(text, "https://index.example.org/simple/demo/").ok());
}

/// Files are named by names, and lie at addresses of the web.
fn check_page(page: Option<ProjectPage>) {
    for file in page.iter().flat_map(|page| &page.files) {
        assert!(!file.name.contains('/'), "{file:?}");
        assert!(file.url.starts_with("http"), "{file:?}");
    }
}
