//! What a recipe says about how the image is run.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::Image;
use super::written;
use crate::fields::Checker;

/// Labels that are computed from the recipe, the release and the lock.
const COMPUTED: [&str; 8] = [
    "org.opencontainers.image.base.digest",
    "org.opencontainers.image.base.name",
    "org.opencontainers.image.created",
    "org.opencontainers.image.description",
    "org.opencontainers.image.ref.name",
    "org.opencontainers.image.revision",
    "org.opencontainers.image.title",
    "org.opencontainers.image.version",
];

pub(super) fn wsgi(
    checker: &mut Checker<'_>,
    written: BTreeMap<String, Spanned<String>>,
) -> BTreeMap<String, String> {
    let mut applications = BTreeMap::new();
    for (name, value) in written {
        let text = value.get_ref();
        let good = text.split_once(':').is_some_and(|(module, callable)| {
            module.split('.').all(is_identifier) && callable.split('.').all(is_identifier)
        });
        if !good {
            let message = format!("`{}` is not a WSGI application", text.escape_debug());
            let hint = "write module:callable, such as keystone.wsgi.api:application";
            checker.fault(&value.span(), message, hint);
        } else if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let message = "a WSGI application has an empty name, or one with spaces".to_owned();
            checker.fault(&value.span(), message, "name it after what it serves, such as api");
        } else {
            applications.insert(name, text.clone());
        }
    }
    applications
}

/// The identifiers of Python that are ASCII.
fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

pub(super) fn check(checker: &mut Checker<'_>, written: written::Image) -> Image {
    let command: Vec<String> =
        written.command.iter().filter_map(|word| text(checker, word, "a word")).collect();
    if let (Some(first), Some(value)) = (command.first(), written.command.first())
        && first.is_empty()
    {
        checker.fault(&value.span(), "the command is empty".to_owned(), "name a program first");
    }
    let mut environment = BTreeMap::new();
    for (name, value) in written.environment {
        if !is_identifier(&name) {
            let message = format!("`{}` is not an environment variable", name.escape_debug());
            checker.fault(&value.span(), message, "use ASCII letters, digits and `_`");
        } else if let Some(value) = text(checker, &value, &name) {
            environment.insert(name, value);
        }
    }
    let mut ports = BTreeSet::new();
    for port in written.ports {
        if *port.get_ref() == 0 || !ports.insert(*port.get_ref()) {
            let message = format!("the port {} is 0 or there twice", port.get_ref());
            checker.fault(&port.span(), message, "list each TCP port once");
        }
    }
    Image { command, environment, ports, labels: labels(checker, written.labels) }
}

fn labels(
    checker: &mut Checker<'_>,
    written: BTreeMap<String, Spanned<String>>,
) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (name, value) in written {
        if COMPUTED.contains(&name.as_str()) {
            let message = format!("the label {name} is computed");
            checker.fault(&value.span(), message, "leave it out");
        } else if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let message = "a label has an empty name, or one with spaces".to_owned();
            let hint = "write it like \"org.opencontainers.image.licenses\", in quotes";
            checker.fault(&value.span(), message, hint);
        } else if let Some(text) = text(checker, &value, &name) {
            labels.insert(name, text);
        }
    }
    labels
}

/// A text without NUL, which neither the kernel nor the image configuration can hold.
fn text(checker: &mut Checker<'_>, value: &Spanned<String>, what: &str) -> Option<String> {
    if value.get_ref().contains('\0') {
        checker.fault(&value.span(), format!("{what} holds a NUL character"), "remove it");
        return None;
    }
    Some(value.get_ref().clone())
}
