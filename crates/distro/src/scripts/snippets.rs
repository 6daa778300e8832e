//! The sections that debhelper adds to scripts.

use super::{Effect, SlaveLink};

/// How such a section begins, followed by the name of the tool, a slash and its version.
pub(super) const START: &str = "# Automatically added by ";
const END: &str = "# End automatically added section";

/// A part of a script.
pub(super) enum Section<'a> {
    /// A line that a person wrote.
    Text(&'a str),
    /// A generated section with its first and last line, and what it does; `None` where it is not
    /// understood.
    Generated { lines: Vec<&'a str>, effects: Option<Vec<Effect>> },
}

/// Takes a script apart.
pub(super) fn sections(script: &str) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let maintscript = line.starts_with("dpkg-maintscript-helper ") && nothing(line);
        if maintscript {
            sections.push(Section::Generated { lines: vec![line], effects: Some(Vec::new()) });
        } else if !line.trim_start().starts_with(START) {
            sections.push(Section::Text(line));
        } else {
            let mut inside = vec![line];
            let mut ended = false;
            for line in lines.by_ref() {
                inside.push(line);
                ended = line.trim() == END;
                if ended {
                    break;
                }
            }
            let effects = if ended { understand(&inside[1..inside.len() - 1]) } else { None };
            sections.push(Section::Generated { lines: inside, effects });
        }
    }
    sections
}

/// What the lines of a section do; `None` if one of them is not known.
fn understand(lines: &[&str]) -> Option<Vec<Effect>> {
    let mut effects = Vec::new();
    // Whether the units of this section are enabled only where they have been before.
    let mut known = false;
    for line in joined(lines) {
        let line = line.trim();
        if nothing(line) {
            continue;
        }
        let words: Vec<&str> = words(line);
        effects.push(match words.as_slice() {
            ["deb-systemd-helper", "enable", unit, ">/dev/null", "||", "true"] if !known => {
                Effect::SystemdEnable { unit: name(unit)?, user: false }
            }
            ["deb-systemd-helper", "--user", "enable", unit, ">/dev/null", "||", "true"] => {
                Effect::SystemdEnable { unit: name(unit)?, user: true }
            }
            // Only what an earlier version had is unmasked and enabled: this records the unit.
            ["if", "deb-systemd-helper", "debian-installed", unit, "then"] => {
                known = true;
                Effect::SystemdRecord { unit: name(unit.strip_suffix(';')?.trim_matches('\''))? }
            }
            ["deb-systemd-helper", "enable", _, ">/dev/null", "||", "true"] => continue,
            ["update-rc.d", script, "defaults", ">/dev/null"]
            | ["update-rc.d", script, "defaults", ">/dev/null", "||", "exit", "1"] => {
                Effect::RcDefaults { script: name(script)? }
            }
            ["update-alternatives", "--install", rest @ ..] => alternative(rest)?,
            // The lines around these look for the program first.
            ["update-menus"] => without("update-menus"),
            ["update-icon-caches", _folder] => without("update-icon-caches"),
            ["systemd-tmpfiles", ..] if plain(line) && line.ends_with("|| true") => {
                without("systemd-tmpfiles")
            }
            // dh_apparmor: the profile is the package's own, and gets an empty file beside it.
            [profile] if profile.starts_with("APP_PROFILE=\"/etc/apparmor.d/") => continue,
            [place] if place.starts_with("LOCAL_APP_PROFILE=\"/etc/apparmor.d/local/") => {
                let path = line.split('"').nth(1)?;
                name(path.strip_prefix("/etc/apparmor.d/local/")?)?;
                Effect::File {
                    path: path.to_owned(),
                    text: String::new(),
                    mode: 0o644,
                    group: "root".to_owned(),
                }
            }
            // Byte code is left out.
            ["py3compile" | "pypy3compile", ..] => continue,
            _ => return None,
        });
    }
    Some(effects)
}

/// What a section does that looks for a program and runs it: nothing, as long as there is none.
fn without(program: &str) -> Effect {
    let paths = ["/usr/bin/", "/usr/sbin/"].map(|folder| format!("{folder}{program}"));
    Effect::Without { paths: paths.to_vec() }
}

