//! The sources of a release.

use std::collections::BTreeMap;
use std::path::Path;

use names::{Fault, Place, ServiceName};

use crate::Source;
use crate::file::{Entry, Value, entries};
use crate::long;

/// The sources of a release by component: a service, or a library that is built from source.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourceRefs {
    refs: BTreeMap<ServiceName, SourceRef>,
}

/// The source of one component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceRef {
    /// Where it comes from.
    pub source: Source,
    /// The value in the file.
    pub place: Place,
}

impl SourceRefs {
    /// Reads `text`, the content of `file`: a YAML map of components to sources, each in the short
    /// form (a text) or the long one (a map). A file of comments alone names none.
    ///
    /// `file` serves for the places and is not opened.
    ///
    /// # Errors
    /// All faults of the file; of faults in the YAML itself the first, but every tab.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        let (mut faults, mut refs) = (Vec::new(), BTreeMap::new());
        for entry in entries(text, file)? {
            let name = component(&entry).map_err(|fault| faults.push(fault)).ok();
            match source(&entry) {
                Ok(source) => {
                    let place = entry.value_place;
                    name.and_then(|name| refs.insert(name, SourceRef { source, place }));
                }
                Err(found) if name.is_some() => faults.extend(found),
                Err(_) => {}
            }
        }
        if faults.is_empty() { Ok(Self { refs }) } else { Err(faults) }
    }

    /// The source of `component`, if the release has one.
    pub fn get(&self, component: &ServiceName) -> Option<&SourceRef> {
        self.refs.get(component)
    }

    /// All components with their sources, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ServiceName, &SourceRef)> {
        self.refs.iter()
    }
}

fn component(entry: &Entry) -> Result<ServiceName, Fault> {
    entry.key.parse().map_err(|_| Fault {
        place: entry.key_place.clone(),
        message: format!("`{}` is not the name of a component", shown(&entry.key)),
        hint: "names have lower-case letters, digits and single `-`, such as keystone".to_owned(),
    })
}

fn source(entry: &Entry) -> Result<Source, Vec<Fault>> {
    let fault = |message: String, hint: &str| {
        vec![Fault { place: entry.value_place.clone(), message, hint: hint.to_owned() }]
    };
    let key = &entry.key;
    match &entry.value {
        Value::Text(text) => Source::from_short(text).map_err(|refused| {
            fault(format!("the source of {key}: `{}` {}", shown(text), refused.what), refused.hint)
        }),
        Value::Map(entries) => long::source(key, &entry.value_place, entries),
        Value::Nothing => Err(fault(
            format!("{key} has no source"),
            &format!("name a release, as in {key}: \"28.1.0\", or delete the line"),
        )),
        Value::List(_) => Err(fault(
            format!("the source of {key} is a list, and one source is wanted"),
            &format!("write the tag of a release, as in {key}: \"28.1.0\""),
        )),
    }
}

/// A text from outside, fit for a message: short, without control characters.
fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}
