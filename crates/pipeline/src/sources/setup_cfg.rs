//! `setup.cfg`, as Python's `configparser` reads it for PBR and setuptools.

use std::collections::BTreeMap;

/// The sections of a file, and their keys in lower case with `_` for `-`, but in `[extras]` and
/// `[options.extras_require]`, whose keys are names of extras.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct SetupCfg {
    sections: BTreeMap<String, Vec<(String, String)>>,
}

impl SetupCfg {
    /// Reads a file. Lines that are no keys are passed over: the build says what is wrong with them.
    pub(super) fn parse(text: &str) -> Self {
        let mut found = Self::default();
        let mut section = String::new();
        for line in text.lines() {
            let trimmed = line.trim();
            if trimmed.starts_with(['#', ';']) {
                continue;
            }
            let name = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let keys = found.sections.entry(section.clone()).or_default();
            if line.starts_with([' ', '\t']) && !trimmed.is_empty() {
                if let Some((_, value)) = keys.last_mut() {
                    value.push('\n');
                    value.push_str(trimmed);
                }
            } else if let Some((name, _)) = name {
                name.clone_into(&mut section);
            } else if let Some(at) = trimmed.find(['=', ':']) {
                let key = trimmed[..at].trim().to_lowercase();
                let key = if is_extras(&section) { key } else { key.replace('-', "_") };
                keys.push((key, trimmed[at + 1..].trim().to_owned()));
            }
        }
        found
    }

    /// The value of a key, if it has one.
    pub(super) fn value(&self, section: &str, key: &str) -> Option<&str> {
        let keys = self.sections.get(section)?;
        let found = keys.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The keys of a section in their order; `None` where there is no such section.
    pub(super) fn section(&self, name: &str) -> Option<&[(String, String)]> {
        self.sections.get(name).map(Vec::as_slice)
    }
}

fn is_extras(section: &str) -> bool {
    ["extras", "options.extras_require"].contains(&section)
}

/// The lines of a value that say something.
pub(super) fn lines(value: &str) -> impl Iterator<Item = &str> {
    value.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_where_lines_are_indented() {
        let text = "[metadata]\nname = keystone\npython-requires: >=3.10\n# x = 1\n\n[extras]\n\
                    ldap =\n  python-ldap>=3.0.0 # PSF\n  # no\n\n  ldappool\nKafka-x = a\n[empty]\n";
        let file = SetupCfg::parse(text);
        assert_eq!(file.value("metadata", "name"), Some("keystone"));
        assert_eq!(file.value("metadata", "python_requires"), Some(">=3.10"));
        assert_eq!(file.value("metadata", "x"), None);
        let extras = file.section("extras").unwrap();
        assert_eq!(extras[0].0, "ldap");
        let ldap: Vec<&str> = lines(&extras[0].1).collect();
        assert_eq!(ldap, ["python-ldap>=3.0.0 # PSF", "ldappool"]);
        assert_eq!(extras[1], ("kafka-x".to_owned(), "a".to_owned()));
        assert_eq!(file.section("options"), None);
    }
}
