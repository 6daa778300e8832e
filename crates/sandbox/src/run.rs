//! The starter: what the caller's process does.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::diagnose;
use crate::spec::{Aim, Report, Spec, Start};
use crate::stage::OUTER;
use crate::{Finished, Job, Level, Limits, SandboxError, remove};
use crate::{message, root};

/// The most folders under one root. The kernel takes 500, its options have 4,096 bytes.
const MOST_LOWER: usize = 200;

/// The most bytes of arguments and environment (`execve(2)`, with a stack of 8 MiB).
const LONGEST: usize = 2 << 20;

/// How much longer than its limit a sandbox may take before it is ended from outside.
const GRACE: Duration = Duration::from_secs(30);

/// Runs a command in a root file system of its own, to its end.
///
/// What it changed is in `upper/root` afterwards, as an overlay stores it: a file that was deleted
/// is a character device 0:0, and a folder that hides the one below it has the extended attribute
/// `user.overlay.opaque` = `y`. Other attributes `user.overlay.*` mean nothing. Nothing else is
/// left in `upper`; modes may be odd, and [`remove`] takes them away.
///
/// # Errors
/// Where the sandbox cannot be made or the command cannot be started: see [`SandboxError`]. A
/// command that ends badly is no error.
pub fn run(job: &Job<'_>) -> Result<Finished, SandboxError> {
    check(job)?;
    let outcome = start(job.program, &Spec::of(job));
    clean_up(job.upper, outcome.is_ok()).map_err(SandboxError::CleanUp)?;
    outcome
}

