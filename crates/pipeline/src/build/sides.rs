//! For which distributions a build makes what.

use std::path::Path;

use distro::Distro;

use super::{BuildError, BuildRequest, Format};
use crate::describe::Description;

/// The requests that `request` consists of, each for one distribution: what is made of .debs, then rpms.
///
/// # Errors
/// When a distribution is not there, or does not have what is asked for.
pub(super) fn of(root: &Path, request: &BuildRequest) -> Result<Vec<BuildRequest>, BuildError> {
    let asked = &request.formats;
    let side = |distro, formats| BuildRequest { distro, formats, ..request.clone() };
    let description = Description::read(root, &request.distro)?;
    let is_rpm = matches!(description.distro, Distro::Rpm(_));
    if is_rpm && asked.iter().all(|format| *format == Format::Rpm) {
        return Ok(vec![side(request.distro.clone(), [Format::Rpm].into())]);
    }
    description.debian()?;
    let mut of_debs = asked.clone();
    let rpm = of_debs.remove(&Format::Rpm);
    if asked.is_empty() {
        of_debs.insert(Format::Oci);
    }
    let mut sides = Vec::new();
    if !of_debs.is_empty() {
        sides.push(side(request.distro.clone(), of_debs));
    }
    if rpm {
        let distro = request.rpm_distro.clone();
        if let Distro::Debian(_) = Description::read(root, &distro)?.distro {
            return Err(BuildError::NoRpms { distro });
        }
        sides.push(side(distro, [Format::Rpm].into()));
    }
    Ok(sides)
}
