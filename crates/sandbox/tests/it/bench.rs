//! A small root file system, and a short way to run something in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sandbox::{Finished, Job, Limits, SandboxError};
use tempfile::TempDir;
use testkit::tool;

/// Programs of the host that the root has, with their libraries.
const PROGRAMS: &str = "bash cat chmod chown cp dd env head hostname id ln ls mkdir mkfifo mknod \
                        mount mv perl rm sleep stat touch unshare wc";

/// A temporary folder that every user may look into.
pub(crate) fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The root file system, made once for all tests: nothing may change it.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        fill(&place_of_root());
        place_of_root()
    })
}

pub(crate) fn place_of_root() -> PathBuf {
    std::env::temp_dir().join(format!("sandbox-root-{}", std::process::id()))
}

fn fill(root: &Path) {
    let mut files = BTreeSet::new();
    let mut add_libraries_of = |path: &Path| {
        let libraries = tool("ldd").arg(path).text();
        let paths = libraries.split_whitespace().filter(|word| word.starts_with('/'));
        files.extend(paths.map(PathBuf::from));
    };
    // This program too, for a command that becomes it.
    add_libraries_of(&std::env::current_exe().unwrap());
    for name in PROGRAMS.split_whitespace() {
        let path = tool("sh").args(["-c", &format!("command -v {name}")]).text();
        let path = fs::canonicalize(path.trim()).unwrap();
        add_libraries_of(&path);
        let place = root.join("bin").join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&path, &place).unwrap();
    }
    for file in files {
        let place = root.join(file.strip_prefix("/").unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&file, &place).unwrap();
    }
    fs::create_dir_all(root.join("etc/deep/er")).unwrap();
    fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/bash\n").unwrap();
    fs::write(root.join("etc/deep/er/file"), "lower\n").unwrap();
}

/// Runs bash with this script and the default limits; it must be possible.
#[track_caller]
pub(crate) fn bash(script: &str) -> Finished {
    bash_within(script, Limits::default())
}

#[track_caller]
pub(crate) fn bash_within(script: &str, limits: Limits) -> Finished {
    let upper = tempfile::tempdir().unwrap();
    let finished = try_bash(script, limits, upper.path()).unwrap();
    sandbox::remove(upper.path()).unwrap();
    finished
}

/// What bash printed, when it ended well.
#[track_caller]
pub(crate) fn said(script: &str) -> String {
    let finished = bash(script);
    let output = String::from_utf8(finished.output.clone()).unwrap();
    assert!(finished.success(), "{}: {output}", finished.status);
    output
}

pub(crate) fn try_bash(
    script: &str,
    limits: Limits,
    upper: &Path,
) -> Result<Finished, SandboxError> {
    try_run(&["/bin/bash", "-c", script], &[root()], limits, upper)
}

pub(crate) fn try_run(
    words: &[&str],
    lower: &[&Path],
    limits: Limits,
    upper: &Path,
) -> Result<Finished, SandboxError> {
    let arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let environment = BTreeMap::from([("PATH".to_owned(), "/bin".to_owned())]);
    sandbox::run(&Job {
        program: Path::new("/proc/self/exe"),
        lower,
        upper,
        arguments: &arguments,
        environment: &environment,
        folder: "/",
        limits,
    })
}
