//! `release.toml`: what is read, and what is refused.

use std::path::Path;

use insta::assert_snapshot;
use names::{Epoch, render_faults};
use release::ReleaseFile;

fn faults(text: &str) -> String {
    match ReleaseFile::parse(text, Path::new("release.toml")) {
        Ok(file) => panic!("no fault in {file:?}"),
        Err(faults) => render_faults(&faults),
    }
}

#[test]
fn every_key_is_read() {
    let text = "series = \"flamingo\"\nreleased = 2025-10-01\nend-of-life = 2027-04-28\n\
                python = \">=3.10,<3.14\"\nbuild-constraints = [\"setuptools<82\"]\n\
                cutoff = 2026-09-30\n";
    let file = ReleaseFile::parse(text, Path::new("release.toml")).unwrap();
    assert_eq!(file.series, "flamingo");
    assert_eq!(file.released, Epoch::from_rfc3339("2025-10-01"));
    assert_eq!(file.end_of_life, Epoch::from_rfc3339("2027-04-28"));
    assert_eq!(file.python.to_string(), ">=3.10,<3.14");
    assert_eq!(file.build_constraints.len(), 1);
    // A day stands for all of its uploads.
    assert_eq!(file.cutoff, Epoch::from_rfc3339("2026-09-30T23:59:59Z"));
}

#[test]
fn a_cutoff_may_be_a_moment() {
    let text = "series = \"x\"\npython = \">=3.10\"\ncutoff = 2026-09-30T12:00:00Z\n";
    let file = ReleaseFile::parse(text, Path::new("release.toml")).unwrap();
    assert_eq!(file.cutoff, Epoch::from_rfc3339("2026-09-30T12:00:00Z"));
}

