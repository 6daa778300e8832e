//! The build needs no privilege: no capabilities, no new ones, and no user namespaces.

use std::path::Path;
use std::process::Command;

use crate::bench::{
    build, cooperage, fetched_alone, image_digest, root, run, shell, store, tree_copy,
};

/// A folder with a copy of the tree and of the packages in the store: all that a build needs.
fn work() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let want = image_digest(&build("keystone", "2025.2", &folder.path().join("want")));
    let line = format!(
        "mkdir work work/store work/bin && cd work && (cd {root} && tar c distros overrides patches releases services) | tar x --one-top-level=tree --no-same-owner
         cp -r {store}/blobs {store}/format store/ && cp {command} bin/ && chmod -R a+rX . .. ",
        root = root().display(),
        store = store().display(),
        command = env!("CARGO_BIN_EXE_cooperage"),
    );
    shell(folder.path(), &line);
    (folder, want)
}

#[test]
#[ignore = "needs the network and bwrap; .ci/run runs it"]
fn without_capabilities_and_with_user_namespaces_denied() {
    let (folder, want) = work();
    let work = folder.path().join("work");
    let inside = "test \"$(id -u)\" = 1000
        ! unshare --user true 2>/dev/null
        grep -q '^CapEff:\\s*0*$' /proc/self/status
        grep -q '^NoNewPrivs:\\s*1$' /proc/self/status
        exec /tmp/bin/cooperage build keystone 2025.2 --locked --offline --store /tmp/store --root /tmp/tree --out /tmp/out";
    run(Command::new("bwrap")
        .args(["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"])
        .args(["--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"])
        .arg("--bind")
        .arg(&work)
        .args(["/tmp", "--chdir", "/tmp", "--setenv", "HOME", "/tmp"])
        .args(["bash", "-euc", inside]));
    assert_eq!(image_digest(&work.join("out/2025.2/keystone/oci")), want);
}

#[test]
#[ignore = "needs the network and root; .ci/run runs it"]
fn as_another_user_who_can_gain_nothing() {
    let (folder, want) = work();
    let work = folder.path().join("work");
    shell(&work, "chown -R 1000:1000 .");
    run(Command::new("setpriv")
        .args(["--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs"])
        .args(["--inh-caps=-all", "--bounding-set=-all"])
        .arg(work.join("bin/cooperage"))
        .args(["build", "keystone", "2025.2", "--locked", "--offline", "--store", "store"])
        .args(["--root", "tree", "--out", "out"])
        .current_dir(&work));
    assert_eq!(image_digest(&work.join("out/2025.2/keystone/oci")), want);
}

/// The bound of the design: 150 MB, for an image and both packages from what was fetched alone.
#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn a_build_takes_less_than_150_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["build", "keystone", "2025.2", "--locked", "--format", "oci,deb,rpm", "--out"];
    run(cooperage().args(words).arg(folder.path().join("out")));
    let line = format!("--offline {} again", words.join(" "));
    let peak = peak_memory(folder.path(), &root(), &fetched_alone(folder.path()), &line);
    println!("peak memory of a build: {} MB", peak / 1000);
    assert!(peak < 150_000, "{peak} kB");
}

/// The same bound where all is chosen anew, with nothing in the store: the lists of packages are read, the
/// packages fetched and unpacked, and the pages of the Python index read, for both architectures.
#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn locking_takes_less_than_150_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree_copy(folder.path());
    let store = folder.path().join("store");
    let peak = peak_memory(folder.path(), &tree, &store, "lock 2025.2 keystone --update");
    println!("peak memory of locking: {} MB", peak / 1000);
    assert!(peak < 150_000, "{peak} kB");
}

/// In kilobytes.
fn peak_memory(folder: &Path, root: &Path, store: &Path, words: &str) -> u64 {
    let line = format!(
        "/usr/bin/time -f %M {command} --quiet --root {root} --store {store} {words} 2>&1 >/dev/null | tail -1",
        command = cooperage().get_program().to_str().unwrap(),
        root = root.display(),
        store = store.display(),
    );
    shell(folder, &line).trim().parse().unwrap()
}
