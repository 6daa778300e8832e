//! What the tests of this binary share: the command, its tree, a store, and other programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The command under test, with nothing said yet.
pub(crate) fn bare() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cooperage"))
}

/// The command under test, in the tree of this repository and with the store of the tests.
pub(crate) fn cooperage() -> Command {
    let mut command = bare();
    command.arg("--root").arg(root()).arg("--store").arg(store());
    command
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A copy of all that a user edits, to be changed. Its locks come along.
pub(crate) fn tree_copy(folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    std::fs::create_dir(&tree).unwrap();
    for part in ["releases", "services", "distros", "overrides", "patches"] {
        run(Command::new("cp").arg("-r").arg(root().join(part)).arg(&tree));
    }
    tree
}

/// As [`cooperage`], on another tree.
pub(crate) fn cooperage_on(tree: &Path) -> Command {
    cooperage_with(tree, &store())
}

/// As [`cooperage`], on another tree and with another store.
pub(crate) fn cooperage_with(tree: &Path, store: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cooperage"));
    command.arg("--root").arg(tree).arg("--store").arg(store);
    command
}

/// One store for all tests, so that the packages are fetched once.
pub(crate) fn store() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("store")
}

/// A store in `folder` with all that has been fetched for the tests, as links, and nothing made of it.
pub(crate) fn fetched_alone(folder: &Path) -> PathBuf {
    let (from, cold) = (store(), folder.join("store"));
    std::fs::create_dir(&cold).unwrap();
    for part in ["blobs", "format"] {
        run(Command::new("cp").arg("-al").arg(from.join(part)).arg(&cold));
    }
    cold
}

/// Runs to the end; shows all that was said where it fails.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    output
}

/// Runs to the end and gives what it printed.
pub(crate) fn stdout(command: &mut Command) -> String {
    String::from_utf8(run(command).stdout).unwrap()
}

/// Runs a line of shell with `folder` as its working directory, and gives what it printed.
pub(crate) fn shell(folder: &Path, line: &str) -> String {
    stdout(Command::new("bash").args(["-euo", "pipefail", "-c", line]).current_dir(folder))
}

/// Builds the service into `out` and gives the path of its image layout.
pub(crate) fn build(service: &str, release: &str, out: &Path) -> PathBuf {
    build_on("debian-trixie", service, release, out)
}

/// The same on another distribution.
pub(crate) fn build_on(distro: &str, service: &str, release: &str, out: &Path) -> PathBuf {
    let build = ["build", service, release, "--distro", distro, "--locked", "--out"];
    run(cooperage().args(build).arg(out));
    out.join(release).join(service).join("oci")
}

/// The digest of the one image in a layout.
pub(crate) fn image_digest(layout: &Path) -> String {
    let index = std::fs::read_to_string(layout.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let manifests = index["manifests"].as_array().unwrap();
    assert_eq!(manifests.len(), 1, "one image was expected");
    manifests[0]["digest"].as_str().unwrap().to_owned()
}

/// A JSON blob of a layout.
pub(crate) fn json_blob(layout: &Path, digest: &str) -> serde_json::Value {
    let path = layout.join("blobs").join(digest.replace(':', "/"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The manifest and the configuration of the one image in a layout.
pub(crate) fn manifest_and_config(layout: &Path) -> (serde_json::Value, serde_json::Value) {
    let manifest = json_blob(layout, &image_digest(layout));
    let config = json_blob(layout, manifest["config"]["digest"].as_str().unwrap());
    (manifest, config)
}

/// Unpacks the one image of a layout with umoci; gives the root file system.
pub(crate) fn unpack(layout: &Path, folder: &Path) -> PathBuf {
    let (_, config) = manifest_and_config(layout);
    let tag = config["config"]["Labels"]["org.opencontainers.image.version"].as_str().unwrap();
    let image = format!("{}:{}", layout.display(), tag.replace('+', "-"));
    let bundle = folder.join("bundle");
    run(Command::new("umoci").args(["unpack", "--image", &image]).arg(&bundle));
    bundle.join("rootfs")
}

/// A function of the shell, `front_page PYTHON PORT LOG`: asks the server on a port for its front page as soon
/// as it is there, and prints `status` and the number; if it never is, what it has logged.
pub(crate) const FRONT_PAGE: &str = r#"
front_page() {
    "$1" - "$2" "$3" <<'END'
import sys, time, urllib.error, urllib.request
for attempt in range(240):
    try:
        status = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/", timeout=60).status
        break
    except urllib.error.HTTPError as answer:
        status = answer.code
        break
    except OSError:
        time.sleep(0.5)
else:
    raise SystemExit(open(sys.argv[2]).read())
print("status", status)
END
}
"#;

/// Writes `signing.toml` into a folder: the key of tests, for these uses.
pub(crate) fn signing_file(folder: &Path, uses: &[&str]) {
    let key = root().join("crates/signer/tests/fixtures/secret.asc");
    let text =
        format!("[[key]]\nname = \"test\"\nuse = {uses:?}\nopenpgp-file = \"{}\"\n", key.display());
    std::fs::write(folder.join("signing.toml"), text).unwrap();
}
