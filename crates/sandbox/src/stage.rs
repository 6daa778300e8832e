//! The first stage: a process in namespaces of its own, which starts the second one inside.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::process::Signal;
use rustix::thread::UnshareFlags;

use crate::failure::{Failure, Step as _};
use crate::message;
use crate::spec::{Aim, Report, Spec};
use crate::{inside, rights, root};

/// The name under which the starter runs the first stage.
pub(crate) const OUTER: &str = "cooperage-sandbox-outer";
/// The name under which the first stage runs the second.
const INNER: &str = "cooperage-sandbox-inner";

type Stage = fn(&UnixStream, Spec) -> Result<(), Failure>;

/// Becomes a stage of a sandbox, where this process was started as one, and never returns then;
/// otherwise returns at once.
///
/// Call it first thing in `main`, while the process has one thread: the kernel makes no user
/// namespace for a process with several (`unshare(2)`).
pub fn reenter() {
    let Some(name) = std::env::args_os().next() else { return };
    let run: Stage = match name.as_bytes() {
        name if name == OUTER.as_bytes() => outer,
        name if name == INNER.as_bytes() => inside::run,
        _ => return,
    };
    // Without the stream there is nobody to tell.
    let Ok(stream) = take_stdin() else { std::process::exit(1) };
    let spec = message::receive(&mut &stream).and_then(Spec::decode);
    let Ok(spec) = spec else { std::process::exit(1) };
    if let Err(Failure(report)) = run(&stream, spec) {
        let _ = message::send(&report.encode(), &mut &stream);
    }
    std::process::exit(0)
}

/// The stream to the starter, which came as standard input; /dev/null takes its place.
fn take_stdin() -> io::Result<UnixStream> {
    let stream: OwnedFd = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(null)?;
    Ok(stream.into())
}

/// Ends this process with its parent. The starter may be gone already: then the stream is closed.
pub(crate) fn die_with_parent(stream: &UnixStream) -> Result<(), Failure> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .step("prctl(PR_SET_PDEATHSIG)", "")?;
    if starter_is_gone(stream) {
        std::process::exit(1);
    }
    Ok(())
}

/// Whether the other end of the stream is closed.
pub(crate) fn starter_is_gone(stream: &UnixStream) -> bool {
    let mut fds = [PollFd::new(stream, PollFlags::RDHUP)];
    let now = rustix::event::Timespec::default();
    matches!(poll(&mut fds, Some(&now)), Ok(count) if count > 0)
        && fds[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR)
}

fn outer(stream: &UnixStream, spec: Spec) -> Result<(), Failure> {
    die_with_parent(stream)?;
    rights::close_files_on_exec()?;
    rights::reset_signals();
    rustix::process::umask(Mode::from_raw_mode(0o022));
    // A session of its own: a key pressed at the terminal reaches the starter alone.
    rustix::process::setsid().step("setsid", "")?;
    let program = std::fs::read_link("/proc/self/exe").step("readlink", "/proc/self/exe")?;
    make_namespaces()?;
    // Changing namespaces changes credentials, which takes the signal back (`prctl(2)`).
    die_with_parent(stream)?;
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .step("mount(private)", "/")?;
    let file = same_file(&program)?;
    let folder = match spec.aim {
        Aim::Run => spec.upper,
        Aim::Probe => folder_in_memory()?,
    };
    root::make_folders(&folder)?;
    let program = read_only_program(&file, &folder)?;

    #[expect(clippy::disallowed_methods, reason = "starting processes is what this crate is for")]
    let mut command = Command::new(&program);
    command.arg0(INNER).env_clear();
    let stdin = stream.try_clone().step("dup", "the stream")?;
    command.stdin(Stdio::from(OwnedFd::from(stdin)));
    let mut child = command.spawn().step("execve(the second stage)", &program)?;
    drop(command);
    let status = child.wait().step("wait", &program)?;
    // It reports by itself, unless somebody killed it: the kernel when memory is short, for one.
    if status.success() {
        Ok(())
    } else {
        Err(Failure(Report::Lost { status: status.to_string() }))
    }
}

/// New namespaces of all kinds that matter, in which this user is root and nobody else exists
/// (`user_namespaces(7)`).
fn make_namespaces() -> Result<(), Failure> {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    // Other groups would stay in effect inside; only root may leave them.
    let _ = rustix::thread::set_thread_groups(&[]);
    let flags = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWNET;
    #[expect(
        unsafe_code,
        reason = "unshare is unsafe for CLONE_FILES, which is not among the flags"
    )]
    // SAFETY: the table of file descriptors is not unshared.
    let unshared = unsafe { rustix::thread::unshare_unsafe(flags) };
    unshared.step("unshare(user, mount, pid, ipc, uts, net)", "")?;
    for (file, text) in [
        // Without this the kernel takes no map of groups from an ordinary user.
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("0 {} 1", user.as_raw())),
        ("/proc/self/gid_map", format!("0 {} 1", group.as_raw())),
    ] {
        root::write(Path::new(file), &text).step(&format!("write({file})"), file)?;
    }
    Ok(())
}

/// Opens `program` and sees that it is what this process runs.
fn same_file(program: &Path) -> Result<OwnedFd, Failure> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let file = rustix::fs::open(program, flags, Mode::empty()).step("open", program)?;
    let found = rustix::fs::fstat(&file).step("stat", program)?;
    let running = rustix::fs::stat("/proc/self/exe").step("stat", "/proc/self/exe")?;
    if (found.st_dev, found.st_ino) == (running.st_dev, running.st_ino) {
        return Ok(file);
    }
    // It was replaced since: rebuilt, or upgraded.
    Err(io::Error::from_raw_os_error(libc::ESTALE)).step("open(the running program)", program)
}

/// For a probe: a folder in memory, over one that is on every machine.
fn folder_in_memory() -> Result<PathBuf, Failure> {
    let place = Path::new(root::PROBE);
    rustix::mount::mount("tmpfs", place, "tmpfs", MountFlags::empty(), c"size=1m")
        .step("mount(tmpfs)", place)?;
    Ok(place.to_owned())
}

/// Mounts `file` read only inside `folder`, to be run from there: a command inside can run the
/// second stage's program through /proc/self/exe, and would be able to write to it otherwise.
fn read_only_program(file: &OwnedFd, folder: &Path) -> Result<PathBuf, Failure> {
    let place = folder.join(root::PROGRAM);
    root::write(&place, "").step("open", &place)?;
    let source = root::path_of(file);
    rustix::mount::mount_bind(&source, &place).step("mount(bind)", &place)?;
    root::make_read_only(&place)?;
    Ok(place)
}
