//! Requirements and markers that nobody wrote in good faith: an error or an answer, never a panic.

use std::collections::BTreeSet;

use constraints::{Environment, Marker, Requirement, Specifiers, parse_version};
use names::Arch;
use testkit::Random;

const CASES: &str = include_str!("packaging/cases.tsv");

/// Reads a text as everything that it could be, and asks what can be asked.
fn read(text: &str, environment: &Environment) {
    if let Err(error) = Requirement::parse(text) {
        assert!(error.offset() <= text.len() && text.is_char_boundary(error.offset()), "{text:?}");
        assert!(error.to_string().len() < 1000);
    } else {
        let requirement = Requirement::parse(text).unwrap();
        requirement.applies(environment, &requirement.extras);
        requirement.specifiers.contains(environment.python());
        assert_eq!(Requirement::parse(&requirement.text).as_ref(), Ok(&requirement), "{text:?}");
    }
    if let Ok(marker) = Marker::parse(text) {
        marker.evaluate(environment, &BTreeSet::new());
    }
    if let Ok(specifiers) = text.parse::<Specifiers>() {
        specifiers.contains(environment.python());
        assert_eq!(specifiers.to_string().parse(), Ok(specifiers));
    }
    if let Ok(version) = parse_version(text) {
        assert_eq!(parse_version(&version.to_string()), Ok(version));
    }
}

#[test]
fn damaged_requirements_are_read_without_panic() {
    let environment = Environment::linux("3.13.5", Arch::Amd64).unwrap();
    let texts: Vec<&str> = CASES.lines().filter_map(|line| line.split('\t').next()).collect();
    let spice: Vec<char> =
        "<>=!~;,()[]'\"@.*+-_ \t\n\0é\u{1f980}\u{a0}0123456789andorin".chars().collect();
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    for round in 0..20_000 {
        let mut characters: Vec<char> = texts[round % texts.len()].chars().collect();
        for _ in 0..=random.below(4) {
            let at = random.below(characters.len() + 1);
            match random.below(3) {
                0 => characters.insert(at, spice[random.below(spice.len())]),
                1 => characters.truncate(at),
                _ => {
                    let other = texts[random.below(texts.len())];
                    let from = random.below(other.chars().count() + 1);
                    characters.splice(at.., other.chars().skip(from));
                }
            }
        }
        read(&characters.into_iter().collect::<String>(), &environment);
    }
}

#[test]
fn deep_and_long_texts_are_refused() {
    let deep = |depth: usize| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        Marker::parse(&format!("{open}os_name=='posix'{close}")).map(|_| ())
    };
    assert_eq!(deep(60), Ok(()));
    assert_eq!(
        deep(1000).unwrap_err().to_string(),
        "parentheses are nested deeper than 64 at byte 64"
    );
    let long = format!("a;{}os_name=='x'", "os_name=='x' or ".repeat(5000));
    assert!(
        Requirement::parse(&long).unwrap_err().to_string().contains("are the most that is read")
    );
    assert!(Requirement::parse(&format!("a=={}", "1.".repeat(5000))).is_err());
}

#[test]
fn errors_name_the_byte() {
    for (text, message) in [
        ("", "expected the name of a project, found the end, at byte 0"),
        ("é", "expected the name of a project, found `é`, at byte 0"),
        ("a[b c]", "expected a comma or `]` after an extra, found `c]`, at byte 4"),
        ("a>=x", "a wrong version specifier at byte 1"),
        ("a>=1 b", "expected a comma, a semicolon or the end, found `b`, at byte 5"),
        (
            "a;os=='x'",
            "expected an environment marker such as python_version, or a text in quotes, \
             found `os`, at byte 2",
        ),
        ("a;os_name=='x", "expected the quote that ends the text, found the end, at byte 13"),
        (
            "a;os_name~='x'",
            "a marker cannot compare with `~=` at byte 9: \
             it compares versions, and the variable holds none",
        ),
        ("a;'x'=='x'", "a marker cannot compare with `==` at byte 5: neither side is a variable"),
    ] {
        assert_eq!(Requirement::parse(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn what_a_terminal_would_obey_is_written_out() {
    for text in ["a \u{1b}[2J", "a @", "a; \u{1b}]0;x\u{7}", "a==\u{1b}1", "a[\u{1b}", "\u{9b}"] {
        let error = Requirement::parse(text).unwrap_err();
        let mut told = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            told += &error.to_string();
            cause = error.source();
        }
        assert!(!told.contains(char::is_control), "{told:?}");
    }
}

#[test]
fn a_url_is_no_white_space() {
    for text in ["a @ \n\n", "a @ \u{a0}", "a @ \u{1b}"] {
        assert!(Requirement::parse(text).is_err(), "{text:?}");
    }
    assert!(Requirement::parse("a @ https://h/a;b.whl").is_ok());
}
