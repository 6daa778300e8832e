//! Where a package comes from, published beside it.

use std::collections::BTreeMap;

use crate::RepoError;
use crate::record::Record;
use crate::storage::{Content, Storage};

/// Where a package comes from, as whoever built it says. Written as `FILE.provenance.json` beside the
/// package.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Provenance {
    /// The repository that the source was taken from, or the name of its archive.
    pub source: String,
    /// The commit that was built.
    pub commit: String,
    /// The patches that were applied, in order: name and digest.
    pub patches: Vec<(String, String)>,
    /// What built it: name and version.
    pub builder: String,
    /// Whatever went into it: digests by name.
    pub inputs: BTreeMap<String, String>,
}

/// The file with the provenance of a package, from the root of the repository.
pub fn provenance_path(record: &Record) -> String {
    format!("{}.provenance.json", record.path)
}

/// Writes it down, with the package it speaks of. The first word stands: a package that is built
/// again to the same bytes keeps it.
pub(crate) fn put(
    storage: &dyn Storage,
    record: &Record,
    provenance: &Provenance,
) -> Result<(), RepoError> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct File<'a> {
        format: u32,
        package: &'a str,
        version: &'a str,
        architecture: &'a str,
        sha256: String,
        provenance: &'a Provenance,
    }
    let file = File {
        format: 1,
        package: &record.name,
        version: &record.version,
        architecture: &record.architecture,
        sha256: record.sha256.hex(),
        provenance,
    };
    let mut json = serde_json::to_vec_pretty(&file).expect("texts and numbers make JSON");
    json.push(b'\n');
    Ok(storage.put(&provenance_path(record), Content::Bytes(&json))?)
}
