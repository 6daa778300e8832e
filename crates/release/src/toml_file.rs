//! Reads TOML into a typed struct, with all faults at once.

use std::ops::Range;
use std::path::Path;

use names::{Fault, Place, nearest};
use serde::de::DeserializeOwned;
use toml::de::{DeArray, DeTable, DeValue, Error};

/// Most faults that are listed for one file.
const MAX_FAULTS: usize = 50;

/// Reads `text`, the content of `file`; `format` is the page that describes it.
///
/// serde stops at its first error. To find the next ones, the entry with the error is taken out and
/// the rest is read again; so no key of `T` may be required.
pub(crate) fn read<T: DeserializeOwned>(
    text: &str,
    file: &Path,
    format: &str,
) -> Result<T, Vec<Fault>> {
    let (mut table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let fault = |error: &Error| Fault {
            place: place(text, file, error),
            message: one_line(error.message()),
            hint: "the file must be TOML 1.0: KEY = VALUE in each line, tables as [NAME]"
                .to_owned(),
        };
        return Err(errors.iter().take(MAX_FAULTS).map(fault).collect());
    }
    let mut faults: Vec<Fault> = Vec::new();
    loop {
        let error = match T::deserialize(toml::Deserializer::from(table.clone())) {
            Ok(value) if faults.is_empty() => return Ok(value),
            Ok(_) => return Err(faults),
            Err(error) => error,
        };
        let key = error.span().and_then(|span| remove_from_table(table.get_mut(), &span));
        faults.push(typed_fault(text, file, &error, key.as_deref(), format));
        if key.is_none() || faults.len() == MAX_FAULTS {
            return Err(faults);
        }
    }
}

fn place(text: &str, file: &Path, error: &Error) -> Place {
    match error.span() {
        Some(span) => Place::of_offset(file, text, span.start),
        None => Place { file: file.to_owned(), line: 0, column: 0 },
    }
}

/// Puts serde's words into those of a user.
fn typed_fault(text: &str, file: &Path, error: &Error, key: Option<&str>, format: &str) -> Fault {
    let message = one_line(error.message());
    let mut words = message.split('`').skip(1).step_by(2);
    let (message, hint) = if message.starts_with("unknown field `") {
        let unknown = words.next().unwrap_or("");
        let known: Vec<&str> = words.collect();
        let hint = match nearest(unknown, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys here are {}", known.join(", ")),
        };
        (format!("unknown key `{unknown}`"), hint)
    } else if message.starts_with("duplicate field") {
        (message, "write each key once".to_owned())
    } else {
        let key = key.map_or(String::new(), |key| format!("`{key}`: "));
        let message = message
            .replace("expected u32", "expected a whole number")
            .replace("expected u16", "expected a whole number up to 65535")
            .replace("expected a TOML datetime", "expected a date without quotes");
        (format!("{key}{message}"), format!("{format} has the type of every key"))
    };
    Fault { place: place(text, file, error), message, hint }
}

/// Messages may quote what the file holds.
fn one_line(message: &str) -> String {
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(400).filter(|letter| !letter.is_control()).collect()
}

/// Takes the innermost entry out that `span` lies in, and returns its key.
fn remove_from_table(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<String> {
    for (key, value) in table.iter_mut() {
        // A `[table]` has the span of its header: what stands in it lies outside.
        if let Some(inner) = remove_from_value(value.get_mut(), span, key.get_ref()) {
            return Some(inner);
        }
    }
    let found = table
        .iter()
        .find(|(key, value)| contains(&key.span(), span) || contains(&value.span(), span))
        .map(|(key, _)| key.clone())?;
    table.remove(&found);
    Some(found.get_ref().to_string())
}

fn remove_from_value(value: &mut DeValue<'_>, span: &Range<usize>, key: &str) -> Option<String> {
    match value {
        DeValue::Table(table) => remove_from_table(table, span),
        DeValue::Array(array) => remove_from_array(array, span, key),
        _ => None,
    }
}

fn remove_from_array(array: &mut DeArray<'_>, span: &Range<usize>, key: &str) -> Option<String> {
    for value in array.iter_mut() {
        if let Some(inner) = remove_from_value(value.get_mut(), span, key) {
            return Some(inner);
        }
    }
    let index = array.iter().position(|value| contains(&value.span(), span))?;
    *array = std::mem::replace(array, std::iter::empty().collect())
        .into_iter()
        .enumerate()
        .filter_map(|(at, value)| (at != index).then_some(value))
        .collect();
    Some(key.to_owned())
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
