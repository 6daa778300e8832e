//! What the command may not do or use.

use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, remove_capability_from_bounding_set,
    set_capabilities, set_capabilities_secure_bits,
};

use crate::Limits;
use crate::failure::{Failure, Step as _};

/// Sets the limits of `setrlimit(2)` that the command inherits.
pub(crate) fn set_limits(limits: &Limits) -> Result<(), Failure> {
    // Above the number at which `watch` ends the command, so that it tells why; the two stages
    // count. The kernel does not apply it where root made the sandbox.
    let processes = limits.processes.saturating_add(limits.processes / 4).saturating_add(18);
    for (resource, most) in [
        (Resource::Data, limits.memory),
        (Resource::Fsize, limits.file),
        (Resource::Nproc, processes),
        (Resource::Core, 0),
        (Resource::Nofile, 4096),
    ] {
        let hard = getrlimit(resource).maximum;
        let most = hard.map_or(most, |hard| hard.min(most));
        // Programs that close all files up to the limit are slow with a high one.
        let soft = if resource == Resource::Nofile { most.min(1024) } else { most };
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(most) })
            .step("setrlimit", format!("{resource:?}"))?;
    }
    Ok(())
}

/// Gives up every capability for good, for this process and all that it starts (`capabilities(7)`).
pub(crate) fn give_up() -> Result<(), Failure> {
    for number in 0..64 {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            // The kernel knows no more.
            Err(Errno::INVAL) => break,
            other => other.step("prctl(PR_CAPBSET_DROP)", number.to_string())?,
        }
    }
    rustix::thread::clear_ambient_capability_set().step("prctl(PR_CAP_AMBIENT)", "")?;
    // User 0 gets no capabilities by executing something.
    let bits = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    set_capabilities_secure_bits(bits).step("prctl(PR_SET_SECUREBITS)", "")?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .step("capset", "")?;
    rustix::thread::set_no_new_privs(true).step("prctl(PR_SET_NO_NEW_PRIVS)", "")?;
    // The command runs as the same user: without this it could trace the process that watches it.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .step("prctl(PR_SET_DUMPABLE)", "")
}

/// Lets no open file of the caller reach the command, whoever opened it.
pub(crate) fn close_files_on_exec() -> Result<(), Failure> {
    #[expect(unsafe_code, reason = "there is no safe form of close_range")]
    // SAFETY: the flag closes nothing now, so no descriptor in use becomes invalid.
    let result =
        unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    let result = if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
    result.step("close_range(CLOEXEC)", "")
}

/// Gives every signal its default effect: a caller that ignores one passes that on (`execve(2)`).
pub(crate) fn reset_signals() {
    // A stage must not be ended by a starter that has stopped reading; for the command, starting a
    // process sets this one too.
    for signal in (1..65).filter(|signal| *signal != libc::SIGPIPE) {
        #[expect(unsafe_code, reason = "there is no safe form of signal")]
        // SAFETY: no handler is installed, and no code relies on those of the runtime, which only
        // explain an overflow of the stack.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}
