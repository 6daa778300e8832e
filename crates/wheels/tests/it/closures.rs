//! What a closure holds, and what is said when there is none.

use std::sync::Arc;

use insta::assert_snapshot;
use store::{Address, Blob, Document, FetchError, Fetcher, Store, Want};
use testkit::WheelBuilder;
use wheels::{ClosureError, Given, Metadata};

use crate::world::{World, shown};

#[test]
fn projects_are_taken_at_their_pins_and_others_are_open() {
    let mut world = World::new(&["app==1.0"]);
    world.constraints = "app===0.9\nB.x===1.0\nc===2.0;python_version<'3.12'\n";
    world.own = vec!["app"];
    world.wheel("app", "1.0", &["b-x", "c>=1", "d; sys_platform=='win32'", "e<2"]);
    world.wheel("app", "0.9", &[]);
    world.wheel("b-x", "1.0", &[]);
    world.wheel("b-x", "2.0", &[]);
    world.wheel("c", "2.0", &[]);
    world.wheel("c", "3.0", &[]);
    world.wheel("c", "4.0rc1", &[]);
    world.wheel("e", "1.9", &[]);
    world.wheel("e", "2.0", &[]);
    assert_eq!(world.solved(), "app==1.0 b-x==1.0 c==3.0? e==1.9?");
}

#[test]
fn extras_that_come_later_are_followed() {
    let mut world = World::new(&["app==1", "a"]);
    world.wheel("app", "1", &["b"]);
    world.wheel("a", "1", &["c; extra=='X.y'", "d; extra=='z'"]);
    world.wheel("b", "1", &["a[x-y]"]);
    world.wheel("c", "1", &[]);
    world.wheel("d", "1", &[]);
    assert_eq!(world.solved(), "a==1? app==1 b==1? c==1?");
    let closure = world.solve().unwrap();
    let a = &closure.wheels.values().next().unwrap();
    assert_eq!(a.requires.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["c"]);
}

#[test]
fn a_project_that_is_built_from_source_brings_its_own_metadata() {
    let mut world = World::new(&["app[e]==1"]);
    world.own = vec!["app"];
    world.wheel("app", "1", &["never"]);
    world.wheel("a", "1", &[]);
    world.wheel("b", "1", &["app"]);
    let metadata = "Metadata-Version: 2.4\nName: app\nVersion: 1+p1.abc\n\
                    Provides-Extra: e\nRequires-Dist: a\nRequires-Dist: b; extra == 'e'\n";
    let metadata = Arc::new(Metadata::parse(metadata).unwrap());
    let given = Given { file: "app-1.tar.gz".to_owned(), metadata };
    world.given.insert("app".parse().unwrap(), given);
    assert_eq!(world.solved(), "a==1? b==1?");
    world.roots = vec!["app[e]==2"];
    let errors = world.solve().unwrap_err().0;
    assert!(matches!(&errors[..], [ClosureError::Conflict { .. }]), "{errors:?}");
}

#[test]
fn a_later_requirement_lowers_an_open_choice_and_what_only_it_needed_is_gone() {
    let mut world = World::new(&["app==1"]);
    world.wheel("app", "1", &["a", "b"]);
    world.wheel("a", "2", &["only-for-two"]);
    world.wheel("a", "1", &[]);
    world.wheel("only-for-two", "1", &[]);
    world.wheel("b", "1", &["c"]);
    world.wheel("c", "1", &["a<2"]);
    assert_eq!(world.solved(), "a==1? app==1 b==1? c==1?");
}

#[test]
fn choices_that_chase_each_other_come_to_an_end() {
    let mut world = World::new(&["a", "b"]);
    world.wheel("a", "2", &["b<2"]);
    world.wheel("a", "1", &[]);
    world.wheel("b", "2", &[]);
    world.wheel("b", "1", &["a<2"]);
    assert_eq!(world.solved(), "a==1? b==1?");
}

