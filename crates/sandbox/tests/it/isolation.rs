//! What a command sees of the world, and what it can do to it.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use sandbox::Limits;

use crate::bench::{bash, open_folder, root, said, try_bash, try_run};
use crate::runner::{Test, sandboxed};

pub(crate) const TESTS: &[Test] = &[
    sandboxed("the_surroundings_are_fixed", surroundings),
    sandboxed("the_host_is_not_there", host),
    sandboxed("there_is_no_network", network),
    sandboxed("only_own_processes_are_shown", processes),
    sandboxed("writes_go_to_the_upper_folder_alone", writes),
    sandboxed("folders_lie_over_each_other", several),
    sandboxed("owners_and_devices_seem_to_change", fake_root),
    sandboxed("there_are_no_capabilities", capabilities),
    sandboxed("calls_are_answered_as_in_the_table", calls),
    sandboxed("what_the_kernel_offers_cannot_be_written_to", kernel_files),
    sandboxed("the_program_outside_cannot_be_changed", program_is_read_only),
];

fn surroundings() {
    let all = said("umask; hostname; pwd; id -u; id -g; id -G; cat; env; ulimit -c");
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(&lines[..3], ["0022", "sandbox", "/"], "{all}");
    assert_eq!(&lines[3..5], ["0", "0"], "{all}");
    let mut variables: Vec<&str> = lines.iter().filter(|l| l.contains('=')).copied().collect();
    variables.retain(|line| !["PWD=/", "SHLVL=1", "_=/bin/env"].contains(line));
    assert_eq!(variables, ["PATH=/bin"], "{all}");
    assert_eq!(said("ls /proc/self/fd"), "0\n1\n2\n3\n");
    // The first process started a session, and there is no terminal.
    assert!(said("read -r line < /proc/self/stat; set -- $line; echo $6 $7").starts_with("1 0"));
    assert_eq!(said("(exec 3</dev/tty) 2>&1 || echo none").lines().last(), Some("none"));
}

fn host() {
    let names = said("ls -a / /dev /run /tmp");
    let top: Vec<&str> = names.split("\n\n").next().unwrap().lines().skip(3).collect();
    let mut known: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .chain(["dev", "proc", "run", "tmp"].map(str::to_owned))
        .collect();
    known.sort();
    assert_eq!(top, known);
    assert!(names.contains(
        "/dev:\n.\n..\nfd\nfull\nnull\nrandom\nshm\nstderr\nstdin\nstdout\nurandom\nzero\n"
    ));
    assert!(names.ends_with("/run:\n.\n..\n\n/tmp:\n.\n..\n"), "{names}");
    // The only mounts are those of the sandbox.
    let mounts = said("while read -r _ _ _ _ place _; do echo $place; done < /proc/self/mountinfo");
    let mut mounts: Vec<&str> = mounts.lines().collect();
    mounts.sort_unstable();
    let known =
        "/ /dev /dev/full /dev/null /dev/random /dev/shm /dev/urandom /dev/zero /proc /run /tmp";
    assert_eq!(mounts.join(" "), known);
    assert_eq!(
        said("cd ..; cd /proc/1/root 2>&1; cd ../../..; ls -d bin"),
        "/bin/bash: line 1: cd: /proc/1/root: Permission denied\nbin\n"
    );
}

fn network() {
    let names =
        said("cat /proc/net/dev | { read; read; while read -r name _; do echo $name; done; }");
    assert_eq!(names, "lo:\n");
    assert!(!said("cat /proc/net/route").contains("\t00000000\t"));
    let tries =
        said("exec 2>&1; for a in 127.0.0.1 192.0.2.1; do : > /dev/tcp/$a/80 || echo no; done");
    assert_eq!(tries.matches("Address family not supported").count(), 4, "{tries}");
}

fn processes() {
    let shown = said("echo $$; echo /proc/[0-9]*");
    assert_eq!(shown, "2\n/proc/1 /proc/2\n");
    assert_eq!(said("kill -9 1; echo $?; echo still"), "0\nstill\n");
}

