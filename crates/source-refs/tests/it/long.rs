//! The long form.

use insta::assert_snapshot;

use crate::refs::read;

#[test]
fn every_kind_is_read() {
    let text = "\
a: {kind: release, ref: 28.1.0}
b: {ref: 28.1.0}
c:
  kind: git
  url: https://example.org/openstack/keystone  # ours
  mirrors: [https://mirror.example.org/keystone, 'git@example.org:keystone.git']
  ref: stable/2025.2
  subdirectory: python/lib
  submodules: true
d: {url: \"ssh://git@example.org:29418/x\", gerrit: 923324}
e: {kind: tarball, url: https://example.org/x-1.tar.gz, \
sha256: 3dfbbe7b9bd11dcd64420da0e4eda48b637f4a703dfbbe7b9bd11dcd64420da0, subdirectory: x}
f: {kind: folder, path: ../keystone}
g: {url: file:///srv/git/x, ref: refs/changes/04/4/1}
h: {ref: 0012345}
i: {ref: gerrit:923324}
";
    assert_snapshot!(read(text), @r#"
    a 28.1.0 (source-refs.yaml:1:4)
    b Git(GitSource { url: None, mirrors: [], reference: Name("28.1.0"), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:2:4)
    c Git(GitSource { url: Some(GitUrl("https://example.org/openstack/keystone")), mirrors: [GitUrl("https://mirror.example.org/keystone"), GitUrl("git@example.org:keystone.git")], reference: Name("stable/2025.2"), subdirectory: Some(SubFolder("python/lib")), submodules: Taken }) (source-refs.yaml:4:3)
    d Git(GitSource { url: Some(GitUrl("ssh://git@example.org:29418/x")), mirrors: [], reference: Gerrit { change: 923324 }, subdirectory: None, submodules: LeftOut }) (source-refs.yaml:10:4)
    e Tarball { url: "https://example.org/x-1.tar.gz", sha256: sha256:3dfbbe7b9bd11dcd64420da0e4eda48b637f4a703dfbbe7b9bd11dcd64420da0, subdirectory: Some(SubFolder("x")) } (source-refs.yaml:11:4)
    f Folder { path: "../keystone", subdirectory: None } (source-refs.yaml:12:4)
    g Git(GitSource { url: Some(GitUrl("file:///srv/git/x")), mirrors: [], reference: Full("refs/changes/04/4/1"), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:13:4)
    h Git(GitSource { url: None, mirrors: [], reference: ShortCommit("0012345"), subdirectory: None, submodules: LeftOut }) (source-refs.yaml:14:4)
    i Git(GitSource { url: None, mirrors: [], reference: Gerrit { change: 923324 }, subdirectory: None, submodules: LeftOut }) (source-refs.yaml:15:4)
    "#);
}

#[test]
fn every_fault_has_its_place() {
    let text = "\
a: {reff: 28.1.0}
b: {kind: svn, ref: x}
c: {kind: release, ref: main}
d: {kind: release, url: https://example.org/x, ref: 28.1.0}
e: {url: ftp://example.org/x, ref: main}
f: {url: \"https://me:secret@example.org/x\", ref: main}
g: {url: \"ssh://-oProxyCommand=x/y\", ref: main}
h: {ref: main, gerrit: 4}
i: {gerrit: 4x}
j: {ref: [main]}
k: {ref:}
l: {ref: main, submodules: yes please}
m: {ref: main, subdirectory: ../x}
n: {ref: main, subdirectory: /x}
o: {kind: tarball, url: https://example.org/x}
p: {kind: tarball, url: x, sha256: 12}
q: {kind: folder}
r: {ref: main, mirrors: https://example.org}
s: {ref: main, mirrors: [x, [y], \"file://host/x\"]}
t: {}
u: {ref: refs/changes/1/2/3}
v: {ref: --upload-pack=x}
w: {ref: main, depth: 1}
x: {ref: main, ref: x}
";
    assert_snapshot!(read(&text.replace("x: {ref: main, ref: x}\n", "")), @r#"
    source-refs.yaml:1:4: the source of a has no ref
      hint: add ref: with a tag, a branch or a commit, or gerrit: with a change
    source-refs.yaml:1:5: `reff` is not a key of a source
      hint: write ref
    source-refs.yaml:2:11: `svn` is not a kind of source
      hint: use release, git, tarball or folder
    source-refs.yaml:3:25: `main` is not a release tag
      hint: name a release by its tag, such as "28.1.0"
    source-refs.yaml:4:20: `url` is for kind: git or tarball
      hint: this source is of kind release: remove the key
    source-refs.yaml:5:10: the address has a scheme that is not known: use https, http, ssh, git or file
      hint: mend `url`
    source-refs.yaml:6:10: the address holds a password: remove it: git's credential helpers and the netrc file are asked
      hint: mend `url`
    source-refs.yaml:7:10: the address has no host or no path: write one such as https://example.org/openstack/keystone
      hint: mend `url`
    source-refs.yaml:8:24: there are a `ref` and a `gerrit`
      hint: keep one of them
    source-refs.yaml:9:13: `4x` is not the number of a change
      hint: write the number from its address, such as gerrit: 923324
    source-refs.yaml:10:10: `ref` is not a text
      hint: write one value
    source-refs.yaml:11:5: `ref` is empty
      hint: write a value, or delete the line
    source-refs.yaml:12:28: `yes please` is neither true nor false
      hint: write submodules: true
    source-refs.yaml:13:30: `../x` is not a folder below another: want a relative path without `..`, such as lib/python
      hint: mend `subdirectory`
    source-refs.yaml:14:30: `/x` is not a folder below another: want a relative path without `..`, such as lib/python
      hint: mend `subdirectory`
    source-refs.yaml:15:4: the source of o has no `sha256`
      hint: add the SHA-256 digest of the archive
    source-refs.yaml:16:25: `x` is not the address of an archive
      hint: use https://, http:// or file:///
    source-refs.yaml:16:36: `12` is not a SHA-256 digest: want 64 hexadecimal digits, with or without `sha256:`
      hint: mend `sha256`
    source-refs.yaml:17:4: the source of q has no `path`
      hint: add the folder: path: ../keystone
    source-refs.yaml:18:25: the mirrors are not a list
      hint: write mirrors: [https://example.org/keystone]
    source-refs.yaml:19:26: the address has no scheme: write one such as https://example.org/openstack/keystone
      hint: list addresses of repositories
    source-refs.yaml:19:29: a mirror is not a text
      hint: list addresses of repositories
    source-refs.yaml:19:34: the address names no folder of this machine: write file:///srv/git/keystone
      hint: list addresses of repositories
    source-refs.yaml:20:4: the source of t has no ref
      hint: add ref: with a tag, a branch or a commit, or gerrit: with a change
    source-refs.yaml:21:10: `refs/changes/1/2/3` is not a patch set of a change
      hint: write refs/changes/24/923324/10, or gerrit: 923324 for the newest one
    source-refs.yaml:22:10: `--upload-pack=x` is not a name of git
      hint: give a tag, a branch, a commit, or the full name of a reference (refs/...)
    source-refs.yaml:23:16: `depth` is not a key of a source
      hint: keys are kind, url, mirrors, ref, gerrit, path, sha256, subdirectory, submodules
    "#);
    assert_snapshot!(read("x: {ref: main, ref: x}"), @"
    source-refs.yaml:1:16: duplicate mapping key: ref
      hint: a name stands once: remove one of the lines
    ");
}

#[test]
fn depth_is_limited() {
    let deep = format!("a: {}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(read(&deep).contains("hint: "));
    let deep = format!("a: {}{}", "{b: ".repeat(1_000), "}".repeat(1_000));
    assert!(read(&deep).contains("hint: "));
}
