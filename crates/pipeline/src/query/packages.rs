//! The packages of a distribution that some packages need.

use distro::{Request, Solution, solve};
use names::{Arch, DistroId};

use super::QueryError;
use crate::Event;
use crate::describe::Description;
use crate::setting::{Listener, Setting};
use crate::suites::Archives;

/// What is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PackagesRequest {
    /// The distribution.
    pub distro: DistroId,
    /// The architecture.
    pub arch: Arch,
    /// A base of the distribution to take as well; without it only what is named and what that needs,
    /// not even the packages that are `Essential: yes`.
    pub base: Option<String>,
    /// Whether recommended packages are taken too.
    pub recommends: bool,
    /// The packages, in the order of wanting.
    pub names: Vec<String>,
}

/// The newest packages that meet `request` on an empty system, with the choices that `apt-get
/// install` makes. The locks are not asked.
///
/// # Errors
/// When the tree does not have the distribution, the archives cannot be read, or there is no solution.
pub fn packages(
    setting: &Setting<'_>,
    request: &PackagesRequest,
    tell: Listener<'_>,
) -> Result<Solution, QueryError> {
    let description = Description::read(setting.root, &request.distro)?;
    let distro = description.debian()?;
    let mut asked = Request {
        packages: request.names.clone(),
        recommends: request.recommends,
        ..Request::default()
    };
    if let Some(name) = &request.base {
        let base = description.base(name)?;
        asked.essential = base.essential;
        asked.packages = [&base.packages[..], &request.names[..]].concat();
    }
    tell(Event::Reading { what: format!("{} {}", request.distro, request.arch) });
    let archives = Archives::new(setting, &description, distro)?;
    let (index, _) = archives.read(request.arch, tell)?;
    Ok(solve(&index, &asked)?)
}