fn writes() {
    let before = tree_of(root());
    let upper = open_folder();
    let script = "echo new > /etc/new; rm /etc/passwd; rm -r /etc/deep; mkdir /etc/deep; \
                  mkdir -m 0 /locked; mkdir /locked/in 2>/dev/null; mv /bin/touch /moved; \
                  echo t > /tmp/t; echo r > /run/r; ln /etc/new /etc/linked; ln -s new /etc/soft; \
                  mkdir /sub; chmod 0 /sub; chmod 2755 /etc";
    assert!(
        try_bash(script, Limits::default(), upper.path()).unwrap().status
            == sandbox::Status::Code(0)
    );
    assert_eq!(tree_of(root()), before, "the lower folder changed");
    let names: Vec<_> =
        fs::read_dir(upper.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["root"]);
    let at = |path: &str| upper.path().join("root").join(path);
    assert_eq!(fs::read_to_string(at("etc/new")).unwrap(), "new\n");
    let gone = fs::symlink_metadata(at("etc/passwd")).unwrap();
    assert!(gone.file_type().is_char_device() && gone.rdev() == 0);
    assert!(fs::symlink_metadata(at("bin/touch")).unwrap().file_type().is_char_device());
    assert!(fs::metadata(at("moved")).unwrap().len() > 1000);
    let mut value = [0; 8];
    let length = rustix::fs::getxattr(at("etc/deep"), "user.overlay.opaque", &mut value).unwrap();
    assert_eq!(&value[..length], b"y");
    assert_eq!(fs::metadata(at("etc/linked")).unwrap().nlink(), 2);
    assert!(["tmp", "run", "dev", "proc"].iter().all(|name| !at(name).exists()));
    let mut top: Vec<_> = fs::read_dir(at("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    top.sort();
    assert_eq!(top, ["bin", "etc", "locked", "moved", "sub"]);
    sandbox::remove(&upper.path().join("root")).unwrap();
    assert_eq!(fs::read_dir(upper.path()).unwrap().count(), 0);
}

/// Paths with size, mode and time of everything below.
fn tree_of(folder: &std::path::Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        lines.push(format!("{} {} {:o} {}", path.display(), meta.len(), meta.mode(), meta.mtime()));
        if meta.is_dir() {
            lines.extend(tree_of(&path));
        }
    }
    lines.sort();
    lines
}

fn several() {
    // Names that the options of a mount would take for its own.
    let above = open_folder();
    let above = [above.path().join("a:b,c=\\d"), above.path().join("second")];
    for (folder, text) in above.iter().zip(["first", "second"]) {
        fs::create_dir_all(folder.join("etc")).unwrap();
        fs::write(folder.join("etc/both"), text).unwrap();
        fs::write(folder.join("etc").join(text), text).unwrap();
    }
    let upper = open_folder();
    let mut lower = vec![above[0].as_path(), above[1].as_path()];
    let spares: Vec<_> =
        (0..190).map(|number| above[1].parent().unwrap().join(format!("spare-{number}"))).collect();
    for spare in &spares {
        fs::create_dir(spare).unwrap();
        lower.push(spare);
    }
    lower.push(root());
    let script = "cat /etc/both /etc/first /etc/second /etc/deep/er/file";
    let finished =
        try_run(&["bash", "-c", script], &lower, Limits::default(), upper.path()).unwrap();
    assert_eq!(String::from_utf8(finished.output).unwrap(), "firstfirstsecondlower\n");
}

fn fake_root() {
    assert_eq!(
        said(
            "echo x > /f; chown 42424:7 /f && chown -h 1 /f && mknod /d c 1 3 && mknod /b b 1 1 && \
              stat -c '%u:%g' /f; ls /d /b 2>&1 | wc -l; \
              mkfifo /p && mknod /q p && stat -c %F /p /q"
        ),
        "0:0\n2\nfifo\nfifo\n"
    );
    assert_eq!(
        said("perl -e '$) = \"33 33\"; $( = 33; ($<, $>) = (33, 33); print $! ? \"no\" : \"yes\"'"),
        "yes"
    );
}

fn capabilities() {
    let all = said("cat /proc/self/status");
    for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(all.contains(&format!("{name}:\t0000000000000000\n")), "{all}");
    }
    assert!(all.contains("NoNewPrivs:\t1\n") && all.contains("Seccomp:\t2\n"), "{all}");
    for script in ["mount -t tmpfs x /etc", "unshare -U true", "unshare -m true", "hostname other"]
    {
        assert!(!bash(script).success(), "{script}");
    }
}

