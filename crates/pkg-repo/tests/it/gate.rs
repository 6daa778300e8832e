//! The version gate, case by case.

use pkg_repo::{Downgrade, GateError, GateRules, PackageKind, Record, Scope, check_gate};

/// `NAME VERSION ARCHITECTURE SOURCE CONTENT`, the source having the version of the package.
fn record(text: &str) -> Record {
    let words: Vec<&str> = text.split(' ').collect();
    let [name, version, architecture, source, content] = words[..] else { panic!("{text}") };
    Record {
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: architecture.to_owned(),
        kind: PackageKind::Deb,
        source: source.to_owned(),
        source_version: version.to_owned(),
        component: "main".to_owned(),
        sha256: testkit::sha256(content.as_bytes()),
        size: 1,
        path: format!("pool/{name}"),
    }
}

fn records(texts: &[&str]) -> Vec<Record> {
    texts.iter().map(|text| record(text)).collect()
}

/// What happens, in a line for each package: `+ name version`, `= name version`, `- name version why`.
#[track_caller]
fn check(there: &[&str], new: &[&str], rules: GateRules, keep: usize, want: &[&str]) {
    let plan = check_gate(&records(there), &records(new), rules, keep).unwrap();
    let text = |mark: &str, record: &Record| {
        format!("{mark} {} {} {}", record.name, record.version, record.architecture)
    };
    let mut lines: Vec<String> = plan.added.iter().map(|record| text("+", record)).collect();
    lines.extend(plan.skipped.iter().map(|record| text("=", record)));
    lines.extend(plan.removed.iter().map(|(record, why)| format!("{} {why:?}", text("-", record))));
    assert_eq!(lines, want);
}

const STRICT: GateRules = GateRules { downgrade: Downgrade::Refuse, scope: Scope::Architectures };

#[test]
fn newer_goes_in_and_as_many_as_are_kept_stay() {
    let there = ["a 1.0 all a x", "a 2.0 all a y"];
    check(&there, &["a 3.0 all a z"], STRICT, 3, &["+ a 3.0 all"]);
    let superseded = ["+ a 3.0 all", "- a 1.0 all Superseded"];
    check(&there, &["a 3.0 all a z"], STRICT, 2, &superseded);
    let both = ["+ a 3.0 all", "- a 1.0 all Superseded", "- a 2.0 all Superseded"];
    check(&there, &["a 3.0 all a z"], STRICT, 1, &both);
    // Another architecture is another package.
    check(&there, &["a 1.0 amd64 a z"], STRICT, 1, &["+ a 1.0 amd64"]);
    // The order is dpkg's, not that of texts.
    check(&["a 9 all a x"], &["a 10 all a z"], STRICT, 2, &["+ a 10 all"]);
}

#[test]
fn the_same_content_is_skipped_and_other_content_is_an_error_that_names_both() {
    check(&["a 1.0 all a x"], &["a 1.0 all a x"], STRICT, 1, &["= a 1.0 all"]);
    let (there, new) = (records(&["a 1.0 all a x"]), records(&["a 1.0 all a y", "b 1 all b z"]));
    let errors = check_gate(&there, &new, STRICT, 1).unwrap_err();
    assert!(matches!(errors[..], [GateError::Conflict { .. }]), "{errors:?}");
    let text = errors[0].to_string();
    for digest in [there[0].sha256, new[0].sha256] {
        assert!(text.contains(&digest.hex()), "{text}");
    }
    // Also between two of the same publication, and however the same version is written.
    let twice = records(&["a 1.0 all a x", "a 1.0 all a y"]);
    assert!(check_gate(&[], &twice, STRICT, 1).is_err());
    let zeros = records(&["a 0:1.00 all a y"]);
    assert!(check_gate(&there, &zeros, STRICT, 1).is_err());
}

#[test]
fn older_goes_in_only_when_it_is_allowed() {
    let (there, new) = (records(&["a 2.0 all a x"]), records(&["a 1.0 all a y"]));
    let errors = check_gate(&there, &new, STRICT, 5).unwrap_err();
    assert!(matches!(errors[..], [GateError::Older { .. }]), "{errors:?}");
    let allow = GateRules { downgrade: Downgrade::Allow, ..STRICT };
    let downgraded = ["+ a 1.0 all", "- a 2.0 all Downgraded"];
    check(&["a 2.0 all a x"], &["a 1.0 all a y"], allow, 5, &downgraded);
    // An older one that is there already is no downgrade.
    let there = ["a 1.0 all a y", "a 2.0 all a x"];
    check(&there, &["a 1.0 all a y"], STRICT, 5, &["= a 1.0 all"]);
}

#[test]
fn what_the_new_source_no_longer_makes_is_dropped() {
    let there = [
        "a 1 amd64 s x",
        "a-doc 1 all s x",
        "a-old 1 amd64 s x",
        "a-old 1 arm64 s x",
        "b 1 amd64 t x",
    ];
    let new = ["a 2 amd64 s y"];
    let dropped = ["+ a 2 amd64", "- a 1 amd64 Superseded", "- a-old 1 amd64 NoLongerMade"];
    check(&there, &new, STRICT, 1, &dropped);
    let whole = GateRules { scope: Scope::Source, ..STRICT };
    let all = [
        "+ a 2 amd64",
        "- a 1 amd64 Superseded",
        "- a-doc 1 all NoLongerMade",
        "- a-old 1 amd64 NoLongerMade",
        "- a-old 1 arm64 NoLongerMade",
    ];
    check(&there, &new, whole, 1, &all);
    let part = GateRules { scope: Scope::Part, ..STRICT };
    check(&there, &new, part, 1, &["+ a 2 amd64", "- a 1 amd64 Superseded"]);
    // The other architecture comes later, and takes nothing of the first away.
    let there = ["a 2 amd64 s x", "a-new 2 amd64 s x", "a 1 arm64 s x"];
    let later = ["+ a 2 arm64", "- a 1 arm64 Superseded"];
    check(&there, &["a 2 arm64 s y"], whole, 1, &later);
    // What is published again takes nothing newer away.
    let there = ["a 1 amd64 s x", "a 2 amd64 s x", "a-new 2 amd64 s x"];
    check(&there, &["a 1 amd64 s x"], whole, 2, &["= a 1 amd64"]);
}
