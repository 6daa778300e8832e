//! What cannot be run, and how it is said.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use sandbox::{Cause, Job, Limits, SandboxError};
use testkit::tool;

use crate::bench::{open_folder, root, try_bash, try_run};
use crate::runner::{Test, plain, sandboxed};

pub(crate) const TESTS: &[Test] = &[
    plain("jobs_that_make_no_sense_are_refused", bad_jobs),
    plain("a_program_that_does_not_reenter_is_named", stranger),
    sandboxed("commands_that_are_not_there", missing),
    sandboxed("used_folders_are_refused", used),
    sandboxed("a_probe_says_yes", probe),
    sandboxed("denied_namespaces_are_named", denied),
    sandboxed("an_overlay_on_an_overlay_is_named", overlay_on_overlay),
    sandboxed("links_in_the_root_do_not_lead_out", links),
];

fn text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}

fn bad_jobs() {
    let folder = open_folder();
    let none = BTreeMap::new();
    let words = ["true".to_owned()];
    let good = Job {
        program: Path::new("/proc/self/exe"),
        lower: &[Path::new("/nowhere")],
        upper: folder.path(),
        arguments: &words,
        environment: &none,
        folder: "/",
        limits: Limits::default(),
    };
    let nul = ["a\0".to_owned()];
    let equals = BTreeMap::from([("A=".to_owned(), String::new())]);
    for (job, want) in [
        (Job { lower: &[], ..good }, "0 lower folders, want 1 to 200"),
        (Job { lower: &[Path::new("a")], ..good }, "a is not an absolute path"),
        (Job { program: Path::new("a"), ..good }, "a is not an absolute path"),
        (Job { arguments: &[], ..good }, "it has no command"),
        (Job { arguments: &nul, ..good }, "a NUL in `a\\0`"),
        (Job { environment: &equals, ..good }, "`A=` cannot be the name of a variable"),
        (Job { folder: "tmp", ..good }, "the folder `tmp` is not absolute"),
        (
            Job { limits: Limits { processes: 0, ..good.limits }, ..good },
            "its limit of processes is 0",
        ),
    ] {
        let error = sandbox::run(&job).unwrap_err();
        assert_eq!(error.to_string(), format!("the job for the sandbox cannot be run: {want}"));
    }
    let nowhere = Job { upper: Path::new("/nowhere"), ..good };
    assert!(matches!(sandbox::run(&nowhere), Err(SandboxError::Upper { source: Some(_), .. })));
}

fn stranger() {
    let error = sandbox::probe(Path::new("/bin/true")).unwrap_err();
    assert!(matches!(error, SandboxError::NoReport { .. }), "{error:?}");
    assert!(error.to_string().contains("sandbox::reenter()"));
    assert!(matches!(sandbox::probe(Path::new("/nowhere")), Err(SandboxError::Program { .. })));
}

fn missing() {
    for (words, lower, want) in [
        (&["nothing-there"], root(), "cannot run `nothing-there` in the sandbox: No such file"),
        (&["/etc/passwd"], root(), "cannot run `/etc/passwd` in the sandbox: Permission denied"),
        (&["bash"], Path::new("/nowhere"), "`open` failed for /nowhere: No such file"),
    ] {
        let upper = open_folder();
        let error = try_run(words, &[lower], Limits::default(), upper.path()).unwrap_err();
        assert!(text(&error).contains(want), "{}", text(&error));
        let left: Vec<_> = fs::read_dir(upper.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    let upper = open_folder();
    let none = BTreeMap::new();
    let error = sandbox::run(&Job {
        program: Path::new("/proc/self/exe"),
        lower: &[root()],
        upper: upper.path(),
        arguments: &["/bin/bash".to_owned()],
        environment: &none,
        folder: "/not/here",
        limits: Limits::default(),
    });
    let error = text(&error.unwrap_err());
    assert!(error.starts_with("cannot change to the folder `/not/here` in the sandbox: No such"));
}

fn used() {
    let upper = open_folder();
    try_bash("true", Limits::default(), upper.path()).unwrap();
    let error = try_bash("true", Limits::default(), upper.path()).unwrap_err();
    assert!(matches!(error, SandboxError::Upper { source: None, .. }), "{error:?}");
}

fn probe() {
    let level = sandbox::probe(Path::new("/proc/self/exe")).unwrap();
    assert_eq!(level.to_string(), "user namespaces, one user");
}

/// Tells what the test's own program says inside another sandbox that denies something.
fn within(bwrap: &[&str]) -> String {
    let upper = open_folder();
    let output = Command::new("bwrap")
        .args(["--dev-bind", "/", "/", "--unshare-user"])
        .args(bwrap)
        .arg(std::env::current_exe().unwrap())
        .arg("role:within")
        .arg(upper.path())
        .arg(root())
        .arg("echo inside")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn denied() {
    let said = within(&["--disable-userns"]);
    let want = "no sandbox can be made here: `unshare(user, mount, pid, ipc, uts, net)` was \
                refused (No space left on device (os error 28)). No more namespaces may be made: an \
                administrator can raise `sysctl user.max_user_namespaces`";
    assert!(said.contains(want), "{said}");
    // Another sandbox around it that allows namespaces is fine.
    assert!(within(&[]).contains("exit code 0 \"inside\\n\""));
    // As container engines do it.
    let upper = open_folder();
    let said = tool(std::env::current_exe().unwrap().to_str().unwrap());
    let said = said.arg("role:filtered").arg(upper.path()).arg(root()).arg("echo inside").text();
    assert!(
        said.contains("was refused (Operation not permitted (os error 1)). A seccomp"),
        "{said}"
    );
    let said = within(&["--tmpfs", "/proc/fs"]);
    assert!(
        said.contains("`mount(proc)` was refused") && said.contains("parts of /proc"),
        "{said}"
    );
}

fn overlay_on_overlay() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = open_folder();
    let at = |name: &str| folder.path().join(name);
    for name in ["lower", "upper", "work", "over"] {
        fs::create_dir(at(name)).unwrap();
    }
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        at("lower").display(),
        at("upper").display(),
        at("work").display()
    );
    let mounted =
        Command::new("mount").args(["-t", "overlay", "x", "-o", &options]).arg(at("over")).status();
    assert!(mounted.unwrap().success());
    let inner = at("over").join("inner");
    fs::create_dir(&inner).unwrap();
    let error = try_bash("true", Limits::default(), &inner);
    assert!(Command::new("umount").arg(at("over")).status().unwrap().success());
    let Err(SandboxError::Denied(denied)) = error else { panic!("{error:?}") };
    assert_eq!(denied.cause, Cause::FileSystem("an overlay itself".to_owned()));
}

fn links() {
    for (name, target) in [("proc", "/etc"), ("dev", "../../../../dev"), ("tmp", "etc")] {
        let folder = open_folder();
        std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
        let upper = open_folder();
        let lower = [folder.path(), root()];
        let error = try_run(&["bash"], &lower, Limits::default(), upper.path()).unwrap_err();
        assert!(text(&error).contains(&format!("a real folder of the root)` failed for /{name}")));
    }
}
