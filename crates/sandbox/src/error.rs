//! What keeps a command from running. A command that fails is not among it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a command could not be run. What the command itself does wrong is in
/// [`Finished`](crate::Finished).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// This machine does not let an ordinary process make a sandbox.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The job is not one that can be run.
    #[error("the job for the sandbox cannot be run: {reason}")]
    BadJob {
        /// What is wrong.
        reason: String,
    },
    /// The folder for what is written does not fit: it is missing, or holds something already.
    #[error("{path}: the folder for what the command writes must exist and be empty")]
    Upper {
        /// The folder.
        path: PathBuf,
        /// Why it cannot be read; none where it is not empty.
        source: Option<io::Error>,
    },
    /// The program that becomes the sandbox could not be started.
    #[error("cannot start {program} as a stage of the sandbox")]
    Program {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command could not be started inside, or its folder is not there.
    #[error("cannot {action} `{subject}` in the sandbox")]
    Start {
        /// `run`, or `change to the folder`.
        action: &'static str,
        /// The command or the folder.
        subject: String,
        /// Why.
        source: io::Error,
    },
    /// The sandbox could not be set up, for another reason than a refusal.
    #[error("cannot set up the sandbox: `{call}` failed for {subject}")]
    SetUp {
        /// The system call and what it was to do.
        call: String,
        /// The file, folder or number that it was about.
        subject: String,
        /// Why.
        source: io::Error,
    },
    /// The stages of the sandbox ended without a word.
    #[error(
        "the sandbox ended without a report ({status}): was it killed, or does the main function \
         of {program} not begin with sandbox::reenter()? It printed: `{said}`"
    )]
    NoReport {
        /// The program that should have become the sandbox.
        program: PathBuf,
        /// How it ended.
        status: String,
        /// The last of what was printed, without control characters.
        said: String,
    },
    /// What the command left behind, but for its writes, cannot be taken away.
    #[error("cannot clean up after the sandbox")]
    CleanUp(#[source] io::Error),
}

/// A refusal by the kernel: this machine, or the container around us, denies what a sandbox needs.
///
/// As text it names the call, the error, the likely cause and the way out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Denied {
    /// The call that was refused and what it was to do: `unshare(user, mount, ...)`.
    pub call: String,
    /// The error number (`errno(3)`).
    pub errno: i32,
    /// What most likely stands behind it.
    pub cause: Cause,
}

/// What may stand behind a refusal.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// The sysctl `kernel.unprivileged_userns_clone` is 0 (Debian's kernels up to 10, hardened
    /// ones).
    UserNamespacesOff,
    /// The sysctl `user.max_*_namespaces` of this name is 0, or as many are in use.
    NamespaceLimit(&'static str),
    /// AppArmor denies unconfined programs to use the namespaces that they make: the sysctl
    /// `kernel.apparmor_restrict_unprivileged_userns` is 1 (Ubuntu 23.10 and later).
    AppArmor,
    /// A seccomp filter is on this process, as container engines set one by default.
    Seccomp,
    /// The process lives in a changed root directory, which the kernel does not let have
    /// namespaces.
    Chroot,
    /// Parts of /proc are covered, as container engines do, so the kernel allows no new one.
    CoveredProc,
    /// The folder for what is written lies on a file system that cannot be written through an
    /// overlay.
    FileSystem(String),
    /// The kernel lacks the call or the file system, or is older than 5.11.
    OldKernel,
    /// Nothing that is known.
    Unknown,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = io::Error::from_raw_os_error(self.errno);
        write!(
            f,
            "no sandbox can be made here: `{}` was refused ({error}). {}",
            self.call, self.cause
        )
    }
}

impl std::error::Error for Denied {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::UserNamespacesOff => f.write_str(
                "User namespaces are switched off: an administrator can allow them with \
                 `sysctl kernel.unprivileged_userns_clone=1`",
            ),
            Cause::NamespaceLimit(name) => write!(
                f,
                "No more namespaces may be made: an administrator can raise `sysctl user.{name}`; \
                 inside a container it is the one who starts it",
            ),
            Cause::AppArmor => f.write_str(
                "AppArmor restricts user namespaces: an administrator can allow them with \
                 `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or with a profile for \
                 this program that has `userns,`",
            ),
            Cause::Seccomp => f.write_str(
                "A seccomp filter is on this process, most likely that of a container engine: \
                 start the container with `--security-opt seccomp=unconfined`, or with a profile \
                 that allows unshare, mount and pivot_root",
            ),
            Cause::Chroot => f.write_str(
                "This process runs in a changed root directory: run it outside, or where the root \
                 was set with pivot_root",
            ),
            Cause::CoveredProc => f.write_str(
                "The engine of the container around it covers parts of /proc: start the container \
                 with `--security-opt unmask=ALL` (podman) or `systempaths=unconfined` (docker)",
            ),
            Cause::FileSystem(name) => write!(
                f,
                "The folder for what is written is on {name}, which an overlay cannot write to: \
                 give one on ext4, xfs, btrfs or tmpfs, for example a volume",
            ),
            Cause::OldKernel => f.write_str(
                "The kernel lacks it: Linux 5.11 or later with user namespaces, overlayfs and \
                 seccomp is needed",
            ),
            Cause::Unknown => f.write_str(
                "The cause is not known: the log of the kernel (`dmesg`) may name a security \
                 module",
            ),
        }
    }
}
