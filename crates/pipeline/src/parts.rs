//! What must be locked, by architecture.

use std::collections::{BTreeMap, BTreeSet};

use distro::Distro;
use names::{Arch, ReleaseId, ServiceName};
use release::Target;

use crate::components::From;
use crate::describe::{DescribeError, Description};

/// The base that build steps run in.
pub(crate) const BUILD: &str = "build";

/// Services that are to be locked, by architecture.
pub(crate) type Wanted = BTreeMap<Arch, Vec<ServiceName>>;

/// The bases and services that are locked for one architecture.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) arch: Arch,
    pub(crate) bases: BTreeSet<&'a str>,
    pub(crate) services: &'a [ServiceName],
    /// The services that are built from source, where that is done on this architecture.
    pub(crate) builds: Vec<&'a ServiceName>,
}

/// The parts of locking the services of `wanted`. Where something is built from source, this machine's
/// architecture comes first, with the base that it is built in.
pub(crate) fn parts<'a>(
    description: &'a Description,
    release: ReleaseId,
    wanted: &'a Wanted,
    host: Arch,
) -> Result<Vec<Part<'a>>, DescribeError> {
    let part = |(arch, services): (&Arch, &'a Vec<ServiceName>)| {
        let bases = description.bases(services)?;
        Ok(Part { arch: *arch, bases, services, builds: Vec::new() })
    };
    let mut parts: Vec<Part<'a>> = wanted.iter().map(part).collect::<Result<_, DescribeError>>()?;
    let services: BTreeSet<&ServiceName> = wanted.values().flatten().collect();
    let mut builds = Vec::new();
    let of_tree = description.release(release)?;
    for &service in &services {
        let other = matches!(description.source(of_tree, service), Ok((From::Origin(_), _)));
        if other || !description.patches(service, release)?.is_empty() {
            builds.push(service);
        }
    }
    if let Distro::Rpm(_) = description.distro {
        // The base that they are built in is that of another distribution, which is locked by itself.
        for service in builds {
            description.builder(service.as_str(), release)?;
            let target = Target { distro: description.built_on(), release, arch: host };
            let packages = description.build_packages(description.service(service)?, target)?;
            if !packages.is_empty() {
                let (service, distro) = (service.clone(), description.id.clone());
                return Err(DescribeError::BuildPackages { service, packages, distro });
            }
        }
        return Ok(parts);
    }
    let libraries = !services.is_empty() && !description.libraries(of_tree)?.is_empty();
    if libraries || !builds.is_empty() {
        match parts.iter_mut().find(|part| part.arch == host) {
            Some(part) => {
                part.bases.insert(BUILD);
                part.builds = builds;
            }
            None => {
                let bases = BTreeSet::from([BUILD]);
                parts.push(Part { arch: host, bases, services: &[], builds });
            }
        }
        parts.sort_by_key(|part| (part.arch != host, part.arch));
    }
    Ok(parts)
}
