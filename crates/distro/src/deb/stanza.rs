//! Stanzas of control data (deb822(5)).

/// Why a text is not one stanza.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct StanzaError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// One stanza: fields in the order of the file. Names compare without case (deb822(5)).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stanza {
    /// Name and value of each field. A value keeps its continuation lines, each with its first space
    /// and after a newline, and has no newline at its end.
    pub fields: Vec<(String, String)>,
}

impl Stanza {
    /// Reads a text that holds one stanza, such as the `control` file of a package.
    ///
    /// ```
    /// let stanza = distro::Stanza::parse("Package: dash\nDescription: a shell\n small\n")?;
    /// assert_eq!(stanza.get("package"), Some("dash"));
    /// assert_eq!(stanza.get("Description"), Some("a shell\n small"));
    /// # Ok::<(), distro::StanzaError>(())
    /// ```
    ///
    /// # Errors
    /// For a line that is no field, a field that comes twice, and a second stanza.
    pub fn parse(text: &str) -> Result<Self, StanzaError> {
        let mut stanza = Self::default();
        let mut ended = false;
        for (index, line) in text.lines().enumerate() {
            let bad = |reason| StanzaError { line: index + 1, reason };
            // Spaces at the end count where the value goes on, as dpkg keeps them.
            if line.trim().is_empty() {
                ended = !stanza.fields.is_empty();
            } else if line.starts_with('#') {
                continue;
            } else if ended {
                return Err(bad("a second stanza"));
            } else if line.starts_with([' ', '\t']) {
                let (_, value) =
                    stanza.fields.last_mut().ok_or_else(|| bad("it continues no field"))?;
                value.push('\n');
                value.push_str(line);
            } else {
                let (name, value) = line.split_once(':').ok_or_else(|| bad("no `:`"))?;
                let graphic = |byte: u8| byte.is_ascii_graphic();
                if name.is_empty() || !name.bytes().all(graphic) || name.starts_with('-') {
                    return Err(bad("not the name of a field"));
                }
                if stanza.get(name).is_some() {
                    return Err(bad("the field comes twice"));
                }
                stanza.fields.push((name.to_owned(), value.trim_start().to_owned()));
            }
        }
        for (_, value) in &mut stanza.fields {
            value.truncate(value.trim_end().len());
        }
        Ok(stanza)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_stanza_are_refused() {
        for text in
            [" continues\n", "no colon\n", "A: 1\na: 2\n", "A: 1\n\nB: 2\n", ": x\n", "é: x"]
        {
            assert!(Stanza::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn spaces_count_inside_a_value_alone() {
        let stanza = Stanza::parse("A: 1 \nB: 2 \n b \n").unwrap();
        assert_eq!(stanza.fields, [("A".into(), "1".into()), ("B".into(), "2 \n b".into())]);
    }

    #[test]
    fn comments_and_empty_lines_at_the_ends_do_not_count() {
        let stanza = Stanza::parse("\nA: 1\n# note\nB:\n x\n\n").unwrap();
        assert_eq!(stanza.fields, [("A".into(), "1".into()), ("B".into(), "\n x".into())]);
    }
}
