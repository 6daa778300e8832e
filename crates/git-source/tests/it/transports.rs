//! The same answers from every kind of server, and from git.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use git_source::{
    CommitId, FileMode, GitCache, GitError, GitReference, GitUrl, Limits, Network, Settings,
    version,
};
use testkit::tool;

use crate::history::{Made, generate};
use crate::servers::{daemon, http, ssh, url};
use testkit::Random;

/// A repository `x.git` below `folder` with `files` files, changes of Gerrit, and tags of both kinds.
fn repository(folder: &Path, files: usize) -> (Made, Vec<CommitId>) {
    let mut made = generate(3, 40);
    let mut random = Random::new(11);
    for number in 0..files {
        let path = format!("d{}/é{}/file {number}", number % 13, number % 101);
        let line = format!("{number} {}\n", random.below(1 << 30));
        made.commits[0].files.push((path, line.repeat(random.below(40))));
    }
    for (index, commit) in made.commits.iter_mut().enumerate() {
        commit.files.push(("changed".to_owned(), format!("in {index}\n")));
    }
    let path = folder.join("x.git");
    let ids = made.write(&path);
    let git = |arguments: &[&str]| tool("git").args(arguments).folder(&path).run();
    git(&["update-ref", "refs/heads/stable/2025.2", &ids[30].to_string()]);
    git(&["update-ref", "refs/heads/both", &ids[30].to_string()]);
    git(&["update-ref", "refs/tags/both", &ids[31].to_string()]);
    for set in [1, 2, 9, 10] {
        let name = format!("refs/changes/24/923324/{set}");
        git(&["update-ref", &name, &ids[20 + set].to_string()]);
    }
    git(&["update-ref", "refs/changes/24/923324/meta", &ids[39].to_string()]);
    git(&[
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@x",
        "tag",
        "-am",
        "x",
        "1000.0.0",
        &ids[35].to_string(),
    ]);
    git(&["tag", "1000.0.0.0rc1", &ids[34].to_string()]);
    (made, ids)
}

fn cache(folder: &Path, name: &str, settings: Settings) -> GitCache {
    GitCache::open(&folder.join(name), settings).unwrap()
}

/// What git says of the files of a commit, as `mode object path`, and their contents by object.
fn judged(repository: &Path, commit: CommitId) -> (Vec<String>, BTreeMap<String, Vec<u8>>) {
    let list = ["ls-tree", "-r", "-z", "--full-tree", &commit.to_string()];
    let text = tool("git").args(list).folder(repository).text();
    let mut lines: Vec<String> = Vec::new();
    let mut objects = String::new();
    for line in text.split_terminator('\0') {
        let (kind, path) = line.split_once('\t').unwrap();
        let [mode, _, object] = kind.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        lines.push(format!("{mode} {object} {path}"));
        objects += &format!("{object}\n");
    }
    let batch = tool("git").args(["cat-file", "--batch"]).folder(repository);
    let mut answer = &batch.input(objects.as_bytes()).run()[..];
    let mut contents = BTreeMap::new();
    while !answer.is_empty() {
        let end = answer.iter().position(|byte| *byte == b'\n').unwrap();
        let head = std::str::from_utf8(&answer[..end]).unwrap();
        let [object, _, size] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
        let (from, size) = (end + 1, size.parse::<usize>().unwrap());
        contents.insert(object.to_owned(), answer[from..from + size].to_vec());
        answer = &answer[from + size + 1..];
    }
    (lines, contents)
}

/// Compares the files of a commit with what git says, and tells how many there are.
fn compare(cache: &GitCache, commit: CommitId, repository: &Path) -> usize {
    let (mut lines, contents) = judged(repository, commit);
    let mut ours = Vec::new();
    let flow = cache
        .export(commit, |entry, content| {
            let mode = match entry.mode {
                FileMode::Plain => "100644",
                FileMode::Executable => "100755",
                FileMode::Link => "120000",
                FileMode::Submodule => "160000",
            };
            ours.push(format!("{mode} {} {}", entry.object, entry.path));
            assert_eq!(content, contents[&entry.object], "{}", entry.path);
            assert_eq!(content.len() as u64, entry.size);
            ControlFlow::<()>::Continue(())
        })
        .unwrap();
    assert!(flow.is_continue());
    lines.sort();
    ours.sort();
    assert_eq!(ours, lines);
    ours.len()
}

