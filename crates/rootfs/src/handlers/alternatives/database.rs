//! The file of one group in `/var/lib/dpkg/alternatives`.
//!
//! Lines: `auto` or `manual`; the generic link; for each slave its name and its link; an empty
//! line; for each choice its path, its priority and its path for each slave (empty where it has
//! none); an empty line. Slaves and choices are sorted by bytes.

use std::collections::BTreeMap;

use super::AlternativesError;

/// A group of alternatives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Group {
    pub(super) automatic: bool,
    pub(super) link: String,
    /// Links by name.
    pub(super) slaves: BTreeMap<String, String>,
    /// In the order of their paths.
    pub(super) choices: Vec<Choice>,
    /// Where the link in `/etc/alternatives` leads.
    pub(super) current: Option<String>,
}

/// One of the choices of a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Choice {
    pub(super) path: String,
    pub(super) priority: i32,
    /// Paths by the names of slaves.
    pub(super) slaves: BTreeMap<String, String>,
}

impl Group {
    pub(super) fn new(link: &str) -> Self {
        Self {
            automatic: true,
            link: link.to_owned(),
            slaves: BTreeMap::new(),
            choices: Vec::new(),
            current: None,
        }
    }

    /// The choice with the highest priority; where several have it, the current one or else the
    /// first.
    pub(super) fn best(&self) -> Option<&Choice> {
        let is_current = |choice: &&Choice| self.current.as_ref() == Some(&choice.path);
        let mut best = self.choices.iter().find(is_current).or(self.choices.first())?;
        for choice in &self.choices {
            if choice.priority > best.priority {
                best = choice;
            }
        }
        Some(best)
    }

    /// Takes out slaves that no choice has; their links are taken away before.
    pub(super) fn drop_unused_slaves(&mut self) {
        let Self { slaves, choices, .. } = self;
        slaves.retain(|name, _| choices.iter().any(|choice| choice.slaves.contains_key(name)));
    }

    pub(super) fn parse(name: &str, text: &str) -> Result<Self, AlternativesError> {
        let mut lines = text.lines().enumerate();
        let total = text.lines().count();
        let bad = |line: usize| AlternativesError::Database { name: name.to_owned(), line };
        let mut next = || lines.next().ok_or_else(|| bad(total + 1));

        let (_, status) = next()?;
        if status != "auto" && status != "manual" {
            return Err(bad(1));
        }
        let mut group = Self::new(next()?.1);
        group.automatic = status == "auto";
        // The order of the file, which is the order of each choice's paths.
        let mut order = Vec::new();
        loop {
            let (at, slave) = next()?;
            if slave.is_empty() {
                break;
            }
            let (_, link) = next()?;
            if group.slaves.insert(slave.to_owned(), link.to_owned()).is_some() {
                return Err(bad(at + 1));
            }
            order.push(slave.to_owned());
        }
        loop {
            let (_, path) = next()?;
            if path.is_empty() {
                return Ok(group);
            }
            let (at, priority) = next()?;
            let priority = priority.parse().map_err(|_| bad(at + 1))?;
            let mut slaves = BTreeMap::new();
            for slave in &order {
                let (_, path) = next()?;
                if !path.is_empty() {
                    slaves.insert(slave.clone(), path.to_owned());
                }
            }
            group.choices.push(Choice { path: path.to_owned(), priority, slaves });
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mode = if self.automatic { "auto" } else { "manual" };
        let mut lines = vec![mode.to_owned(), self.link.clone()];
        lines.extend(self.slaves.iter().flat_map(|(name, link)| [name.clone(), link.clone()]));
        lines.push(String::new());
        for choice in &self.choices {
            lines.extend([choice.path.clone(), choice.priority.to_string()]);
            let path = |name: &String| choice.slaves.get(name).cloned().unwrap_or_default();
            lines.extend(self.slaves.keys().map(path));
        }
        lines.push(String::new());
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_written_as_it_was_read() {
        let text = "auto\n/usr/bin/awk\nawk.1.gz\n/man/awk.1.gz\nnawk\n/usr/bin/nawk\n\n\
                    /usr/bin/gawk\n10\n\n/usr/bin/gawk\n/usr/bin/mawk\n5\n/man/mawk.1.gz\n\n\n";
        assert_eq!(Group::parse("awk", text).unwrap().to_text(), text);
    }

    #[test]
    fn a_damaged_group_names_the_line() {
        for (text, line) in [
            ("", 1),
            ("automatic\n", 1),
            ("auto\n", 2),
            ("auto\n/a\nb\n/b\nb\n/c\n\n\n", 5),
            ("auto\n/a\n\n/x\nten\n\n", 5),
            ("auto\n/a\n\n/x\n10\n", 6),
        ] {
            let error = Group::parse("awk", text).unwrap_err().to_string();
            assert!(error.contains(&format!("line {line} ")), "{text:?}: {error}");
        }
    }
}
