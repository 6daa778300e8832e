//! What is said while the command works, how errors are told, and how results look.
//!
//! Human words go to standard error, results to standard output. On a terminal a line at the bottom
//! shows how far the work is; it never mixes with other lines, and is gone when the command ends.

mod bar;
mod manner;
mod screen;
mod stages;
mod table;
mod teller;
#[cfg(test)]
mod tests;
mod units;

use std::error::Error;
use std::io::Write as _;

use crate::failure::Failure;

pub(crate) use manner::{Color, Manner};
pub(crate) use screen::{clear, say};
pub(crate) use table::{Row, image};
pub(crate) use teller::Teller;
pub(crate) use units::{bytes, files, packages};

/// Prints the result on standard output. Who reads no further has had enough.
///
/// # Errors
/// When the disk is full.
pub(crate) fn print(text: &str) -> std::io::Result<()> {
    clear();
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints a result of several items, one a line; of none it prints nothing.
///
/// # Errors
/// As [`print()`].
pub(crate) fn lines(lines: impl IntoIterator<Item = String>) -> Result<(), Failure> {
    let lines: Vec<String> = lines.into_iter().collect();
    if lines.is_empty() {
        return Ok(());
    }
    print(&lines.join("\n")).map_err(Failure::Print)
}

/// Prints a result as JSON, in lines that people can read too.
///
/// # Errors
/// As [`print()`].
pub(crate) fn json(value: &serde_json::Value) -> Result<(), Failure> {
    print(&format!("{value:#}")).map_err(Failure::Print)
}

/// An error and its causes, one a line.
pub(crate) fn chain(error: &dyn Error, color: Color) -> String {
    let mut text = format!("error: {error}");
    // What was said already, in the words of the errors.
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        // Some libraries print their cause themselves; saying it twice helps nobody.
        if !said.contains(&line) {
            said.push('\n');
            said.push_str(&line);
            text.push_str("\n  because: ");
            text.push_str(&line.replace('\n', "\n    "));
        }
        cause = error.source();
    }
    let text = harmless(&text);
    match text.strip_prefix("error:") {
        Some(rest) => format!("{}{rest}", color.error("error:")),
        None => text,
    }
}

/// Texts from outside, such as the names of members of an archive, can be part of an error: what a
/// terminal would obey is written out.
fn harmless(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => plain.push(letter),
            letter if letter.is_control() => plain.extend(letter.escape_debug()),
            letter => plain.push(letter),
        }
    }
    plain
}
