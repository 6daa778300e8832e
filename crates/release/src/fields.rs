//! Checks single values of a file, and collects what is wrong with them.

use std::ops::Range;
use std::path::Path;

use constraints::Requirement;
use names::{Epoch, Fault, Place};
use toml::Spanned;
use toml::value::Datetime;

/// The file that is being checked, and its faults so far.
pub(crate) struct Checker<'a> {
    pub(crate) text: &'a str,
    pub(crate) file: &'a Path,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(text: &'a str, file: &'a Path) -> Self {
        Self { text, file, faults: Vec::new() }
    }

    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        Place::of_offset(self.file, self.text, span.start)
    }

    pub(crate) fn fault(&mut self, span: &Range<usize>, message: String, hint: impl Into<String>) {
        let place = self.place(span);
        self.faults.push(Fault { place, message, hint: hint.into() });
    }

    /// The value of a key that must be in the file.
    pub(crate) fn required<T>(&mut self, value: Option<T>, key: &str, example: &str) -> Option<T> {
        let place = Place { file: self.file.to_owned(), line: 0, column: 0 };
        self.required_at(place, value, key, example)
    }

    /// The value of a key that must be in the table at `span`.
    pub(crate) fn required_in<T>(
        &mut self,
        span: &Range<usize>,
        value: Option<T>,
        key: &str,
        example: &str,
    ) -> Option<T> {
        self.required_at(self.place(span), value, key, example)
    }

    fn required_at<T>(
        &mut self,
        place: Place,
        value: Option<T>,
        key: &str,
        example: &str,
    ) -> Option<T> {
        if value.is_none() {
            let message = format!("the key `{key}` is missing");
            self.faults.push(Fault { place, message, hint: format!("add {example}") });
        }
        value
    }

    /// A text of one line that is not empty.
    pub(crate) fn line(&mut self, value: &Spanned<String>, key: &str) -> Option<String> {
        let text = value.get_ref();
        if text.trim().is_empty() {
            self.fault(&value.span(), format!("`{key}` is empty"), "write one line of text");
            return None;
        }
        if text.chars().any(char::is_control) {
            let message = format!("`{key}` has a line end or another control character");
            self.fault(&value.span(), message, "write one line of text");
            return None;
        }
        Some(text.trim().to_owned())
    }

    /// A day, as its first second.
    pub(crate) fn day(&mut self, value: &Spanned<Datetime>, key: &str) -> Option<Epoch> {
        let date = value.get_ref();
        let day = match (date.date, date.time, date.offset) {
            (Some(day), None, None) => Epoch::from_rfc3339(&day.to_string()),
            _ => None,
        };
        if day.is_none() {
            let message = format!("`{key}` is not a date");
            self.fault(&value.span(), message, "write it as 2025-10-01, without quotes");
        }
        day
    }

    /// A moment: a day stands for its last second.
    pub(crate) fn moment(&mut self, value: &Spanned<Datetime>, key: &str) -> Option<Epoch> {
        const SECONDS_OF_A_DAY: u64 = 86_400;
        let date = value.get_ref();
        let moment = match (date.time, date.offset) {
            (None, None) => Epoch::from_rfc3339(&date.to_string())
                .map(|day| Epoch(day.0.saturating_add(SECONDS_OF_A_DAY - 1))),
            (Some(_), Some(_)) => Epoch::from_rfc3339(&date.to_string()),
            _ => None,
        };
        if moment.is_none() {
            let message = format!("`{key}` is not a date, or a time in UTC");
            self.fault(&value.span(), message, "write it as 2026-03-01 or 2026-03-01T12:00:00Z");
        }
        moment
    }

    /// Requirements by PEP 508, without addresses.
    pub(crate) fn requirements(&mut self, values: &[Spanned<String>]) -> Vec<Requirement> {
        values.iter().filter_map(|value| self.requirement(value)).collect()
    }

    fn requirement(&mut self, value: &Spanned<String>) -> Option<Requirement> {
        const HINT: &str = "requirements look like pymysql, oslo.db[mysql] or setuptools<82";
        let shown: String = value.get_ref().chars().take(60).flat_map(char::escape_debug).collect();
        match Requirement::parse(value.get_ref()) {
            Ok(requirement) if requirement.url.is_none() => Some(requirement),
            Ok(requirement) => {
                let message = format!("{} is taken from an address", requirement.name);
                self.fault(&value.span(), message, "name a version of the Python index");
                None
            }
            Err(error) => {
                let message = format!("`{shown}` is not a requirement: {error}");
                self.fault(&value.span(), message, HINT);
                None
            }
        }
    }
}
