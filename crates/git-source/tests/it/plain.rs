//! Versions from plain data, without any tool.

use std::collections::BTreeMap;

use git_source::{
    Annotation, Commit, CommitId, SemanticVersion, Tag, VersionError, WalkError, authors,
    change_log, patched_version, version, version_from_pkg_info,
};
use pep440_rs::Version;

use testkit::Random;

fn id(number: u8) -> CommitId {
    CommitId::from_bytes([number; 20])
}

/// A line of commits, the oldest first, with these messages.
fn line(messages: &[&str]) -> BTreeMap<CommitId, Commit> {
    let commits = messages.iter().enumerate().map(|(index, message)| {
        let number = u8::try_from(index).unwrap();
        let parents = (number > 0).then(|| id(number - 1)).into_iter().collect();
        let (author, message) = (format!("A{} <a@example.org>", index % 2), (*message).to_owned());
        (id(number), Commit { parents, time: i64::from(number), author, message })
    });
    commits.collect()
}

fn tag(name: &str, commit: u8) -> Tag {
    Tag { name: name.to_owned(), commit: id(commit), annotation: None }
}

fn annotated(name: &str, commit: u8) -> Tag {
    let annotation = Some(Annotation { name: name.to_owned(), time: i64::from(commit) });
    Tag { annotation, ..tag(name, commit) }
}

#[test]
fn versions_follow_the_rules() {
    let history = line(&["a", "b\n\nSem-Ver: feature", "c", "d\n\nsem-ver: api-break, bugfix"]);
    let of = |tags: &[Tag], head: u8, target: Option<&str>| {
        version(&history, tags, id(head), target).unwrap()
    };
    assert_eq!(of(&[], 0, None), "0.0.0");
    assert_eq!(of(&[], 2, None), "0.1.0.dev2");
    assert_eq!(of(&[tag("28.0.2", 1)], 1, None), "28.0.2");
    assert_eq!(of(&[tag("28.0.2", 1)], 2, None), "28.0.3.dev1");
    assert_eq!(of(&[tag("28.0.2", 0)], 2, None), "28.1.0.dev2");
    assert_eq!(of(&[tag("28.0.2", 1)], 3, None), "29.0.0.dev2");
    assert_eq!(of(&[tag("29.0.0.0rc1", 1)], 2, None), "29.0.0.0rc2.dev1");
    assert_eq!(of(&[tag("29.0.0.0rc1", 1), tag("29.0.0", 1)], 1, None), "29.0.0");
    assert_eq!(of(&[tag("29.0.0-rc1", 0)], 1, None), "29.0.0.0rc2.dev1");
    assert_eq!(of(&[tag("2025.2-eol", 1)], 2, None), "0.1.0.dev2");
    assert_eq!(of(&[tag("1.0.0", 1)], 2, Some("1.1.0")), "1.1.0.dev1");

    let low = version(&history, &[annotated("1.0.0", 1)], id(2), Some("1.0.0")).unwrap_err();
    assert!(matches!(low, VersionError::TargetTooLow { .. }), "{low}");
    let two = [annotated("2.0.0", 1), annotated("1.0.0", 1)];
    assert!(matches!(version(&history, &two, id(1), None), Err(VersionError::TargetTooLow { .. })));
    let bad = version(&history, &[], id(2), Some("folsom")).unwrap_err();
    assert_eq!(bad, VersionError::Target("folsom".to_owned()));
}

#[test]
fn a_history_that_was_cut_off_is_told() {
    let mut history = line(&["a", "b", "c", "d"]);
    history.remove(&id(1));
    let found = |tags: &[Tag]| version(&history, tags, id(3), None);
    assert_eq!(found(&[tag("1.0.0", 3)]).unwrap(), "1.0.0");
    assert_eq!(found(&[tag("1.0.0", 2)]).unwrap(), "1.0.1.dev1");
    let short = VersionError::Walk(WalkError::TooShort { commit: id(1) });
    assert_eq!(found(&[tag("1.0.0", 0)]).unwrap_err(), short);
    assert_eq!(found(&[]).unwrap_err(), short);
    assert!(authors(&history, id(3), "").is_err());
}

#[test]
fn texts_of_pbr_are_made() {
    let history = line(&["a_b.\n", "Merge x", "c\n d\n\nCo-authored-by: Z <z@example.org>"]);
    let made = change_log(&history, &[tag("1.0.0", 1), tag("1.0.0.0rc1", 1)], id(2)).unwrap();
    assert_eq!(made, "CHANGES\n=======\n\n* c  d\n\n1.0.0\n-----\n\n* a\\_b\n");
    let made = authors(&history, id(2), "Before\n").unwrap();
    assert_eq!(made, "Before\nA0 <a@example.org>\nA1 <a@example.org>\nZ <z@example.org>\n");
    assert!(change_log(&history, &[tag("1.0.0.5.g1234", 1)], id(2)).is_err());
}

#[test]
fn patched_versions_are_in_normal_form() {
    for (version, digest) in
        [("28.1.0", "0012345678901"), ("1.0.0+x.1", "ABCDEF"), ("1.0.dev3", "0"), ("1.0.0", "")]
    {
        let patched = patched_version(version, 3, digest);
        assert_eq!(patched, patched.parse::<Version>().unwrap().to_string(), "{patched}");
        assert!(patched.parse::<Version>().unwrap() > version.parse::<Version>().unwrap());
    }
}

#[test]
fn nothing_panics() {
    let pieces: [&str; 16] = [
        "1",
        "0",
        ".",
        "..",
        "rc",
        "dev",
        "post",
        "+",
        "_",
        "é",
        "١",
        "Name: x\n",
        "Version: 1\n",
        ": ",
        "\n",
        "99999999999999999999",
    ];
    let mut random = Random::new(5);
    let (mut versions, mut stated) = (0, 0);
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random.below(9) {
            text += random.pick(&pieces);
        }
        if let Some(version) = SemanticVersion::parse(&text) {
            versions += 1;
            let tags = [tag(&text, 0), tag("1.0.0", 0)];
            let history = line(&["a", &text]);
            // Some cannot be compared.
            let _ = git_source::version(&history, &tags, id(1), Some(&version.to_string()));
        }
        stated += usize::from(version_from_pkg_info(&text, "x").is_some());
    }
    assert!(versions > 100 && stated > 10, "{versions} {stated}");
}
