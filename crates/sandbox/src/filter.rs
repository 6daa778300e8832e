//! The filter of system calls: what a build has no business with is refused, and what needs a real
//! root with many users seems to work (`seccomp(2)`).

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};

use crate::failure::{Failure, Step as _};

/// Installs the filter for this process and all that it starts.
pub(crate) fn install() -> Result<(), Failure> {
    for (answer, rules) in rules() {
        let program = compile(answer, rules).step("seccomp(compile)", "")?;
        seccompiler::apply_filter(&program).map_err(cause).step("seccomp(filter)", "")?;
    }
    Ok(())
}

/// Calls by their numbers, each with what its arguments have to be; nothing means any.
type Calls = Vec<(i64, Vec<SeccompRule>)>;

/// For each answer, an error number, the calls that get it; 0 is success.
fn rules() -> [(i32, Calls); 4] {
    let always = |calls: &[i64]| calls.iter().map(|call| (*call, Vec::new())).collect::<Calls>();
    let mut seems = always(SEEMS_TO_WORK);
    // Named pipes and plain files are made; devices only seem to be.
    for (call, argument) in MAKES_NODES {
        let kinds = [libc::S_IFCHR, libc::S_IFBLK];
        let rule = |kind| masked(*argument, u64::from(libc::S_IFMT), u64::from(kind));
        seems.push((*call, kinds.into_iter().map(rule).collect()));
    }
    let mut refused = always(REFUSED);
    // Each new namespace has a bit of its own.
    let namespaces = NAMESPACES.iter().map(|flag| masked(0, *flag as u64, *flag as u64));
    refused.push((libc::SYS_clone, namespaces.collect()));
    let other_family = |call| (call, vec![rule(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64)]);
    let families = [libc::SYS_socket, libc::SYS_socketpair].map(other_family);
    [
        (0, seems),
        (libc::EPERM, refused),
        (libc::EAFNOSUPPORT, families.into()),
        (libc::ENOSYS, always(&ABSENT)),
    ]
}

/// Owners are not stored and there is one user alone, so these answer as they would for root, and
/// do nothing. The same is done by tools that build images without root.
const SEEMS_TO_WORK: &[i64] = &[
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_capset,
    libc::SYS_setfsgid,
    libc::SYS_setfsuid,
    libc::SYS_setgid,
    libc::SYS_setgroups,
    libc::SYS_setregid,
    libc::SYS_setresgid,
    libc::SYS_setresuid,
    libc::SYS_setreuid,
    libc::SYS_setuid,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
];

/// Calls that make nodes, and which argument has the kind.
const MAKES_NODES: &[(i64, u8)] = &[
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mknod, 1),
    (libc::SYS_mknodat, 2),
];

/// Parts of the kernel that no build needs and attackers like, and whatever could undo the sandbox.
const REFUSED: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_move_pages,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// Calls whose arguments a filter cannot see; programs fall back to the older ones.
const ABSENT: [i64; 4] = [
    libc::SYS_clone3,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
];

/// The flags of `clone` for new namespaces. The one for time namespaces is for clone3 alone.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Matches calls whose argument at `index` has `value` in the bits of `mask`.
fn masked(index: u8, mask: u64, value: u64) -> SeccompRule {
    rule(index, SeccompCmpOp::MaskedEq(mask), value)
}

/// Matches calls by the lower half of one argument: that is all that the kernel takes of these.
fn rule(index: u8, operator: SeccompCmpOp, value: u64) -> SeccompRule {
    let condition = SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, value);
    let condition = condition.expect("a call has arguments up to number 5");
    SeccompRule::new(vec![condition]).expect("a condition is there")
}

fn compile(answer: i32, rules: Calls) -> io::Result<BpfProgram> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let rules: BTreeMap<i64, Vec<SeccompRule>> = rules.into_iter().collect();
    let action = SeccompAction::Errno(answer.unsigned_abs());
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, action, arch).map_err(io::Error::other)?;
    let program = BpfProgram::try_from(filter).map_err(io::Error::other)?;
    Ok([FOREIGN_NUMBERS.as_slice(), &program].concat())
}

/// On x86-64 each call has a second number with this bit (x32), which the filter would not know: it
/// is refused as a kernel without x32 does it.
const FOREIGN_NUMBERS: [sock_filter; 3] = [
    // Load the number of the call.
    sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 },
    // Where it is below, go on behind the next one.
    sock_filter { code: 0x35, jt: 0, jf: 1, k: 0x4000_0000 },
    sock_filter { code: 0x06, jt: 0, jf: 0, k: 0x0005_0000 | libc::ENOSYS as u32 },
];

/// The error of the kernel in an error of `seccompiler`.
fn cause(error: seccompiler::Error) -> io::Error {
    match error {
        seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error) => error,
        other => io::Error::other(other),
    }
}
