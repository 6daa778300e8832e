//! Units of systemd for the processes of a service.

use std::collections::BTreeMap;

use release::{Service, Unit};

use crate::service_layer::PREFIX;

/// What every process of a service has (systemd.service(5)).
const EVERY: [(&str, &str); 5] = [
    ("Type", "exec"),
    ("Restart", "on-failure"),
    ("RestartSec", "2"),
    ("TimeoutStopSec", "60"),
    ("LimitNOFILE", "65535"),
];

/// What a process may and may not (systemd.exec(5)): it sees the system as read-only, gains no rights,
/// and writes to the service's own directories alone.
const HARDENED: [(&str, &str); 23] = [
    ("UMask", "0027"),
    ("CapabilityBoundingSet", ""),
    ("LockPersonality", "yes"),
    ("NoNewPrivileges", "yes"),
    ("PrivateDevices", "yes"),
    ("PrivateTmp", "yes"),
    ("ProcSubset", "pid"),
    ("ProtectClock", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectHome", "yes"),
    ("ProtectHostname", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelTunables", "yes"),
    ("ProtectProc", "invisible"),
    ("ProtectSystem", "strict"),
    ("RemoveIPC", "yes"),
    ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("SystemCallArchitectures", "native"),
    ("SystemCallFilter", "@system-service"),
];

/// What a process has in their place that becomes root for single steps. Of the others each does one of
/// two things, in one version of systemd or another. Those that filter system calls imply
/// `NoNewPrivileges` where there is a `User`, and sudo gives nothing then. Those that change what the
/// process sees give it mounts of its own, and the network namespaces and volumes that it mounts would be
/// there for nobody else.
const PRIVILEGED: [(&str, &str); 3] = [
    // Accounts of their own read what it writes: those of qemu and dnsmasq.
    ("UMask", "0022"),
    // What no step needs: the clock, the log of the kernel, its security modules.
    (
        "CapabilityBoundingSet",
        "~CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_SYS_BOOT CAP_SYS_PACCT CAP_SYS_TIME CAP_SYSLOG CAP_WAKE_ALARM",
    ),
    ("RemoveIPC", "yes"),
];

/// The text of the unit: `unit` of `service`, whose virtual environment is at `current`.
pub(crate) fn text(
    service: &Service,
    unit: &Unit,
    current: &str,
    homepage: Option<&str>,
) -> String {
    let mut text = format!("[Unit]\nDescription={}\n", escaped(&unit.description));
    if let Some(homepage) = homepage {
        text.push_str(&format!("Documentation={}\n", escaped(homepage)));
    }
    text.push_str("Wants=network-online.target\nAfter=network-online.target\n\n[Service]\n");
    let user = &service.user;
    text.push_str(&format!("User={}\nGroup={}\n", user.name, user.group));
    for (name, value) in &service.image.environment {
        let value = value.replace(PREFIX, current);
        text.push_str(&format!("Environment={}\n", quoted(&format!("{name}={value}"))));
    }
    let bin = format!("{current}/bin");
    text.push_str(&format!("ExecStart={}\n", command(&unit.command, &bin)));
    let writable: Vec<String> = service
        .directories
        .iter()
        .filter(|directory| directory.owner.uid == user.uid)
        .map(|directory| format!("-{}", escaped(&directory.path)))
        .collect();
    // These, too, are mounts of its own.
    if !writable.is_empty() && !unit.privileged {
        text.push_str(&format!("ReadWritePaths={}\n", writable.join(" ")));
    }
    let mut settings: BTreeMap<&str, &str> =
        unit.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let rights = if unit.privileged { &PRIVILEGED[..] } else { &HARDENED };
    for (key, value) in EVERY.iter().chain(rights) {
        let value = settings.remove(key).unwrap_or(value);
        text.push_str(&format!("{key}={value}\n"));
    }
    for (key, value) in settings {
        text.push_str(&format!("{key}={value}\n"));
    }
    text + "\n[Install]\nWantedBy=multi-user.target\n"
}

/// The program of a command, below `bin` where it is not absolute.
pub(crate) fn program(command: &[String], bin: &str) -> String {
    match command.first() {
        Some(word) if word.starts_with('/') => word.clone(),
        Some(word) => format!("{bin}/{word}"),
        None => bin.to_owned(),
    }
}

/// A command as ExecStart has it (systemd.service(5), "Command lines").
fn command(words: &[String], bin: &str) -> String {
    let program = program(words, bin);
    let words = [program].into_iter().chain(words.iter().skip(1).cloned());
    let quoted = words.map(|word| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=%$,+@".contains(c);
        // A variable of the environment would stand there.
        let literal = word.replace('$', "$$");
        match word.chars().all(plain) && !word.is_empty() {
            true => escaped(&literal),
            false => quoted(&literal),
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// A word in quotes, as all lists of words take it (systemd.syntax(7), "Quoting").
fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    for c in escaped(word).chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                let bytes = c.encode_utf8(&mut bytes).bytes();
                text.extend(bytes.map(|byte| format!("\\x{byte:02x}")));
            }
            c => text.push(c),
        }
    }
    text + "\""
}

/// A text in which `%` stands for itself (systemd.unit(5), "Specifiers").
fn escaped(text: &str) -> String {
    text.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const RECIPE: &str = r#"
description = "A"
[user]
name = "a"
uid = 42000
gid = 42000
home = "/var/lib/a"
[[directory]]
path = "/var/lib/a"
mode = "0750"
owner = "a:a"
[image]
environment = { A = "/var/lib/openstack/x", B = "5% \"of\" \\\n" }
[package]
maintainer = "J <j@example.org>"
license = "MIT"
copyright = "A"
[[package.unit]]
name = "a-api"
description = "A"
command = ["a"]
[[package.unit]]
name = "a-agent"
description = "A"
command = ["a"]
privileged = true
settings = { KillMode = "process" }
"#;

    /// The lines of the unit with this number.
    fn lines(index: usize) -> Vec<String> {
        let name = "a".parse().unwrap();
        let service = Service::parse(&name, RECIPE, Path::new("services/a.toml")).unwrap();
        let unit = &service.package.as_ref().unwrap().units[index];
        text(&service, unit, "/opt/a", None).lines().map(str::to_owned).collect()
    }

    /// Each of these settings takes sudo its rights, or gives the process mounts of its own
    /// (systemd.exec(5)); systemd itself is asked in the tests of packages.
    #[test]
    fn privileged_processes_may_call_sudo() {
        let [hardened, privileged] = [0, 1].map(lines);
        let hinders = |line: &&String| {
            [
                "Private",
                "Protect",
                "Restrict",
                "SystemCall",
                "Lock",
                "NoNew",
                "ReadWrite",
                "ProcSubset",
            ]
            .iter()
            .any(|start| line.starts_with(start))
        };
        assert_eq!(privileged.iter().find(hinders), None);
        assert_eq!(hardened.iter().filter(hinders).count(), 21);
        for line in ["User=a", "UMask=0022", "LimitNOFILE=65535", "KillMode=process"] {
            assert!(privileged.contains(&line.to_owned()), "{line} is not in {privileged:?}");
        }
        for line in ["ReadWritePaths=-/var/lib/a", "NoNewPrivileges=yes", "UMask=0027"] {
            assert!(hardened.contains(&line.to_owned()), "{line} is not in {hardened:?}");
        }
    }

    #[test]
    fn units_have_the_environment_of_the_image() {
        let lines = lines(0);
        let set: Vec<&String> = lines.iter().filter(|l| l.starts_with("Environment=")).collect();
        assert_eq!(set[0], "Environment=\"A=/opt/a/x\"");
        assert_eq!(set[1], r#"Environment="B=5%% \"of\" \\\x0a""#);
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn words_are_quoted_where_systemd_would_read_them_otherwise() {
        let words = |line: &[&str]| line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let command = |line: &[&str]| command(&words(line), "/opt/x/bin");
        assert_eq!(command(&["uwsgi", "--ini", "/etc/a.ini"]), "/opt/x/bin/uwsgi --ini /etc/a.ini");
        assert_eq!(command(&["/bin/sh", "-c", "a \"$B\" \\; 5%"]), {
            "/bin/sh -c \"a \\\"$$B\\\" \\\\; 5%%\""
        });
        assert_eq!(command(&["x", ""]), "/opt/x/bin/x \"\"");
    }
}