/// All that is asked of a server.
#[expect(clippy::print_stdout, reason = "the counts are part of the answer")]
fn ask(
    name: &str,
    cache: &GitCache,
    urls: &[GitUrl],
    made: &Made,
    ids: &[CommitId],
    folder: &Path,
) {
    let resolve = |reference: GitReference| cache.resolve(urls, &reference, None).unwrap().commit;
    let by_name = |name: &str| resolve(GitReference::Name(name.to_owned()));
    assert_eq!(by_name("stable/2025.2"), ids[30]);
    assert_eq!(by_name("1000.0.0"), ids[35]);
    assert_eq!(by_name("1000.0.0.0rc1"), ids[34]);
    let full = |name: &str| resolve(GitReference::Full(name.to_owned()));
    assert_eq!(full("refs/changes/24/923324/9"), ids[29]);
    assert_eq!(full("refs/tags/both"), ids[31]);
    assert_eq!(resolve(GitReference::Gerrit { change: 923_324 }), ids[30]);
    assert_eq!(resolve(GitReference::Commit(ids[7])), ids[7]);
    let short = ids[7].to_string()[..9].to_owned();
    assert_eq!(resolve(GitReference::ShortCommit(short)), ids[7]);

    let refused = |reference: GitReference| cache.resolve(urls, &reference, None).unwrap_err();
    let by_name = |name: &str| refused(GitReference::Name(name.to_owned()));
    assert!(matches!(by_name("both"), GitError::Ambiguous { .. }));
    assert!(matches!(by_name("nowhere"), GitError::NoReference { .. }));
    let short = GitReference::ShortCommit("0000000".to_owned());
    assert!(matches!(refused(short), GitError::NoReference { .. }));
    let change = GitReference::Gerrit { change: 923_325 };
    assert!(matches!(refused(change), GitError::NoReference { .. }));
    let tag = GitReference::Name("1000.0.0".to_owned());
    assert!(cache.resolve(urls, &tag, Some(ids[35])).is_ok());
    let moved = cache.resolve(urls, &tag, Some(ids[3])).unwrap_err();
    assert!(matches!(moved, GitError::TagMoved { .. }), "{moved}");
    let branch = GitReference::Name("stable/2025.2".to_owned());
    assert_eq!(cache.resolve(urls, &branch, Some(ids[3])).unwrap().commit, ids[30]);

    let mut files = 0;
    for at in [39, 7, 35] {
        cache.fetch(urls, ids[at]).unwrap();
        files += compare(cache, ids[at], &folder.join("x.git"));
    }
    let (commits, mut tags) = made.data(ids);
    let more = [("1000.0.0", 35), ("1000.0.0.0rc1", 34), ("both", 31)];
    tags.extend(more.map(|(name, at)| git_source::Tag {
        name: name.to_owned(),
        commit: ids[at],
        annotation: (at == 35).then(|| git_source::Annotation { name: name.to_owned(), time: 0 }),
    }));
    let mut versions = 0;
    for id in ids {
        let expected = version(&commits, &tags, *id, None);
        match cache.version(urls, *id, None) {
            Ok(version) => assert_eq!(Ok(version), expected, "{id}"),
            Err(error) => assert!(expected.is_err(), "{error:?}"),
        }
        versions += usize::from(expected.is_ok());
    }
    println!("{name}: {files} files as git has them, {versions} versions");
}

#[test]
#[ignore = "needs git with its daemon and http-backend, and python3; .ci/run runs it"]
fn every_server_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (made, ids) = repository(folder.path(), 3_000);
    let root = folder.path().display().to_string();
    let plain = url(format!("file://{root}/x.git"));
    ask(
        "file",
        &cache(folder.path(), "1", Settings::new()),
        std::slice::from_ref(&plain),
        &made,
        &ids,
        folder.path(),
    );

    let server = daemon(folder.path());
    let address = url(format!("git://127.0.0.1:{}/x.git", server.port));
    ask(
        "daemon",
        &cache(folder.path(), "2", Settings::new()),
        &[address],
        &made,
        &ids,
        folder.path(),
    );

    for (version, name) in [("2", "3"), ("0", "4")] {
        let server = http(folder.path(), &[version]);
        let address = url(format!("http://127.0.0.1:{}/x.git", server.port));
        let cache = cache(folder.path(), name, Settings::new());
        ask(&format!("http, version {version}"), &cache, &[address], &made, &ids, folder.path());
    }

    let settings = Settings { ssh_command: Some(ssh(folder.path())), ..Settings::new() };
    let address = url(format!("ssh://git@host.example.org{root}/x.git"));
    ask("ssh", &cache(folder.path(), "5", settings), &[address], &made, &ids, folder.path());

    // A server that can leave files out is asked to.
    let allow = ["config", "uploadpack.allowFilter", "true"];
    tool("git").args(allow).folder(&folder.path().join("x.git")).run();
    ask(
        "file, filtered",
        &cache(folder.path(), "6", Settings::new()),
        &[plain],
        &made,
        &ids,
        folder.path(),
    );
}

