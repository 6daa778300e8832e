//! The YAML of the file: a flat map of texts, each with its place.

use std::fmt;
use std::path::Path;

use names::{Fault, Place};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// Most bytes of a file.
const MAX_BYTES: usize = 1 << 20;

/// One `key: value` of the file.
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) value: Value,
    pub(crate) value_place: Place,
}

/// What stands behind a key.
pub(crate) enum Value {
    Text(String),
    Nothing,
    List,
    Map,
}

/// Reads `text` as a map whose keys are texts; the values may be anything.
pub(crate) fn entries(text: &str, file: &Path) -> Result<Vec<Entry>, Vec<Fault>> {
    if text.len() > MAX_BYTES {
        return Err(vec![Fault {
            place: Place { file: file.to_owned(), line: 0, column: 0 },
            message: format!("the file has {} bytes, and at most {MAX_BYTES} are read", text.len()),
            hint: "it should have one line for each component".to_owned(),
        }]);
    }
    let tabs = tabs(text, file);
    if !tabs.is_empty() {
        return Err(tabs);
    }
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    let options = serde_saphyr::options! {
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        with_snippet: false,
    };
    let map: FlatMap = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| vec![syntax_fault(&error, file)])?;
    let place = |location: &Location| place_of(location, file);
    Ok(map
        .0
        .into_iter()
        .map(|(key, value)| Entry {
            value_place: place(&value.referenced),
            value: match value.value {
                // A number would lose its zeros (`28.10`): what counts is the text.
                Node::Plain => {
                    let span = value.defined.span();
                    let range = span.byte_offset().zip(span.byte_len());
                    let range = range.map(|(from, len)| from as usize..(from + len) as usize);
                    let written = range.and_then(|range| text.get(range)).unwrap_or("");
                    Value::Text(written.trim().to_owned())
                }
                Node::Text(text) => Value::Text(text),
                Node::Nothing => Value::Nothing,
                Node::List => Value::List,
                Node::Map => Value::Map,
            },
            key_place: place(&key.referenced),
            key: key.value,
        })
        .collect())
}

/// A fault for each line with a tab before its comment. YAML allows some of them, but which ones is
/// known to few, so all are refused.
fn tabs(text: &str, file: &Path) -> Vec<Fault> {
    let lines = text.lines().enumerate();
    let found = lines.filter_map(|(index, line)| {
        let code = line.split_once('#').map_or(line, |(code, _)| code);
        let column = code.chars().position(|letter| letter == '\t')? + 1;
        Some(Fault {
            place: Place { file: file.to_owned(), line: index + 1, column },
            message: "a tab, which YAML does not take as space".to_owned(),
            hint: "write spaces".to_owned(),
        })
    });
    found.take(100).collect()
}

fn place_of(location: &Location, file: &Path) -> Place {
    let number = |number: u64| usize::try_from(number).unwrap_or(0);
    let file = file.to_owned();
    Place { file, line: number(location.line()), column: number(location.column()) }
}

fn syntax_fault(error: &serde_saphyr::Error, file: &Path) -> Fault {
    let place = error.location().map_or_else(
        || Place { file: file.to_owned(), line: 0, column: 0 },
        |location| place_of(&location, file),
    );
    let text = error.without_snippet().render();
    // The library puts the place into its message; ours stands before it already.
    let first = text.lines().next().unwrap_or("");
    let first = first.split_once(" at line ").map_or(first, |(message, _)| message);
    let (message, hint) = in_our_words(first);
    let message = message.chars().take(200).flat_map(char::escape_debug).collect();
    Fault { place, message, hint: hint.to_owned() }
}

/// Some messages of the library speak of its own options.
fn in_our_words(message: &str) -> (&str, &'static str) {
    const ONE_LINE_EACH: &str = "write one line for each component: keystone: \"28.1.0\"";
    if message.starts_with("duplicate mapping key") {
        let end = message.find(", set ").unwrap_or(message.len());
        return (&message[..end], "a component has one source: remove one of the lines");
    }
    if message.starts_with("expected mapping start") {
        return ("this is not a map of components to sources", ONE_LINE_EACH);
    }
    if message.starts_with("multiple YAML documents") {
        return ("a second YAML document", "remove the line with `---`");
    }
    if message.starts_with("YAML merge keys") {
        return ("a merge key, which is not taken here", ONE_LINE_EACH);
    }
    (message, ONE_LINE_EACH)
}

struct FlatMap(Vec<(Spanned<String>, Spanned<Node>)>);

impl<'de> Deserialize<'de> for FlatMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FlatMapVisitor)
    }
}

struct FlatMapVisitor;

impl<'de> Visitor<'de> for FlatMapVisitor {
    type Value = FlatMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a component and its source in each line")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FlatMap, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(FlatMap(entries))
    }
}

enum Node {
    Text(String),
    /// A number or a truth value: read again from the text.
    Plain,
    Nothing,
    List,
    Map,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a source")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Node::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Node::Map)
    }
}
