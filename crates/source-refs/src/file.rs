//! The YAML of the file: texts, lists and maps, each with its place.

use std::fmt;
use std::path::Path;

use names::{Fault, Place};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
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
    List(Vec<Item>),
    Map(Vec<Entry>),
}

/// One entry of a list.
pub(crate) struct Item {
    pub(crate) value: Value,
    pub(crate) place: Place,
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
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH + 5 },
    };
    let map: FlatMap = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| vec![syntax_fault(&error, file)])?;
    let reading = Reading { text, file };
    Ok(map.0.into_iter().map(|(key, value)| reading.entry(key, value, 1)).collect())
}

/// How deep lists and maps are read; what lies deeper is empty. A source has one level.
const MAX_DEPTH: usize = 3;

struct Reading<'a> {
    text: &'a str,
    file: &'a Path,
}

impl Reading<'_> {
    fn entry(&self, key: Spanned<String>, value: Spanned<Node>, depth: usize) -> Entry {
        Entry {
            key_place: place_of(&key.referenced, self.file),
            value_place: place_of(&value.referenced, self.file),
            value: self.value(value, depth),
            key: key.value,
        }
    }

    fn value(&self, value: Spanned<Node>, depth: usize) -> Value {
        match value.value {
            // A number would lose its zeros (`28.10`): what counts is the text.
            Node::Plain => {
                let span = value.defined.span();
                let range = span.byte_offset().zip(span.byte_len());
                let range = range.map(|(from, len)| from as usize..(from + len) as usize);
                let written = range.and_then(|range| self.text.get(range)).unwrap_or("");
                Value::Text(written.trim().to_owned())
            }
            Node::Text(text) => Value::Text(text),
            Node::Nothing => Value::Nothing,
            Node::List(_) if depth > MAX_DEPTH => Value::List(Vec::new()),
            Node::List(items) => Value::List(
                items
                    .into_iter()
                    .map(|item| Item {
                        place: place_of(&item.referenced, self.file),
                        value: self.value(item, depth + 1),
                    })
                    .collect(),
            ),
            Node::Map(_) if depth > MAX_DEPTH => Value::Map(Vec::new()),
            Node::Map(entries) => {
                let entries = entries.into_iter();
                Value::Map(entries.map(|(key, value)| self.entry(key, value, depth + 1)).collect())
            }
        }
    }
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
        return (&message[..end], "a name stands once: remove one of the lines");
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
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
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
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}
