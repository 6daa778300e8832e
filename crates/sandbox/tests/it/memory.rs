//! What a program keeps of the memory that it has freed.

use std::hint::black_box;
use std::process::ExitCode;

use testkit::tool;

use crate::runner::{Test, plain};

pub(crate) const TESTS: &[Test] = &[plain("freed_memory_goes_back_to_the_system", freed)];

/// What this program does when the test starts it again: after blocks of 24 MiB in several threads were
/// freed, it tells how many MiB it holds.
pub(crate) fn play(role: &str) -> ExitCode {
    if role == "role:returns" {
        sandbox::return_freed_memory();
    }
    for _ in 0..4 {
        std::thread::spawn(|| {
            // The second is where the first has been, or behind it.
            for _ in 0..2 {
                black_box(vec![1_u8; 24 << 20]);
            }
        })
        .join()
        .unwrap();
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let held = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    let kilobytes: u64 = held.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    println!("{}", kilobytes >> 10);
    ExitCode::SUCCESS
}

fn freed() {
    let held = |role: &str| -> u64 {
        let again = tool(std::env::current_exe().unwrap().to_str().unwrap()).arg(role).text();
        again.trim().parse().unwrap()
    };
    let (kept, returned) = (held("role:keeps"), held("role:returns"));
    assert!(returned < 8, "{returned} MiB, {kept} MiB without");
    // Else this test would say nothing.
    assert!(!cfg!(target_env = "gnu") || kept >= 24, "{kept} MiB");
}
