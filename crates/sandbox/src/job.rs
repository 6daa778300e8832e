//! What is to be run, and what came of it: plain data.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// One command in one root file system.
///
/// All paths are absolute paths of the host, but for `folder` and what is in `arguments`, which are
/// paths inside the sandbox.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The executable whose `main` begins with [`reenter`](crate::reenter): it becomes the stages
    /// of the sandbox. A command passes its own path, or `/proc/self/exe`.
    pub program: &'a Path,
    /// Folders that make the root file system, topmost first, at most 200. They are read only, and
    /// their files must belong to the user who runs the job: [`write_tree`](crate::write_tree)
    /// makes such folders.
    pub lower: &'a [&'a Path],
    /// An existing, empty folder, on a file system that an overlay can write to (not an overlay
    /// itself). What the command writes and deletes is in its folder `root` afterwards, as an
    /// overlay stores it: see [`run`](crate::run).
    pub upper: &'a Path,
    /// The command and its arguments. A name without a slash is looked up in the `PATH` of
    /// `environment`.
    pub arguments: &'a [String],
    /// The whole environment: nothing is inherited.
    pub environment: &'a BTreeMap<String, String>,
    /// The working directory.
    pub folder: &'a str,
    /// What the command may use.
    pub limits: Limits,
}

/// What a command may use. What it writes to the disk in all is not limited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Wall time.
    pub time: Duration,
    /// Bytes of memory: of private data for each process (`RLIMIT_DATA`, `setrlimit(2)`: allocation
    /// fails beyond it), and for all together of what is resident, not counting files; beyond that
    /// the command is killed. What processes share counts for each.
    pub memory: u64,
    /// Processes and threads at a time, at least 1. Beyond that the command is killed.
    pub processes: u64,
    /// Bytes of the largest file that may be written (`RLIMIT_FSIZE`: the writer gets `SIGXFSZ`).
    pub file: u64,
    /// Bytes that `/tmp`, `/run` and `/dev/shm` may hold, each. They lie in memory.
    pub scratch: u64,
    /// Bytes kept of what the command prints: the last ones.
    pub output: usize,
}

impl Default for Limits {
    /// An hour, 4 GiB of memory, 1,024 processes, files and scratch of 4 GiB, 1 MiB of output:
    /// enough for the build of a Python package with extensions in C.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(3600),
            memory: 4 << 30,
            processes: 1024,
            file: 4 << 30,
            scratch: 4 << 30,
            output: 1 << 20,
        }
    }
}

/// A command that was run to its end. All its processes are gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finished {
    /// How it ended.
    pub status: Status,
    /// The last bytes of what it and its descendants printed to standard output and standard error,
    /// in the order they came.
    pub output: Vec<u8>,
    /// How many bytes were printed before those.
    pub cut: u64,
    /// Processor time of all its processes, user and system.
    pub processor_time: Duration,
    /// The most memory in bytes that was seen: of the largest process, or, looked at every 25 ms,
    /// of all together without files.
    pub peak_memory: u64,
}

impl Finished {
    /// Whether the command ended by itself with the code 0.
    pub fn success(&self) -> bool {
        self.status == Status::Code(0)
    }
}

/// How a command ended. As text: `exit code 1`, `killed by signal 11`, `the time limit was
/// reached`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// By itself, with this code.
    Code(u8),
    /// By this signal (`signal(7)`).
    Signal(u8),
    /// It was killed, with all its descendants, because it went over a limit.
    Over(Limit),
}

/// A limit that ends a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// [`Limits::time`].
    Time,
    /// [`Limits::memory`], of all processes together.
    Memory,
    /// [`Limits::processes`].
    Processes,
    /// [`Limits::file`]: the command itself was ended by `SIGXFSZ`. Where that hit a process that
    /// it started, the command says what it makes of it.
    File,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Code(code) => write!(f, "exit code {code}"),
            Status::Signal(signal) => write!(f, "killed by signal {signal}"),
            Status::Over(limit) => {
                let name = match limit {
                    Limit::Time => "time",
                    Limit::Memory => "memory",
                    Limit::Processes => "process",
                    Limit::File => "file size",
                };
                write!(f, "the {name} limit was reached")
            }
        }
    }
}

/// How much of a sandbox can be had on a machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Level {
    /// All namespaces, with one user inside; changes of owners seem to work.
    OneUser,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Level::OneUser => f.write_str("user namespaces, one user"),
        }
    }
}
