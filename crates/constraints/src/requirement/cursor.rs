//! A place in a text that is being read.

use super::RequirementError;

/// Reads a text from left to right; positions are bytes from its start.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, offset: 0 }
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.offset == self.text.len()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over white space (PEP 508: blanks and tabs).
    pub(crate) fn skip_blanks(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t'));
    }

    /// Steps over `token` if it is next.
    pub(crate) fn eat(&mut self, token: &str) -> bool {
        let next = self.rest().starts_with(token);
        if next {
            self.offset += token.len();
        }
        next
    }

    /// Steps over the word `word` if it is next and ends there.
    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let next = self.rest().strip_prefix(word).is_some_and(|after| !after.starts_with(in_word));
        if next {
            self.offset += word.len();
        }
        next
    }

    /// The longest run of characters that `wanted` takes.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.offset += taken.len();
        taken
    }

    /// An error at this place.
    pub(crate) fn expected(&self, expected: &'static str) -> RequirementError {
        let found = match self.rest().split([' ', '\t']).next() {
            None | Some("") if self.is_at_end() => "the end".to_owned(),
            None | Some("") => "white space".to_owned(),
            Some(word) => {
                let word: String = word.chars().take(40).flat_map(char::escape_debug).collect();
                format!("`{word}`")
            }
        };
        RequirementError::Unexpected { offset: self.offset, expected, found }
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
