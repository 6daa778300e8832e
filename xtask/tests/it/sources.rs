//! Services and libraries from git, from archives and from folders.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::bench::{
    cooperage_on, cooperage_with, image_digest, manifest_and_config, run, shell, stdout, store,
    unpack,
};
use crate::patched::add_patches;
use crate::runs::keystone_answers_in;
use crate::source_history::{Bench, Server};

/// The files of the last layer with their digests, but for those that tell of the build itself.
fn service_layer(layout: &Path, told: &[&str]) -> BTreeMap<String, String> {
    let (manifest, _) = manifest_and_config(layout);
    let last = manifest["layers"].as_array().unwrap().last().unwrap()["digest"].as_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let blob = layout.join("blobs").join(last.replace(':', "/"));
    shell(folder.path(), &format!("tar xzf {}", blob.display()));
    let said = shell(folder.path(), "find . -type f -print0 | sort -z | xargs -0 sha256sum");
    let files = said.lines().map(|line| line.split_once("  ").unwrap());
    let plain = files.filter(|(_, path)| !told.iter().any(|end| path.ends_with(end)));
    plain.map(|(digest, path)| (path.to_owned(), digest.to_owned())).collect()
}

fn labels(layout: &Path) -> serde_json::Value {
    manifest_and_config(layout).1["config"]["Labels"].clone()
}

/// What a wheel says of how it was built: PBR's note of the commit, the authors of the history, the
/// builder's name, the list of files with their digests; and what the image says of the source.
const TOLD: [&str; 5] = ["/pbr.json", "/AUTHORS", "/WHEEL", "/RECORD", "image_info/project.txt"];

#[test]
#[ignore = "needs the network and namespaces; .ci/run runs it"]
fn keystone_from_git_has_the_files_of_the_release() {
    let bench = Bench::new();
    let released = bench.build("released", &[]);
    let want = service_layer(&released, &TOLD);
    assert!(want.len() > 600, "{} files", want.len());
    let [_, newest] = bench.keystone();
    let server = Server::start(&bench.repositories);
    let mirror = server.mirror();
    let references =
        ["stable/2025.2", "{ref: 28.1.0}", &newest, "refs/changes/24/923324/2", "{gerrit: 923324}"];
    for (index, reference) in references.into_iter().enumerate() {
        bench.source(reference);
        let layout = bench.build(&format!("git{index}"), &["--mirror", &mirror]);
        assert_eq!(service_layer(&layout, &TOLD), want, "{reference}");
        let lock = bench.lock();
        assert!(lock.contains(&format!("commit = \"{newest}\"")), "{reference}");
        let labels = labels(&layout);
        assert_eq!(labels["org.opencontainers.image.revision"], newest.as_str());
        assert_eq!(labels["org.openstack.source-kind"], "git");
        assert_eq!(labels["org.opencontainers.image.version"], "28.1.0");
    }
    // Another machine fetches the commit that is locked, and makes the same bytes.
    let cold = bench.path("cold");
    shell(
        &bench.path("."),
        &format!("mkdir cold && cp -r {0}/blobs {0}/format cold/", store().display()),
    );
    let made = bench.lock();
    let made = made.split("file = \"keystone-28.1.0.tar\"\nsha256 = \"sha256:").nth(1).unwrap();
    std::fs::remove_file(cold.join("blobs").join(&made[..2]).join(&made[2..64])).unwrap();
    let out = bench.path("again");
    let build = ["build", "keystone", "2025.2", "--locked", "--out"];
    let offline =
        cooperage_with(&bench.tree, &cold).arg("--offline").args(build).arg(&out).output();
    let offline = offline.unwrap();
    let said = String::from_utf8(offline.stderr).unwrap();
    assert_eq!(offline.status.code(), Some(3), "{said}");
    assert!(said.contains(&newest) && said.contains("keystone-28.1.0.tar"), "{said}");
    // A tag that has come since changes nothing.
    shell(&bench.repositories.join("keystone"), "git tag -am 28.7.0 28.7.0");
    run(cooperage_with(&bench.tree, &cold).args(build).arg(&out).args(["--mirror", &mirror]));
    let again = image_digest(&out.join("2025.2/keystone/oci"));
    assert_eq!(again, image_digest(&bench.path("git4/2025.2/keystone/oci")));
}

