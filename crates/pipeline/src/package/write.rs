//! From a plan to the file of a package.

use std::path::Path;

use names::{Epoch, ReleaseId};
use pkg_writer::version::{self, Revision, Scheme, Stage};
use pkg_writer::{Accounts, Compression, Options};
use release::Names;

use super::control;
use super::documents::{self, Told};
use super::environment::Environment;
use super::error::PackageError;
use super::files::{self, Sources};
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

/// Makes the Debian package of `task` in the folder `deb` of the build's results, in place of an earlier
/// one. Equal input gives equal bytes.
pub(crate) fn deb(
    setting: &Setting<'_>,
    task: &Task<'_>,
    tell: Listener<'_>,
) -> Result<PackageSummary, PackageError> {
    let Task { description, plan, source, release, .. } = *task;
    let service = plan.service;
    let recipe = service.package.as_ref();
    let recipe = recipe.ok_or_else(|| PackageError::NoPackage { service: service.name.clone() })?;
    let names = Names {
        service: service.name.as_str(),
        version: &source.version,
        release: &release.to_string(),
    };
    let (name, prefix) = (recipe.name.render(names), recipe.prefix.render(names));
    let current = recipe.current.render(names);
    let version = debian_version(task, recipe.epoch)?;
    tell(Event::PackageStarted { package: format!("{name} {version} {}", plan.arch) });

    let environment = Environment::make(setting, &description.distro, plan, &prefix, tell)?;
    let time = environment.own.newest();
    let epoch = task.epoch.unwrap_or_else(|| environment.tree.newest());
    let told = Told {
        id: &description.id,
        distro: &description.distro,
        service,
        recipe,
        release,
        source,
        plan,
        name: &name,
        version: &version,
        prefix: &prefix,
        time: epoch,
    };
    let place = |path: &str| path.replace("NAME", &name);
    let sources = Sources {
        service,
        recipe,
        environment: &environment,
        name: &name,
        current: &current,
        time,
        documents: vec![
            (place("/usr/share/doc/NAME/copyright"), documents::copyright(&told).into_bytes()),
            (place("/usr/share/doc/NAME/changelog.Debian.gz"), documents::changelog(&told)),
            (
                place("/usr/share/lintian/overrides/NAME"),
                documents::lintian_overrides(&name, &prefix).into_bytes(),
            ),
        ],
    };
    let files = files::files(&sources)?;
    let package = control::control(&told, &environment, &files, &current);
    let folder = task.folder.join("deb");
    let out = |path: &Path| {
        let path = path.to_owned();
        move |source| PackageError::Out { path, source }
    };
    fs_err::create_dir_all(&folder).map_err(out(&folder))?;
    let options = Options {
        compression: Compression::zstd(),
        jobs: setting.jobs,
        epoch,
        scratch: folder.clone(),
        check_contents: true,
        accounts: Accounts::default(),
    };
    let path = folder.join(package.file_name());
    pkg_writer::deb::save(&files.tree, &package, &options, &path)?;
    let (digest, size) = crate::files::measured(&path).map_err(out(&path))?;
    let summary = PackageSummary {
        format: "deb".to_owned(),
        arch: package.architecture.clone(),
        name,
        version,
        digest,
        size,
        file: format!("deb/{}", package.file_name()),
        path,
    };
    tell(Event::PackageFinished { file: summary.file.clone(), digest, size });
    Ok(summary)
}

/// The version of the package: that of the service, then how many patches are on it.
fn debian_version(task: &Task<'_>, epoch: u32) -> Result<String, PackageError> {
    let source = task.source;
    let version = constraints::parse_version(&source.version).map_err(|error| {
        PackageError::Version { version: source.version.clone(), source: error }
    })?;
    let revision = Revision {
        base: source.patches.len() as u64,
        stage: Stage::Main,
        distro: task.description.distro.suffix.clone(),
    };
    Ok(version::debian(&version, &Scheme { epoch, components: 3, revision })?)
}