#[test]
#[ignore = "needs git; .ci/run runs it"]
fn mirrors_are_tried_in_turn_and_the_cache_works_without_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let (_, ids) = repository(folder.path(), 10);
    let dead = url("git://127.0.0.1:1/x.git");
    let gone = url(format!("file://{}/gone.git", folder.path().display()));
    let good = url(format!("file://{}/x.git", folder.path().display()));
    let online = cache(folder.path(), "cache", Settings::new());
    online.fetch(&[dead.clone(), gone.clone(), good], ids[9]).unwrap();
    let error = online.fetch(&[dead.clone(), gone.clone()], ids[8]).unwrap_err();
    let GitError::Unreachable { attempts } = &error else { panic!("{error}") };
    assert!(attempts.len() == 2 && attempts[1].contains("gone.git"), "{error}");

    let settings = Settings { network: Network::Off, ..Settings::new() };
    let offline = cache(folder.path(), "cache", settings);
    offline.fetch(std::slice::from_ref(&dead), ids[9]).unwrap();
    compare(&offline, ids[9], &folder.path().join("x.git"));
    let error = offline.fetch(&[dead], ids[8]).unwrap_err();
    assert!(matches!(error, GitError::Offline { .. }), "{error}");
}

#[test]
#[ignore = "needs git with its http-backend, and python3; .ci/run runs it"]
fn proxies_are_those_of_the_environment_that_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let (_, ids) = repository(folder.path(), 10);
    let server = http(folder.path(), &["2"]);
    let address = [url("http://repository.invalid/x.git")];
    let proxy = format!("http://127.0.0.1:{}", server.port);
    let fetch = |name: &str, variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let settings = Settings { environment: variables.collect(), ..Settings::new() };
        cache(folder.path(), name, settings).fetch(&address, ids[9])
    };
    fetch("1", &[("http_proxy", &proxy)]).unwrap();
    fetch("2", &[("ALL_PROXY", &proxy), ("NO_PROXY", "example.org")]).unwrap();
    fetch("3", &[]).unwrap_err();
    fetch("4", &[("http_proxy", &proxy), ("no_proxy", ".invalid")]).unwrap_err();
    let error = fetch("5", &[("http_proxy", "://me:secret@")]).unwrap_err().to_string();
    assert!(error.contains("http_proxy is not the URL of a proxy"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[test]
#[ignore = "needs git; .ci/run runs it"]
fn trees_that_could_do_harm_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.git");
    tool("git").args(["init", "-q", "--bare"]).arg(&path).run();
    let hash = |kind: &str, content: &[u8]| {
        let arguments = ["hash-object", "-t", kind, "--literally", "-w", "--stdin"];
        tool("git").args(arguments).folder(&path).input(content).text().trim().to_owned()
    };
    let raw = |hex: &str| -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..40).step_by(2).map(byte).collect()
    };
    let tree = |mode: &str, name: &[u8], object: &str| {
        hash("tree", &[mode.as_bytes(), b" ", name, b"\0", &raw(object)].concat())
    };
    let blob = hash("blob", b"x\n");
    let long = "x".repeat(300);
    let names: Vec<&[u8]> = vec![
        b"..",
        b".",
        b".git",
        b".GIT",
        b"git~1",
        b".git ",
        "\u{200c}.git".as_bytes(),
        b"a/b",
        b"/a",
        b"\xff",
        long.as_bytes(),
    ];
    let mut trees: Vec<String> = names.iter().map(|name| tree("100644", name, &blob)).collect();
    trees
        .extend(names.iter().take(3).map(|name| tree("40000", name, &tree("100644", b"x", &blob))));
    let mut deep = tree("100644", b"x", &blob);
    for _ in 0..70 {
        deep = tree("40000", b"d", &deep);
    }
    trees.push(deep);
    let mut twice = [b"100644 x\0".to_vec(), raw(&blob)].concat();
    twice.extend_from_within(..);
    trees.push(hash("tree", &twice));
    trees.push(tree("100644", b"missing", &"1".repeat(40)));
    let commit = |tree: &str| {
        let who = "T <t@example.org> 1 +0000";
        let text = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n");
        hash("commit", text.as_bytes()).parse::<CommitId>().unwrap()
    };
    // Read where they are, since no server would hand out all of them.
    let settings = Settings { limits: Limits { files: 20, ..Limits::USUAL }, ..Settings::new() };
    let cache = cache(folder.path(), "cache", settings);
    let objects = folder.path().join("cache/objects.git/objects");
    let link = path.join("objects").display().to_string();
    fs_err::write(objects.join("info/alternates"), link + "\n").unwrap();
    for tree in &trees {
        let error = cache.files(commit(tree)).unwrap_err();
        assert!(matches!(error, GitError::Object { .. } | GitError::TooLarge { .. }), "{error}");
    }
    let mut many = Vec::new();
    for number in 10..31 {
        many.extend([format!("100644 {number}\0").as_bytes(), &raw(&blob)].concat());
    }
    let error = cache.files(commit(&hash("tree", &many))).unwrap_err();
    assert!(matches!(error, GitError::TooLarge { .. }), "{error}");
    assert_eq!(cache.files(commit(&tree("100644", b"x", &blob))).unwrap().len(), 1);
}
