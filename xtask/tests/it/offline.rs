//! The commands that need neither network nor other tools.

use std::path::Path;
use std::process::{Command, Output};

use crate::bench::{cooperage_with, root, run, stdout};

const PATCH: &str = "--- a/greeting.txt\n+++ b/greeting.txt\n@@ -1,2 +1,2 @@\n hello\n-world\n\
                     +cloud\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n";

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cooperage"))
}

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap()
}

#[test]
fn patches_are_applied_to_a_folder_or_to_a_copy_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("greeting.txt"), "hello\nworld\n").unwrap();
    let patch = folder.path().join("0001-cloud.patch");
    std::fs::write(&patch, PATCH).unwrap();
    let apply = |arguments: &[&str]| -> Output {
        let mut command = command();
        command.args(["patches", "apply", "--source"]).arg(&source).args(arguments);
        command.arg(&patch).output().unwrap()
    };

    let out = folder.path().join("out");
    let done = apply(&["--out", out.to_str().unwrap()]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "greeting.txt\nnew.txt\n");
    assert_eq!(read(&out, "greeting.txt"), "hello\ncloud\n");
    assert_eq!(read(&source, "greeting.txt"), "hello\nworld\n");

    assert!(apply(&[]).status.success());
    assert_eq!(read(&source, "greeting.txt"), "hello\ncloud\n");
    assert_eq!(read(&source, "new.txt"), "new\n");

    // A second time it does not apply, and nothing changes.
    let again = apply(&[]);
    assert_eq!(again.status.code(), Some(2));
    let said = String::from_utf8(again.stderr).unwrap();
    for word in ["0001-cloud.patch", "already applied"] {
        assert!(said.contains(word), "{word} is not in:\n{said}");
    }
    assert_eq!(read(&source, "greeting.txt"), "hello\ncloud\n");
}

#[test]
fn bindep_files_are_evaluated_for_a_platform() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bindep.txt");
    let text =
        "libpq5 [platform:dpkg]\ngcc [compile]\nlibpq [platform:rpm]\nvim [test]\ngcc [test]\n";
    std::fs::write(&file, text).unwrap();
    let bindep = |arguments: &[&str]| stdout(command().arg("bindep").arg(&file).args(arguments));
    assert_eq!(bindep(&[]), "libpq5\n");
    assert_eq!(bindep(&["compile", "test"]), "libpq5\ngcc\nvim\ngcc\n");
    assert_eq!(bindep(&["--platform", "fedora-42"]), "libpq\n");
    assert_eq!(bindep(&["--platform", "ubuntu-24.04"]), "libpq5\n");
    let system = folder.path().join("os-release");
    std::fs::write(&system, "ID=rocky\nVERSION_ID=9.5\n").unwrap();
    assert_eq!(bindep(&["--os-release", system.to_str().unwrap()]), "libpq\n");
    std::fs::write(&file, "git [()]\n").unwrap();
    assert_eq!(bindep(&["--compat"]), "git\n");
    let strict = command().arg("bindep").arg(&file).output().unwrap();
    assert_eq!(strict.status.code(), Some(2));
    std::fs::write(&file, "gcc [compile\n").unwrap();
    let wrong = command().arg("bindep").arg(&file).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("bindep.txt:1:"));
}

/// A plan of an empty store makes every layer, touches nothing, and says how much is to be fetched.
#[test]
fn a_plan_tells_what_would_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let plan = |arguments: &[&str]| {
        let mut command = cooperage_with(&root(), &store);
        command.args(["plan", "keystone", "2025.2", "--offline"]).args(arguments);
        command
    };
    let Output { stdout: steps, stderr, .. } = run(&mut plan(&[]));
    let (steps, said) = (String::from_utf8(steps).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(steps.lines().count() >= 4, "{steps}");
    assert!(steps.lines().all(|line| line.starts_with("make   amd64  ")), "{steps}");
    assert!(said.contains("files would be fetched"), "{said}");
    let text = stdout(&mut plan(&["--json", "--arch", "amd64,arm64"]));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["stale"].as_array().unwrap().len(), 0, "{text}");
    let steps = value["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["arch"] == "arm64" && step["done"] == false), "{text}");
    assert!(value["missing"]["files"].as_u64().unwrap() > 150, "{text}");
    assert!(!store.join("derived/layer-1").exists());
}

/// What overrides change is told with who asked for it, and whether anything uses it.
#[test]
fn constraints_are_compared_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let tree = crate::bench::tree_copy(folder.path());
    let home = tree.join("overrides/2025.2");
    let site = "pymysql>=1.1,<1.2  # ours\n# nobody uses it\naodhclient===3.8.0\n\
                # elsewhere\n-zaqarclient-none;platform_machine=='aarch64'\n";
    std::fs::write(home.join("constraints-site.txt"), site).unwrap();
    let store = folder.path().join("store");
    let command = |arguments: &[&str]| {
        let mut command = cooperage_with(&tree, &store);
        command.arg("constraints").args(arguments);
        command
    };
    let wrong = command(&["diff", "2025.2"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        said.contains("constraints-site.txt:5:1: no constraint pins zaqarclient-none"),
        "{said}"
    );

    let site = site.replace("zaqarclient-none", "yappi");
    std::fs::write(home.join("constraints-site.txt"), site).unwrap();
    let diff = stdout(&mut command(&["diff", "2025.2"]));
    let lines: Vec<&str> = diff.lines().collect();
    let from = |start: &str| lines.iter().position(|line| line.starts_with(start)).unwrap();
    let of = |start: &str, count| lines[from(start)..][..count].join("\n");
    assert_eq!(
        of("~ pymysql", 3),
        "~ pymysql===1.1.1 -> pymysql>=1.1,<1.2\n  overrides/2025.2/constraints-site.txt:1:1\n  because: ours"
    );
    assert!(of("~ aodhclient", 4).ends_with("unused: no lock of the release has it"), "{diff}");
    assert!(of("~ yappi", 1).ends_with("not where platform_machine=='aarch64'"), "{diff}");

    let told = stdout(&mut command(&["explain", "2025.2", "PyMySQL"]));
    assert!(
        told.starts_with("pymysql>=1.1,<1.2  overrides/2025.2/constraints-site.txt:1:1\n"),
        "{told}"
    );
    assert!(
        told.contains("\n  instead of: pymysql===1.1.1  releases/2025.2/upper-constraints.txt:")
    );
    assert!(told.contains("\n  locked for debian-trixie: 1.1.1"), "{told}");
    assert_eq!(stdout(&mut command(&["explain", "PyMySQL"])).matches(":\n").count(), 4);
    assert!(stdout(&mut command(&["show", "2025.2"])).contains("\npymysql>=1.1,<1.2\n"));
    let between = stdout(&mut command(&["diff", "2025.1", "2025.2"]));
    assert!(between.contains("~ alembic===1.14.1 -> alembic===1.16.4"), "{between}");
}
