//! The form of a statement.

use std::collections::BTreeMap;

use names::Digest;
use serde::Serialize;

/// An in-toto statement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statement<'a> {
    #[serde(rename = "_type")]
    pub(super) statement: &'static str,
    pub(super) subject: [Dependency; 1],
    pub(super) predicate_type: &'static str,
    pub(super) predicate: Predicate<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Predicate<'a> {
    pub(super) build_definition: Definition<'a>,
    pub(super) run_details: Details,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Definition<'a> {
    pub(super) build_type: &'static str,
    pub(super) external_parameters: External<'a>,
    pub(super) internal_parameters: Internal<'a>,
    pub(super) resolved_dependencies: Vec<Dependency>,
}

/// What a user asks for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct External<'a> {
    pub(super) service: &'a str,
    pub(super) release: String,
    pub(super) distro: &'a str,
    pub(super) arch: &'a str,
    pub(super) format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_date_epoch: Option<u64>,
}

/// What follows from that.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Internal<'a> {
    pub(super) package: &'a str,
    pub(super) version: &'a str,
    /// The key of the step: the digest of all its inputs.
    pub(super) step: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Details {
    pub(super) builder: Builder,
}

#[derive(Debug, Serialize)]
pub(super) struct Builder {
    pub(super) id: &'static str,
    pub(super) version: BTreeMap<&'static str, &'static str>,
}

/// A file or a commit (ResourceDescriptor v1).
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<String>,
    pub(super) digest: BTreeMap<&'static str, String>,
}

impl Dependency {
    pub(super) fn file(name: impl Into<String>, uri: Option<String>, sha256: &Digest) -> Self {
        Self { name: name.into(), uri, digest: BTreeMap::from([("sha256", sha256.hex())]) }
    }
}
