//! The versions of Debian, as bindep's grammar has them.
//!
//! ```text
//! epoch                = digit+ ':'
//! upstream_segment     = letter or digit | '.' | '+' | '~' | ':'
//! upstreamver          = digit (upstream_segment | '-' followed by upstream_segment* '-' debver)*
//! upstreamver_no_hyphen = digit upstream_segment*
//! debver               = (letter or digit | '.' | '+' | '~')+
//! debversion           = epoch? upstreamver '-' debver | epoch? upstreamver_no_hyphen
//! ```

use crate::Grammar;

/// How many bytes at the start of `text` are a version; 0 where it begins with none.
pub(crate) fn length(text: &str, grammar: Grammar) -> usize {
    let is_segment = |letter| is_segment(letter, grammar);
    let is_revision = |letter| is_revision(letter, grammar);
    let epoch = epoch(text, grammar);
    let upstream = upstream(&text[epoch..], grammar);
    if upstream > 0 {
        let rest = &text[epoch + upstream..];
        let revision = rest.strip_prefix('-').map_or(0, |rest| span(rest, is_revision));
        if revision > 0 {
            return epoch + upstream + 1 + revision;
        }
    }
    let segment = span(&text[epoch..], is_segment);
    let starts = text[epoch..].starts_with(|letter| grammar.is_digit(letter));
    if starts { epoch + segment } else { 0 }
}

fn is_segment(letter: char, grammar: Grammar) -> bool {
    is_revision(letter, grammar) || letter == ':'
}

fn is_revision(letter: char, grammar: Grammar) -> bool {
    grammar.is_alphanumeric(letter) || ".+~".contains(letter)
}

fn span(text: &str, allowed: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !allowed(letter)).unwrap_or(text.len())
}

fn epoch(text: &str, grammar: Grammar) -> usize {
    let digits = span(text, |letter| grammar.is_digit(letter));
    if digits > 0 && text[digits..].starts_with(':') { digits + 1 } else { 0 }
}

/// The upstream version: hyphens belong to it as long as another one with a revision follows.
fn upstream(text: &str, grammar: Grammar) -> usize {
    let is_segment = |letter| is_segment(letter, grammar);
    let is_revision = |letter| is_revision(letter, grammar);
    if !text.starts_with(|letter| grammar.is_digit(letter)) {
        return 0;
    }
    let mut at = span(text, is_segment);
    while let Some(rest) = text[at..].strip_prefix('-') {
        let segment = span(rest, is_segment);
        let revision = rest[segment..].strip_prefix('-');
        if revision.is_none_or(|revision| span(revision, is_revision) == 0) {
            break;
        }
        at += 1 + segment;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_end_where_the_grammar_ends_them() {
        for (text, version) in [
            ("1.0", "1.0"),
            ("1:2.0-3~bpo", "1:2.0-3~bpo"),
            ("1.0-1-2,x", "1.0-1-2"),
            ("1.0-", "1.0"),
            ("1.0-1-", "1.0-1"),
            ("1:a", ""),
            ("a", ""),
            ("", ""),
            ("1.0 # x", "1.0"),
        ] {
            assert_eq!(&text[..length(text, Grammar::Strict)], version, "{text}");
        }
    }
}