#[test]
fn required_keys_must_be_there() {
    assert_snapshot!(faults("# nothing\n"), @r#"
    release.toml: the key `python` is missing
      hint: add python = ">=3.10"
    release.toml: the key `series` is missing
      hint: add series = "flamingo"
    "#);
}

#[test]
fn unknown_keys_are_told_with_the_nearest_one() {
    let text =
        "serie = \"flamingo\"\npyhton = \">=3.10\"\nwhatever = 1\nend_of_life = 2027-04-28\n";
    assert_snapshot!(faults(text), @"
    release.toml:1:1: unknown key `serie`
      hint: did you mean `series`?
    release.toml:2:1: unknown key `pyhton`
      hint: did you mean `python`?
    release.toml:3:1: unknown key `whatever`
      hint: the keys here are series, released, end-of-life, python, build-constraints, cutoff, meta-package
    release.toml:4:1: unknown key `end_of_life`
      hint: did you mean `end-of-life`?
    ");
}

#[test]
fn values_of_other_types_and_forms_are_told_all_at_once() {
    let text = "series = 5\npython = \">=3.10\"\nreleased = \"2025-10-01\"\nbuild-constraints = [1, \"x\"]\n";
    assert_snapshot!(faults(text), @r#"
    release.toml:1:10: `series`: invalid type: integer `5`, expected a string
      hint: docs/formats/release.md has the type of every key
    release.toml:3:12: `released`: invalid type: string "2025-10-01", expected a date without quotes
      hint: docs/formats/release.md has the type of every key
    release.toml:4:22: `build-constraints`: invalid type: integer `1`, expected a string
      hint: docs/formats/release.md has the type of every key
    "#);
    let text = "series = \" \"\npython = \"3.10\"\nreleased = 2025-10-01T00:00:00Z\n\
                cutoff = 2025-10-01T00:00:00+02:00\n\
                build-constraints = [\"setuptools<\", \"x @ https://example.org/x\", \"pbr\"]\n";
    assert_snapshot!(faults(text), @r#"
    release.toml:1:10: `series` is empty
      hint: write one line of text
    release.toml:2:10: `python` is not a range of versions
      hint: write it as ">=3.10" or ">=3.10,<3.14"
    release.toml:3:12: `released` is not a date
      hint: write it as 2025-10-01, without quotes
    release.toml:4:10: `cutoff` is not a date, or a time in UTC
      hint: write it as 2026-03-01 or 2026-03-01T12:00:00Z
    release.toml:5:22: `setuptools<` is not a requirement: a wrong version specifier at byte 10
      hint: requirements look like pymysql, oslo.db[mysql] or setuptools<82
    release.toml:5:37: x is taken from an address
      hint: name a version of the Python index
    "#);
}

#[test]
fn the_end_comes_after_the_release() {
    let text =
        "series = \"x\"\npython = \">=3\"\nreleased = 2025-10-01\nend-of-life = 2025-10-01\n";
    assert_snapshot!(faults(text), @"
    release.toml:4:15: `end-of-life` is not after `released`
      hint: correct one of the two dates
    ");
}

#[test]
fn faults_in_the_toml_itself_are_told_all_at_once() {
    assert_snapshot!(faults("series = \npython = \">=3\nreleased = 2025-13-01\nseries = \"a\"\n"), @r#"
    release.toml:1:10: string values must be quoted, expected literal string
      hint: the file must be TOML 1.0: KEY = VALUE in each line, tables as [NAME]
    release.toml:2:14: invalid basic string, expected `"`
      hint: the file must be TOML 1.0: KEY = VALUE in each line, tables as [NAME]
    release.toml:3:12: invalid date, expected month between 01 and 12
      hint: the file must be TOML 1.0: KEY = VALUE in each line, tables as [NAME]
    release.toml:4:1: duplicate key
      hint: the file must be TOML 1.0: KEY = VALUE in each line, tables as [NAME]
    "#);
    assert_snapshot!(faults("series = \"a\"\nseries = \"b\"\n"), @"
    release.toml:2:1: duplicate key
      hint: the file must be TOML 1.0: KEY = VALUE in each line, tables as [NAME]
    ");
}

#[test]
fn a_meta_package_is_read() {
    let parse = |lines: &str| {
        let text = format!("series = \"x\"\npython = \">=3\"\n[meta-package]\n{lines}");
        ReleaseFile::parse(&text, Path::new("release.toml")).unwrap().meta_package.unwrap()
    };
    let names = release::Names { service: "", version: "", release: "2025.2" };
    let least = parse("maintainer = \"Jane Doe <jane@example.org>\"\n");
    assert_eq!(least.name.render(names), "openstack-2025.2");
    assert!(least.description.is_none() && least.services.is_empty() && least.epoch == 0);
    let all = parse(
        "name = \"cloud\"\ndescription = \"A cloud\"\nepoch = 2\nservices = [\"nova\", \"keystone\"]\n\
         maintainer = \"Jane Doe <jane@example.org>\"\n",
    );
    assert_eq!((all.name.render(names).as_str(), all.epoch), ("cloud", 2));
    let services: Vec<&str> = all.services.keys().map(|name| name.as_str()).collect();
    assert_eq!(services, ["keystone", "nova"]);
    let places: Vec<usize> = all.services.values().map(|place| place.line).collect();
    assert_eq!(places, [7, 7]);
}

#[test]
fn faults_of_meta_packages_are_told() {
    let text = "series = \"x\"\npython = \">=3\"\n[meta-package]\nname = \"all-{{ service }}\"\n\
                services = [\"nova\", \"nova\"]\nrevision = 2\n";
    assert_snapshot!(faults(text), @"
    release.toml:6:1: unknown key `revision`
      hint: the keys here are name, description, maintainer, homepage, epoch, services
    ");
    let text = "series = \"x\"\npython = \">=3\"\n[meta-package]\nname = \"All {{ release }}\"\n\
                maintainer = \"Jane\"\ndescription = \"\"\n";
    assert_snapshot!(faults(text), @"
    release.toml:4:8: `All {{ release }}` is not right
      hint: a package is called like openstack-{{ release }}: lower-case letters, digits and +-., without -dbgsym or -debuginfo at the end
    release.toml:5:14: `Jane` is no maintainer
      hint: write a name and an address: Jane Doe <jane@example.org>
    release.toml:6:15: `description` is empty
      hint: write one line of text
    ");
    let text = "series = \"x\"\npython = \">=3\"\n[meta-package]\nservices = [\"nova\", \"nova\"]\n\
                name = \"all-{{ service }}\"\n";
    assert_snapshot!(faults(text), @r#"
    release.toml:3:1: the key `maintainer` is missing
      hint: add maintainer = "Jane Doe <jane@example.org>"
    release.toml:4:21: nova is listed twice
      hint: take one of the two out
    release.toml:5:8: `service` stands for nothing
      hint: the names here are release
    "#);
}
