//! Units of systemd for the processes of a service.

use std::collections::BTreeMap;

use release::{Service, Unit};

/// What every process of a service may and may not (systemd.exec(5)): it sees the system as read-only,
/// gains no rights, and writes to the service's own directories alone.
const HARDENED: [(&str, &str); 28] = [
    ("Type", "exec"),
    ("Restart", "on-failure"),
    ("RestartSec", "2"),
    ("TimeoutStopSec", "60"),
    ("LimitNOFILE", "65535"),
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

/// The text of the unit: `unit` of `service`, whose programs lie in `bin`.
pub(crate) fn text(service: &Service, unit: &Unit, bin: &str, homepage: Option<&str>) -> String {
    let mut text = format!("[Unit]\nDescription={}\n", escaped(&unit.description));
    if let Some(homepage) = homepage {
        text.push_str(&format!("Documentation={}\n", escaped(homepage)));
    }
    text.push_str("Wants=network-online.target\nAfter=network-online.target\n\n[Service]\n");
    let user = &service.user;
    text.push_str(&format!("User={}\nGroup={}\n", user.name, user.group));
    text.push_str(&format!("ExecStart={}\n", command(&unit.command, bin)));
    let writable: Vec<String> = service
        .directories
        .iter()
        .filter(|directory| directory.owner.uid == user.uid)
        .map(|directory| format!("-{}", escaped(&directory.path)))
        .collect();
    if !writable.is_empty() {
        text.push_str(&format!("ReadWritePaths={}\n", writable.join(" ")));
    }
    let mut settings: BTreeMap<&str, &str> =
        unit.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    for (key, value) in HARDENED {
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
        let word = escaped(&word).replace('$', "$$");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=%$,+@".contains(c);
        match word.chars().all(plain) && !word.is_empty() {
            true => word,
            false => format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// A text in which `%` stands for itself (systemd.unit(5), "Specifiers").
fn escaped(text: &str) -> String {
    text.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

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