/// Leaves in the upper folder what the command wrote, and nothing where it did not run.
fn clean_up(upper: &Path, ran: bool) -> io::Result<()> {
    for name in [root::WORK, root::MOUNT, root::SKELETON] {
        remove(&upper.join(name))?;
    }
    if !ran {
        remove(&upper.join(root::WRITTEN))?;
    }
    match fs_err::remove_file(upper.join(root::PROGRAM)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Tries to make a sandbox as [`run`] makes them, on folders in memory, and runs nothing in it.
/// `program` is as in [`Job`].
///
/// It does not see whether the folders of a job lie on a file system that fits.
///
/// # Errors
/// [`SandboxError::Denied`] where this machine or the container around us denies it; others as
/// [`run`].
pub fn probe(program: &Path) -> Result<Level, SandboxError> {
    let spec = Spec {
        aim: Aim::Probe,
        lower: Vec::new(),
        upper: "/".into(),
        arguments: Vec::new(),
        environment: Vec::new(),
        folder: "/".into(),
        limits: Limits { time: GRACE, scratch: 1 << 20, ..Limits::default() },
    };
    start(program, &spec).map(|_| Level::OneUser)
}

fn check(job: &Job<'_>) -> Result<(), SandboxError> {
    let bad = |reason: String| Err(SandboxError::BadJob { reason });
    let relative =
        job.lower.iter().chain([&job.upper, &job.program]).find(|path| !path.is_absolute());
    let nul = job.arguments.iter().find(|text| text.contains('\0'));
    let names = job.environment.keys();
    let name = names.clone().find(|name| name.is_empty() || name.contains(['\0', '=']));
    let value = job.environment.iter().find(|(_, value)| value.contains('\0'));
    if let Some(path) = relative {
        return bad(format!("{} is not an absolute path", path.display()));
    }
    if job.lower.is_empty() || job.lower.len() > MOST_LOWER {
        return bad(format!("{} lower folders, want 1 to {MOST_LOWER}", job.lower.len()));
    }
    if job.arguments.first().is_none_or(String::is_empty) {
        return bad("it has no command".to_owned());
    }
    if let Some(text) = nul.or(value.map(|(_, value)| value)) {
        return bad(format!("a NUL in `{}`", text.escape_debug()));
    }
    if let Some(name) = name {
        return bad(format!("`{}` cannot be the name of a variable", name.escape_debug()));
    }
    let environment = job.environment.iter().flat_map(|(name, value)| [name, value]);
    let size: usize = job.arguments.iter().chain(environment).map(String::len).sum();
    if size > LONGEST {
        return bad(format!("{size} bytes of arguments and environment, {LONGEST} are possible"));
    }
    if !job.folder.starts_with('/') || job.folder.contains('\0') {
        return bad(format!("the folder `{}` is not absolute", job.folder.escape_debug()));
    }
    if job.limits.processes == 0 {
        return bad("its limit of processes is 0".to_owned());
    }
    let unfit = |source| SandboxError::Upper { path: job.upper.to_owned(), source };
    let mut entries = fs_err::read_dir(job.upper).map_err(|error| unfit(Some(error)))?;
    if entries.next().is_some() { Err(unfit(None)) } else { Ok(()) }
}

fn start(program: &Path, spec: &Spec) -> Result<Finished, SandboxError> {
    let failed = |source| SandboxError::Program { program: program.to_owned(), source };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let (output, stdout) = io::pipe().map_err(failed)?;
    let stderr = stdout.try_clone().map_err(failed)?;
    #[expect(clippy::disallowed_methods, reason = "starting processes is what this crate is for")]
    let mut command = Command::new(program);
    command.arg0(OUTER).env_clear().current_dir("/");
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(stdout).stderr(stderr);
    let mut stage = Stage(command.spawn().map_err(failed)?);
    // It holds our copies of the ends that the stages write to.
    drop(command);

    let keep = spec.limits.output;
    let reader = std::thread::spawn(move || tail(output, keep));
    let parts = spec.encode();
    // One for each stage. A stage that fails early reads no more, and its report tells why.
    let _ = message::send(&parts, &mut &ours).and_then(|()| message::send(&parts, &mut &ours));
    ours.set_read_timeout(Some(spec.limits.time.saturating_add(GRACE))).map_err(failed)?;
    let report = message::receive(&mut &ours).and_then(Report::decode);
    // Ending the first stage ends them all.
    let status = if report.is_ok() { stage.wait() } else { stage.end() };
    let (output, cut) = reader.join().unwrap_or_default();
    let report = report.unwrap_or(Report::Lost { status });
    understand(report, output, cut, (program, spec))
}

fn understand(
    report: Report,
    output: Vec<u8>,
    cut: u64,
    (program, spec): (&Path, &Spec),
) -> Result<Finished, SandboxError> {
    match report {
        Report::Finished { status, processor_time, peak_memory } => {
            Ok(Finished { status, output, cut, processor_time, peak_memory })
        }
        Report::Lost { status } => {
            Err(SandboxError::NoReport { program: program.to_owned(), status, said: said(&output) })
        }
        Report::SetUp { call, subject, errno } => {
            let upper = (spec.aim == Aim::Run).then_some(spec.upper.as_path());
            Err(match diagnose::denied(&call, errno, upper) {
                Some(denied) => SandboxError::Denied(denied),
                None => {
                    let source = io::Error::from_raw_os_error(errno);
                    SandboxError::SetUp { call, subject, source }
                }
            })
        }
        Report::Start { action, subject, errno } => Err(SandboxError::Start {
            action: if action == Start::Folder { "change to the folder" } else { "run" },
            subject,
            source: io::Error::from_raw_os_error(errno),
        }),
    }
}

/// The end of what was printed, in one line: the loader or a panic may tell what is wrong.
fn said(output: &[u8]) -> String {
    let end = &output[output.len().saturating_sub(400)..];
    String::from_utf8_lossy(end).replace(char::is_control, " ")
}

/// The first stage. Dropping it ends it, and the whole sandbox with it. What it returns tells how
/// it ended.
struct Stage(Child);

impl Stage {
    fn wait(&mut self) -> String {
        self.0.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    fn end(&mut self) -> String {
        if let Ok(None) = self.0.try_wait() {
            let _ = self.0.kill();
        }
        self.wait()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads to the end and returns the last `keep` bytes, and how many came before them.
fn tail(mut input: impl Read, keep: usize) -> (Vec<u8>, u64) {
    let (mut kept, mut cut) = (Vec::new(), 0);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => kept.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
        // Seldom, so that each byte is moved about once.
        if kept.len() > keep.saturating_mul(2).max(buffer.len()) {
            cut += shorten(&mut kept, keep);
        }
    }
    cut += shorten(&mut kept, keep);
    (kept, cut)
}

fn shorten(kept: &mut Vec<u8>, keep: usize) -> u64 {
    let over = kept.len().saturating_sub(keep);
    kept.drain(..over);
    over as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_output_is_kept() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
        for keep in [0, 1, 1000, 999_999, 1_000_000, 2_000_000] {
            let (kept, cut) = tail(bytes.as_slice(), keep);
            assert_eq!(kept, bytes[bytes.len().saturating_sub(keep)..]);
            assert_eq!(cut + kept.len() as u64, 1_000_000);
        }
    }
}
