//! From a refused call to its likely cause.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{Cause, Denied};

/// What is known of this machine, read after a refusal.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Facts {
    /// Values of sysctls, as `kernel.unprivileged_userns_clone`.
    sysctls: BTreeMap<&'static str, i64>,
    /// Whether a seccomp filter is on this process.
    filtered: bool,
    /// Whether this process runs in another root directory than the first process that it sees.
    chrooted: bool,
    /// The file system of the folder for what is written, where it is one that does not work.
    file_system: Option<String>,
}

const CLONE: &str = "kernel.unprivileged_userns_clone";
const APPARMOR: &str = "kernel.apparmor_restrict_unprivileged_userns";
const NAMESPACES: [&str; 6] = [
    "max_user_namespaces",
    "max_mnt_namespaces",
    "max_pid_namespaces",
    "max_ipc_namespaces",
    "max_uts_namespaces",
    "max_net_namespaces",
];

/// A refusal, where this failed call is one: a machine or container that denies sandboxes. `upper`
/// is the folder for what is written, where there is one on the disk.
pub(crate) fn denied(call: &str, errno: i32, upper: Option<&Path>) -> Option<Denied> {
    cause(call, errno, &facts(upper)).map(|cause| Denied { call: call.to_owned(), errno, cause })
}

/// None where the failure is something else: a full disk, a folder that is not there.
fn cause(call: &str, errno: i32, facts: &Facts) -> Option<Cause> {
    let privileged = ["unshare", "write", "mount", "umount", "pivot_root", "prctl", "seccomp"];
    let privileged = privileged.iter().any(|name| call.split('(').next() == Some(*name))
        || matches!(call, "sethostname" | "capset" | "close_range(CLOEXEC)");
    if !privileged {
        return None;
    }
    let is = |name: &str, value| facts.sysctls.get(name) == Some(&value);
    match (call.split('(').next().unwrap_or_default(), errno) {
        ("unshare", libc::ENOSPC | libc::EUSERS) => {
            let zero = NAMESPACES.into_iter().find(|name| is(name, 0));
            Some(Cause::NamespaceLimit(zero.unwrap_or(NAMESPACES[0])))
        }
        ("mount", libc::EINVAL | libc::EOPNOTSUPP) if call == "mount(overlay)" => {
            let known = facts.file_system.clone().map(Cause::FileSystem);
            Some(known.unwrap_or(Cause::OldKernel))
        }
        (_, libc::ENOSYS | libc::ENODEV) => Some(Cause::OldKernel),
        ("unshare" | "seccomp" | "close_range", libc::EINVAL) => Some(Cause::OldKernel),
        (_, libc::EPERM | libc::EACCES) => Some(if is(CLONE, 0) {
            Cause::UserNamespacesOff
        } else if is(APPARMOR, 1) {
            Cause::AppArmor
        } else if call == "unshare(user, mount, pid, ipc, uts, net)" && facts.chrooted {
            Cause::Chroot
        } else if call == "mount(proc)" {
            Cause::CoveredProc
        } else if facts.filtered {
            Cause::Seccomp
        } else if call == "mount(overlay)" {
            // Before 5.11 only root could.
            Cause::OldKernel
        } else {
            Cause::Unknown
        }),
        _ => None,
    }
}

fn facts(upper: Option<&Path>) -> Facts {
    let namespaces = NAMESPACES.map(|name| (name, format!("/proc/sys/user/{name}")));
    let sysctls = [CLONE, APPARMOR]
        .map(|name| (name, format!("/proc/sys/{}", name.replacen('.', "/", 1))))
        .into_iter()
        .chain(namespaces)
        .filter_map(|(name, path)| {
            let text = fs_err::read_to_string(path).ok()?;
            Some((name, text.trim().parse().ok()?))
        })
        .collect();
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let roots = ["/proc/1/root", "/proc/self/root"].map(|path| rustix::fs::stat(path).ok());
    Facts {
        sysctls,
        filtered: filtered(&status),
        chrooted: match roots {
            [Some(first), Some(own)] => (first.st_dev, first.st_ino) != (own.st_dev, own.st_ino),
            _ => false,
        },
        file_system: upper
            .and_then(|upper| rustix::fs::statfs(upper).ok())
            .and_then(|found| unfit(found.f_type as u64)),
    }
}

/// Whether `/proc/self/status` tells of a seccomp filter.
fn filtered(status: &str) -> bool {
    status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"]))
}

/// The name of a file system that cannot take the writes of an overlay (`statfs(2)`, f_type).
fn unfit(magic: u64) -> Option<String> {
    let name = match magic & 0xffff_ffff {
        0x794c_7630 => "an overlay itself",
        0x6969 => "NFS",
        0x6573_5546 => "FUSE",
        0x0102_1997 => "9p",
        0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x4d44 => "FAT",
        0x2fc1_2fc1 => "ZFS",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_causes() {
        let with = |name, value| Facts { sysctls: [(name, value)].into(), ..Facts::default() };
        let unshare = "unshare(user, mount, pid, ipc, uts, net)";
        let none = Facts::default();
        let filtered = Facts { filtered: true, ..Facts::default() };
        let chrooted = Facts { chrooted: true, ..Facts::default() };
        let overlay = Facts { file_system: unfit(0x794c_7630), ..Facts::default() };
        for (call, errno, facts, want) in [
            (unshare, libc::EPERM, with(CLONE, 0), Some(Cause::UserNamespacesOff)),
            (unshare, libc::EPERM, with(CLONE, 1), Some(Cause::Unknown)),
            (unshare, libc::EPERM, filtered.clone(), Some(Cause::Seccomp)),
            (unshare, libc::EPERM, chrooted, Some(Cause::Chroot)),
            (unshare, libc::EINVAL, none.clone(), Some(Cause::OldKernel)),
            (
                unshare,
                libc::ENOSPC,
                with("max_net_namespaces", 0),
                Some(Cause::NamespaceLimit("max_net_namespaces")),
            ),
            (
                unshare,
                libc::ENOSPC,
                none.clone(),
                Some(Cause::NamespaceLimit("max_user_namespaces")),
            ),
            ("write(/proc/self/uid_map)", libc::EACCES, with(APPARMOR, 1), Some(Cause::AppArmor)),
            ("mount(private)", libc::EACCES, with(APPARMOR, 1), Some(Cause::AppArmor)),
            ("mount(proc)", libc::EPERM, filtered.clone(), Some(Cause::CoveredProc)),
            ("pivot_root", libc::EPERM, filtered, Some(Cause::Seccomp)),
            (
                "mount(overlay)",
                libc::EINVAL,
                overlay,
                Some(Cause::FileSystem("an overlay itself".to_owned())),
            ),
            ("mount(overlay)", libc::EPERM, none.clone(), Some(Cause::OldKernel)),
            ("close_range(CLOEXEC)", libc::EINVAL, none.clone(), Some(Cause::OldKernel)),
            ("mount(overlay)", libc::ENODEV, none.clone(), Some(Cause::OldKernel)),
            ("seccomp(filter)", libc::EINVAL, none.clone(), Some(Cause::OldKernel)),
            ("mkdir", libc::EACCES, none.clone(), None),
            ("open", libc::ENOENT, none.clone(), None),
            ("mount(tmpfs)", libc::ENOMEM, none, None),
        ] {
            assert_eq!(cause(call, errno, &facts), want, "{call} {errno}");
        }
    }

    #[test]
    fn filters_are_seen_in_the_status() {
        assert!(super::filtered("NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n"));
        assert!(!super::filtered("Seccomp:\t0\nSeccomp_filters:\t2\n"));
    }
}