/// Calls with their arguments, and the number of the error that they give.
fn calls() {
    let table: &[(&str, i64, &str, i32)] = &[
        ("keyctl", libc::SYS_keyctl, "0, 0", libc::EPERM),
        ("add_key", libc::SYS_add_key, "0, 0, 0, 0, 0", libc::EPERM),
        ("bpf", libc::SYS_bpf, "0, 0, 0", libc::EPERM),
        ("perf_event_open", libc::SYS_perf_event_open, "0, 0, 0, 0, 0", libc::EPERM),
        ("userfaultfd", libc::SYS_userfaultfd, "1", libc::EPERM),
        ("kexec_load", libc::SYS_kexec_load, "0, 0, 0, 0", libc::EPERM),
        ("mount", libc::SYS_mount, "0, 0, 0, 0, 0", libc::EPERM),
        ("umount", libc::SYS_umount2, "0, 0", libc::EPERM),
        ("open_tree", libc::SYS_open_tree, "-100, 0, 0", libc::EPERM),
        ("fsopen", libc::SYS_fsopen, "0, 0", libc::EPERM),
        ("pivot_root", libc::SYS_pivot_root, "0, 0", libc::EPERM),
        ("ptrace", libc::SYS_ptrace, "0, 0, 0, 0", libc::EPERM),
        ("unshare user", libc::SYS_unshare, "0x10000000", libc::EPERM),
        ("setns", libc::SYS_setns, "0, 0", libc::EPERM),
        ("clone user", libc::SYS_clone, "0x10000011, 0, 0, 0, 0", libc::EPERM),
        ("clone net", libc::SYS_clone, "0x40000011, 0, 0, 0, 0", libc::EPERM),
        ("clone mount", libc::SYS_clone, "0x00020011, 0, 0, 0, 0", libc::EPERM),
        ("clone pid", libc::SYS_clone, "0x20000011, 0, 0, 0, 0", libc::EPERM),
        ("clone cgroup", libc::SYS_clone, "0x02000011, 0, 0, 0, 0", libc::EPERM),
        ("clone3", libc::SYS_clone3, "0, 0", libc::ENOSYS),
        ("io_uring_setup", libc::SYS_io_uring_setup, "1, 0", libc::ENOSYS),
        ("socket inet", libc::SYS_socket, "2, 1, 0", libc::EAFNOSUPPORT),
        ("socket inet6", libc::SYS_socket, "10, 2, 0", libc::EAFNOSUPPORT),
        ("socket netlink", libc::SYS_socket, "16, 3, 0", libc::EAFNOSUPPORT),
        ("socket packet", libc::SYS_socket, "17, 3, 0", libc::EAFNOSUPPORT),
        ("socket vsock", libc::SYS_socket, "40, 1, 0", libc::EAFNOSUPPORT),
        ("socket inet, high bits", libc::SYS_socket, "0x100000002, 1, 0", libc::EAFNOSUPPORT),
        ("socketpair inet", libc::SYS_socketpair, "2, 1, 0, 0", libc::EAFNOSUPPORT),
        ("socket unix", libc::SYS_socket, "1, 1, 0", 0),
        ("fchown", libc::SYS_fchown, "1, 5, 5", 0),
        ("setgroups", libc::SYS_setgroups, "0, 0", 0),
        ("setuid", libc::SYS_setuid, "33", 0),
        ("capset", libc::SYS_capset, "0, 0", 0),
        ("getpid", libc::SYS_getpid, "", 0),
        #[cfg(target_arch = "x86_64")]
        ("getpid by its x32 number", libc::SYS_getpid | 0x4000_0000, "", libc::ENOSYS),
        #[cfg(target_arch = "x86_64")]
        ("mount by its x32 number", libc::SYS_mount | 0x4000_0000, "0, 0, 0, 0, 0", libc::ENOSYS),
    ];
    let mut script = String::new();
    for (_, number, arguments, _) in table {
        let comma = if arguments.is_empty() { "" } else { "," };
        script += &format!(
            "$! = 0; $r = syscall({number}{comma} {arguments}); \
             print $r < 0 ? $! + 0 : 0, \"\\n\";\n"
        );
    }
    let upper = open_folder();
    let words = ["perl", "-e", &script];
    let finished = try_run(&words, &[root()], Limits::default(), upper.path()).unwrap();
    let found = String::from_utf8(finished.output).unwrap();
    assert_eq!(found.lines().count(), table.len(), "{found}");
    for ((name, _, _, want), found) in table.iter().zip(found.lines()) {
        assert_eq!(found, want.to_string(), "{name}");
    }
}

fn kernel_files() {
    for file in [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/printk",
        "/proc/self/uid_map",
        "/proc/self/oom_score_adj",
        "/dev/new",
    ] {
        let finished = bash(&format!("exec 2>&1; echo x > {file}"));
        let text = String::from_utf8(finished.output).unwrap();
        assert!(text.contains("Read-only file system"), "{file}: {text}");
    }
    assert_eq!(
        said("echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c"),
        "3\n3\n"
    );
    assert_eq!(said("echo x > /dev/shm/x; cat /dev/shm/x /dev/fd/0 </dev/shm/x"), "x\nx\n");
}

fn program_is_read_only() {
    // A command can become the program of the second stage, by the link to it.
    let folder = open_folder();
    std::os::unix::fs::symlink("/proc/self/exe", folder.path().join("again")).unwrap();
    let (upper, lower) = (open_folder(), [folder.path(), root()]);
    let words = ["/again", "role:become"];
    let finished = try_run(&words, &lower, Limits::default(), upper.path()).unwrap();
    let text = String::from_utf8(finished.output).unwrap();
    assert_eq!(text, "Read-only file system (os error 30)\nText file busy (os error 26)\n");
    // The process that watches is closed.
    let script = "exec 2>&1; for name in exe mem environ maps fd/0; do cat /proc/1/$name; done";
    let text = String::from_utf8(bash(script).output).unwrap();
    assert_eq!(text.matches("Permission denied").count(), 5, "{text}");
    // As root, modes of the host's devices would be within reach.
    let text =
        String::from_utf8(bash("exec 2>&1; chmod 600 /dev/null; chmod 600 /dev/zero").output)
            .unwrap();
    assert_eq!(text.matches("Read-only file system").count(), 2, "{text}");
}
