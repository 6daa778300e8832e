//! The form of a script that its classification is keyed by.

use names::{Arch, Digest, Sha256};

use super::Effect;
use super::snippets::{self, Section};

/// A script without what changes from version to version, and what its generated parts do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NormalScript {
    /// The text: generated sections that are understood are left out, the versions of its own package
    /// and those that it compares with become `@VERSION@`, names of the architecture `@ARCH@` and
    /// `@TRIPLET@`.
    pub text: String,
    /// SHA-256 of the text.
    pub digest: Digest,
    /// What the generated sections do to a fresh root.
    pub effects: Vec<Effect>,
}

impl NormalScript {
    /// Whether nothing is left that could do anything: the interpreter, `set -e`, comments, `exit 0`.
    pub fn is_empty(&self) -> bool {
        let idle = |line: &str| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#') || ["set -e", "exit 0"].contains(&line)
        };
        self.text.lines().all(idle)
    }
}

/// Brings the script of a package with this version into its normal form.
///
/// ```
/// let script = [
///     "#!/bin/sh",
///     "set -e",
///     "# Automatically added by dh_installdeb/13.24.2",
///     "dpkg-maintscript-helper rm_conffile /etc/hello 1.0~ -- \"$@\"",
///     "# End automatically added section",
/// ];
/// assert!(distro::normalise(&script.join("\n"), "1.0-1").is_empty());
/// ```
pub fn normalise(script: &str, version: &str) -> NormalScript {
    let mut text = String::new();
    let mut effects = Vec::new();
    for section in snippets::sections(script) {
        match section {
            Section::Text(line) => {
                text.push_str(&normal_line(line, version));
                text.push('\n');
            }
            Section::Generated { lines, effects: None } => {
                // The version of debhelper in the first line says nothing about what the lines do.
                for line in lines {
                    let head = line.trim_start().starts_with(snippets::START);
                    let line = if head { line.split('/').next().unwrap_or(line) } else { line };
                    text.push_str(&normal_line(line, version));
                    text.push('\n');
                }
            }
            Section::Generated { effects: Some(found), .. } => effects.extend(found),
        }
    }
    let digest = Sha256::digest(&text);
    NormalScript { text, digest, effects }
}

fn normal_line(line: &str, version: &str) -> String {
    let no_epoch = version.split_once(':').map_or(version, |(_, rest)| rest);
    let upstream = no_epoch.rsplit_once('-').map_or(no_epoch, |(upstream, _)| upstream);
    let mut line = line.trim_end().to_owned();
    for version in [version, no_epoch, upstream] {
        if version.len() >= 3 {
            line = replace_whole(&line, version, "@VERSION@");
        }
    }
    for arch in Arch::ALL {
        line = line.replace(arch.triplet(), "@TRIPLET@");
        line = replace_whole(&line, arch.debian(), "@ARCH@");
    }
    compared_versions(&line)
}

/// Replaces `word` where it is no part of a longer word or number.
fn replace_whole(line: &str, word: &str, by: &str) -> String {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '~' | '_');
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        out.push_str(before);
        let whole = !out.ends_with(inner) && !after.starts_with(inner);
        out.push_str(if whole { by } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Replaces the version that a `dpkg --compare-versions A OPERATOR B` names: on a fresh root there is
/// no old version to compare with.
fn compared_versions(line: &str) -> String {
    const OPERATORS: [&str; 10] =
        ["lt", "le", "eq", "ne", "ge", "gt", "lt-nl", "le-nl", "ge-nl", "gt-nl"];
    let Some((before, after)) = line.split_once("--compare-versions") else {
        return line.to_owned();
    };
    let mut words = Vec::new();
    let mut operator = false;
    for word in after.split(' ') {
        let bare = word.trim_matches(['\'', '"']);
        let starts = bare.trim_start_matches(['\'', '"']).starts_with(|c: char| c.is_ascii_digit());
        if operator && starts {
            let end = word.trim_end_matches([';', '"', '\'']).len();
            words.push(format!("@VERSION@{}", word[end..].trim_matches(['\'', '"'])));
        } else {
            words.push(word.to_owned());
        }
        operator = OPERATORS.contains(&bare) || (operator && word.is_empty());
    }
    format!("{before}--compare-versions{}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_do_not_count() {
        for (line, normal) in [
            (r#"if dpkg --compare-versions "$2" lt 3.8-2 ; then"#, "\"$2\" lt @VERSION@ ; then"),
            (r#"--compare-versions "$2"  lt '1.0'; then"#, "lt @VERSION@; then"),
            ("files=$(dpkg -L libpython3.13:amd64)", "libpython3.13:@ARCH@)"),
            ("dir=/usr/lib/x86_64-linux-gnu/a", "/usr/lib/@TRIPLET@/a"),
            ("echo 2.41-12+deb13u4", "echo @VERSION@"),
            ("echo 2.41", "echo @VERSION@"),
            ("echo 12.41.3 lamd64", "echo 12.41.3 lamd64"),
        ] {
            let found = normal_line(line, "2.41-12+deb13u4");
            assert!(found.ends_with(normal), "{line} became {found}");
        }
    }

    #[test]
    fn a_changed_command_changes_the_digest() {
        let digest = |text: &str| normalise(text, "1.0-1").digest;
        assert_eq!(digest("touch /a 1.0-1\n"), normalise("touch /a 1.1-2\n", "1.1-2").digest);
        assert_ne!(digest("touch /a\n"), digest("touch /b\n"));
    }
}
