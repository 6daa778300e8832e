//! The root file system of a sandbox: an overlay over the given folders, with fresh /proc, /dev,
//! /tmp and /run. The host's is out of reach afterwards.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, StatVfsMountFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};

use crate::Limits;
use crate::failure::{Failure, Step as _};
use crate::spec::{Aim, Spec};

/// What the command writes: the only part of the upper folder that stays.
pub(crate) const WRITTEN: &str = "root";
/// The overlay's own.
pub(crate) const WORK: &str = "work";
/// Where the root is mounted until it is the root.
pub(crate) const MOUNT: &str = "mount";
/// The lowest folder of the overlay, with the places for what is mounted, so that making those is
/// no write.
pub(crate) const SKELETON: &str = "skeleton";
/// Where the program of the second stage is mounted.
pub(crate) const PROGRAM: &str = "program";

/// Where a probe has its folders, in its own mount namespace.
pub(crate) const PROBE: &str = "/tmp";

/// The devices that are of use to a build.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// Makes the folders in `upper` that the sandbox needs.
pub(crate) fn make_folders(upper: &Path) -> Result<(), Failure> {
    for name in [WRITTEN, WORK, MOUNT, SKELETON] {
        make_folder(&upper.join(name), 0o755)?;
    }
    for name in ["dev", "proc", "run", "tmp"] {
        make_folder(&upper.join(SKELETON).join(name), 0o755)?;
    }
    Ok(())
}

fn make_folder(path: &Path, mode: u32) -> Result<(), Failure> {
    std::fs::DirBuilder::new().mode(mode).create(path).step("mkdir", path)
}

/// Makes the root file system and moves this process into it.
pub(crate) fn enter(spec: &Spec) -> Result<(), Failure> {
    let upper = if spec.aim == Aim::Probe { Path::new(PROBE) } else { &spec.upper };
    let root = mount_overlay(&spec.lower, upper)?;
    mount_dev(&root, spec.limits.scratch)?;
    mount_proc(&root, &spec.limits)?;
    mount_memory(&root, "tmp", 0o1777, spec.limits.scratch)?;
    mount_memory(&root, "run", 0o755, spec.limits.scratch)?;
    rustix::process::fchdir(&root).step("fchdir", "/")?;
    // `pivot_root(2)`, "pivot_root(".", ".")": the old root lies over the new one, and is taken
    // off.
    rustix::process::pivot_root(".", ".").step("pivot_root", "")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).step("umount(the old root)", "")?;
    rustix::process::chdir("/").step("chdir", "/")
}

/// Options of an overlay have 4,096 bytes, and folders may have any name: so they are opened, and
/// named by the numbers of their descriptors.
fn mount_overlay(lower: &[PathBuf], upper: &Path) -> Result<OwnedFd, Failure> {
    let skeleton = upper.join(SKELETON);
    let lower: Vec<OwnedFd> =
        lower.iter().chain([&skeleton]).map(|path| open_folder(path)).collect::<Result<_, _>>()?;
    let (written, work) = (open_folder(&upper.join(WRITTEN))?, open_folder(&upper.join(WORK))?);
    let lower: Vec<String> = lower.iter().map(|fd| path_of(fd).display().to_string()).collect();
    // `volatile`: nobody waits for the disk; what is written here is read once and thrown away.
    let options = format!(
        "userxattr,volatile,xino=off,lowerdir={},upperdir={},workdir={}",
        lower.join(":"),
        path_of(&written).display(),
        path_of(&work).display()
    );
    let options = CString::new(options).expect("numbers hold no NUL");
    let place = upper.join(MOUNT);
    let flags = MountFlags::NODEV | MountFlags::NOSUID;
    rustix::mount::mount("overlay", &place, "overlay", flags, options.as_c_str())
        .step("mount(overlay)", upper)?;
    open_folder(&place)
}

fn mount_dev(root: &OwnedFd, scratch: u64) -> Result<(), Failure> {
    let dev = mount_memory(root, "dev", 0o755, 1 << 20)?;
    for name in DEVICES {
        let (host, place) = (Path::new("/dev").join(name), path_of(&dev).join(name));
        write(&place, "").step("open", Path::new("dev").join(name))?;
        rustix::mount::mount_bind(&host, &place).step("mount(bind)", &host)?;
        // Where root made the sandbox, the device's mode could be changed otherwise, the host's.
        make_read_only(&place)?;
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        symlink(target, path_of(&dev).join(name)).step("symlink", Path::new("dev").join(name))?;
    }
    make_folder(&path_of(&dev).join("shm"), 0o755)?;
    mount_memory(root, "dev/shm", 0o1777, scratch)?;
    make_read_only(&path_of(&dev))
}

/// A fresh /proc, which shows the processes of this namespace alone. Nobody may write to it: where
/// the sandbox was started by root, the files below /proc/sys are root's.
fn mount_proc(root: &OwnedFd, limits: &Limits) -> Result<(), Failure> {
    let place = open_in(root, "proc")?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount("proc", path_of(&place), "proc", flags, None)
        .step("mount(proc)", "/proc")?;
    let proc = open_in(root, "proc")?;
    // Since Linux 6.14 each namespace has its own. It is a second fence behind the limits, so an
    // older kernel's refusal counts for nothing; the kernel takes no number below 301.
    let highest = limits.processes.saturating_add(300).clamp(301, 1 << 22);
    let _ = write(&path_of(&proc).join("sys/kernel/pid_max"), &highest.to_string());
    make_read_only(&path_of(&proc))
}

/// Mounts a file system in memory at `name` in the root.
fn mount_memory(root: &OwnedFd, name: &str, mode: u32, bytes: u64) -> Result<OwnedFd, Failure> {
    let place = open_in(root, name)?;
    let options = CString::new(format!("size={bytes},mode={mode:o}")).expect("numbers hold no NUL");
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    rustix::mount::mount("tmpfs", path_of(&place), "tmpfs", flags, options.as_c_str())
        .step("mount(tmpfs)", Path::new("/").join(name))?;
    open_in(root, name)
}

/// Makes a mount read only, and keeps the other flags that it has: an ordinary user may not take
/// those away (`mount_namespaces(7)`).
pub(crate) fn make_read_only(place: &Path) -> Result<(), Failure> {
    let has = rustix::fs::statvfs(place).step("statfs", place)?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::RDONLY;
    for (given, flag) in [
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ] {
        if has.contains(given) {
            flags |= flag;
        }
    }
    rustix::mount::mount_remount(place, flags, c"").step("mount(remount, ro)", place)
}

/// Writes a small file, in one call as the kernel's own files want it. The error keeps its number.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))?;
    rustix::io::write(file, text.as_bytes()).map(|_| ())
}

fn open_folder(path: &Path) -> Result<OwnedFd, Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty()).step("open", path)
}

/// Opens a folder of the new root. Links are not followed: they would lead to the host.
fn open_in(root: &OwnedFd, name: &str) -> Result<OwnedFd, Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
    rustix::fs::openat2(root, OsStr::from_bytes(name.as_bytes()), flags, Mode::empty(), resolve)
        .step("open(a real folder of the root)", Path::new("/").join(name))
}

/// A path that leads to an open file, whatever its name.
pub(crate) fn path_of(file: &impl AsFd) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()).into()
}