/// Lines that end in a backslash are one with the next.
fn joined(lines: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for line in lines {
        let (text, more) = match line.trim_end().strip_suffix('\\') {
            Some(text) => (text, true),
            None => (*line, false),
        };
        match out.last_mut().filter(|_| open) {
            Some(last) => last.push_str(text),
            None => out.push(text.to_owned()),
        }
        open = more;
    }
    out
}

/// Whether a line of a section does nothing by itself on a fresh root: there is no old version, no
/// running system, no unit that was masked or disabled.
fn nothing(line: &str) -> bool {
    const EXACT: [&str; 24] = [
        "}",
        "apparmor_parser -r -T -W \"$APP_PROFILE\" || true",
        "install --mode 644 /dev/null \"$LOCAL_APP_PROFILE\"",
        "mkdir -p `dirname \"$LOCAL_APP_PROFILE\"`",
        "test -e \"$LOCAL_APP_PROFILE\" || {",
        "if [ -f \"$APP_PROFILE\" ]; then",
        "if aa-enabled --quiet 2>/dev/null; then",
        "if command -v update-icon-caches >/dev/null; then",
        "if which pypy3compile >/dev/null 2>&1; then",
        "if [ -z \"$DPKG_ROOT\" ] ; then",
        "if [ -z \"${DPKG_ROOT:-}\" ] ; then",
        "if [ -z \"${DPKG_ROOT:-}\" ] && [ -d /run/systemd/system ]; then",
        "else",
        "fi",
        "_dh_action=restart",
        "_dh_action=start",
        "_dh_action=try-restart",
        "systemctl --system daemon-reload >/dev/null || true",
        "if [ -d /run/systemd/system ]; then",
        "if [ -n \"$2\" ]; then",
        "if [ -z \"$DPKG_ROOT\" ] && [ -d /run/systemd/system ]; then",
        "if which py3compile >/dev/null 2>&1; then",
        "if command -v py3compile >/dev/null 2>&1; then",
        "if command -v pypy3compile >/dev/null 2>&1; then",
    ];
    // Conditions that hold on a fresh root, or look for what the command inside needs.
    const CONDITIONS: [&str; 10] = [
        "if [ -z \"$DPKG_ROOT\" ] && [ \"$1\" = upgrade ] && [ -d /run/systemd/system ]",
        "if [ -z \"${DPKG_ROOT:-}\" ] && [ \"$1\" = upgrade ] && [ -d /run/systemd/system ]",
        "if deb-systemd-helper --quiet --user was-enabled ",
        "if [ \"$1\" = \"install\" ] && [ -n \"$2\" ] && [ -e \"/etc/init.d/",
        "if [ -x \"/etc/init.d/",
        "if [ \"$1\" = \"configure\" ]",
        "if deb-systemd-helper --quiet was-enabled ",
        "if [ -x \"$(command -v ",
        "if [ -z \"$DPKG_ROOT\" ] && [ -x \"/etc/init.d/",
        "if [ -z \"${DPKG_ROOT:-}\" ] && [ -x \"/etc/init.d/",
    ];
    const COMMANDS: [&str; 7] = [
        "chmod +x \"/etc/init.d/",
        "deb-systemd-helper --user unmask ",
        "deb-systemd-helper --user update-state ",
        "deb-systemd-helper unmask ",
        "deb-systemd-helper update-state ",
        "deb-systemd-invoke ",
        "invoke-rc.d ",
    ];
    const MAINTSCRIPT: [&str; 4] =
        ["rm_conffile", "mv_conffile", "symlink_to_dir", "dir_to_symlink"];
    let ends = line.ends_with(" || true") || line.ends_with(" || exit 1");
    match line.split_ascii_whitespace().next() {
        None => true,
        Some(first) if first.starts_with('#') => true,
        Some("if") => {
            EXACT.contains(&line)
                || (line.ends_with("then") && CONDITIONS.iter().any(|text| line.starts_with(text)))
        }
        Some("dpkg-maintscript-helper") => {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            plain(line) && MAINTSCRIPT.contains(&words[1]) && line.ends_with("-- \"$@\"")
        }
        Some(_) => {
            EXACT.contains(&line)
                || (plain(line) && ends && COMMANDS.iter().any(|text| line.starts_with(text)))
        }
    }
}

