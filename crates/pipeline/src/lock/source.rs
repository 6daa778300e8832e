//! Sources in a lock.

use names::Digest;
use serde::{Deserialize, Serialize};
use source_refs::CommitId;

use super::{ReleaseLock, ServiceList};

/// Where the source of a component comes from.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedSource {
    /// The component: a service or a library.
    pub component: String,
    /// The ref as `source-refs.yaml` has it.
    #[serde(rename = "ref")]
    pub reference: String,
    /// How it is had.
    pub kind: SourceKind,
    /// The version that it has; with patches that of the release and a local part that stands for
    /// them, `28.1.0+p2.1a2b3c4d` (PEP 440).
    pub version: String,
    /// The wheel or source archive, by its name.
    pub file: String,
    /// The commit that the ref was resolved to.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "commit")]
    pub commit: Option<CommitId>,
    /// Whether the files of a folder are others than those of its commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
    /// The repository, where the tree names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The folder in the source that holds the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subdirectory: Option<String>,
    /// Whether the files of submodules belong to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub submodules: bool,
    /// The digest of the archive that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// The patches, in the order in which they are applied.
    #[serde(default, rename = "patch", skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<LockedPatch>,
    /// The wheels that it is built with, by file name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub build: Vec<String>,
}

/// A patch in a lock.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedPatch {
    /// The name of its file in `patches/<component>/<release>/`.
    pub file: String,
    /// The digest of that file.
    pub sha256: Digest,
}

/// How the source of a component is had.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// The official wheel of a release, from the Python index, by its digest.
    Wheel,
    /// Built here from the official source archive of a release, which comes from the Python index by
    /// its digest, with patches.
    Sdist,
    /// Built here from a commit of a repository.
    Git,
    /// Built here from an archive that is named by its digest.
    Tarball,
    /// Built here from a folder of the machine that locked it.
    Folder,
}

impl LockedSource {
    /// A source that comes from the index.
    pub(crate) fn of_index(
        component: String,
        kind: SourceKind,
        reference: String,
        version: String,
        file: String,
    ) -> Self {
        Self {
            component,
            reference,
            kind,
            version,
            file,
            commit: None,
            changed: false,
            url: None,
            subdirectory: None,
            submodules: false,
            sha256: None,
            patches: vec![],
            build: vec![],
        }
    }

    /// How lists refer to it: `component=version`.
    pub fn key(&self) -> String {
        format!("{}={}", self.component, self.version)
    }

    /// Whether it is built here.
    pub fn is_built(&self) -> bool {
        self.kind != SourceKind::Wheel
    }

    /// The ref for people: of a folder nothing that is of one machine.
    pub fn shown(&self) -> String {
        match self.kind {
            SourceKind::Folder if self.changed => "a folder, changed".to_owned(),
            SourceKind::Folder => "a folder".to_owned(),
            _ => self.reference.clone(),
        }
    }

    /// The version as a tag has it, with the number of patches: `10.0.0-p1`.
    pub fn tag(&self) -> String {
        let version = self.version.split("+p").next().unwrap_or(&self.version);
        match self.patches.len() {
            0 => version.to_owned(),
            patches => format!("{version}-p{patches}"),
        }
    }

    /// The wheel that it is, where it is one.
    pub fn wheel(&self) -> Option<&str> {
        (self.kind == SourceKind::Wheel).then_some(self.file.as_str())
    }
}

impl ReleaseLock {
    /// The source of a library that a list refers to.
    pub fn library(&self, key: &str) -> Option<&LockedSource> {
        self.sources.iter().find(|source| source.key() == key)
    }

    /// The libraries of a service that are built from source, in the order of its list.
    pub fn libraries(&self, list: &ServiceList) -> Vec<&LockedSource> {
        list.libraries.iter().filter_map(|key| self.library(key)).collect()
    }

    /// The first library of a service, or what it is built of, that leads to no table.
    pub(super) fn dangling_library(&self, list: &ServiceList) -> Option<String> {
        list.libraries.iter().find_map(|key| {
            let Some(source) = self.library(key) else { return Some(key.clone()) };
            let wheel = |file: &&String| !self.wheels.iter().any(|wheel| wheel.file == **file);
            let missing = self.build_of(source).is_none().then(|| source.file.clone());
            missing.or_else(|| source.build.iter().find(wheel).cloned())
        })
    }
}

/// A commit is its digits.
mod commit {
    use serde::{Deserialize as _, Deserializer, Serializer, de};
    use source_refs::CommitId;

    #[expect(clippy::ref_option, reason = "serde gives it so")]
    pub(super) fn serialize<S: Serializer>(
        commit: &Option<CommitId>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match commit {
            Some(commit) => serializer.collect_str(commit),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<CommitId>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Some).map_err(de::Error::custom)
    }
}
