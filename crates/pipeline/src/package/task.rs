//! What a package is made from, whatever its format.

use std::io::{self, Read};
use std::path::Path;

use constraints::Version;
use filetree::Tree;
use names::{Epoch, ReleaseId};
use pkg_writer::version::{Revision, Scheme, Stage};
use pkg_writer::{Accounts, Compression, Options};
use release::{Names, Package};
use signer::{OpenPgpKey, SignatureKind};
use store::Blob;

use super::error::PackageError;
use super::provenance;
use crate::Event;
use crate::describe::Description;
use crate::lock::LockedSource;
use crate::plan::Plan;
use crate::setting::{Listener, Setting};
use crate::summary::PackageSummary;

/// What a package is made from.
#[derive(Debug)]
pub(crate) struct Task<'a> {
    pub(crate) description: &'a Description,
    pub(crate) plan: &'a Plan<'a>,
    pub(crate) source: &'a LockedSource,
    pub(crate) release: ReleaseId,
    /// The time of the package; the newest time in it where none is given.
    pub(crate) epoch: Option<Epoch>,
    /// The folder of the build's results.
    pub(crate) folder: &'a Path,
}

/// The names of the recipe, filled in.
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
    version: &'a str,
    release: String,
}

impl Named<'_> {
    /// What names stand for in templates.
    pub(super) fn names(&self) -> Names<'_> {
        let Self { service, version, release, .. } = self;
        Names { service, version, release }
    }
}

/// A package that has been written.
pub(super) struct Written<'a> {
    /// Its format, which is the name of its folder as well.
    pub(super) format: &'a str,
    pub(super) arch: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) file_name: &'a str,
}

impl<'a> Task<'a> {
    /// Fills in the names of the recipe.
    pub(crate) fn named(&self) -> Result<Named<'a>, PackageError> {
        let service = self.plan.service;
        let recipe = service.package.as_ref();
        let recipe =
            recipe.ok_or_else(|| PackageError::NoPackage { service: service.name.clone() })?;
        let (service, version) = (service.name.as_str(), self.source.version.as_str());
        let release = self.release.to_string();
        let names = Names { service, version, release: &release };
        let [name, prefix, current] =
            [&recipe.name, &recipe.prefix, &recipe.current].map(|text| text.render(names));
        Ok(Named { recipe, name, prefix, current, service, version, release })
    }

    /// The version of the service, and how that of the package is made of it: the revision is `first`
    /// without patches, and one more for each of them.
    pub(super) fn version(
        &self,
        epoch: u32,
        first: u64,
    ) -> Result<(Version, Scheme), PackageError> {
        let source = self.source;
        let version = constraints::parse_version(&source.version).map_err(|error| {
            PackageError::Version { version: source.version.clone(), source: error }
        })?;
        let revision = Revision {
            base: first + source.patches.len() as u64,
            stage: Stage::Main,
            distro: self.description.distro.suffix().to_owned(),
        };
        Ok((version, Scheme { epoch, components: 3, revision }))
    }

    /// How the package is written, into the folder of its format, which is made.
    pub(super) fn options(
        &self,
        setting: &Setting<'_>,
        format: &str,
        tree: &Tree,
    ) -> Result<Options, PackageError> {
        let folder = self.folder.join(format);
        fs_err::create_dir_all(&folder)
            .map_err(|source| PackageError::Out { path: folder.clone(), source })?;
        Ok(Options {
            compression: Compression::zstd(),
            jobs: setting.jobs,
            epoch: self.epoch.unwrap_or_else(|| tree.newest()),
            scratch: folder,
            check_contents: true,
            accounts: Accounts::default(),
        })
    }

    /// Signs what `bytes` gives; nothing where packages go out unsigned.
    pub(super) fn signature(
        &self,
        setting: &Setting<'_>,
        bytes: &mut dyn Read,
    ) -> Result<Option<Vec<u8>>, PackageError> {
        let time = self.epoch.unwrap_or(setting.now);
        let sign = |key: &dyn OpenPgpKey| key.sign(bytes, SignatureKind::Binary, time);
        Ok(setting.package_key.map(sign).transpose()?)
    }

    /// Measures a package that has been written, and keeps its bytes in the store.
    pub(super) fn finished(
        &self,
        setting: &Setting<'_>,
        written: &Written<'_>,
        tell: Listener<'_>,
    ) -> Result<PackageSummary, PackageError> {
        let Written { format, arch, name, version, file_name } = *written;
        let path = self.folder.join(format).join(file_name);
        let mut writer = setting.store.blob_writer()?;
        let copied =
            fs_err::File::open(&path).and_then(|mut file| io::copy(&mut file, &mut writer));
        copied.map_err(|source| PackageError::Out { path: path.clone(), source })?;
        let Blob { digest, size, .. } = writer.finish(None)?;
        let summary = PackageSummary {
            format: format.to_owned(),
            arch: arch.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            digest,
            size,
            provenance: provenance::place(&format!("{format}/{file_name}")),
            file: format!("{format}/{file_name}"),
            path,
        };
        tell(Event::PackageFinished { file: summary.file.clone(), digest, size });
        Ok(summary)
    }
}
