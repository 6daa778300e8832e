//! The second stage: the first process of the new process namespace. It makes the root file system,
//! gives up its rights, starts the command and watches it to its end.

use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::fs::Mode;

use crate::failure::{Failure, Step as _};
use crate::message;
use crate::spec::{Aim, Report, Spec, Start};
use crate::stage::die_with_parent;
use crate::{Status, filter, rights, root, watch};

pub(crate) fn run(stream: &UnixStream, spec: Spec) -> Result<(), Failure> {
    die_with_parent(stream)?;
    rustix::process::umask(Mode::from_raw_mode(0o022));
    rustix::process::setsid().step("setsid", "")?;
    root::enter(&spec)?;
    rustix::system::sethostname(b"sandbox").step("sethostname", "sandbox")?;
    rights::set_limits(&spec.limits)?;
    rights::give_up()?;
    filter::install()?;
    let report = match spec.aim {
        Aim::Run => watch::to_the_end(start(&spec)?, &spec.limits, stream)?,
        Aim::Probe => Report::Finished {
            status: Status::Code(0),
            processor_time: Duration::ZERO,
            peak_memory: 0,
        },
    };
    let _ = message::send(&report.encode(), &mut &*stream);
    Ok(())
}

/// Starts the command and returns its number. Nothing of it is left to do after the fork: it gets
/// the folder, the mask, the limits and the filter of this process.
fn start(spec: &Spec) -> Result<rustix::process::Pid, Failure> {
    rustix::process::chdir(&spec.folder).start(Start::Folder, &spec.folder)?;
    let [name, arguments @ ..] = spec.arguments.as_slice() else { std::process::exit(1) };
    #[expect(clippy::disallowed_methods, reason = "starting processes is what this crate is for")]
    let mut command = Command::new(name);
    command.args(arguments).env_clear().stdin(Stdio::null());
    command.envs(spec.environment.iter().map(|(name, value)| (name, value)));
    let child = command.spawn().start(Start::Command, name)?;
    Ok(rustix::process::Pid::from_child(&child))
}