/// Whether a line has one command and no other inside.
fn plain(line: &str) -> bool {
    !line.contains(['`', ';']) && !line.contains("$(")
}

/// The words of a simple command, quotes taken off.
fn words(line: &str) -> Vec<&str> {
    line.split_ascii_whitespace().map(|word| word.trim_matches(['\'', '"'])).collect()
}

/// The name of a unit or a script.
fn name(word: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@:+".contains(&byte);
    (!word.is_empty() && word.bytes().all(good)).then(|| word.to_owned())
}

/// The words after `update-alternatives --install`.
fn alternative(words: &[&str]) -> Option<Effect> {
    let [link, name, path, priority, rest @ ..] = words else { return None };
    let text = |word: &str| (!word.contains(['$', '`', ';', '|'])).then(|| word.to_owned());
    let mut slaves = Vec::new();
    for slave in rest.chunks(4) {
        let ["--slave", link, name, path] = slave else { return None };
        slaves.push(SlaveLink { name: text(name)?, link: text(link)?, path: text(path)? });
    }
    Some(Effect::Alternative {
        name: text(name)?,
        link: text(link)?,
        path: text(path)?,
        priority: priority.parse().ok()?,
        slaves,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(lines: &[&str]) -> Option<Vec<Effect>> {
        understand(lines)
    }

    #[test]
    fn known_commands_are_understood() {
        let enable = "\t\tdeb-systemd-helper enable 'fstrim.timer' >/dev/null || true";
        assert_eq!(
            section(&["if [ \"$1\" = \"configure\" ] ; then", enable, "fi"]),
            Some(vec![Effect::SystemdEnable { unit: "fstrim.timer".into(), user: false }])
        );
        let lines = [
            "update-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5 \\",
            " --slave /a b /c",
        ];
        let found = section(&lines).unwrap();
        let [Effect::Alternative { priority: 5, slaves, .. }] = found.as_slice() else {
            panic!("not an alternative: {found:?}")
        };
        assert_eq!(slaves[0].link, "/a");
    }

    #[test]
    fn a_unit_that_is_not_enabled_is_recorded() {
        let lines = [
            "if deb-systemd-helper debian-installed 'rsync.service'; then",
            "deb-systemd-helper unmask 'rsync.service' >/dev/null || true",
            "if deb-systemd-helper --quiet was-enabled 'rsync.service'; then",
            "deb-systemd-helper enable 'rsync.service' >/dev/null || true",
            "fi",
            "fi",
            "deb-systemd-helper update-state 'rsync.service' >/dev/null || true",
        ];
        let unit = "rsync.service".to_owned();
        assert_eq!(section(&lines), Some(vec![Effect::SystemdRecord { unit }]));
    }

    #[test]
    fn a_profile_of_apparmor_gets_a_local_file() {
        let lines = [
            "APP_PROFILE=\"/etc/apparmor.d/usr.bin.man\"",
            "LOCAL_APP_PROFILE=\"/etc/apparmor.d/local/usr.bin.man\"",
            "install --mode 644 /dev/null \"$LOCAL_APP_PROFILE\"",
        ];
        let found = section(&lines).unwrap();
        let [Effect::File { path, .. }] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(path, "/etc/apparmor.d/local/usr.bin.man");
        assert_eq!(section(&["LOCAL_APP_PROFILE=\"/etc/apparmor.d/local/$(evil)\""]), None);
    }

    #[test]
    fn a_section_with_one_unknown_line_is_not_understood() {
        for line in [
            "rm -rf /",
            "deb-systemd-helper enable 'a;b' >/dev/null || true",
            "deb-systemd-invoke $(evil) 'x' >/dev/null || true",
            "update-alternatives --install /a b $c 5",
            "dpkg-maintscript-helper rm_conffile $(evil) -- \"$@\"",
            "dpkg-maintscript-helper supports",
            "systemd-tmpfiles --create $(evil) || true",
            "deb-systemd-helper --user enable 'a;b' >/dev/null || true",
            "if deb-systemd-helper debian-installed 'a;b'; then",
            "systemd-sysusers x.conf",
        ] {
            assert_eq!(section(&["fi", line]), None, "{line}");
        }
    }
}
