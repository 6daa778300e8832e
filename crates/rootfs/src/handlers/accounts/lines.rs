//! The lines of account files: fields between colons (passwd(5), group(5), shadow(5), gshadow(5)).

use filetree::Tree;

use super::super::files;
use super::{AccountsError, GROUP, GSHADOW, PASSWD};

/// A file of accounts; each line has at least two fields, the first being the name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Table {
    file: &'static str,
    pub(super) lines: Vec<Vec<String>>,
}

impl Table {
    /// Reads a file, which may be missing.
    pub(super) fn read(tree: &Tree, file: &'static str) -> Result<Self, AccountsError> {
        Self::parse(file, &files::text(tree, file)?.unwrap_or_default())
    }

    pub(super) fn parse(file: &'static str, text: &str) -> Result<Self, AccountsError> {
        let fields = match file {
            PASSWD => 7,
            GROUP | GSHADOW => 4,
            _ => 9,
        };
        let mut lines = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line: Vec<String> = line.split(':').map(str::to_owned).collect();
            let has_id = !matches!(file, PASSWD | GROUP)
                || line.get(2).is_some_and(|id| id.parse::<u32>().is_ok());
            if line.len() != fields || line[0].is_empty() || !has_id {
                return Err(AccountsError::Line { file, line: at + 1 });
            }
            lines.push(line);
        }
        Ok(Self { file, lines })
    }

    pub(super) fn to_text(&self) -> String {
        self.lines.iter().map(|line| line.join(":") + "\n").collect()
    }

    pub(super) fn push(&mut self, line: &str) {
        self.lines.push(line.split(':').map(str::to_owned).collect());
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.lines.retain(|line| line[0] != name);
    }

    /// Who has the id (of passwd and group).
    pub(super) fn name_of(&self, id: u32) -> Option<&str> {
        let id = id.to_string();
        self.lines.iter().find(|line| line[2] == id).map(|line| line[0].as_str())
    }

    pub(super) fn check_name_free(&self, name: &str) -> Result<(), AccountsError> {
        match self.lines.iter().any(|line| line[0] == name) {
            true => Err(AccountsError::NameTaken { file: self.file, name: name.to_owned() }),
            false => Ok(()),
        }
    }

    pub(super) fn check_free(&self, name: &str, id: u32) -> Result<(), AccountsError> {
        self.check_name_free(name)?;
        match self.name_of(id) {
            None => Ok(()),
            Some(owner) => {
                let (name, owner) = (name.to_owned(), owner.to_owned());
                Err(AccountsError::IdTaken { file: self.file, name, id, owner })
            }
        }
    }

    /// Adds `user` to the last field of `group`; whether there is such a group.
    pub(super) fn add_member(&mut self, group: &str, user: &str) -> bool {
        let Some(line) = self.lines.iter_mut().find(|line| line[0] == group) else { return false };
        let Some(members) = line.last_mut() else { return false };
        if members.is_empty() {
            members.push_str(user);
        } else if !members.split(',').any(|member| member == user) {
            members.push(',');
            members.push_str(user);
        }
        true
    }
}

/// Names as useradd takes them: a letter or `_`, then letters, digits, `_` and `-`, all lower-case,
/// at most 32 (useradd(8), "Caveats").
pub(super) fn check_name(file: &'static str, name: &str) -> Result<(), AccountsError> {
    let first = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let rest = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    if first && rest && name.len() <= 32 {
        return Ok(());
    }
    let reason = "want a lower-case letter or `_`, then such, digits and `-`, 32 at most";
    Err(AccountsError::Field { file, text: name.to_owned(), reason })
}

/// Any other field.
pub(super) fn check_field(file: &'static str, text: &str) -> Result<(), AccountsError> {
    if text.contains(':') || text.contains(char::is_control) {
        let reason = "it has a colon or a control character";
        return Err(AccountsError::Field { file, text: text.to_owned(), reason });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_files_name_the_line() {
        for (file, text) in [
            (PASSWD, "root:x:0:0:root:/root:/bin/sh\nbroken\n"),
            (PASSWD, "root:x:0:0:root:/root:/bin/sh\na:x:b:0::/:/\n"),
            (GROUP, "root:x:0:\n:x:1:\n"),
            (GSHADOW, "root:*::\n\n"),
        ] {
            let error = Table::parse(file, text).unwrap_err().to_string();
            assert!(error.contains(":2: "), "{error}");
        }
    }

    #[test]
    fn names_that_break_a_file_are_refused() {
        for name in ["", "a:b", "A", "1a", "a b", "ä", "-a", "a\n", &"a".repeat(33)] {
            assert!(check_name(PASSWD, name).is_err(), "{name:?}");
        }
        assert!(check_name(PASSWD, "_ssh").is_ok());
        assert!(check_field(PASSWD, "a:b").is_err());
        assert!(check_field(PASSWD, "Käthe, Zimmer 3").is_ok());
    }
}
