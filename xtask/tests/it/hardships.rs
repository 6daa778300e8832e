//! What goes wrong around a build: places that cannot be written, full disks, another process, Ctrl-C.
//! Each is told, ends with its exit code, and leaves nothing half-written.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::bench::{bare, build, fetched_alone, image_digest, root, run, shell, store};
use crate::refusals::Spoilt;

/// What was said, after the exit code was checked.
pub(crate) fn said(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// A store with all that keystone needs and nothing made of it; what was built for that is in `first`.
pub(crate) fn cold_store(folder: &Path) -> PathBuf {
    build("keystone", "2025.2", &folder.join("first"));
    fetched_alone(folder)
}

pub(crate) fn build_in(store: &Path, out: &Path) -> Command {
    let mut command = bare();
    command.arg("--root").arg(root()).arg("--store").arg(store);
    command.args(["--offline", "build", "keystone", "2025.2", "--locked", "--out"]).arg(out);
    command
}

#[test]
fn a_store_that_cannot_be_used_is_named_and_left_alone() {
    let tree = Spoilt::new();
    std::fs::write(tree.path("file"), "").unwrap();
    std::fs::create_dir_all(tree.path("later/blobs")).unwrap();
    std::fs::write(tree.path("later/format"), "2\n").unwrap();
    for command in [
        &["build", "keystone", "2025.2"][..],
        &["store", "info"],
        &["store", "verify"],
        &["store", "gc"],
        &["doctor", "--offline"],
    ] {
        for (place, wants) in [
            ("later", &["later has format 2", "use a newer cooperage", "--store"][..]),
            ("file", &["file as the store", "--store"]),
        ] {
            let place = tree.path(place);
            let output = bare()
                .args(command)
                .arg("--store")
                .arg(&place)
                .current_dir(tree.path("tree"))
                .output()
                .unwrap();
            let said = said(&output, 2);
            assert!(wants.iter().all(|want| said.contains(want)), "{command:?}: {said}");
        }
    }
    let left = shell(&tree.path("later"), "find . | sort | tr '\\n' ' '");
    assert_eq!(left, ". ./blobs ./format ");
}

#[test]
fn an_output_folder_that_cannot_be_written_is_named_before_the_work() {
    let tree = Spoilt::new();
    for out in ["/proc/cooperage", "/sys/cooperage"] {
        tree.refuses(&["build", "keystone", "2025.2", "--out", out], 2, &[out]);
    }
}

#[test]
fn equal_keys_are_refused() {
    let tree = Spoilt::new();
    tree.append("releases/2025.2/source-refs.yaml", "\nkeystone: \"28.0.0\"\n");
    tree.append("services/keystone.toml", "\n[user]\nname = \"other\"\n");
    tree.edit("releases/2026.1/release.toml", "series = ", "series = \"x\"\nseries = ");
    tree.edit("distros/debian-trixie.toml", "glibc = ", "glibc = \"2.40\"\nglibc = ");
    tree.append("overrides/2025.1/constraints.txt", "\n# One.\npbr===7.0.1\n# Two.\npbr===7.0.2\n");
    let wants = [
        "releases/2025.2/source-refs.yaml:",
        "services/keystone.toml:",
        "releases/2026.1/release.toml:",
        "distros/debian-trixie.toml:",
        "overrides/2025.1/constraints.txt:",
        "keystone",
        "duplicate key",
    ];
    tree.refuses(&["check"], 2, &wants);
    tree.refuses(&["build", "keystone", "2025.2"], 2, &["source-refs.yaml:"]);
}

#[test]
fn impossible_accounts_and_paths_are_refused() {
    let tree = Spoilt::new();
    tree.edit("services/keystone.toml", "uid = 42424", "uid = 0");
    tree.refuses(&["check"], 2, &["services/keystone.toml:", "uid"]);
    let tree = Spoilt::new();
    tree.edit("services/keystone.toml", "name = \"keystone\"", "name = \"Key stone\"");
    tree.refuses(&["check"], 2, &["services/keystone.toml:", "Key stone"]);
    for path in ["/etc/../root/x", "etc/keystone", "/etc//keystone", "/"] {
        let tree = Spoilt::new();
        tree.edit(
            "services/keystone.toml",
            "path = \"/etc/keystone\"",
            &format!("path = \"{path}\""),
        );
        tree.refuses(&["check"], 2, &["services/keystone.toml:", path]);
        tree.refuses(&["build", "keystone", "2025.2"], 2, &["services/keystone.toml:"]);
    }
}

#[test]
#[ignore = "needs the network for its store; .ci/run runs it"]
fn paths_that_the_image_cannot_have_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    build("keystone", "2025.2", folder.path());
    let tree = Spoilt::new();
    let path = "/etc/passwd/keystone";
    tree.edit("services/keystone.toml", "path = \"/etc/keystone\"", &format!("path = \"{path}\""));
    let arguments = ["--quiet", "build", "keystone", "2025.2", "--locked", "--offline"];
    tree.refuses(&arguments, 2, &[path, "the recipe of keystone"]);
}

#[test]
fn all_that_is_missing_offline_is_named() {
    let tree = Spoilt::new();
    let arguments = ["build", "keystone", "2025.2", "--locked", "--offline", "cold"];
    let lock = std::fs::read_to_string(root().join("distros/debian-trixie.lock")).unwrap();
    let paths: Vec<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"")?.strip_suffix("_amd64.deb\""))
        .collect();
    assert!(paths.len() > 40, "{}", paths.len());
    let others = ["xmlsec1_", "keystone-28.1.0-py3-none-any.whl", "pbr-", "pyuwsgi-"];
    tree.refuses(&arguments, 3, &[&paths[..], &others].concat());
}

