//! Files taken from elsewhere.

use std::path::{Path, PathBuf};

use constraints::{Constraints, Provenance, import};
use insta::assert_snapshot;
use names::render_faults;

fn provenance() -> Provenance {
    Provenance {
        source: "openstack/requirements stable/2025.2".to_owned(),
        commit: "0e88245f541e4c82e3b0cf4b63cf50d7b7322d46".to_owned(),
        date: "2026-05-05".to_owned(),
    }
}

fn imported(text: &str, provenance: &Provenance) -> String {
    match import(text, Path::new("pins.txt"), provenance) {
        Ok(text) => text,
        Err(faults) => render_faults(&faults),
    }
}

#[test]
fn the_header_states_where_the_pins_come_from() {
    assert_snapshot!(imported("# theirs\nb===2\na===1\n", &provenance()), @"
    # Pins taken from the source below, sorted by name; `cargo xtask constraints import` writes this file.
    # source: openstack/requirements stable/2025.2
    # commit: 0e88245f541e4c82e3b0cf4b63cf50d7b7322d46
    # date: 2026-05-05

    a===1
    b===2
    ");
}

#[test]
fn fields_that_are_not_known_are_left_out_and_none_ends_the_comment() {
    let provenance = Provenance { source: "a\nb===1".to_owned(), ..Provenance::default() };
    assert_snapshot!(imported("a===1\n", &provenance), @"
    # Pins taken from the source below, sorted by name; `cargo xtask constraints import` writes this file.
    # source: a b===1

    a===1
    ");
}

#[test]
fn importing_twice_gives_the_same_bytes() {
    let once = imported("b===2\nB_c===1;python_version>='3.10'\n", &provenance());
    assert_eq!(Provenance::of(&once), Some(provenance()));
    assert_eq!(imported(&once, &provenance()), once);
}

#[test]
fn other_files_have_no_provenance() {
    assert_eq!(Provenance::of(""), None);
    assert_eq!(Provenance::of("# a comment\na===1\n# source: too late\n"), None);
}

#[test]
fn a_file_without_pins_is_refused() {
    assert_snapshot!(imported("# nothing\n", &provenance()), @"
    pins.txt: there is no pin in it
      hint: name a file such as upper-constraints.txt of openstack/requirements
    ");
    assert_snapshot!(imported("<html>\n", &provenance()), @"
    pins.txt:1:1: `<html>` is not the name of a Python project
      hint: a name has ASCII letters, digits, `-`, `_` and `.`, and a letter or digit at both ends
    ");
}

fn committed(release: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("releases").join(release).join("upper-constraints.txt")
}

#[test]
fn the_committed_files_are_what_an_import_writes() {
    for (release, pins, names) in
        [("2025.1", 599, 588), ("2025.2", 603, 572), ("2026.1", 554, 554), ("2026.2", 575, 575)]
    {
        let text = std::fs::read_to_string(committed(release)).unwrap();
        let constraints = Constraints::parse(&text, Path::new(release))
            .unwrap_or_else(|faults| panic!("{}", render_faults(&faults)));
        assert_eq!(constraints.iter().count(), pins, "{release}");
        assert_eq!(constraints.names().count(), names, "{release}");
        assert_eq!(imported(&text, &Provenance::of(&text).unwrap()), text, "{release}");
    }
}
