//! Which files a tree may have, and that nothing outside it is read.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::shared::{RELEASE, faults, put, small_tree};

#[test]
fn files_that_do_not_belong_there_are_told() {
    let tree = small_tree();
    for path in [
        "releases/2025.2/upper-constraint.txt",
        "releases/2025.2/what.bin",
        "releases/2025.3/release.toml",
        "releases/notes.txt",
        "services/Nova.toml",
        "services/nova.yaml",
        "services/glance.toml/x",
        "overrides/2025.2/constraint.txt",
        "overrides/2025.1/constraints.txt",
        "patches/keystone/2025.2/fix.patch",
        "patches/keystone/2025.2/0001-fix.diff",
        "patches/keystone/2024.1/.keep",
        "patches/Keystone/2025.2/.keep",
    ] {
        put(&tree, path, "");
    }
    assert_snapshot!(faults(tree.path()), @"
    overrides/2025.1: there is no release 2025.1
      hint: the tree has 2025.2
    overrides/2025.2/constraint.txt: it does not belong here
      hint: overrides of a release stand in constraints.txt, constraints-*.txt and build-constraints.txt
    patches/Keystone: its name is not that of the service keystone
      hint: rename it to keystone
    patches/keystone/2024.1: there is no release 2024.1
      hint: the tree has 2025.2
    patches/keystone/2025.2/0001-fix.diff: it is not a patch
      hint: patches are called NNNN-slug.patch, such as 0001-fix-login.patch
    patches/keystone/2025.2/fix.patch: it is not a patch
      hint: patches are called NNNN-slug.patch, such as 0001-fix-login.patch
    releases/2025.2/upper-constraint.txt: it does not belong here
      hint: did you mean upper-constraints.txt?
    releases/2025.2/what.bin: it does not belong here
      hint: a release has release.toml, source-refs.yaml, upper-constraints.txt and its locks
    releases/2025.3: its name is not a release: YEAR.1 or YEAR.2, such as 2025.2
      hint: rename it
    releases/notes.txt: it does not belong here
      hint: there is a folder for each release here, and nothing else
    services/Nova.toml: its name is not a service name: lower-case letters, digits and single `-`, a letter first, such as keystone
      hint: rename it
    services/glance.toml: it does not belong here
      hint: there is a file NAME.toml for each service, and nothing else
    services/nova.yaml: it does not belong here
      hint: there is a file NAME.toml for each service, and nothing else
    ");
}

#[test]
fn locks_notes_and_hidden_files_belong_there() {
    let tree = small_tree();
    for path in [
        "releases/2025.2/debian-trixie.lock",
        "releases/README.md",
        "releases/.gitkeep",
        "services/.keystone.toml.swp",
        "patches/README.md",
        "overrides/2025.2/README.md",
        "distros/debian-trixie.toml",
        "docs/anything",
    ] {
        put(&tree, path, "");
    }
    assert_eq!(faults(tree.path()), "");
}

#[test]
fn patches_are_those_of_services_and_pinned_libraries() {
    let tree = small_tree();
    put(&tree, "patches/keystone/2025.2/0001-fix-login.patch", "");
    put(&tree, "patches/Yappi/2025.2/0001-fix-login.patch", "");
    assert_snapshot!(faults(tree.path()), @"");
    put(&tree, "patches/keystine/2025.2/0001-fix-login.patch", "");
    put(&tree, "patches/keystone/2025.2/fix-login.patch", "");
    assert_snapshot!(faults(tree.path()), @"
    patches/keystine: there is no service keystine, and no release pins a library of this name
      hint: did you mean keystone?
    patches/keystone/2025.2/fix-login.patch: it is not a patch
      hint: patches are called NNNN-slug.patch, such as 0001-fix-login.patch
    ");
}

#[test]
fn links_do_not_lead_out_of_the_tree() {
    let (tree, outside) = (small_tree(), small_tree());
    put(&outside, "secret.toml", RELEASE);
    let release = tree.path().join("releases/2025.2/release.toml");
    fs::remove_file(&release).unwrap();
    symlink(outside.path().join("secret.toml"), &release).unwrap();
    symlink(outside.path().join("releases/2025.2"), tree.path().join("releases/2025.1")).unwrap();
    symlink("/etc", tree.path().join("patches")).unwrap();
    assert_snapshot!(faults(tree.path()), @"
    patches: a symbolic link leads out of the tree
      hint: put the file itself here
    releases/2025.1: a symbolic link leads out of the tree
      hint: put the file itself here
    releases/2025.2/release.toml: a symbolic link leads out of the tree
      hint: put the file itself here
    ");
}

#[test]
fn links_inside_the_tree_are_followed_and_broken_ones_are_told() {
    let tree = small_tree();
    symlink("2025.2", tree.path().join("releases/2025.1")).unwrap();
    assert_eq!(faults(tree.path()), "");
    symlink("nowhere", tree.path().join("services/nova.toml")).unwrap();
    assert_snapshot!(faults(tree.path()), @"
    services/nova.toml: it cannot be read: entity not found
      hint: make the file readable
    ");
}

#[test]
fn what_is_no_text_is_told() {
    let tree = small_tree();
    fs::write(tree.path().join("services/keystone.toml"), b"description = \"\xff\"\n").unwrap();
    put(&tree, "releases/2025.2/source-refs.yaml", &"#".repeat(1_048_577));
    fs::remove_file(tree.path().join("releases/2025.2/release.toml")).unwrap();
    fs::create_dir(tree.path().join("releases/2025.2/release.toml")).unwrap();
    assert_snapshot!(faults(tree.path()), @"
    releases/2025.2/release.toml: it is not a file
      hint: put a file in its place
    releases/2025.2/source-refs.yaml: it is larger than 1 MiB
      hint: files of a tree are short texts
    services/keystone.toml:1:16: a byte that is not UTF-8
      hint: save the file in UTF-8
    ");
}