/// `git archive` without the history gives a wheel without 45 of them: migrations and translations.
#[test]
#[ignore = "needs the network and namespaces; .ci/run runs it"]
fn a_wheel_from_git_has_all_files_and_what_patches_add() {
    let bench = Bench::new();
    bench.tagged("28.0.2");
    let server = Server::start(&bench.repositories);
    let mirror = server.mirror();
    bench.source("{ref: 28.0.2}");
    let all = bench.build("all", &["--mirror", &mirror]);
    let names = |layout: &Path| -> Vec<String> { service_layer(layout, &[]).into_keys().collect() };
    bench.source("\"28.0.2\"");
    let wheel = bench.build("wheel", &[]);
    assert_eq!(names(&all), names(&wheel));
    let packages = names(&all).iter().filter(|path| path.contains("/site-packages/")).count();
    // 604 entries has the wheel on the index; one of them goes to /etc, and an installer adds two.
    assert_eq!(packages, 604 - 1 + 2);

    bench.source("{ref: 28.0.2}");
    add_patches(&bench.tree);
    let from_git = bench.build("git", &["--mirror", &mirror]);
    bench.source("\"28.0.2\"");
    let released = bench.build("released", &[]);
    let files = service_layer(&from_git, &TOLD);
    assert_eq!(files, service_layer(&released, &TOLD));
    let before = service_layer(&all, &TOLD);
    let added: Vec<&String> = files.keys().filter(|path| !before.contains_key(*path)).collect();
    for name in ["/expand/5f0a1c2e3d4b_add_remark.py", "/sql/migrations/remark.txt"] {
        assert!(added.iter().any(|path| path.ends_with(name)), "{name} is not among {added:?}");
    }
}

#[test]
#[ignore = "needs the network and namespaces; .ci/run runs it"]
fn a_branch_moves_when_it_is_told_to() {
    let bench = Bench::new();
    let [oldest, newest] = bench.keystone();
    let home = bench.repositories.join("keystone");
    shell(&home, "git checkout -q --detach && git branch -f stable/2025.2 HEAD^");
    let server = Server::start(&bench.repositories);
    let mirror = server.mirror();
    bench.source("stable/2025.2");
    let lock = |arguments: &[&str]| {
        let mut command = cooperage_on(&bench.tree);
        stdout(command.args(["lock", "2025.2", "--mirror", &mirror]).args(arguments))
    };
    lock(&["keystone"]);
    let before = bench.build("before", &["--locked", "--mirror", &mirror]);
    assert!(bench.lock().contains(&oldest));
    assert_eq!(labels(&before)["org.opencontainers.image.version"], "28.0.0");

    shell(&home, "git branch -f stable/2025.2 HEAD");
    let text = bench.lock();
    assert!(lock(&["keystone"]).contains("nothing has changed"));
    let same = bench.build("same", &["--locked"]);
    assert_eq!(image_digest(&same), image_digest(&before));
    assert_eq!(bench.lock(), text);
    assert!(lock(&["--check"]).contains("the lock follows from the tree"));
    let resolve = ["source", "resolve", "2025.2", "keystone", "--mirror", &mirror];
    let said = run(cooperage_on(&bench.tree).args(resolve));
    let printed = String::from_utf8(said.stdout).unwrap();
    assert!(printed.starts_with(&format!("{newest} refs/heads/stable/2025.2 git://")), "{printed}");
    assert!(String::from_utf8(said.stderr).unwrap().contains(&oldest));

    let said = lock(&["keystone", "--update", "keystone"]);
    let change =
        format!("~ source of keystone 28.0.0 ({}) -> 28.1.0 ({})", &oldest[..12], &newest[..12]);
    assert!(said.contains(&change), "{said}");
    let after = bench.lock();
    assert!(after.contains(&newest) && !after.contains(&oldest));
    let moved = bench.build("moved", &["--locked", "--mirror", &mirror]);
    assert_eq!(labels(&moved)["org.opencontainers.image.version"], "28.1.0");

    // A work tree of it, changed: a folder as it is, and the locks stay.
    shell(&home, "git checkout -q stable/2025.2 && echo 'REMARK = 1' >keystone/remark.py");
    let argument = format!("keystone={}", home.display());
    let local = bench.build("local", &["--source", &argument]);
    assert_eq!(bench.lock(), after);
    let shown = labels(&local);
    assert_eq!(shown["org.openstack.source-kind"], "folder");
    assert_eq!(shown["org.openstack.source-ref"], "a folder, changed");
    assert!(shown["org.opencontainers.image.revision"].is_null());
    let files = service_layer(&local, &[]);
    assert!(files.keys().any(|path| path.ends_with("/keystone/remark.py")));
    let again = bench.build("again", &["--source", &argument]);
    assert_eq!(image_digest(&again), image_digest(&local));
    let versions = ["source", "version", &home.display().to_string()].map(str::to_owned);
    for (commit, version) in [("28.0.0", "28.0.0"), (newest.as_str(), "28.1.0")] {
        let said = stdout(cooperage_on(&bench.tree).args(&versions).arg(commit));
        assert_eq!(said.trim(), version);
    }
}

