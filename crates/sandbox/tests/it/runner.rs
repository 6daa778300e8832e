//! The little of a test runner that is needed: names, filters, `--ignored`.

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Instant;

use testkit::tool;

/// A test, and whether it makes a sandbox: those need user namespaces, and run with `--ignored`.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) needs_namespaces: bool,
    pub(crate) test: fn(),
}

pub(crate) const fn plain(name: &'static str, test: fn()) -> Test {
    Test { name, needs_namespaces: false, test }
}

pub(crate) const fn sandboxed(name: &'static str, test: fn()) -> Test {
    Test { name, needs_namespaces: true, test }
}

pub(crate) const TESTS: &[Test] = &[sandboxed("all_of_it_as_an_ordinary_user", ordinary_user)];

pub(crate) fn run(tests: &[Test]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let (mut wanted, mut skipped, mut rest) = (Vec::new(), Vec::new(), arguments.iter());
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--skip" => skipped.extend(rest.next()),
            "--test-threads" | "--format" | "--color" => drop(rest.next()),
            option if option.starts_with('-') => {}
            _ => wanted.push(argument),
        }
    }
    let chosen = |test: &&Test| {
        (wanted.is_empty() || wanted.iter().any(|part| test.name.contains(part.as_str())))
            && !skipped.iter().any(|part| test.name.contains(part.as_str()))
    };
    let (mut passed, mut failed, mut ignored) = (0, Vec::new(), 0);
    for test in tests.iter().filter(chosen) {
        if has("--list") {
            println!("{}: test", test.name);
            continue;
        }
        if !has("--include-ignored") && test.needs_namespaces != has("--ignored") {
            ignored += 1;
            continue;
        }
        let began = Instant::now();
        let outcome = if catch_unwind(test.test).is_ok() { "ok" } else { "FAILED" };
        println!("test {} ... {outcome} ({} ms)", test.name, began.elapsed().as_millis());
        if outcome == "ok" { passed += 1 } else { failed.push(test.name) }
    }
    println!("test result: {passed} passed; {} failed; {ignored} not asked for", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// As root, all tests that make sandboxes once more as user 1000.
fn ordinary_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    // The folder of the build may be closed to others.
    let folder = crate::bench::open_folder();
    let program = folder.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    // Its own, so that nothing but the sandbox keeps it from changing the program.
    std::os::unix::fs::chown(&program, Some(1000), Some(1000)).unwrap();
    let words = ["--reuid=1000", "--regid=1000", "--clear-groups"];
    let said = tool("setpriv").args(words).arg(&program).arg("--ignored").text();
    println!("{}", said.trim_end().replace('\n', "\n    "));
}
