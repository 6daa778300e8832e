//! How to speak: decided once, from the terminal and the environment.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

/// How to speak on standard error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Manner {
    /// Nothing but errors and the result (`--quiet`).
    pub(crate) quiet: bool,
    /// Whether a line at the bottom shows how far the work is.
    pub(crate) bars: bool,
    pub(crate) color: Color,
    /// Columns of the terminal.
    pub(crate) width: usize,
}

/// Whether words may be coloured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Color {
    No,
    Yes,
}

impl Manner {
    /// As standard error and the environment are.
    pub(crate) fn here(variables: &BTreeMap<String, String>, quiet: bool) -> Self {
        let stderr = std::io::stderr();
        let size = terminal_size::terminal_size_of(&stderr);
        let width = size.map(|(width, _)| usize::from(width.0));
        Self::of(variables, quiet, stderr.is_terminal(), width)
    }

    /// As a terminal or another file is, with these variables: `NO_COLOR` (any value but the empty one,
    /// as no-color.org asks), `TERM=dumb` and `CI` ask for plain words.
    pub(crate) fn of(
        variables: &BTreeMap<String, String>,
        quiet: bool,
        is_terminal: bool,
        width: Option<usize>,
    ) -> Self {
        let set = |name: &str| variables.get(name).is_some_and(|value| !value.is_empty());
        let dumb = variables.get("TERM").is_some_and(|term| term == "dumb");
        let ci = set("CI") && variables["CI"] != "false";
        let capable = is_terminal && !dumb;
        Self {
            quiet,
            bars: capable && !ci && !quiet,
            color: if capable && !set("NO_COLOR") { Color::Yes } else { Color::No },
            width: width.filter(|width| *width > 0).unwrap_or(80),
        }
    }
}

impl Color {
    /// A word that tells of something done.
    pub(crate) fn done(self, word: &str) -> String {
        self.paint("1;32", word)
    }

    /// A word that tells of something under way.
    pub(crate) fn doing(self, word: &str) -> String {
        self.paint("1;36", word)
    }

    /// A word that asks for attention.
    pub(crate) fn attention(self, word: &str) -> String {
        self.paint("1;33", word)
    }

    /// The word before an error.
    pub(crate) fn error(self, word: &str) -> String {
        self.paint("1;31", word)
    }

    /// SGR sequences (ECMA-48, 8.3.117).
    fn paint(self, code: &str, word: &str) -> String {
        match self {
            Color::No => word.to_owned(),
            Color::Yes => format!("\x1b[{code}m{word}\x1b[0m"),
        }
    }
}