#[test]
#[ignore = "needs the network for its store, and unshare; .ci/run runs it"]
fn a_full_disk_is_told_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cold = cold_store(folder.path());
    // In a mount namespace: `$1` gets a small disk of its own, `$2` is copied there, then the command
    // runs. The lines behind it tell what is left.
    let script = "disk=$1 from=$2 size=$3; shift 3; mount -t tmpfs -o size=$size none \"$disk\"
        if [ -n \"$from\" ]; then cp -a \"$from\"/blobs \"$disk\"; fi
        code=0; \"$@\" || code=$?
        echo left $(find \"$disk\" -path '*/partial/*' -o -name '.*.part' -o -name build.json \
                    -o -name index.json | wc -l)
        exit $code";
    let within = |disk: &Path, from: &str, size: &str, mut command: Command| -> Output {
        std::fs::create_dir_all(disk).unwrap();
        let program = command.get_program().to_owned();
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = Command::new("unshare");
        command.args(["-rm", "bash", "-euc", script, "bash"]);
        command.arg(disk).arg(from).arg(size).arg(program).args(arguments).output().unwrap()
    };
    let out = folder.path().join("out");
    // The packages fit, and what is unpacked does not.
    let disk = folder.path().join("disk");
    let bytes = shell(&cold, "du -sm blobs | cut -f1");
    let size = format!("{}m", bytes.trim().parse::<u64>().unwrap() + 30);
    let output = within(&disk, cold.to_str().unwrap(), &size, build_in(&disk, &out));
    let text = said(&output, 2);
    assert!(text.contains("No space left on device"), "{text}");
    assert!(text.contains(disk.to_str().unwrap()), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "left 0\n");
    assert_eq!(shell(&out, "find . -type f"), "");

    // The image does not fit into the place of the results.
    let small = folder.path().join("small");
    let output = within(&small, "", "20m", build_in(&store(), &small));
    let text = said(&output, 2);
    assert!(text.contains("No space left on device"), "{text}");
    assert!(text.contains(small.to_str().unwrap()), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "left 0\n");
}

#[test]
#[ignore = "needs the network for its store; .ci/run runs it"]
fn interrupted_builds_leave_nothing_and_the_next_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let cold = cold_store(folder.path());
    let out = folder.path().join("out");
    let mut interrupted = 0;
    for seconds in ["0.05", "0.3", "1", "2", "4", "7"] {
        let mut command = Command::new("timeout");
        command.args(["--preserve-status", "--signal=INT", seconds]);
        let building = build_in(&cold, &out);
        command.arg(building.get_program()).args(building.get_args());
        let output = command.output().unwrap();
        match output.status.code() {
            // As a shell sees it: killed by SIGINT.
            Some(130) => interrupted += 1,
            Some(0) => break,
            code => panic!("{code:?} after {seconds} s: {output:?}"),
        }
        assert!(!out.join("2025.2/keystone/oci").exists(), "after {seconds} s");
        assert!(!out.join("2025.2/keystone/build.json").exists(), "after {seconds} s");
    }
    assert!(interrupted >= 3, "{interrupted} builds were interrupted");
    run(&mut build_in(&cold, &out));
    let layout = out.join("2025.2/keystone/oci");
    let whole = folder.path().join("first/2025.2/keystone/oci");
    assert_eq!(image_digest(&layout), image_digest(&whole));
    assert_eq!(shell(&cold, "ls partial"), "");
    assert_eq!(shell(&out.join("2025.2/keystone"), "ls -A"), "build.json\noci\n");
    let verify = ["store", "verify", "--store", cold.to_str().unwrap()];
    assert_eq!(said(&run(bare().args(verify)), 0).matches("nothing is damaged").count(), 1);
}

#[test]
#[ignore = "needs the network for its store; .ci/run runs it"]
fn two_builds_at_once_make_the_same_image() {
    let folder = tempfile::tempdir().unwrap();
    let cold = cold_store(folder.path());
    let out = folder.path().join("out");
    let outputs: Vec<Output> = std::thread::scope(|scope| {
        let builds: Vec<_> =
            (0..2).map(|_| scope.spawn(|| build_in(&cold, &out).output().unwrap())).collect();
        builds.into_iter().map(|build| build.join().unwrap()).collect()
    });
    for output in &outputs {
        said(output, 0);
    }
    let digest = image_digest(&out.join("2025.2/keystone/oci"));
    assert_eq!(digest, image_digest(&folder.path().join("first/2025.2/keystone/oci")));
    for output in &outputs {
        assert!(String::from_utf8_lossy(&output.stdout).contains(&digest));
    }
    assert_eq!(shell(&cold, "ls partial"), "");
}

#[test]
fn a_store_in_use_is_not_collected() {
    let folder = tempfile::tempdir().unwrap();
    let held = store::Store::open(folder.path()).unwrap();
    let mut gc = bare();
    gc.args(["store", "gc", "--root"]).arg(root()).arg("--store").arg(folder.path());
    let said_it = said(&gc.output().unwrap(), 2);
    assert!(said_it.contains("is in use"), "{said_it}");
    drop(held);
    run(&mut gc);
}
