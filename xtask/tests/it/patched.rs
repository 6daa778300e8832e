//! A patched service: built from its source in the sandbox, and nothing but its own layer changes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::bench::{
    cooperage_on, cooperage_with, image_digest, manifest_and_config, root, run, shell, store,
    tree_copy, unpack,
};
use crate::runs::keystone_answers_in;

/// Builds keystone of a tree; gives the layout.
fn build(tree: &Path, out: &Path) -> PathBuf {
    run(cooperage_on(tree).args(["build", "keystone", "2025.2", "--out"]).arg(out));
    out.join("2025.2/keystone/oci")
}

/// Runs a build that must fail with this exit code; gives what was said.
fn refused(tree: &Path, code: i32) -> String {
    let mut command = cooperage_on(tree);
    let out = tree.join("out");
    let Output { status, stderr, .. } =
        command.args(["build", "keystone", "2025.2", "--out"]).arg(&out).output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{said}");
    assert!(!out.join("2025.2/keystone/oci").exists(), "a layout was written");
    said
}

fn patches(tree: &Path) -> PathBuf {
    let folder = tree.join("patches/keystone/2025.2");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The patches of the fixtures: a change of code, a migration with a data file outside of every
/// Python package, a new requirement.
pub(crate) fn add_patches(tree: &Path) {
    let fixtures = root().join("fixtures/patches/keystone/2025.2");
    for entry in std::fs::read_dir(fixtures).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, patches(tree).join(path.file_name().unwrap())).unwrap();
    }
}

fn layers(layout: &Path) -> Vec<String> {
    let (manifest, _) = manifest_and_config(layout);
    let layers = manifest["layers"].as_array().unwrap();
    layers.iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs the network, umoci and bwrap as root; .ci/run runs it"]
fn what_patches_add_reaches_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    add_patches(&tree);
    let layout = build(&tree, &folder.path().join("out"));
    let rootfs = unpack(&layout, folder.path());
    let said = keystone_answers_in(&rootfs);
    assert!(said.contains("GET /v3 200 v3.14-patched"), "{said}");
    let packages = rootfs.join("var/lib/openstack/lib/python3.13/site-packages");
    let migrations = "keystone/common/sql/migrations";
    for added in [
        format!("{migrations}/versions/2025.02/expand/5f0a1c2e3d4b_add_remark.py"),
        format!("{migrations}/remark.txt"),
        "jmespath/__init__.py".to_owned(),
    ] {
        assert!(packages.join(&added).exists(), "{added} is not in the image");
    }
    let (_, config) = manifest_and_config(&layout);
    let labels = &config["config"]["Labels"];
    let version = labels["org.opencontainers.image.version"].as_str().unwrap();
    assert!(version.starts_with("28.1.0+p3."), "{version}");
    let names = labels["org.openstack.patches"].as_str().unwrap();
    assert_eq!(names.split(' ').count(), 3, "{names}");
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn a_patch_changes_the_last_layer_and_leaves_no_trace_when_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let before = build(&tree, &folder.path().join("before"));
    let first = "0001-Say-that-the-service-is-patched.patch";
    let fixture = root().join("fixtures/patches/keystone/2025.2").join(first);
    std::fs::copy(fixture, patches(&tree).join(first)).unwrap();
    let patched = build(&tree, &folder.path().join("patched"));

    let (old, new) = (layers(&before), layers(&patched));
    assert_eq!(old.len(), new.len());
    let (last, below) = new.split_last().unwrap();
    assert_eq!(below, &old[..old.len() - 1]);
    assert_ne!(last, old.last().unwrap());

    // Another machine has nothing of this in its store, and builds at another place.
    let cold = folder.path().join("cold");
    let out = folder.path().join("again");
    let mut offline = cooperage_with(&tree, &cold);
    offline.args(["--offline", "build", "keystone", "2025.2", "--locked", "--out"]).arg(&out);
    let missing = offline.output().unwrap();
    assert_eq!(missing.status.code(), Some(3));
    let said = String::from_utf8(missing.stderr).unwrap();
    for file in ["xmlsec1", "libfaketime", "keystone-28.1.0.tar.gz", "setuptools-", "pyuwsgi-"] {
        assert!(said.contains(file), "{file} is not in:\n{said}");
    }
    run(cooperage_with(&tree, &cold)
        .args(["build", "keystone", "2025.2", "--locked", "--jobs", "1", "--out"])
        .arg(&out));
    assert_eq!(image_digest(&out.join("2025.2/keystone/oci")), image_digest(&patched));
    let left = shell(&cold, "ls -d build-* 2>/dev/null || true");
    assert_eq!(left, "", "a folder of the build was left behind");

    std::fs::remove_file(patches(&tree).join(first)).unwrap();
    let after = build(&tree, &folder.path().join("after"));
    assert_eq!(image_digest(&after), image_digest(&before));
}

