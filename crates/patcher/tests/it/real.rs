//! Real patches for a real source: see `fixtures/keystone-28.0.0/README.md`.

use std::path::{Path, PathBuf};

use super::{after, git_apply, gnu_patch, take};
use patcher::{ApplyError, Options};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/keystone-28.0.0")
}

fn patches() -> Vec<(String, Vec<u8>)> {
    let series = patcher::read_series(&folder().join("patches")).unwrap();
    let name = |name: &str| Path::new(name).file_name().unwrap().to_str().unwrap().to_owned();
    series.iter().map(|patch| (name(&patch.name), fs_err::read(&patch.name).unwrap())).collect()
}

#[test]
fn each_patch_alone_gives_what_the_tools_give() {
    // Whether patch and Git take it.
    let known = [(true, false), (true, true), (true, true), (false, false), (true, true)];
    let tree = take(&folder().join("tree"));
    assert_eq!(patches().len(), known.len());
    for ((name, bytes), (patch_takes, git_takes)) in patches().into_iter().zip(known) {
        let parsed = patcher::parse(&bytes, &name).unwrap();
        let ours = patcher::apply(&tree, &[parsed], &Options::default());
        let ours = ours.ok().map(|applied| after(&tree, &applied));
        let (by_patch, by_git) = (gnu_patch(&tree, &bytes, 0), git_apply(&tree, &bytes));
        assert_eq!((by_patch.is_some(), by_git.is_some()), (patch_takes, git_takes), "{name}");
        assert!(ours == by_patch, "{name}: patch has something else");
        assert!(!git_takes || ours == by_git, "{name}: git has something else");
    }
}

#[test]
fn the_series_gives_what_patch_gives() {
    let mut tree = take(&folder().join("tree"));
    let series = patcher::read_series(&folder().join("patches")).unwrap();
    let applied = patcher::apply(&tree, &series, &Options::default()).unwrap();
    let ours = after(&tree, &applied);
    for (name, bytes) in patches() {
        tree = gnu_patch(&tree, &bytes, 0).unwrap_or_else(|| panic!("patch refuses {name}"));
    }
    assert!(tree == ours, "patch has something else");
    // And not a second time.
    for patch in series {
        let error = patcher::apply(&ours, &[patch], &Options::default()).unwrap_err();
        assert!(matches!(error, ApplyError::Conflict { .. }));
    }
}

#[test]
fn a_patch_that_the_source_has_is_recognised() {
    let tree = take(&folder().join("tree"));
    for (name, bytes) in patches() {
        let patch = patcher::parse(&bytes, &name).unwrap();
        let Ok(applied) = patcher::apply(&tree, std::slice::from_ref(&patch), &Options::default())
        else {
            continue;
        };
        let error = patcher::apply(&after(&tree, &applied), &[patch], &Options::default());
        let error = error.unwrap_err();
        assert!(
            matches!(error, ApplyError::Conflict { already_applied: true, .. }),
            "{name}: {error}"
        );
    }
}
