//! The sources of a release.

use std::collections::BTreeMap;
use std::path::Path;

use names::{Fault, Place, ServiceName};

use crate::Source;
use crate::file::{Entry, Value, entries};

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
    /// Reads `text`, the content of `file`: a YAML map of components to release tags. A file of
    /// comments alone names none.
    ///
    /// `file` serves for the places and is not opened.
    ///
    /// # Errors
    /// All faults of the file; of faults in the YAML itself the first, but every tab.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Fault>> {
        let (mut faults, mut refs) = (Vec::new(), BTreeMap::new());
        for entry in entries(text, file)? {
            match component(&entry).and_then(|name| Ok((name, source(&entry)?))) {
                Ok((name, source)) => {
                    refs.insert(name, SourceRef { source, place: entry.value_place });
                }
                Err(fault) => faults.push(fault),
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

fn source(entry: &Entry) -> Result<Source, Fault> {
    let fault = |message: String, hint: &str| Fault {
        place: entry.value_place.clone(),
        message,
        hint: hint.to_owned(),
    };
    let key = &entry.key;
    let short = format!("{key}: \"28.1.0\"");
    match &entry.value {
        Value::Text(text) => Source::from_short(text).map_err(|refused| {
            fault(format!("the source of {key}: `{}` {}", shown(text), refused.what), refused.hint)
        }),
        Value::Nothing => Err(fault(
            format!("{key} has no source"),
            &format!("name a release, as in {short}, or delete the line"),
        )),
        Value::List | Value::Map => Err(fault(
            format!("the source of {key} is not a text, and only release tags are known here"),
            &format!("write the tag of a release, as in {short}"),
        )),
    }
}

/// A text from outside, fit for a message: short, without control characters.
fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}