/// The lock is made for what the patched source asks for, and the wheel says the same.
#[test]
#[ignore = "needs the network and namespaces; .ci/run runs it"]
fn an_extra_that_a_patch_adds_is_locked_and_built() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let text = "--- a/setup.cfg\n+++ b/setup.cfg\n@@ -29,4 +29,6 @@\n \tkeystone\n \n [extras]\n\
                +remark =\n+  jmespath>=0.9.0 # MIT\n ldap = \n";
    std::fs::write(patches(&tree).join("0001-Add-an-extra.patch"), text).unwrap();
    let recipe = tree.join("services/keystone.toml");
    let old = std::fs::read_to_string(&recipe).unwrap();
    assert!(old.contains("\nextras = []\n"));
    std::fs::write(&recipe, old.replace("\nextras = []\n", "\nextras = [\"remark\"]\n")).unwrap();
    build(&tree, &folder.path().join("out"));
    let lock = std::fs::read_to_string(tree.join("releases/2025.2/debian-trixie.lock")).unwrap();
    let mut lists = lock.split("[[service]]").skip(1);
    let list = lists.find(|list| list.contains("\nname = \"keystone\"")).unwrap();
    assert!(list.contains("jmespath-"), "{list}");
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn patches_that_do_not_apply_are_told_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let lock = || std::fs::read(tree.join("releases/2025.2/debian-trixie.lock")).unwrap();
    let before = lock();
    let patch = patches(&tree).join("0001-change.patch");
    let cases = [
        (
            "--- a/keystone/version.py\n+++ b/keystone/version.py\n@@ -13,3 +13,3 @@\n \n \
             def release_string():\n-    return 'v9.99'\n+    return 'v10'\n",
            ["0001-change.patch", "keystone/version.py", "v3.14"],
        ),
        (
            "--- /dev/null\n+++ b/../../outside.py\n@@ -0,0 +1 @@\n+x = 1\n",
            ["0001-change.patch", "..", "outside.py"],
        ),
        (
            "--- a/keystone/nowhere.py\n+++ b/keystone/nowhere.py\n@@ -1 +1 @@\n-a\n+b\n",
            ["0001-change.patch", "keystone/nowhere.py", ""],
        ),
        ("no patch at all\n", ["0001-change.patch", "", ""]),
    ];
    for (text, words) in cases {
        std::fs::write(&patch, text).unwrap();
        let said = refused(&tree, 2);
        for word in words {
            assert!(said.contains(word), "{word} is not in:\n{said}");
        }
        assert_eq!(lock(), before, "the lock has changed");
    }
}

/// Where namespaces are denied the build says so, with exit code 4. What another machine has built
/// makes the step needless.
#[test]
#[ignore = "needs the network and bwrap as root; .ci/run runs it"]
fn a_denied_sandbox_is_told_and_a_bundle_helps() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    add_patches(&tree);
    let layout = build(&tree, &folder.path().join("elsewhere"));
    // The packages come along, and what was made of them does not.
    let line = format!(
        "mkdir work work/store && cp -r tree work/ && cp -r {store}/blobs {store}/format work/store/",
        store = store().display()
    );
    shell(folder.path(), &line);
    let work = folder.path().join("work");
    let locked_down = |arguments: &[&str]| -> Output {
        Command::new("bwrap")
            .args(["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"])
            .args(["--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev"])
            .args(["--proc", "/proc", "--bind"])
            .args([&work, &work])
            .arg("--chdir")
            .arg(&work)
            .args(["--setenv", "HOME", ".", "--setenv", "TMPDIR", ".", "--"])
            .arg(env!("CARGO_BIN_EXE_cooperage"))
            .args(["--root", "tree", "--store", "store", "--offline"])
            .args(arguments)
            .output()
            .unwrap()
    };
    let build = ["build", "keystone", "2025.2", "--locked", "--out", "out"];
    let denied = locked_down(&build);
    let said = String::from_utf8(denied.stderr).unwrap();
    assert_eq!(denied.status.code(), Some(4), "{said}");
    for word in ["keystone-28.1.0.tar.gz", "namespaces", "store export", "store import"] {
        assert!(said.contains(word), "{word} is not in:\n{said}");
    }
    assert!(!work.join("out/2025.2/keystone/oci").exists());

    let bundle = work.join("step.tar");
    let export = ["store", "export", "--for", "keystone", "2025.2"];
    run(cooperage_on(&tree).args(export).arg(&bundle));
    let import = locked_down(&["store", "import", "step.tar"]);
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    let built = locked_down(&build);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    assert_eq!(image_digest(&work.join("out/2025.2/keystone/oci")), image_digest(&layout));
}
