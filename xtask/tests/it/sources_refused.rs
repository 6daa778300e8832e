//! Sources that cannot be had: each refusal names the place, the cause and the next step, and leaves the
//! locks as they were.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{cooperage_on, cooperage_with, image_digest, run, shell, store};
use crate::source_history::{Bench, Server};

/// Runs a command that must fail with this exit code, and say these words.
fn refused(command: &mut Command, code: i32, words: &[&str]) {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{command:?} said:\n{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is not in:\n{said}");
    }
}

/// A small repository that is called keystone, and is its project.
fn small(bench: &Bench) -> PathBuf {
    let home = bench.repositories.join("keystone");
    std::fs::create_dir(&home).unwrap();
    let line = "git init -q -b main
        git config user.name Someone && git config user.email someone@example.org
        printf '[metadata]\nname = keystone\n' >setup.cfg
        printf 'import setuptools\nsetuptools.setup(setup_requires=[\"pbr\"], pbr=True)\n' >setup.py
        mkdir keystone && touch keystone/__init__.py && git add -A && git commit -qm One
        git tag -am 28.2.0 28.2.0 && touch keystone/two.py && git add -A && git commit -qm Two";
    shell(&home, line);
    home
}

#[test]
fn folders_are_refused_where_they_cannot_be_meant() {
    let bench = Bench::new();
    let empty = bench.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let before = bench.lock();
    let build = |source: &str, more: &[&str]| {
        let mut command = cooperage_on(&bench.tree);
        command.args(["build", "keystone", "2025.2", "--offline", "--source", source]).args(more);
        command
    };
    let named = format!("keystone={}", empty.display());
    let words = ["--locked", "--source", "keystone 2025.2", "a folder of this machine", "hint:"];
    refused(&mut build(&named, &["--locked"]), 2, &words);
    let words = ["keystone", "neither setup.cfg nor pyproject.toml names it", "hint:"];
    refused(&mut build(&named, &[]), 2, &words);
    std::fs::write(empty.join("setup.cfg"), "[metadata]\nname = nova\nversion = 1.0\n").unwrap();
    refused(&mut build(&named, &[]), 2, &["it is the project nova, and keystone is wanted"]);
    refused(&mut build("keystone=nowhere", &[]), 2, &["--source keystone=nowhere", "is no folder"]);
    refused(&mut build("keystone", &[]), 2, &["want SERVICE=DIR"]);
    refused(&mut build("nova=.", &[]), 2, &["nova is not built"]);
    assert_eq!(bench.lock(), before);

    bench.source("{kind: folder, path: ../empty}");
    let mut locked = cooperage_on(&bench.tree);
    locked.args(["build", "keystone", "2025.2", "--offline", "--locked"]);
    refused(&mut locked, 2, &["releases/2025.2/source-refs.yaml", "a folder of this machine"]);
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn references_that_are_not_there_or_have_moved_are_refused() {
    let bench = Bench::new();
    let home = small(&bench);
    let server = Server::start(&bench.repositories);
    let mirror = server.mirror();
    let lock = |more: &[&str]| {
        let mut command = cooperage_on(&bench.tree);
        command.args(["lock", "2025.2", "keystone", "--mirror", &mirror]).args(more);
        command
    };
    let before = bench.lock();
    bench.source("stable/2042.1");
    let words = ["keystone 2025.2 cannot be locked", "stable/2042.1", "check the name"];
    refused(&mut lock(&[]), 2, &words);
    bench.source("12345678901234567890123456789012345678ab");
    refused(&mut lock(&[]), 3, &["1234567890", "no address of the repository works"]);
    assert_eq!(bench.lock(), before);

    bench.source("{ref: 28.2.0}");
    run(&mut lock(&[]));
    let locked = bench.lock();
    shell(&home, "git tag -f -am 28.2.0 28.2.0 HEAD");
    // What is locked stays, and nobody is asked.
    run(&mut lock(&[]));
    let mut check = cooperage_on(&bench.tree);
    run(check.args(["lock", "2025.2", "keystone", "--check"]));
    let words = ["the tag 28.2.0", "was moved", "name the commit in place of the tag"];
    refused(&mut lock(&["--update", "keystone"]), 5, &words);
    assert_eq!(bench.lock(), locked);
    drop(server);
    bench.source("main");
    refused(&mut lock(&["--offline"]), 3, &["--offline forbids fetching", "keystone: "]);
    refused(&mut lock(&["--mirror", "openstack=git://127.0.0.1:1"]), 3, &["keystone"]);
}

/// What a folder needs comes from the store, and what is not there is told at once.
#[test]
#[ignore = "needs the network and namespaces; .ci/run runs it"]
fn a_folder_is_built_without_the_network() {
    let bench = Bench::new();
    bench.keystone();
    let home = bench.repositories.join("keystone");
    let argument = format!("keystone={}", home.display());
    let offline = ["--offline", "--source", &argument];
    let online = bench.build("online", &offline[1..]);
    let before = bench.lock();
    let same = bench.build("same", &offline);
    assert_eq!(image_digest(&same), image_digest(&online));
    bench.write("../repositories/keystone/keystone/remark.py", "REMARK = 1\n");
    let changed = bench.build("changed", &offline);
    assert_ne!(image_digest(&changed), image_digest(&online));
    assert_eq!(bench.lock(), before);

    // What nothing has chosen yet, and nothing at all.
    shell(
        &home,
        "echo 'no-such-project>=1' >>requirements.txt && echo other-one >>requirements.txt",
    );
    let build = |store: &Path, more: &[&str]| {
        let mut command = cooperage_with(&bench.tree, store);
        command.args(["build", "keystone", "2025.2", "--offline"]).args(more);
        command
    };
    let words = ["pypi:no-such-project/\n", "pypi:other-one/\n"];
    refused(&mut build(&store(), &offline[1..]), 3, &words);
    shell(&home, "git checkout -q requirements.txt");
    let words = [
        "debian:dists/trixie/InRelease\n",
        "debian-security:dists/trixie-security/InRelease\n",
        "base-files",
        "xmlsec1",
        "cryptography-",
        "oslo_messaging-",
    ];
    refused(&mut build(&bench.path("empty"), &offline[1..]), 3, &words);

    // The same where the tree names the folder: then the locks of the tree have it all.
    bench.source("{kind: folder, path: ../repositories/keystone}");
    let online = bench.build("named", &[]);
    let again = bench.build("again", &["--offline"]);
    assert_eq!(image_digest(&again), image_digest(&online));
    assert_eq!(image_digest(&again), image_digest(&changed));
    let mut words = words.to_vec();
    words.extend(["libfaketime", "setuptools-81"]);
    words.retain(|word| !word.ends_with("InRelease\n"));
    refused(&mut build(&bench.path("empty"), &[]), 3, &words);
}