#[test]
fn withdrawn_versions_are_for_pins_alone() {
    let mut world = World::new(&["a", "b"]);
    world.constraints = "a===2\n";
    for name in ["a", "b"] {
        world.wheel(name, "1", &[]);
        world.wheel(name, "2", &[]).yanked = Some("broken".to_owned());
    }
    assert_eq!(world.solved(), "a==2 b==1?");
    let closure = world.solve().unwrap();
    assert_eq!(closure.wheels.values().next().unwrap().yanked.as_deref(), Some("broken"));
}

#[test]
fn the_cut_off_counts_for_open_projects_alone() {
    let mut world = World::new(&["a", "b"]);
    world.constraints = "a===2\n";
    world.cutoff = Some("2026-01-01T00:00:00Z");
    for name in ["a", "b"] {
        world.wheel(name, "1", &[]).upload_time = Some("2026-01-01T00:00:00.9Z".to_owned());
        world.wheel(name, "2", &[]).upload_time = Some("2026-01-01T00:00:01Z".to_owned());
        world.wheel(name, "3", &[]);
    }
    assert_eq!(world.solved(), "a==2 b==1?");
}

#[test]
fn a_python_that_only_metadata_names_is_seen() {
    let mut world = World::new(&["a", "b"]);
    let wheel = |name, version| WheelBuilder::new(name, version);
    world.add("a", &wheel("a", "2").field("Requires-Python", ">=3.14"));
    world.wheel("a", "1", &[]);
    world.wheel("b", "2", &[]).requires_python = Some(">=3.14".to_owned());
    world.wheel("b", "1", &[]).requires_python = Some(">=3.6.*".to_owned());
    assert_eq!(world.solved(), "a==1? b==1?");
}

#[test]
fn what_is_locked_stays_as_long_as_it_is_right() {
    let mut world = World::new(&["app==1"]);
    world.wheel("app", "1", &["a", "b"]);
    world.wheel("a", "1", &[]);
    world.wheel("b", "1", &[]);
    let before = world.solve().unwrap();
    world.prefer = before.wheels.values().map(|entry| entry.wheel.clone()).collect();
    world.wheel("a", "2", &[]);
    world.add("b", &WheelBuilder::new("b", "1").tag("cp313-none-any"));
    assert_eq!(world.solved(), "a==1? app==1 b==1?");
    assert_eq!(world.solve().unwrap(), before);
    world.roots = vec!["app==1", "a>=2"];
    assert_eq!(world.solved(), "a==2? app==1 b==1?");
    world.prefer.clear();
    let files: Vec<String> =
        world.solve().unwrap().wheels.into_values().map(|entry| entry.wheel.file).collect();
    assert_eq!(files, ["a-2-py3-none-any.whl", "app-1-py3-none-any.whl", "b-1-cp313-none-any.whl"]);
}

#[test]
fn all_faults_are_told_with_their_chains() {
    let mut world = World::new(&["app[nope]==1", "gone", "wild>=3"]);
    world.constraints = "b===1.0\n\nsdist-only===2.0\nother-python===1\nmissing===9\n";
    world.overrides = "# A reason.\nvariant===1;python_version<'3'\n";
    world.own = vec!["app"];
    world.wheel(
        "app",
        "1",
        &["b", "c", "sdist_only", "other-python", "missing", "variant", "url @ https://x/y.zip"],
    );
    world.wheel("b", "1.0", &[]);
    world.wheel("c", "1", &["b >= 2 ; python_version>'3'", "b !=1.0"]);
    world.wheel("sdist-only", "1.9", &[]);
    world.file("sdist-only", "sdist-only-2.0.tar.gz", b"sdist");
    world.file("sdist-only", "sdist_only-2.0-cp312-cp312-win32.whl", b"for windows");
    world.wheel("other-python", "1", &[]).requires_python = Some("<3".to_owned());
    world.wheel("missing", "8", &[]);
    world.wheel("variant", "1", &[]);
    world.wheel("url", "1", &[]);
    world.wheel("wild", "2", &[]);
    assert_snapshot!(world.solved());
}

