//! `[meta-package]` of `releases/<id>/release.toml`.

use std::collections::BTreeMap;

use names::{Place, ServiceName};
use serde::Deserialize;
use toml::Spanned;

use crate::Template;
use crate::fields::Checker;
use crate::service_file::package::{maintainer_of, name};
use crate::service_file::template::OF_RELEASE;

/// A package without files that brings in the packages of a release's services.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MetaPackage {
    /// The name of the package; of the names of a template it has `release` alone.
    pub name: Template,
    /// What it is, in one line, where the recipe says so.
    pub description: Option<String>,
    /// Who answers for it: `Name <address>`.
    pub maintainer: String,
    /// Where it is described.
    pub homepage: Option<String>,
    /// The epoch of its version.
    pub epoch: u32,
    /// The services that it brings in, and where each is written; none stands for all that are locked and have
    /// packages.
    pub services: BTreeMap<ServiceName, Place>,
}

/// As written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Written {
    name: Option<Spanned<String>>,
    description: Option<Spanned<String>>,
    maintainer: Option<Spanned<String>>,
    homepage: Option<Spanned<String>>,
    #[serde(default)]
    epoch: u32,
    #[serde(default)]
    services: Vec<Spanned<ServiceName>>,
}

pub(crate) fn check(
    checker: &mut Checker<'_>,
    written: Option<Spanned<Written>>,
) -> Option<MetaPackage> {
    let written = written?;
    let (span, written) = (written.span(), written.into_inner());
    let name = name(checker, written.name.as_ref(), OF_RELEASE);
    let description = written.description.and_then(|value| checker.line(&value, "description"));
    let example = "maintainer = \"Jane Doe <jane@example.org>\"";
    let maintainer = checker.required_in(&span, written.maintainer, "maintainer", example);
    let maintainer = maintainer.and_then(|value| maintainer_of(checker, &value));
    let homepage = written.homepage.and_then(|value| checker.line(&value, "homepage"));
    let mut services = BTreeMap::new();
    for service in written.services {
        let span = service.span();
        let place = checker.place(&span);
        if services.insert(service.get_ref().clone(), place).is_some() {
            let message = format!("{} is listed twice", service.get_ref());
            checker.fault(&span, message, "take one of the two out");
        }
    }
    let epoch = written.epoch;
    Some(MetaPackage {
        name: name?,
        description,
        maintainer: maintainer?,
        homepage,
        epoch,
        services,
    })
}
