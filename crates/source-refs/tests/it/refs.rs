//! What is read, and what is refused.

use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;
use names::render_faults;
use source_refs::{Source, SourceRefs};

/// The only place that knows the API: a line for each source, or the faults.
pub(crate) fn read(text: &str) -> String {
    match SourceRefs::parse(text, Path::new("source-refs.yaml")) {
        Ok(refs) => refs.iter().fold(String::new(), |mut text, (name, found)| {
            match &found.source {
                Source::Release { version } => write!(text, "{name} {version}").unwrap(),
                other => write!(text, "{name} {other:?}").unwrap(),
            }
            writeln!(text, " ({})", found.place).unwrap();
            text
        }),
        Err(faults) => render_faults(&faults),
    }
}

#[test]
fn tags_are_read_with_and_without_quotes_in_the_order_of_names() {
    let text = "---\n# a comment\nnova: '32.2.1' # another\nkeystone: \"28.1.0\"\n\
                glance: 31.1.0\nneutron: 29.0.0.0rc1\n";
    assert_snapshot!(read(text), @"
    glance 31.1.0 (source-refs.yaml:5:9)
    keystone 28.1.0 (source-refs.yaml:4:11)
    neutron 29.0.0.0rc1 (source-refs.yaml:6:10)
    nova 32.2.1 (source-refs.yaml:3:7)
    ");
    assert_snapshot!(read("{keystone: 28.1.0, nova: 32.2.1}"), @"
    keystone 28.1.0 (source-refs.yaml:1:12)
    nova 32.2.1 (source-refs.yaml:1:26)
    ");
}

#[test]
fn a_file_of_comments_names_no_source() {
    assert_eq!(read(""), "");
    assert_eq!(read("# nothing yet\n"), "");
}

#[test]
fn what_can_only_be_a_reference_of_git_may_be_short() {
    let text = "\
a: stable/2025.2
b: master
c: 3dfbbe7b9bd11dcd64420da0e4eda48b637f4a70
d: 3dfbbe7
e: refs/changes/24/923324/10
f: refs/heads/feature/x
";
    assert_snapshot!(read(text), @r#"
    a Git(GitSource { url: None, mirrors: [], reference: Name("stable/2025.2"), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:1:4)
    b Git(GitSource { url: None, mirrors: [], reference: Name("master"), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:2:4)
    c Git(GitSource { url: None, mirrors: [], reference: Commit(3dfbbe7b9bd11dcd64420da0e4eda48b637f4a70), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:3:4)
    d Git(GitSource { url: None, mirrors: [], reference: ShortCommit("3dfbbe7"), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:4:4)
    e Git(GitSource { url: None, mirrors: [], reference: Full("refs/changes/24/923324/10"), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:5:4)
    f Git(GitSource { url: None, mirrors: [], reference: Full("refs/heads/feature/x"), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:6:4)
    "#);
}

#[test]
fn every_value_of_another_form_is_told() {
    let text = "\
d: https://example.org/keystone.git
e: ./keystone
f: refs/changes/1/2/3
g: 28.10
h: 28
i: v28.1.0
j: \">=28\"
k: latest
l: \"\"
m:
n: [28.1.0]
p: true
q: 28.1.0.1
r: 28.1.0-p1
s: stable/../x
t: refs/heads/a b
u: 12345678
";
    assert_snapshot!(read(text), @r#"
    source-refs.yaml:1:4: the source of d: `https://example.org/keystone.git` is an address, and stands alone
      hint: write the long form: {url: https://..., ref: main} or {kind: folder, path: ../keystone}
    source-refs.yaml:2:4: the source of e: `./keystone` is a folder, and stands alone
      hint: write the long form: {url: https://..., ref: main} or {kind: folder, path: ../keystone}
    source-refs.yaml:3:4: the source of f: `refs/changes/1/2/3` is not a patch set of a change
      hint: write refs/changes/24/923324/10, or gerrit: 923324 for the newest one
    source-refs.yaml:4:4: the source of g: `28.10` is not a release tag
      hint: a tag has at least two dots and stands in quotes: "28.1.0"
    source-refs.yaml:5:4: the source of h: `28` is not a release tag
      hint: a tag has at least two dots and stands in quotes: "28.1.0"
    source-refs.yaml:6:4: the source of i: `v28.1.0` is not a release tag
      hint: write the tag without the `v`
    source-refs.yaml:7:4: the source of j: `>=28` is a range, and one release is wanted
      hint: name a release ("28.1.0"), a branch (stable/2025.2), a commit or refs/changes/24/923324/10
    source-refs.yaml:8:4: the source of k: `latest` is neither a release nor a reference that is clear
      hint: write the long form: {url: https://..., ref: main} or {kind: folder, path: ../keystone}
    source-refs.yaml:9:4: the source of l: `` is empty
      hint: name a release ("28.1.0"), a branch (stable/2025.2), a commit or refs/changes/24/923324/10
    source-refs.yaml:10:2: m has no source
      hint: name a release, as in m: "28.1.0", or delete the line
    source-refs.yaml:11:4: the source of n is a list, and one source is wanted
      hint: write the tag of a release, as in n: "28.1.0"
    source-refs.yaml:12:4: the source of p: `true` is neither a release nor a reference that is clear
      hint: write the long form: {url: https://..., ref: main} or {kind: folder, path: ../keystone}
    source-refs.yaml:13:4: the source of q: `28.1.0.1` is not a release tag
      hint: a tag has at least two dots and stands in quotes: "28.1.0"
    source-refs.yaml:14:4: the source of r: `28.1.0-p1` is neither a release nor a reference that is clear
      hint: write the long form: {url: https://..., ref: main} or {kind: folder, path: ../keystone}
    source-refs.yaml:15:4: the source of s: `stable/../x` is not a name of git
      hint: give a tag, a branch, a commit, or the full name of a reference (refs/...)
    source-refs.yaml:16:4: the source of t: `refs/heads/a b` has a letter that no name of git may have
      hint: give a tag, a branch, a commit, or the full name of a reference (refs/...)
    source-refs.yaml:17:4: the source of u: `12345678` is not a release tag
      hint: a tag has at least two dots and stands in quotes: "28.1.0"
    "#);
}

#[test]
fn names_are_those_of_components() {
    assert_snapshot!(read("Keystone: 28.1.0\n../nova: 1.0.0\nos_vif: 1.0.0\n1: 1.0.0\n"), @"
    source-refs.yaml:1:1: `Keystone` is not the name of a component
      hint: names have lower-case letters, digits and single `-`, such as keystone
    source-refs.yaml:2:1: `../nova` is not the name of a component
      hint: names have lower-case letters, digits and single `-`, such as keystone
    source-refs.yaml:3:1: `os_vif` is not the name of a component
      hint: names have lower-case letters, digits and single `-`, such as keystone
    source-refs.yaml:4:1: `1` is not the name of a component
      hint: names have lower-case letters, digits and single `-`, such as keystone
    ");
}

#[test]
fn a_component_that_is_there_twice_is_a_fault() {
    assert_snapshot!(read("keystone: 28.1.0\nnova: 32.2.1\nkeystone: 28.0.0\n"), @"
    source-refs.yaml:3:1: duplicate mapping key: keystone
      hint: a name stands once: remove one of the lines
    ");
}

#[test]
fn every_tab_is_told() {
    assert_snapshot!(read("keystone:\t28.1.0\n# a\ttab in a comment\n\tnova: 32.2.1\n"), @"
    source-refs.yaml:1:10: a tab, which YAML does not take as space
      hint: write spaces
    source-refs.yaml:3:1: a tab, which YAML does not take as space
      hint: write spaces
    ");
}

#[test]
fn other_yaml_is_a_fault() {
    assert_snapshot!(read("- keystone\n"), @r#"
    source-refs.yaml:1:1: this is not a map of components to sources
      hint: write one line for each component: keystone: "28.1.0"
    "#);
    assert_snapshot!(read("keystone\n"), @r#"
    source-refs.yaml:1:1: this is not a map of components to sources
      hint: write one line for each component: keystone: "28.1.0"
    "#);
    assert_snapshot!(read("keystone: 28.1.0\n  nova: 1.0.0\n"), @r#"
    source-refs.yaml:2:7: mapping values are not allowed in this context
      hint: write one line for each component: keystone: "28.1.0"
    "#);
    assert_snapshot!(read("keystone: \"28.1.0\n"), @r#"
    source-refs.yaml:2:1: invalid indentation in multiline quoted scalar
      hint: write one line for each component: keystone: "28.1.0"
    "#);
    assert_snapshot!(read("a: 1.0.0\n---\nb: 1.0.0\n"), @"
    source-refs.yaml:3:1: a second YAML document
      hint: remove the line with `---`
    ");
    assert_snapshot!(read("a: &x 1.0.0\n<<: {b: 1.0.0}\n"), @r#"
    source-refs.yaml:2:1: a merge key, which is not taken here
      hint: write one line for each component: keystone: "28.1.0"
    "#);
}

#[test]
fn too_long_a_file_is_refused() {
    assert_snapshot!(read(&"#".repeat(1_048_577)), @"
    source-refs.yaml: the file has 1048577 bytes, and at most 1048576 are read
      hint: it should have one line for each component
    ");
}
