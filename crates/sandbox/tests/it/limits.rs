//! What a command may use.

use std::time::{Duration, Instant};

use sandbox::{Limit, Limits, Status};

use crate::bench::{bash, bash_within};
use crate::runner::{Test, sandboxed};

pub(crate) const TESTS: &[Test] = &[
    sandboxed("time_is_limited_for_descendants_too", time),
    sandboxed("memory_is_limited", memory),
    sandboxed("a_fork_bomb_is_limited", processes),
    sandboxed("files_are_limited", files),
    sandboxed("scratch_is_limited", scratch),
    sandboxed("output_is_cut_at_its_beginning", output),
    sandboxed("use_is_measured", measured),
];

fn time() {
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    // Grandchildren in sessions of their own, which ignore signals.
    let script = "trap '' TERM INT HUP; (perl -e 'use POSIX; 1' ; sleep 100 & sleep 100) & \
                  while :; do sleep 100; done";
    let began = Instant::now();
    let finished = bash_within(script, limits);
    assert_eq!(finished.status, Status::Over(Limit::Time));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(finished.status.to_string(), "the time limit was reached");
}

fn memory() {
    let limits = Limits { memory: 100 << 20, ..Limits::default() };
    let one = bash_within("perl -e '$x = \"x\" x (300 << 20); print length $x'", limits);
    assert!(matches!(one.status, Status::Code(1..) | Status::Signal(_)), "{one:?}");
    // Each below the limit, all together above.
    let script = "for i in 1 2 3 4; do perl -e '$x = \"x\" x (20 << 20); sleep 20' & done; wait";
    let several = bash_within(script, limits);
    assert_eq!(several.status, Status::Over(Limit::Memory));
    assert!(several.peak_memory > 100 << 20);
    let fits = bash_within("perl -e '$x = \"x\" x (20 << 20); print length $x'", limits);
    assert_eq!(fits.output, (20 << 20).to_string().as_bytes());
}

fn processes() {
    let limits = Limits { processes: 40, time: Duration::from_secs(20), ..Limits::default() };
    let began = Instant::now();
    let bomb = bash_within(":() { : | : & }; :; sleep 60", limits);
    assert_eq!(bomb.status, Status::Over(Limit::Processes));
    assert!(began.elapsed() < Duration::from_secs(10));
    let fits = bash_within("for i in {1..30}; do sleep 0.1 & done; wait; echo fine", limits);
    assert_eq!(fits.output, b"fine\n");
}

fn files() {
    let limits = Limits { file: 1 << 20, ..Limits::default() };
    let finished = bash_within("exec dd if=/dev/zero of=/big bs=64k count=100", limits);
    assert_eq!(finished.status, Status::Over(Limit::File));
    assert!(bash_within("dd if=/dev/zero of=/fits bs=64k count=16 2>/dev/null", limits).success());
    // A command may make something else of what happened to its child.
    assert_eq!(
        bash_within("dd if=/dev/zero of=/big bs=64k count=100; exit 7", limits).status,
        Status::Code(7)
    );
}

fn scratch() {
    let limits = Limits { scratch: 1 << 20, ..Limits::default() };
    for place in ["/tmp", "/run", "/dev/shm"] {
        let finished =
            bash_within(&format!("dd if=/dev/zero of={place}/x bs=64k count=32 2>&1"), limits);
        assert!(String::from_utf8_lossy(&finished.output).contains("No space left"), "{place}");
    }
}

fn output() {
    let limits = Limits { output: 10, ..Limits::default() };
    let finished = bash_within("echo first; echo second >&2; echo third; echo fourth >&2", limits);
    assert_eq!((finished.output.as_slice(), finished.cut), (b"rd\nfourth\n".as_slice(), 16));
    let finished = bash("for i in {1..300}; do echo out $i; echo err $i >&2; done");
    let text = String::from_utf8(finished.output).unwrap();
    let want: String = (1..=300).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!(text, want);
}

fn measured() {
    let finished = bash("perl -e '$x = \"x\" x (30 << 20); for (1..6000000) { $y += $_ }' & wait");
    assert!(finished.processor_time > Duration::from_millis(50), "{finished:?}");
    assert!(finished.processor_time < Duration::from_secs(20), "{finished:?}");
    assert!((30 << 20..200 << 20).contains(&finished.peak_memory), "{finished:?}");
}
