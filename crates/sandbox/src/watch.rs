//! The command from its start to its end, with all its descendants.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitOptions, WaitStatus, pidfd_open, wait};

use crate::failure::{Failure, Step as _};
use crate::spec::Report;
use crate::stage::starter_is_gone;
use crate::{Limit, Limits, Status};

/// How long it may take until a limit is noticed.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 25_000_000 };

/// Waits until the command ends, a limit is reached or the starter is gone; then ends every
/// process.
pub(crate) fn to_the_end(
    command: Pid,
    limits: &Limits,
    stream: &UnixStream,
) -> Result<Report, Failure> {
    let began = Instant::now();
    let handle = pidfd_open(command, PidfdFlags::empty()).step("pidfd_open", "")?;
    let mut peak = 0;
    let status = loop {
        let mut fds = [PollFd::new(&handle, PollFlags::IN), PollFd::new(stream, PollFlags::RDHUP)];
        // A signal only makes it shorter.
        let _ = poll(&mut fds, Some(&TICK));
        if let Some(status) = reap(command, WaitOptions::NOHANG) {
            break status;
        }
        if starter_is_gone(stream) {
            // The kernel ends all others with the first process of the namespace.
            std::process::exit(1);
        }
        if began.elapsed() >= limits.time {
            break Status::Over(Limit::Time);
        }
        let use_now = in_use();
        peak = peak.max(use_now.memory);
        if use_now.memory > limits.memory {
            break Status::Over(Limit::Memory);
        }
        if use_now.processes > limits.processes {
            break Status::Over(Limit::Processes);
        }
    };
    kill_all();
    reap(command, WaitOptions::empty());
    let (processor_time, largest) = used();
    Ok(Report::Finished { status, processor_time, peak_memory: peak.max(largest) })
}

/// Takes the ends of all processes that have ended, or with other options than `NOHANG` of all
/// until there is none; returns the command's.
fn reap(command: Pid, options: WaitOptions) -> Option<Status> {
    let mut status = None;
    loop {
        match wait(options) {
            Ok(Some((pid, end))) if pid == command => status = Some(meaning(end)),
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) | Err(_) => return status,
        }
    }
}

fn meaning(end: WaitStatus) -> Status {
    match (end.exit_status(), end.terminating_signal()) {
        (_, Some(libc::SIGXFSZ)) => Status::Over(Limit::File),
        (_, Some(signal)) => Status::Signal(signal as u8),
        (code, None) => Status::Code(code.unwrap_or_default() as u8),
    }
}

/// Kills every process of the namespace but this one.
fn kill_all() {
    #[expect(unsafe_code, reason = "rustix has no form of kill for all processes")]
    // SAFETY: kill takes numbers alone. This is the first process of its namespace, so -1 means
    // those in it.
    let _ = unsafe { libc::kill(-1, libc::SIGKILL) };
}

/// Processor time and the size in bytes of the largest of the processes that have ended.
fn used() -> (Duration, u64) {
    #[expect(unsafe_code, reason = "rustix has no getrusage")]
    // SAFETY: the structure holds integers alone, and the call fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.unsigned_abs())
            + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    (time(usage.ru_utime) + time(usage.ru_stime), usage.ru_maxrss.unsigned_abs() * 1024)
}

/// What all processes but this one use at a moment.
#[derive(Debug, Default, Eq, PartialEq)]
struct InUse {
    /// Processes and threads.
    processes: u64,
    /// Bytes that are no file's.
    memory: u64,
}

fn in_use() -> InUse {
    let mut sum = InUse::default();
    let Ok(entries) = std::fs::read_dir("/proc") else { return sum };
    for entry in entries.flatten() {
        let number = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if number.is_none_or(|number| number == 1) {
            continue;
        }
        // It may have ended in the meantime.
        if let Ok(text) = read(&entry.path().join("status")) {
            let one = parse_status(&text);
            sum.processes += one.processes;
            sum.memory += one.memory;
        }
    }
    sum
}

fn read(path: &std::path::Path) -> io::Result<String> {
    fs_err::read_to_string(path)
}

/// Reads `/proc/PID/status` (`proc_pid_status(5)`).
fn parse_status(text: &str) -> InUse {
    let mut found = InUse::default();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let number = value.split_whitespace().next().and_then(|text| text.parse::<u64>().ok());
        match (name, number) {
            ("RssAnon" | "RssShmem" | "VmSwap", Some(kilobytes)) => found.memory += kilobytes << 10,
            ("Threads", Some(threads)) => found.processes = threads,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_is_not_in_files() {
        let text = "Name:\tx:y\nVmRSS:\t 100 kB\nRssAnon:\t  20 kB\nRssFile:\t  70 kB\n\
                    RssShmem:\t  10 kB\nVmSwap:\t 1 kB\nThreads:\t3\n";
        assert_eq!(parse_status(text), InUse { processes: 3, memory: 31 << 10 });
        // A process that has ended and is not taken yet.
        assert_eq!(parse_status("Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n").processes, 1);
        assert_eq!(parse_status("no\n:\n"), InUse::default());
    }
}
