//! The long form of a source: a map.

use names::{Fault, Place, nearest};

use crate::file::{Entry, Value};
use crate::source::{Refused, is_release_tag};
use crate::{GitReference, GitSource, GitUrl, Source, SubFolder, Submodules};

/// All keys, with the kinds of source that have them.
const KEYS: &[(&str, &[Kind])] = &[
    ("kind", &[Kind::Release, Kind::Git, Kind::Tarball, Kind::Folder]),
    ("url", &[Kind::Git, Kind::Tarball]),
    ("mirrors", &[Kind::Git]),
    ("ref", &[Kind::Release, Kind::Git]),
    ("gerrit", &[Kind::Git]),
    ("path", &[Kind::Folder]),
    ("sha256", &[Kind::Tarball]),
    ("subdirectory", &[Kind::Git, Kind::Tarball, Kind::Folder]),
    ("submodules", &[Kind::Git]),
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Release,
    Git,
    Tarball,
    Folder,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Release => "release",
            Kind::Git => "git",
            Kind::Tarball => "tarball",
            Kind::Folder => "folder",
        }
    }
}

/// Reads the map behind `component`, which stands at `place`. All faults are told.
pub(crate) fn source(
    component: &str,
    place: &Place,
    entries: &[Entry],
) -> Result<Source, Vec<Fault>> {
    let mut form = Form { component, place, entries, faults: Vec::new() };
    let kind = form.kind();
    form.check_keys(kind);
    let source = form.source(kind);
    match source {
        Some(source) if form.faults.is_empty() => Ok(source),
        _ => Err(form.faults),
    }
}

struct Form<'a> {
    component: &'a str,
    place: &'a Place,
    entries: &'a [Entry],
    faults: Vec<Fault>,
}

impl<'a> Form<'a> {
    fn fault(&mut self, place: &Place, message: String, hint: &str) {
        self.faults.push(Fault { place: place.clone(), message, hint: hint.to_owned() });
    }

    /// The kind that is named, else git.
    fn kind(&mut self) -> Option<Kind> {
        let Some((text, place)) = self.text("kind") else {
            let named = self.entries.iter().any(|entry| entry.key == "kind");
            return (!named).then_some(Kind::Git);
        };
        let kinds = [Kind::Release, Kind::Git, Kind::Tarball, Kind::Folder];
        let found = kinds.into_iter().find(|kind| kind.word() == text);
        if found.is_none() {
            let message = format!("`{}` is not a kind of source", shown(text));
            self.fault(place, message, "use release, git, tarball or folder");
        }
        found
    }

    fn check_keys(&mut self, kind: Option<Kind>) {
        for entry in self.entries {
            let known = KEYS.iter().find(|(key, _)| *key == entry.key);
            let (message, hint) = match (known, kind) {
                (None, _) => {
                    let names = KEYS.iter().map(|(key, _)| *key);
                    let near = nearest(&entry.key, names.clone());
                    let hint = match near {
                        Some(near) => format!("write {near}"),
                        None => format!("keys are {}", names.collect::<Vec<_>>().join(", ")),
                    };
                    (format!("`{}` is not a key of a source", shown(&entry.key)), hint)
                }
                (Some((key, kinds)), Some(kind)) if !kinds.contains(&kind) => {
                    let kinds: Vec<_> = kinds.iter().map(|kind| kind.word()).collect();
                    let message = format!("`{key}` is for kind: {}", kinds.join(" or "));
                    (message, format!("this source is of kind {}: remove the key", kind.word()))
                }
                _ => continue,
            };
            self.fault(&entry.key_place, message, &hint);
        }
    }

    fn source(&mut self, kind: Option<Kind>) -> Option<Source> {
        let subdirectory = self.parsed::<SubFolder>("subdirectory");
        match kind? {
            Kind::Release => {
                let (text, place) = self.wanted("ref", "the version: ref: \"28.1.0\"")?;
                if is_release_tag(text) {
                    return Some(Source::Release { version: text.to_owned() });
                }
                let message = format!("`{}` is not a release tag", shown(text));
                self.fault(place, message, "name a release by its tag, such as \"28.1.0\"");
                None
            }
            Kind::Git => {
                let url = self.parsed::<GitUrl>("url");
                let mirrors = self.mirrors();
                let (reference, submodules) = (self.reference(), self.submodules());
                let reference = reference?;
                Some(Source::Git(GitSource { url, mirrors, reference, subdirectory, submodules }))
            }
            Kind::Tarball => {
                let url = self.wanted("url", "the address of the archive");
                let digest = self.wanted("sha256", "the SHA-256 digest of the archive");
                let sha256 = digest.and_then(|_| self.parsed("sha256"));
                let (url, place) = url?;
                let schemes = ["https://", "http://", "file:///"];
                let known = schemes.iter().any(|scheme| url.starts_with(scheme));
                if !known || url.contains(|c: char| c.is_control() || c.is_whitespace()) {
                    let message = format!("`{}` is not the address of an archive", shown(url));
                    self.fault(place, message, "use https://, http:// or file:///");
                }
                Some(Source::Tarball { url: url.to_owned(), sha256: sha256?, subdirectory })
            }
            Kind::Folder => {
                let (path, place) = self.wanted("path", "the folder: path: ../keystone")?;
                if path.is_empty() || path.contains(char::is_control) {
                    self.fault(place, "the path is empty or broken".to_owned(), "name a folder");
                }
                Some(Source::Folder { path: path.to_owned(), subdirectory })
            }
        }
    }

