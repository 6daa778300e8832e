//! Runs one command in a clean root file system without network, as an ordinary user.
//!
//! For the few steps that cannot be assembled. A command gets a root made of folders of the host
//! that it cannot change, and nothing else: no network, no process, no file, no variable of the
//! host. What it writes goes to a folder of its own, and all its processes end with it.
//!
//! ```no_run
//! use std::collections::BTreeMap;
//! use std::path::Path;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // The sandbox is made by this same program, started anew: this line is where it comes in.
//!     sandbox::reenter();
//!
//!     let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
//!     let finished = sandbox::run(&sandbox::Job {
//!         program: Path::new("/proc/self/exe"),
//!         lower: &[Path::new("/var/lib/roots/trixie")],
//!         upper: Path::new("/var/tmp/build-1"),
//!         arguments: &["sh".to_owned(), "-c".to_owned(), "make -C /src".to_owned()],
//!         environment: &environment,
//!         folder: "/",
//!         limits: sandbox::Limits::default(),
//!     })?;
//!     println!("{}: {}", finished.status, String::from_utf8_lossy(&finished.output));
//!     Ok(())
//! }
//! ```
//!
//! # What the command finds
//!
//! - Namespaces of its own for users, mounts, processes, IPC, the host name (`sandbox`) and the
//!   network, in which not even the loopback interface is up.
//! - The overlay of the given folders as `/`; a fresh `/proc`, read only; `/dev` with `null`,
//!   `zero`, `full`, `random`, `urandom` and `shm`; empty `/tmp` and `/run` in memory. Of `/sys`
//!   nothing.
//! - The user and group 0, no capabilities, and no way to get any. There is one user alone:
//!   changing owners or users, and making devices, *seem* to work and do nothing, so owners have to
//!   come from elsewhere. What checks whether it has become another user notices.
//! - Standard input from `/dev/null`, the mask 022, a session of its own, no open files, and the
//!   environment that was given.
//! - A filter of system calls. It refuses mounts, namespaces, tracing, keys, BPF, performance
//!   events, kernel modules, `userfaultfd` and io_uring, and all sockets but those of the family
//!   `AF_UNIX`. Programs for another architecture than the host's, 32 bit ones too, are killed.
//!
//! # What it needs
//!
//! Linux 5.11 and the right of an ordinary user to make user namespaces. Root may use it as well;
//! it is no safer for that, as the user inside is root outside then. [`probe`] tells whether it
//! works here, and [`Denied`] what is in the way. The clock is the host's: a fixed time is up to
//! the command, by way of a preloaded library in the root.

mod clean;
mod diagnose;
mod error;
mod failure;
mod filter;
mod inside;
mod job;
mod memory;
mod message;
mod rights;
mod root;
mod run;
mod spec;
mod stage;
mod watch;
mod wiping;
mod write_tree;

pub use clean::remove;
pub use error::{Cause, Denied, SandboxError};
pub use job::{Finished, Job, Level, Limit, Limits, Status};
pub use memory::return_freed_memory;
pub use run::{probe, run};
pub use stage::reenter;
pub use wiping::{WipingAllocator, wipe_freed_memory};
pub use write_tree::{WriteTreeError, write_tree};
