//! A profile of `/usr/share/pam-configs`: fields as in an e-mail, with lines that go on.

use std::collections::{BTreeMap, BTreeSet};

/// One profile.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    /// The name of its file.
    pub(super) name: String,
    pub(super) is_default: bool,
    /// Zero where it says nothing.
    pub(super) priority: f64,
    /// Names of profiles that cannot be on beside it.
    pub(super) conflicts: BTreeSet<String>,
    fields: BTreeMap<String, String>,
}

impl Profile {
    /// Reads a profile; `None` for one with a module that PAM has no more (`pam_tally`), which
    /// pam-auth-update leaves out.
    pub(super) fn parse(name: &str, text: &str) -> Option<Self> {
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        let mut conflicts = BTreeSet::new();
        let mut current: Option<String> = None;
        for line in text.split('\n') {
            if let Some((field, value)) = split_field(line) {
                let field = field.strip_suffix("-Final").unwrap_or(field).to_owned();
                if field == "Conflicts" {
                    conflicts.extend(value.split(", ").map(str::to_owned));
                } else {
                    fields.insert(field.clone(), value.to_owned());
                }
                current = Some(field);
                continue;
            }
            let Some(field) = &current else { continue };
            let value = fields.entry(field.clone()).or_default();
            let line = line.trim_ascii();
            // Perl takes the line `0` for no line.
            if !line.is_empty() && line != "0" {
                value.push('\n');
                value.push_str(line);
            }
            if value.contains("pam_tally") {
                return None;
            }
            *value = value.trim_ascii_start().to_owned();
        }
        if fields.get("Session-Interactive-Only").is_none_or(|value| value != "yes") {
            for suffix in ["-Type", "", "-Initial"] {
                if let Some(value) = fields.get(&format!("Session{suffix}")).cloned() {
                    fields.insert(format!("Session-noninteractive{suffix}"), value);
                }
            }
        }
        Some(Self {
            name: name.to_owned(),
            is_default: fields.get("Default").is_some_and(|value| value == "yes"),
            priority: fields.get("Priority").map_or(0.0, |value| leading_number(value)),
            conflicts,
            fields,
        })
    }

    /// The block of a part (`auth`) that it goes into: `Primary` or `Additional`.
    pub(super) fn block(&self, part: &str) -> Option<&str> {
        self.field(part, "-Type")
    }

    /// Its modules for a part; those for the first place in the block where it has them.
    pub(super) fn modules(&self, part: &str, is_first: bool) -> Option<&str> {
        let initial = if is_first { self.field(part, "-Initial") } else { None };
        initial.or_else(|| self.field(part, ""))
    }

    fn field(&self, part: &str, suffix: &str) -> Option<&str> {
        let mut letters = part.chars();
        let first = letters.next()?.to_ascii_uppercase();
        let name = format!("{first}{}{suffix}", letters.as_str());
        let value = self.fields.get(&name)?;
        // What Perl takes for false.
        (!value.is_empty() && value != "0").then_some(value)
    }
}

/// `Name: value`: no space in the name, at least one after the colon. A space behind the value
/// stays, as in the original.
fn split_field(line: &str) -> Option<(&str, &str)> {
    let end = line.find(|c: char| c.is_ascii_whitespace()).unwrap_or(line.len());
    let name = line[..end].strip_suffix(':').filter(|name| !name.is_empty())?;
    Some((name, line[end..].trim_ascii_start()))
}

/// The number at the start of a text, as Perl takes it.
fn leading_number(text: &str) -> f64 {
    let text = text.trim_ascii_start();
    let end = text
        .char_indices()
        .find(|(at, c)| !c.is_ascii_digit() && *c != '.' && !(*at == 0 && matches!(c, '-' | '+')))
        .map_or(text.len(), |(at, _)| at);
    text[..end].parse().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read() {
        let text = "Name: Unix\nDefault: yes\nPriority: 256\nConflicts: a, b\nAuth-Type: Primary\n\
                    Auth-Final:\n\t[success=end]\tpam_unix.so try_first_pass\nAuth-Initial:\n\
                    \t[success=end]\tpam_unix.so\nSession-Type: Additional\nSession:\n\trequired a\n\
                    \toptional b\n";
        let profile = Profile::parse("unix", text).unwrap();
        assert!(profile.is_default);
        assert_eq!(profile.block("auth"), Some("Primary"));
        assert_eq!(profile.modules("auth", true), Some("[success=end]\tpam_unix.so"));
        assert_eq!(profile.modules("session-noninteractive", true), Some("required a\noptional b"));
        assert_eq!(profile.conflicts.len(), 2);
    }

    #[test]
    fn a_profile_of_a_module_that_is_gone_is_left_out() {
        assert_eq!(Profile::parse("x", "Name: x\nAuth:\n\trequired pam_tally.so\n"), None);
    }
}
