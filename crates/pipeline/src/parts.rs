//! What must be locked, by architecture.

use std::collections::BTreeSet;

use names::{Arch, ReleaseId, ServiceName};

use crate::describe::{DescribeError, Description};

/// The base that build steps run in.
pub(crate) const BUILD: &str = "build";

/// The bases and services that are locked for one architecture.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) arch: Arch,
    pub(crate) bases: BTreeSet<&'a str>,
    pub(crate) services: &'a [ServiceName],
}

/// The parts of locking `services` for `arches`. Where something is built from source, this machine's
/// architecture comes first, with the base that it is built in.
pub(crate) fn parts<'a>(
    description: &'a Description,
    release: ReleaseId,
    services: &'a [ServiceName],
    arches: &BTreeSet<Arch>,
    host: Arch,
) -> Result<Vec<Part<'a>>, DescribeError> {
    let bases = description.bases(services)?;
    let mut parts: Vec<Part<'a>> =
        arches.iter().map(|arch| Part { arch: *arch, bases: bases.clone(), services }).collect();
    let mut builds = false;
    for service in services {
        builds |= !description.patches(service, release)?.is_empty();
    }
    if builds {
        match parts.iter_mut().find(|part| part.arch == host) {
            Some(part) => {
                part.bases.insert(BUILD);
            }
            None => {
                let bases = BTreeSet::from([BUILD]);
                parts.push(Part { arch: host, bases, services: &[] });
            }
        }
        parts.sort_by_key(|part| (part.arch != host, part.arch));
    }
    Ok(parts)
}
