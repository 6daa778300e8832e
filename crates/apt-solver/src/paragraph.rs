//! Paragraphs of fields, the text format of all of apt's indexes (deb822(5)).

/// One paragraph, borrowed from its text.
#[derive(Clone, Copy, Debug)]
pub struct Paragraph<'a>(&'a str);

impl<'a> Paragraph<'a> {
    /// Takes `text` as one paragraph: a text without empty lines.
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The fields in order: name and value, the latter trimmed and with its continuation lines as
    /// they stand. A line that is neither a field nor its continuation is given as its error.
    pub fn fields(self) -> impl Iterator<Item = Result<(&'a str, &'a str), &'a str>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            loop {
                if rest.is_empty() {
                    return None;
                }
                let mut end = line_end(rest, 0);
                let line = rest[..end].trim_end_matches(['\r', '\n']);
                if line.starts_with('#') {
                    rest = &rest[end..];
                    continue;
                }
                while rest[end..].starts_with([' ', '\t']) {
                    end = line_end(rest, end);
                }
                let field = &rest[..end];
                rest = &rest[end..];
                let valid = |name: &&str| {
                    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
                };
                return Some(match field.split_once(':') {
                    Some((name, value)) if valid(&name) => Ok((name, value.trim())),
                    _ => Err(line),
                });
            }
        })
    }
}

/// The end of the line that begins at `start`, behind its LF.
fn line_end(text: &str, start: usize) -> usize {
    text[start..].find('\n').map_or(text.len(), |newline| start + newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_continuation_lines() {
        let text = "One: 1\nTwo:\n a 1\n b 2\n# note\nThree:3 \r\n";
        let fields: Vec<_> = Paragraph::new(text).fields().map(Result::unwrap).collect();
        assert_eq!(fields, [("One", "1"), ("Two", "a 1\n b 2"), ("Three", "3")]);
    }

    #[test]
    fn lines_that_are_no_fields_are_errors() {
        for text in ["hello\n", ": 1\n", " One: 1\n", "O ne: 1\n"] {
            assert!(Paragraph::new(text).fields().any(|field| field.is_err()), "{text}");
        }
        assert_eq!(Paragraph::new("").fields().count(), 0);
    }
}
