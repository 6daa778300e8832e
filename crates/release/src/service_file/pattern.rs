//! Patterns for the paths of files.

use super::template::{Names, Template};

/// A pattern for the paths of a package: absolute, or of the virtual environment. `*` stands for any
/// letters of a name, `?` for one, and the name `**` for any number of names. What it matches, it matches
/// with all that is below, as `%files` of rpm and dh_install(1) do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern {
    pub(super) template: Template,
}

impl Pattern {
    /// The pattern with its names filled in, for a virtual environment at the absolute path `prefix`.
    pub fn render(&self, names: Names<'_>, prefix: &str) -> PathPattern {
        let text = self.template.render(names);
        let whole = match text.starts_with('/') {
            true => text,
            false => format!("{prefix}/{text}"),
        };
        let parts = whole.split('/').skip(1).map(|part| part.chars().collect()).collect();
        PathPattern { parts }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.template.fmt(f)
    }
}

/// A [`Pattern`] whose names are filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PathPattern {
    /// The names between the slashes.
    parts: Vec<Vec<char>>,
}

impl PathPattern {
    /// Whether it matches `path`, which is relative to the root, or a directory above it.
    pub fn matches(&self, path: &str) -> bool {
        let names: Vec<Vec<char>> = path.split('/').map(|name| name.chars().collect()).collect();
        // What is below a match needs no name of the pattern.
        reach(&self.parts, &names, |part| *part == ['*', '*'], |part, name| is_like(part, name))
            .contains(&true)
    }
}

/// Whether a name is like a part of a pattern.
fn is_like(part: &[char], name: &[char]) -> bool {
    let done = reach(part, name, |letter| *letter == '*', |one, other| *one == '?' || one == other);
    done.last() == Some(&true)
}

/// After how many of `items` the whole of `pattern` can be used up, `any` standing for any number of
/// items. Takes time in proportion to the product of both, whatever the pattern.
fn reach<T>(
    pattern: &[T],
    items: &[T],
    any: impl Fn(&T) -> bool,
    like: impl Fn(&T, &T) -> bool,
) -> Vec<bool> {
    let mut reached = vec![false; items.len() + 1];
    reached[0] = true;
    for part in pattern {
        let mut next = vec![false; items.len() + 1];
        let is_any = any(part);
        for at in 0..=items.len() {
            next[at] = match is_any {
                true => reached[at] || at > 0 && next[at - 1],
                false => at > 0 && reached[at - 1] && like(part, &items[at - 1]),
            };
        }
        reached = next;
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let parts = pattern.split('/').map(|part| part.chars().collect()).collect();
        PathPattern { parts }.matches(path)
    }

    #[test]
    fn patterns_match_names_and_all_below() {
        for (pattern, path) in [
            ("etc/keystone", "etc/keystone"),
            ("etc/keystone", "etc/keystone/a/b"),
            ("etc/*.conf", "etc/x.conf"),
            ("etc/*", "etc/x/y"),
            ("opt/**/tests", "opt/a/b/tests/x.py"),
            ("opt/**/tests", "opt/tests"),
            ("opt/**/*.so", "opt/a/b.so"),
            ("**", "a"),
            ("opt/python3.1?", "opt/python3.13/x"),
            ("opt/*a*b*", "opt/xaxxbx"),
            ("opt/é?", "opt/éa"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("etc/keystone", "etc/keystone2"),
            ("etc/keystone", "etc"),
            ("etc/*.conf", "etc/a/x.conf"),
            ("etc/?", "etc/ab"),
            ("opt/**/tests", "opt/a/tests2"),
            ("opt/*a*b", "opt/xaxxbx"),
            ("etc/KEYSTONE", "etc/keystone"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let pattern = format!("{}/x", vec!["**/*a*a*a*a*b"; 60].join("/"));
        assert!(!matches(&pattern, &vec!["a".repeat(60); 60].join("/")));
    }
}