/// The patch of a service, that of a library, and another pin at once.
#[test]
#[ignore = "needs the network, umoci and bwrap as root; .ci/run runs it"]
fn a_patch_a_patched_library_and_an_override_are_told_everywhere() {
    let bench = Bench::new();
    let before = bench.build("before", &[]);
    let overrides = bench.tree.join("overrides/2025.2/constraints.txt");
    let old = std::fs::read_to_string(&overrides).unwrap();
    bench.write(
        "overrides/2025.2/constraints.txt",
        &format!("{old}\n# It mends a fault.\n{OTHER}\n"),
    );
    let patches = [
        ("patches/keystone/2025.2/0001-Add-a-remark.patch", "keystone/remark.py"),
        ("patches/oslo.config/2025.2/0001-Add-a-note.patch", "oslo_config/note.py"),
    ];
    for (patch, file) in patches {
        let text = format!("--- /dev/null\n+++ b/{file}\n@@ -0,0 +1 @@\n+REMARK = 1\n");
        bench.write(patch, &text);
    }
    run(cooperage_on(&bench.tree).arg("check"));
    let layout = bench.build("all", &[]);
    let rootfs = unpack(&layout, &bench.path("."));
    keystone_answers_in(&rootfs);
    let packages = rootfs.join("var/lib/openstack/lib/python3.13/site-packages");
    for (_, file) in patches {
        assert!(packages.join(file).exists(), "{file} is not in the image");
    }
    let (name, version) = OTHER.split_once("===").unwrap();
    let shown = labels(&layout);
    let text = |label: &str| shown[format!("org.openstack.{label}")].as_str().unwrap().to_owned();
    assert_eq!(text("patches"), "0001-Add-a-remark.patch");
    assert!(text("libraries").starts_with("oslo.config=") && text("libraries").ends_with("-p1"));
    assert!(text("overrides").contains(&format!("{name}={version}")));
    let lock = bench.lock();
    for part in ["0001-Add-a-note.patch", "0001-Add-a-remark.patch", "libraries = [\"oslo.config=1"]
    {
        assert!(lock.contains(part), "{part} is not in the lock");
    }
    assert!(lock.contains(&format!("project = \"{name}\"\nversion = \"{version}\"")));
    let plan = run(cooperage_on(&bench.tree).args(["plan", "keystone", "2025.2"]));
    let told = String::from_utf8(plan.stderr).unwrap();
    for line in [
        "patched keystone 0001-Add-a-remark.patch".to_owned(),
        "patched oslo.config 0001-Add-a-note.patch".to_owned(),
        format!("override {name}={version}: It mends a fault."),
    ] {
        assert!(told.contains(&line), "{line} is not in:\n{told}");
    }
    assert!(String::from_utf8(plan.stdout).unwrap().contains("wheel of oslo-config"));

    // Another machine gives the same; without the three it is as it was.
    let cold = bench.path("cold");
    let out = bench.path("again");
    run(cooperage_with(&bench.tree, &cold)
        .args(["build", "keystone", "2025.2", "--locked", "--jobs", "1", "--out"])
        .arg(&out));
    assert_eq!(image_digest(&out.join("2025.2/keystone/oci")), image_digest(&layout));
    std::fs::write(&overrides, old).unwrap();
    shell(&bench.tree, "rm -r patches/keystone patches/oslo.config");
    let after = bench.build("after", &[]);
    assert_eq!(image_digest(&after), image_digest(&before));
}

