//! For which distributions a build makes what.

use std::collections::BTreeSet;
use std::path::Path;

use distro::Distro;

use super::{BuildError, BuildRequest, Format};
use crate::describe::Description;

/// What is made for one distribution.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) request: BuildRequest,
    pub(crate) description: Description,
}

impl Side {
    /// Reads the tree.
    pub(crate) fn read(root: &Path, request: BuildRequest) -> Result<Self, BuildError> {
        let description = Description::read(root, &request.distro)?;
        let description = description.with_folders(&request.folders);
        Ok(Self { request, description })
    }

    fn of_formats(mut self, formats: BTreeSet<Format>) -> Self {
        self.request.formats = formats;
        self
    }
}

/// The sides that `request` consists of: what is made of .debs, then rpms.
///
/// # Errors
/// When a distribution is not there, or does not have what is asked for.
pub(crate) fn of(root: &Path, request: &BuildRequest) -> Result<Vec<Side>, BuildError> {
    let asked = &request.formats;
    let first = Side::read(root, request.clone())?;
    let is_rpm = matches!(first.description.distro, Distro::Rpm(_));
    if is_rpm && asked.iter().all(|format| *format == Format::Rpm) {
        return Ok(vec![first.of_formats([Format::Rpm].into())]);
    }
    first.description.debian()?;
    let mut of_debs = asked.clone();
    let rpm = of_debs.remove(&Format::Rpm);
    if asked.is_empty() {
        of_debs.insert(Format::Oci);
    }
    let mut sides = Vec::new();
    if !of_debs.is_empty() {
        sides.push(first.of_formats(of_debs));
    }
    if rpm {
        let distro = request.rpm_distro.clone();
        let side = Side::read(root, BuildRequest { distro, ..request.clone() })?;
        if let Distro::Debian(_) = side.description.distro {
            return Err(BuildError::NoRpms { distro: side.request.distro });
        }
        sides.push(side.of_formats([Format::Rpm].into()));
    }
    Ok(sides)
}
