//! Reads one line, by the grammar of bindep (`bindep/depends.py`): a parsing expression grammar, in
//! which what matched once is not tried in another way.

use names::Place;

use crate::{Grammar, Profile, Relation, Rule, Selector, VersionConstraint, version};

/// What is wrong with a line.
pub(crate) struct LineFault {
    /// The byte where it is.
    pub(crate) offset: usize,
    pub(crate) message: String,
    pub(crate) hint: &'static str,
}

/// Reads a line without its end; `None` for an empty one and a comment. `place` is that of the line.
pub(crate) fn parse(text: &str, place: Place, grammar: Grammar) -> Result<Option<Rule>, LineFault> {
    let mut cursor = Cursor { text, at: 0, grammar };
    let start = cursor;
    cursor.spaces();
    if cursor.rest().is_empty() || cursor.rest().starts_with('#') {
        return Ok(None);
    }
    cursor = start;
    let name = cursor.name()?;
    let selectors = cursor.selectors()?;
    let versions = cursor.versions()?;
    cursor.end()?;
    Ok(Some(Rule { name, selectors, versions, place }))
}

#[derive(Clone, Copy)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    grammar: Grammar,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn fault(&self, message: impl Into<String>, hint: &'static str) -> LineFault {
        LineFault { offset: self.at, message: message.into(), hint }
    }

    /// What is found here, for a message.
    fn found(&self) -> String {
        match self.rest().chars().next() {
            None => "the end of the line".to_owned(),
            Some('\t') => "a tab".to_owned(),
            Some(' ') => "a space".to_owned(),
            Some(letter) => format!("`{}`", letter.escape_debug()),
        }
    }

    /// Takes spaces: nothing else parts words. Returns whether there were any.
    fn spaces(&mut self) -> bool {
        let rest = self.rest();
        let count = rest.len() - rest.trim_start_matches(' ').len();
        self.at += count;
        count > 0
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Takes letters as long as `allowed` takes them.
    fn word(&mut self, allowed: impl Fn(char) -> bool) -> &str {
        let rest = &self.text[self.at..];
        let end = rest.find(|letter| !allowed(letter)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn name(&mut self) -> Result<String, LineFault> {
        const HINT: &str =
            "a line is: NAME [PROFILE (PROFILE PROFILE) !PROFILE] >=VERSION # comment";
        let (start, grammar) = (self.at, self.grammar);
        match self.rest().chars().next() {
            Some(first) if first == '/' || grammar.is_alphanumeric(first) => {}
            Some(' ') => {
                return Err(self.fault("the name of the package has a space in front", HINT));
            }
            Some('\u{feff}') => {
                return Err(self.fault(
                    "the file begins with a byte order mark",
                    "save it as UTF-8 without one",
                ));
            }
            _ => {
                let message = format!("expected the name of a package, found {}", self.found());
                return Err(self.fault(message, HINT));
            }
        }
        let allowed = |letter| grammar.is_alphanumeric(letter) || "/.+-_".contains(letter);
        let name = self.word(allowed).to_owned();
        let foreign = self.rest().chars().next().filter(|next| !next.is_ascii());
        if let Some(next) = foreign.filter(|next| Grammar::Compatible.is_alphanumeric(*next)) {
            return Err(self.fault(
                format!("found `{next}` in the name of a package"),
                "names have letters and digits of ASCII alone",
            ));
        }
        if name.chars().count() < 2 {
            self.at = start;
            return Err(self.fault(
                format!("`{name}` is too short for the name of a package"),
                "bindep reads names of two letters and more",
            ));
        }
        Ok(name)
    }

    fn selectors(&mut self) -> Result<Vec<Selector>, LineFault> {
        let start = self.at;
        if !(self.spaces() && self.take("[")) {
            self.at = start;
            return Ok(Vec::new());
        }
        let (open, mut selectors) = (self.at, Vec::new());
        loop {
            let parted = self.spaces() || selectors.is_empty();
            if self.take("]") {
                self.contradiction(open, &selectors)?;
                return Ok(selectors);
            }
            self.parted(parted)?;
            if self.rest().starts_with('(') {
                selectors.push(Selector::All(self.group()?));
            } else {
                selectors.push(Selector::One(self.profile("`]`")?));
            }
        }
    }

    /// Refuses what no space parts from what is before it.
    fn parted(&self, parted: bool) -> Result<(), LineFault> {
        let next = self.rest().starts_with(['(', '!']) || self.rest().starts_with(is_of_profile);
        if parted || !next || self.grammar == Grammar::Compatible {
            return Ok(());
        }
        Err(self.fault("no space in front of a profile", "put one there: [one !two (three four)]"))
    }

    /// Refuses a profile that is asked for and excluded; `open` is behind the `[`.
    fn contradiction(&self, open: usize, selectors: &[Selector]) -> Result<(), LineFault> {
        let single = |wanted: bool| {
            selectors.iter().filter_map(move |selector| match selector {
                Selector::One(profile) if profile.wanted == wanted => Some(&profile.name),
                _ => None,
            })
        };
        let both = single(false).find(|name| single(true).any(|other| other == *name));
        match both {
            Some(name) if self.grammar == Grammar::Strict => Err(never(open, name)),
            _ => Ok(()),
        }
    }

    fn group(&mut self) -> Result<Vec<Profile>, LineFault> {
        let start = self.at;
        self.take("(");
        let mut profiles: Vec<Profile> = Vec::new();
        loop {
            let parted = self.spaces() || profiles.is_empty();
            if self.take(")") {
                let excluded = profiles.iter().filter(|profile| !profile.wanted);
                let both = excluded.map(|one| &one.name).find(|name| wants(&profiles, name));
                if let (Grammar::Strict, Some(name)) = (self.grammar, both) {
                    return Err(never(start, name));
                }
                if profiles.is_empty() && self.grammar == Grammar::Strict {
                    self.at = start;
                    return Err(
                        self.fault("`()` is always met", "name profiles in it, or remove it")
                    );
                }
                return Ok(profiles);
            }
            self.parted(parted)?;
            profiles.push(self.profile("`)`")?);
        }
    }

    fn profile(&mut self, or: &str) -> Result<Profile, LineFault> {
        let wanted = !self.take("!");
        let grammar = self.grammar;
        let name = self.word(|letter| {
            letter.is_ascii_lowercase() || grammar.is_digit(letter) || ":-.".contains(letter)
        });
        if name.is_empty() {
            return Err(self.fault(
                format!("expected a profile or {or}, found {}", self.found()),
                "a profile has lower-case letters, digits, `:`, `-` and `.`, with spaces between two",
            ));
        }
        Ok(Profile { name: name.to_owned(), wanted })
    }

    fn versions(&mut self) -> Result<Vec<VersionConstraint>, LineFault> {
        let start = self.at;
        if !(self.spaces() && self.rest().starts_with(['<', '>', '=', '!'])) {
            self.at = start;
            return Ok(Vec::new());
        }
        let mut versions = vec![self.version()?];
        while self.take(",") {
            versions.push(self.version()?);
        }
        Ok(versions)
    }

    fn version(&mut self) -> Result<VersionConstraint, LineFault> {
        let relations = [
            ("<=", Relation::LessOrEqual),
            ("<", Relation::Less),
            ("!=", Relation::NotEqual),
            ("==", Relation::Equal),
            (">=", Relation::GreaterOrEqual),
            (">", Relation::Greater),
        ];
        let Some((_, relation)) = relations.into_iter().find(|(sign, _)| self.take(sign)) else {
            return Err(self.fault(
                format!("expected <, <=, ==, !=, >= or > and a version, found {}", self.found()),
                "several versions are parted by a comma alone: >=1.2,<2",
            ));
        };
        let count = version::length(self.rest(), self.grammar);
        if count == 0 {
            return Err(self.fault(
                format!("expected a version, found {}", self.found()),
                "a version is one of a Debian package: it begins with a digit",
            ));
        }
        let version = self.rest()[..count].to_owned();
        self.at += count;
        Ok(VersionConstraint { relation, version })
    }

    fn end(&mut self) -> Result<(), LineFault> {
        let start = *self;
        self.spaces();
        if self.rest().starts_with('#') || start.rest().is_empty() {
            return Ok(());
        }
        if self.rest().is_empty() {
            return Err(
                start.fault("the line has a space at its end", "bindep refuses it: remove it")
            );
        }
        let message = format!("expected the end of the line or a comment, found {}", self.found());
        let hint = match self.rest().chars().next() {
            Some('\t') => "only spaces part the words of a line",
            Some('[') => "a space parts the name from the `[`, which stands before the version",
            _ => "a line is: NAME [PROFILE (PROFILE PROFILE) !PROFILE] >=VERSION # comment",
        };
        Err(self.fault(message, hint))
    }
}

fn is_of_profile(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || ":-.".contains(letter)
}

fn wants(profiles: &[Profile], name: &str) -> bool {
    profiles.iter().any(|profile| profile.wanted && profile.name == name)
}

fn never(offset: usize, name: &str) -> LineFault {
    let message = format!("`{name}` is wanted and excluded at once");
    LineFault { offset, message, hint: "remove one of the two: they never hold together" }
}
