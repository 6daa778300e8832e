//! The Python projects that some requirements need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use constraints::{Environment, Requirement};
use names::{Arch, DistroId, Place, ReleaseId};
use wheels::{Closure, Root, Target};

use super::QueryError;
use crate::Event;
use crate::describe::Description;
use crate::setting::{Listener, Setting};

/// What is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClosureRequest {
    /// The release whose constraints count, with its overrides.
    pub release: ReleaseId,
    /// The requirements: `keystone[ldap]==28.1.0`. A project that is asked for with `==` is what is
    /// being built: no constraint of the release pins it.
    pub requirements: Vec<String>,
    /// The version of Python; the one that the distribution's file states where it is left out.
    pub python: Option<String>,
    /// The architecture.
    pub arch: Arch,
    /// The distribution, whose C library decides about wheels.
    pub distro: DistroId,
}

/// The exact wheels that `request` needs; the locks are not asked. Those that no constraint pins are
/// marked as open.
///
/// # Errors
/// When the tree does not have the release or the distribution, a requirement is none, or the
/// requirements cannot be met.
pub fn closure(
    setting: &Setting<'_>,
    request: &ClosureRequest,
    tell: Listener<'_>,
) -> Result<Closure, QueryError> {
    let description = Description::read(setting.root, &request.distro)?;
    let release = description.release(request.release)?;
    let distro = &description.distro;
    let python = request.python.clone().unwrap_or_else(|| distro.python().version.clone());
    let environment = Environment::linux(&python, request.arch)
        .map_err(|source| QueryError::Python { version: python.clone(), source })?;
    let target = Target { environment, glibc: distro.glibc() };

    let mut roots = Vec::new();
    let mut own = BTreeSet::new();
    for text in &request.requirements {
        let requirement: Requirement = text
            .parse()
            .map_err(|source| QueryError::Requirement { text: text.clone(), source })?;
        if requirement.specifiers.pinned().is_some() {
            own.insert(requirement.name.clone());
        }
        let place = Place { file: PathBuf::from("the command line"), ..Place::default() };
        roots.push(Root { requirement, place });
    }
    tell(Event::Reading { what: format!("the Python index for {python} {}", request.arch) });
    let locator = setting.locator();
    let closing = wheels::Request {
        roots: &roots,
        own: &own,
        constraints: &release.constraints,
        target: &target,
        cutoff: release.file.cutoff,
        given: &BTreeMap::new(),
        prefer: &[],
    };
    let mut closure = wheels::closure(&closing, setting.store, &locator)
        .map_err(|source| QueryError::Closure { release: release.id, source: Box::new(source) })?;
    for found in closure.wheels.values_mut() {
        let pinned = release.constraints.pins(&found.wheel.project, &target.environment).next();
        found.wheel.open = !own.contains(&found.wheel.project) && pinned.is_none();
    }
    Ok(closure)
}
