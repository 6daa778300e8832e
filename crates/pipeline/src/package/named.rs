//! What packages of a service are called, and their versions.

use constraints::Version;
use names::ReleaseId;
use pkg_writer::version::{Revision, Scheme, Stage};
use release::{Names, Package, Service};

use super::error::PackageError;
use crate::lock::LockedSource;

/// The names of a recipe, filled in.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    pub(super) recipe: &'a Package,
    /// The name of the package.
    pub(super) name: String,
    /// Where the virtual environment lies.
    pub(super) prefix: String,
    /// The link that leads to it.
    pub(super) current: String,
    service: &'a str,
    source: &'a LockedSource,
    release: String,
}

impl<'a> Named<'a> {
    /// Fills in the names of the recipe of `service`, for the source that is locked in `release`.
    ///
    /// # Errors
    /// When the recipe does not say how packages are made.
    pub(crate) fn of(
        service: &'a Service,
        source: &'a LockedSource,
        release: ReleaseId,
    ) -> Result<Self, PackageError> {
        let recipe = service.package.as_ref();
        let recipe =
            recipe.ok_or_else(|| PackageError::NoPackage { service: service.name.clone() })?;
        let (service, version) = (service.name.as_str(), source.version.as_str());
        let release = release.to_string();
        let names = Names { service, version, release: &release };
        let [name, prefix, current] =
            [&recipe.name, &recipe.prefix, &recipe.current].map(|text| text.render(names));
        Ok(Self { recipe, name, prefix, current, service, source, release })
    }

    /// What names stand for in templates.
    pub(super) fn names(&self) -> Names<'_> {
        let Self { service, source, release, .. } = self;
        Names { service, version: &source.version, release }
    }

    /// The version of the service, and how that of its packages is made of it for the distribution with
    /// this suffix: the revision is `first` without patches, and one more for each of them.
    ///
    /// # Errors
    /// When the version is none of Python's.
    pub(super) fn version(
        &self,
        first: u64,
        suffix: &str,
    ) -> Result<(Version, Scheme), PackageError> {
        let source = self.source;
        let version = constraints::parse_version(&source.version).map_err(|error| {
            PackageError::Version { version: source.version.clone(), source: error }
        })?;
        let revision = Revision {
            base: first + source.patches.len() as u64,
            stage: Stage::Main,
            distro: suffix.to_owned(),
        };
        Ok((version, Scheme { epoch: self.recipe.epoch, components: 3, revision }))
    }
}