    fn reference(&mut self) -> Option<GitReference> {
        let (by_ref, by_change) = (self.text("ref"), self.text("gerrit"));
        let (read, text, place) = match (by_ref, by_change) {
            (Some((text, place)), None) => (GitReference::parse(text), text, place),
            (None, Some((text, place))) => (GitReference::gerrit(text), text, place),
            (None, None) => {
                if !self.entries.iter().any(|entry| ["ref", "gerrit"].contains(&&*entry.key)) {
                    let message = format!("the source of {} has no ref", self.component);
                    let hint =
                        "add ref: with a tag, a branch or a commit, or gerrit: with a change";
                    self.fault(self.place, message, hint);
                }
                return None;
            }
            (Some(_), Some((_, place))) => {
                let message = "there are a `ref` and a `gerrit`".to_owned();
                self.fault(place, message, "keep one of them");
                return None;
            }
        };
        read.map_err(|Refused { what, hint }| {
            self.fault(place, format!("`{}` {what}", shown(text)), hint);
        })
        .ok()
    }

    fn submodules(&mut self) -> Submodules {
        match self.text("submodules") {
            None | Some(("false", _)) => Submodules::LeftOut,
            Some(("true", _)) => Submodules::Taken,
            Some((text, place)) => {
                let message = format!("`{}` is neither true nor false", shown(text));
                self.fault(place, message, "write submodules: true");
                Submodules::LeftOut
            }
        }
    }

    fn mirrors(&mut self) -> Vec<GitUrl> {
        let Some(entry) = self.entries.iter().find(|entry| entry.key == "mirrors") else {
            return Vec::new();
        };
        let Value::List(items) = &entry.value else {
            let hint = "write mirrors: [https://example.org/keystone]";
            self.fault(&entry.value_place, "the mirrors are not a list".to_owned(), hint);
            return Vec::new();
        };
        let mut found = Vec::new();
        for item in items {
            let read = match &item.value {
                Value::Text(text) => text.parse::<GitUrl>().map_err(|error| error.to_string()),
                _ => Err("a mirror is not a text".to_owned()),
            };
            match read {
                Ok(url) => found.push(url),
                Err(message) => self.fault(&item.place, message, "list addresses of repositories"),
            }
        }
        found
    }

    /// The text behind `key`; a fault where something else stands there.
    fn text(&mut self, key: &str) -> Option<(&'a str, &'a Place)> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        match &entry.value {
            Value::Text(text) => Some((text, &entry.value_place)),
            Value::Nothing => {
                let message = format!("`{key}` is empty");
                self.fault(&entry.key_place, message, "write a value, or delete the line");
                None
            }
            Value::List(_) | Value::Map(_) => {
                let message = format!("`{key}` is not a text");
                self.fault(&entry.value_place, message, "write one value");
                None
            }
        }
    }

    /// Like [`Form::text`]; a fault where the key is missing.
    fn wanted(&mut self, key: &str, what: &str) -> Option<(&'a str, &'a Place)> {
        if !self.entries.iter().any(|entry| entry.key == key) {
            let message = format!("the source of {} has no `{key}`", self.component);
            self.fault(self.place, message, &format!("add {what}"));
        }
        self.text(key)
    }

    /// The value behind `key`, if it is there and good.
    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, key: &str) -> Option<T> {
        let (text, place) = self.text(key)?;
        text.parse()
            .map_err(|error: T::Err| {
                let message = shown_long(&error.to_string());
                self.fault(place, message, &format!("mend `{key}`"));
            })
            .ok()
    }
}

fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

fn shown_long(text: &str) -> String {
    text.chars().take(200).filter(|letter| !letter.is_control()).collect()
}
