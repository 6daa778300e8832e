//! From a plan to a Debian package.

mod control;
mod depends;
mod scripts;
mod texts;

use pkg_writer::deb::Signature;
use pkg_writer::version;

use super::documents::{self, Told};
use super::environment::Environment;
use super::error::PackageError;
use super::files;
use super::task::{Named, Task, Written};
use crate::Event;
use crate::setting::{Listener, Setting};
use crate::summary::PackageSummary;

/// The format, and the folder of such packages.
const FORMAT: &str = "deb";

/// Makes the Debian package of `task` in the folder `deb` of the build's results, in place of an earlier
/// one. Equal input gives equal bytes.
pub(crate) fn deb(
    setting: &Setting<'_>,
    task: &Task<'_>,
    tell: Listener<'_>,
) -> Result<PackageSummary, PackageError> {
    let Task { description, plan, source, release, .. } = *task;
    let distro = description.debian()?;
    let Named { recipe, name, prefix, current } = task.named()?;
    let (version, scheme) = task.version(recipe.epoch, 0)?;
    let version = version::debian(&version, &scheme)?;
    tell(Event::PackageStarted { package: format!("{name} {version} {}", plan.arch) });

    let environment = Environment::make(setting, &distro.python, plan, &prefix, tell)?;
    let found = depends::found(setting, distro, plan, &environment, tell)?;
    let options = task.options(setting, FORMAT, &environment.tree)?;
    let told = Told {
        id: &description.id,
        python: &distro.python,
        service: plan.service,
        recipe,
        release,
        source,
        plan,
        name: &name,
        version: &version,
        prefix: &prefix,
        current: &current,
        time: options.epoch,
    };
    let place = |path: &str| path.replace("NAME", &name);
    let suite = distro.suites.first().map_or("unstable", |suite| &*suite.suite);
    let licences = Some("/usr/share/common-licenses");
    let copyright = documents::copyright(&told, "changelog.Debian.gz", licences);
    let overrides = texts::lintian_overrides(&name, &prefix);
    let documents = [
        (place("/usr/share/doc/NAME/copyright"), copyright.into_bytes()),
        (place("/usr/share/doc/NAME/changelog.Debian.gz"), texts::changelog(&told, suite)),
        (place("/usr/share/lintian/overrides/NAME"), overrides.into_bytes()),
    ];
    let files = files::files(&told, &environment, &documents)?;
    let package = control::control(&told, &found, &files);
    let file_name = package.file_name();
    let path = options.scratch.join(&file_name);
    let mut prepared = pkg_writer::deb::prepare(&files.tree, &package, &options)?;
    let signed = prepared.signed_bytes();
    let mut signed = signed.map_err(|source| PackageError::Out { path: path.clone(), source })?;
    let signature = task.signature(setting, &mut signed)?;
    drop(signed);
    // The role that debsig-verify(1) asks for.
    let signature = signature.map(|bytes| Signature { role: "origin".to_owned(), bytes });
    prepared.save(&path, signature.as_slice())?;
    let written = Written {
        format: FORMAT,
        arch: &package.architecture,
        name: &name,
        version: &version,
        file_name: &file_name,
    };
    task.finished(&written, tell)
}
