//! The packages that a distribution has now.

use std::collections::{BTreeMap, BTreeSet};

use distro::{Index, Suite};
use names::{Arch, ArchiveName, DistroId};
use signer::Keyring;

use super::QueryError;
use crate::describe::Description;
use crate::examples;
use crate::setting::{Listener, Setting};

/// Fetches and verifies the indexes of a distribution. Where nobody has named the address of an
/// archive, the example sources in the distribution's own package `apt` are asked first.
pub(super) fn index(
    setting: &Setting<'_>,
    description: &Description,
    id: &DistroId,
    arch: Arch,
    tell: Listener<'_>,
) -> Result<Index, QueryError> {
    let mut keyrings = BTreeMap::new();
    for (name, bytes) in &description.keyrings {
        let keyring = Keyring::parse(bytes)
            .map_err(|source| QueryError::Keyring { keyring: name.clone(), source })?;
        keyrings.insert(name.clone(), keyring);
    }
    let fetch = |suites: &[Suite]| {
        distro::fetch_suites(
            setting.outside,
            setting.store,
            suites,
            &keyrings,
            arch,
            Some(setting.now),
        )
        .map(|(index, _)| index)
        .map_err(|source| QueryError::Suites { distro: id.clone(), source })
    };
    let suites = &description.distro.suites;
    let archives: BTreeSet<&ArchiveName> = suites.iter().map(|suite| &suite.archive).collect();
    let unknown: Vec<&ArchiveName> =
        archives.into_iter().filter(|archive| !setting.outside.knows(archive)).collect();
    if !unknown.is_empty() {
        let known: Vec<Suite> =
            suites.iter().filter(|suite| !unknown.contains(&&suite.archive)).cloned().collect();
        if let Some(apt) = fetch(&known)?.newest("apt") {
            examples::learn(setting, &apt, tell)?;
        }
    }
    fetch(suites)
}