/// Another version of a library that keystone uses, with wheels for Python 3.13.
const OTHER: &str = "cryptography===43.0.1";

/// An archive by its digest, and libraries that overrides name by an address.
#[test]
#[ignore = "needs the network and namespaces; .ci/run runs it"]
fn archives_and_addresses_of_overrides_are_built() {
    let bench = Bench::new();
    let archive = bench.archive("28.1.0");
    let home = bench.repositories.join("oslo.context");
    let line = "mkdir -p oslo_context && cd . && git init -q -b main \
        && git config user.name Someone && git config user.email someone@example.org \
        && printf '[metadata]\\nname = oslo.context\\n[files]\\npackages =\\n  oslo_context\\n' >setup.cfg \
        && printf 'import setuptools\\nsetuptools.setup(setup_requires=[\"pbr\"], pbr=True)\\n' >setup.py \
        && echo 'pbr>=2.0' >requirements.txt && cp REAL/* oslo_context/ \
        && git add setup.cfg setup.py requirements.txt oslo_context && git commit -qm One \
        && git tag -am 6.1.0 6.1.0 && echo >README.rst && git add README.rst && git commit -qm Two";
    std::fs::create_dir(&home).unwrap();
    let released = unpack(&bench.build("released", &[]), &bench.path("."));
    let real = released.join("var/lib/openstack/lib/python3.13/site-packages/oslo_context");
    shell(&home, &line.replace("REAL/*", &format!("{}/*.py", real.display())));
    let digest = shell(&bench.path("."), "sha256sum keystone-28.1.0.tar.gz | cut -c1-64");
    let source = format!(
        "{{kind: tarball, url: \"file://{}\", sha256: {}}}",
        archive.display(),
        digest.trim()
    );
    bench.source(&source);
    let overrides = bench.tree.join("overrides/2025.2/constraints.txt");
    let old = std::fs::read_to_string(&overrides).unwrap();
    let line = format!("oslo.context @ git+file://{}@main", home.display());
    std::fs::write(&overrides, format!("{old}\n# Ours.\n{line}\n")).unwrap();
    let layout = bench.build("built", &[]);
    let shown = labels(&layout);
    assert_eq!(shown["org.openstack.source-kind"], "tarball");
    assert_eq!(shown["org.openstack.libraries"], "oslo-context=6.1.1.dev1");
    let commit = shell(&home, "git rev-parse HEAD");
    assert!(bench.lock().contains(&format!("commit = \"{}\"", commit.trim())));
    run(cooperage_on(&bench.tree)
        .args(["lock", "2025.2", "keystone", "--arch", "amd64", "--check"]));
    let same = bench.build("same", &["--locked", "--offline"]);
    assert_eq!(image_digest(&same), image_digest(&layout));

    // A folder may be another each time.
    let line = format!("oslo.context @ file://{}", home.display());
    std::fs::write(&overrides, format!("{old}\n# Ours.\n{line}\n")).unwrap();
    let mut command: Command = cooperage_on(&bench.tree);
    let refused = command.args(["build", "keystone", "2025.2", "--locked"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let folder = bench.build("folder", &[]);
    assert_eq!(labels(&folder)["org.openstack.libraries"], "oslo-context=6.1.1.dev1");
}
