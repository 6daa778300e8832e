//! How commands end, and what is left of them.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sandbox::{Limits, Status};

use crate::bench::{bash, open_folder, root, said, try_run};
use crate::runner::{Test, sandboxed};

pub(crate) const TESTS: &[Test] = &[
    sandboxed("codes_and_signals_come_through", codes),
    sandboxed("nothing_outlives_the_command", survivors),
    sandboxed("all_end_with_the_starter", starter),
    sandboxed("two_at_once", two),
    sandboxed("open_files_are_not_inherited", inherited),
    sandboxed("a_killed_stage_is_named", killed),
    sandboxed("set_up_is_fast", fast),
];

/// What this program does when a test starts it again: with an upper folder, the root and a script.
pub(crate) fn play(role: &str) -> ExitCode {
    if role == "role:become" {
        let mode = fs::Permissions::from_mode(0o777);
        println!("{}", fs::set_permissions("/proc/self/exe", mode).unwrap_err());
        let written = fs::OpenOptions::new().append(true).open("/proc/self/exe");
        println!("{}", written.unwrap_err());
        return ExitCode::SUCCESS;
    }
    if role == "role:filtered" {
        refuse_namespaces();
    }
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let [upper, lower, script] = arguments.as_slice() else { return ExitCode::FAILURE };
    let lower = [Path::new(lower)];
    match try_run(&["bash", "-c", script], &lower, Limits::default(), Path::new(upper)) {
        Ok(finished) => {
            let output = String::from_utf8_lossy(&finished.output);
            println!("{role} {} {output:?}", finished.status);
        }
        Err(error) => println!("{role} {error}"),
    }
    ExitCode::SUCCESS
}

/// What container engines do by default to the processes in a container.
fn refuse_namespaces() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let calls = [(libc::SYS_unshare, Vec::new())].into();
    let filter = SeccompFilter::new(calls, SeccompAction::Allow, refused, arch).unwrap();
    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}

fn codes() {
    for (script, want) in [
        ("true", Status::Code(0)),
        ("exit 1", Status::Code(1)),
        ("exit 255", Status::Code(255)),
        ("kill -9 $$", Status::Signal(9)),
        ("kill -TERM $$", Status::Signal(15)),
        ("kill -SEGV $$", Status::Signal(11)),
        ("perl -e 'kill 9, $$'; exit 3", Status::Code(3)),
        // A reader that ends early ends the writer.
        (
            "{ perl -e 'print \"x\\n\" while 1'; echo $? >&2; } | head -n 1; exit ${PIPESTATUS[0]}",
            Status::Code(0),
        ),
    ] {
        assert_eq!(bash(script).status, want, "{script}");
    }
}

fn survivors() {
    let began = Instant::now();
    let finished = bash("trap '' HUP; sleep 1000 & (sleep 1000 & ) ; disown -a; exit 4");
    assert_eq!(finished.status, Status::Code(4));
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(sleepers("1000"), 0);
    // Orphans are taken, so their number does not grow.
    assert_eq!(
        said("for i in {1..50}; do (sleep 0 &); done; sleep 0.3; echo /proc/[0-9]*"),
        "/proc/1 /proc/2\n"
    );
}

fn starter() {
    let upper = open_folder();
    let seconds = format!("4{:05}", std::process::id() % 100_000);
    let mut starter = Command::new(std::env::current_exe().unwrap())
        .arg("role:starter")
        .arg(upper.path())
        .arg(root())
        .arg(format!("perl -e 'fork; fork; exec \"sleep\", {seconds}'"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(|| sleepers(&seconds) == 4);
    starter.kill().unwrap();
    starter.wait().unwrap();
    wait_for(|| sleepers(&seconds) == 0);
    // What was left can be taken away.
    assert!(upper.path().join("work").exists());
    sandbox::remove(upper.path()).unwrap();
    fs::create_dir(upper.path()).unwrap();
}

#[track_caller]
fn wait_for(mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(10), "it does not come");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Processes of this machine that are `sleep` with this argument.
fn sleepers(argument: &str) -> usize {
    let want = format!("sleep\0{argument}\0").into_bytes();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| fs::read(entry.path().join("cmdline")).is_ok_and(|line| line == want))
        .count()
}

fn two() {
    let began = Instant::now();
    let threads: Vec<_> = (0..2)
        .map(|number| {
            thread::spawn(move || {
                said(&format!("echo {number} > /etc/own; sleep 1; cat /etc/own; echo /proc/[0-9]*"))
            })
        })
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), format!("{number}\n/proc/1 /proc/2\n"));
    }
    assert!(began.elapsed() < Duration::from_millis(1900), "{:?}", began.elapsed());
}

fn inherited() {
    let folder = open_folder();
    let upper = folder.path().join("upper");
    fs::create_dir(&upper).unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    let mut child = Command::new("bash")
        .args([
            "-c",
            "trap '' INT USR1; exec 7<\"$1\" 9</; exec \"$0\" role:inherited \"$2\" \"$3\" \
             'ls /proc/self/fd; cat <&7; cat /proc/self/status'",
        ])
        .arg(std::env::current_exe().unwrap())
        .arg(folder.path().join("secret"))
        .arg(&upper)
        .arg(root())
        .env("LEAK", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    assert!(text.contains("0\\n1\\n2\\n3\\n") && text.contains("7: Bad file descriptor"), "{text}");
    let ignored = text.split("SigIgn:\\t").nth(1).unwrap().split('\\').next().unwrap();
    // The numbers 32 and 33 are the C library's own.
    assert_eq!(u64::from_str_radix(ignored, 16).unwrap() & !(3 << 31), 0, "{ignored}");
    sandbox::remove(&upper).unwrap();
}

fn killed() {
    let upper = open_folder();
    let place = upper.path().to_owned();
    let runs = thread::spawn(move || {
        try_run(&["sleep", "777"], &[root()], Limits::default(), &place).map_err(|e| e.to_string())
    });
    wait_for(|| sleepers("777") == 1);
    let second = fs::read_dir("/proc").unwrap().flatten().find(|entry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let parent = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        line.starts_with(b"cooperage-sandbox-inner") && parent.contains("NoNewPrivs:\t1")
    });
    testkit::tool("kill").arg("-9").arg(second.unwrap().file_name()).run();
    let error = runs.join().unwrap().unwrap_err();
    assert!(error.contains("without a report (signal: 9 (SIGKILL))"), "{error}");
    assert_eq!(sleepers("777"), 0);
    assert_eq!(fs::read_dir(upper.path()).unwrap().count(), 0);
}

/// Not a benchmark, but what takes longer than this is a fault.
fn fast() {
    let times = (0..20).map(|_| {
        let began = Instant::now();
        said("true");
        began.elapsed()
    });
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    println!("    one sandbox: {:?} at best, {:?} in the middle", times[0], times[10]);
    assert!(times[0] < Duration::from_millis(200));
}