#[test]
fn metadata_of_another_project_is_refused() {
    let mut world = World::new(&["a", "b", "c"]);
    world.constraints = "a===1\nb===1\nc===1\n";
    let other = WheelBuilder::new("other", "1");
    world.file("a", "a-1-py3-none-any.whl", &other.build());
    world.file("b", "b-1-py3-none-any.whl", b"no zip");
    world.add("c", &WheelBuilder::new("c", "1").field("Requires-Dist", "d>1 x"));
    assert_snapshot!(world.solved());
}

#[test]
fn ranges_of_overrides_bound_what_is_open_and_addresses_are_refused() {
    let mut world = World::new(&["app"]);
    world.wheel("app", "1", &["lib", "other"]);
    for version in ["1.0", "1.5", "2.0"] {
        world.wheel("lib", version, &[]);
        world.wheel("other", version, &[]);
    }
    world.constraints = "app===1\nlib===2.0\nother===1.0\n";
    world.overrides = "lib<2 # a range\n# not here\n-other;platform_machine=='x86_64'\n";
    assert_snapshot!(world.solved(), @"
    app==1 lib==1.5? other==2.0?
    ");
    world.overrides = "lib>=3 # too high\n# elsewhere\nother>=1;python_version<'3'\n";
    assert_snapshot!(world.solved(), @"
    no version of lib fits on Python 3.13 on x86_64 with glibc 2.41: none of its versions is as required, the newest is 2.0
      service.toml:1 asks for app
      app 1 requires lib (METADATA of app-1-py3-none-any.whl)
    overrides.txt:3:1: other is overridden, but no line of it counts for Python 3.13 on x86_64 with glibc 2.41: add one with a marker for it
      service.toml:1 asks for app
      app 1 requires other (METADATA of app-1-py3-none-any.whl)
    ");
    world.overrides = "# a branch\ngit+https://example.org/lib.git@main#egg=lib\n";
    assert_snapshot!(world.solved(), @"
    overrides.txt:2:1: `git+https://example.org/lib.git@main#egg=lib` names a source of lib, and only versions of the index can be locked: write lib===VERSION in that line
      service.toml:1 asks for app
      app 1 requires lib (METADATA of app-1-py3-none-any.whl)
    ");
}

/// Says of everything that is not in the store that the network may not be used.
struct Offline;

impl Fetcher for Offline {
    fn document(&self, address: &Address, _: &str, _: u64) -> Result<Document, FetchError> {
        Err(FetchError::Offline { address: address.to_string() })
    }

    fn blobs(
        &self,
        store: &Store,
        wants: &[Want],
        _: &mut dyn FnMut(usize, &Blob, bool),
    ) -> Result<Vec<Blob>, FetchError> {
        let found: Option<Vec<Blob>> = wants.iter().map(|want| store.blob(&want.sha256)).collect();
        found.ok_or_else(|| FetchError::Offline { address: "some".to_owned() })
    }
}

#[test]
fn without_the_network_what_is_locked_is_chosen_from_and_all_that_is_missing_is_told() {
    let mut world = World::new(&["app==1"]);
    world.constraints = "b===1\n";
    world.cutoff = Some("2025-06-01T00:00:00Z");
    for (name, requires) in [("app", &["a", "b"][..]), ("a", &["c"]), ("b", &[]), ("c", &[])] {
        let file = world.wheel(name, "1", requires);
        file.upload_time = Some("2025-01-01T00:00:00Z".to_owned());
    }
    let before = world.solve().unwrap();
    world.prefer = before.wheels.values().map(|entry| entry.wheel.clone()).collect();
    assert_eq!(shown(&world.solve_with(&Offline).unwrap()), shown(&before));

    // Other roots, and a store that has nothing of what is locked.
    world.roots = vec!["app==1", "new>=1", "other"];
    let folder = tempfile::tempdir().unwrap();
    world.store = Store::open(folder.path()).unwrap();
    let missing = world.solve_with(&Offline).unwrap_err().offline();
    assert_eq!(missing, ["pypi:new/", "pypi:other/", "app-1-py3-none-any.whl"]);
}
