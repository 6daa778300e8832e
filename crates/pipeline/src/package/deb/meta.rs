//! The meta package of a release, as a Debian package.

use pkg_writer::deb::{Package, Relations};
use pkg_writer::version;

use super::texts::{self, Entry, ZSTANDARD};
use super::{FIRST, FORMAT, write};
use crate::Event;
use crate::package::error::PackageError;
use crate::package::meta::{LICENCE, MetaTask, tree};
use crate::setting::{Listener, Setting};
use crate::summary::PackageSummary;

/// Makes the package of `task` in the folder `deb` of the build's results.
pub(crate) fn meta(
    setting: &Setting<'_>,
    task: &MetaTask<'_>,
    tell: Listener<'_>,
) -> Result<PackageSummary, PackageError> {
    let MetaTask { description, release, recipe, output, .. } = task;
    let meta = task.meta(FIRST)?;
    let name = &meta.name;
    let version = version::debian_of(&meta.upstream, recipe.epoch.into(), &meta.revision)?;
    tell(Event::PackageStarted { package: format!("{name} {version} all") });
    let options = output.options(setting, FORMAT, meta.time)?;
    let mut depends = Vec::new();
    for (name, version, scheme) in &meta.needed {
        depends.push(format!("{name} (>= {})", version::debian(version, scheme)?));
    }
    let full = format!(
        "On Debian systems the full text of this licence is in\n /usr/share/common-licenses/{LICENCE}."
    );
    let mut changes = format!("  * The services of the release {}:\n", release.id);
    changes.extend(meta.services.iter().map(|service| format!("    - {service}\n")));
    let changelog = texts::compressed(&Entry {
        name,
        version: &version,
        suite: super::suite(description.debian()?),
        changes: &changes,
        maintainer: &recipe.maintainer,
        time: options.epoch,
    });
    let documents = [
        (format!("/usr/share/doc/{name}/copyright"), task.copyright(&meta, &full).into_bytes()),
        (format!("/usr/share/doc/{name}/changelog.Debian.gz"), changelog),
        (
            format!("/usr/share/lintian/overrides/{name}"),
            texts::overrides(name, &[ZSTANDARD]).into_bytes(),
        ),
    ];
    let package = Package {
        name: name.clone(),
        version,
        architecture: "all".to_owned(),
        maintainer: recipe.maintainer.clone(),
        description: format!("{}\n{}", meta.summary, task.about(&meta)),
        // Not `metapackages`: what comes with a package of that section, apt takes for asked for, and
        // keeps when the package goes (`APT::Never-MarkAuto-Sections`).
        section: Some("net".to_owned()),
        homepage: recipe.homepage.clone(),
        priority: Some("optional".to_owned()),
        relations: Relations { depends, ..Relations::default() },
        ..Package::default()
    };
    write(setting, output, &tree(&documents, meta.time)?, &package, &options, tell)
}
