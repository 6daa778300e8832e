//! The fields of os-release(5) that tell platforms apart.

use std::collections::BTreeMap;

/// What `/etc/os-release` says of a system. An empty field and a missing one are two things for the
/// code name alone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OsRelease {
    /// `ID`: `debian`.
    pub id: String,
    /// `NAME`: `Debian GNU/Linux`.
    pub name: String,
    /// `VERSION_ID`: `13`; empty for a rolling distribution.
    pub version_id: String,
    /// The code name: `trixie`; empty where there is none.
    pub codename: String,
}

impl OsRelease {
    /// Reads the content of an os-release file the way the library `distro` 1.9 does, on which bindep
    /// is built: a shell's assignments, of which the last of equal names counts. The code name is
    /// `VERSION_CODENAME`, or else `UBUNTU_CODENAME`, or else what `VERSION` has in parentheses or
    /// behind a comma.
    pub fn parse(text: &str) -> Self {
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        for word in words(text) {
            if let Some((name, value)) = word.split_once('=') {
                fields.insert(name.to_lowercase(), value.to_owned());
            }
        }
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let codename = ["version_codename", "ubuntu_codename"]
            .into_iter()
            .find_map(|name| fields.get(name).cloned())
            .or_else(|| fields.get("version").and_then(|version| codename_in(version)))
            .unwrap_or_default();
        Self { id: field("id"), name: field("name"), version_id: field("version_id"), codename }
    }
}

/// The words of a shell script without commands: Python's `shlex.shlex` in POSIX mode.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' => {
                words.extend(word.take());
                // The rest of the line.
                for letter in letters.by_ref() {
                    if letter == '\n' {
                        break;
                    }
                }
            }
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(letters.by_ref().take_while(|letter| *letter != '\''));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(letter) = letters.next() {
                    match letter {
                        '"' => break,
                        '\\' => match letters.next() {
                            Some(escaped @ ('"' | '\\')) => word.push(escaped),
                            Some(other) => word.extend(['\\', other]),
                            None => {}
                        },
                        letter => word.push(letter),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// What the first of the patterns `\((\D+)\)` and `,\s*(\D+)` finds.
fn codename_in(version: &str) -> Option<String> {
    let no_digit = |text: &str| text.find(|letter: char| letter.is_ascii_digit());
    for (at, letter) in version.char_indices() {
        let rest = &version[at + letter.len_utf8()..];
        let run = &rest[..no_digit(rest).unwrap_or(rest.len())];
        match letter {
            '(' => {
                if let Some(end) = run.rfind(')').filter(|end| *end > 0) {
                    return Some(run[..end].to_owned());
                }
            }
            ',' if !run.trim_start().is_empty() => return Some(run.trim_start().to_owned()),
            _ => {}
        }
    }
    None
}
