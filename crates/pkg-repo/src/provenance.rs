//! Where a package comes from, published beside it.

use std::collections::BTreeSet;

use names::Digest;

use crate::RepoError;
use crate::record::Record;
use crate::storage::{Content, Storage};

/// What a statement about a software supply chain says of itself (in-toto Attestation Framework, Statement v1).
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// What it says of its kind where it tells how something was built (SLSA 1.0, "Provenance").
const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// Where packages come from, as whoever built them says: an in-toto statement with SLSA provenance, in JSON.
/// Published as it is, as `FILE.provenance.json` beside the package.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provenance {
    bytes: Vec<u8>,
    subjects: BTreeSet<Digest>,
}

/// Why a text is no provenance.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProvenanceError {
    /// It is no JSON, or not of the form of a statement.
    #[error("it is no statement in JSON")]
    Json(#[from] serde_json::Error),
    /// It is a statement of another kind.
    #[error("it is `{found}`, and `{wanted}` is wanted")]
    Kind {
        /// What it says that it is.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// It speaks of nothing.
    #[error("it has no subject with a SHA-256")]
    NoSubject,
}

impl Provenance {
    /// Reads a statement: version 1 of in-toto, with version 1 of SLSA's provenance in it. What else it says is
    /// kept as it is.
    ///
    /// # Errors
    /// When it is of another form or version, or has no subject with a SHA-256.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProvenanceError> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Statement {
            #[serde(rename = "_type")]
            statement: String,
            subject: Vec<Subject>,
            predicate_type: String,
        }
        #[derive(serde::Deserialize)]
        struct Subject {
            digest: Digests,
        }
        #[derive(serde::Deserialize)]
        struct Digests {
            sha256: Option<String>,
        }
        let read: Statement = serde_json::from_slice(bytes)?;
        for (found, wanted) in [(read.statement, STATEMENT), (read.predicate_type, PREDICATE)] {
            if found != wanted {
                let found = found.chars().take(100).flat_map(char::escape_debug).collect();
                return Err(ProvenanceError::Kind { found, wanted });
            }
        }
        let digests = read.subject.into_iter().filter_map(|subject| subject.digest.sha256);
        let subjects: BTreeSet<Digest> =
            digests.filter_map(|hex| format!("sha256:{hex}").parse().ok()).collect();
        if subjects.is_empty() {
            return Err(ProvenanceError::NoSubject);
        }
        Ok(Self { bytes: bytes.to_vec(), subjects })
    }

    /// Whether it speaks of the file with this digest.
    pub fn is_of(&self, sha256: &Digest) -> bool {
        self.subjects.contains(sha256)
    }
}

/// The file with the provenance of a package, from the root of the repository.
pub fn provenance_path(record: &Record) -> String {
    format!("{}.provenance.json", record.path)
}

/// Writes it down, beside the package that it speaks of. The first word stands: a package that is built
/// again to the same bytes keeps it.
pub(crate) fn put(
    storage: &dyn Storage,
    record: &Record,
    provenance: &Provenance,
) -> Result<(), RepoError> {
    Ok(storage.put(&provenance_path(record), Content::Bytes(&provenance.bytes))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(kind: &str, digests: &str) -> String {
        format!(
            "{{\"_type\": \"{STATEMENT}\", \"subject\": [{{\"name\": \"a.deb\", \"digest\": {digests}}}], \
             \"predicateType\": \"{kind}\", \"predicate\": {{\"buildDefinition\": {{}}}}}}"
        )
    }

    #[test]
    fn a_statement_names_its_subjects() {
        let digest = names::Sha256::digest("x");
        let of_it = format!("{{\"sha256\": \"{}\", \"sha512\": \"0\"}}", digest.hex());
        let read = Provenance::parse(statement(PREDICATE, &of_it).as_bytes()).unwrap();
        assert!(read.is_of(&digest) && !read.is_of(&names::Sha256::digest("y")));
        for (text, want) in [
            (statement("https://spdx.dev/Document", &of_it), "it is `https://spdx.dev/Document`"),
            (statement(PREDICATE, "{}"), "it has no subject with a SHA-256"),
            (statement(PREDICATE, "{\"sha256\": \"x\"}"), "it has no subject with a SHA-256"),
            ("[]".to_owned(), "it is no statement in JSON"),
            (String::new(), "it is no statement in JSON"),
            ("[".repeat(100_000), "it is no statement in JSON"),
        ] {
            let error = Provenance::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(want), "{want}: {error}");
        }
    }

    #[test]
    fn damaged_statements_are_no_panic() {
        let of_it = format!("{{\"sha256\": \"{}\"}}", names::Sha256::digest("x").hex());
        let good = statement(PREDICATE, &of_it).into_bytes();
        for at in 0..good.len() {
            let mut other = good.clone();
            other[at] ^= 0x15;
            let _ = Provenance::parse(&other);
            let _ = Provenance::parse(&good[..at]);
        }
    }
}
