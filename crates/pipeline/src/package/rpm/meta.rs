//! The meta package of a release, as an rpm.

use std::collections::BTreeMap;

use pkg_writer::rpm::{Comparison, Dependency, Mark, Package, Relations};
use pkg_writer::version;

use super::{FIRST, FORMAT, entry, place, write};
use crate::Event;
use crate::package::error::PackageError;
use crate::package::files;
use crate::package::meta::{LICENCE, MetaTask, tree};
use crate::setting::{Listener, Setting};
use crate::summary::PackageSummary;

/// Makes the package of `task` in the folder `rpm` of the build's results.
pub(crate) fn meta(
    setting: &Setting<'_>,
    task: &MetaTask<'_>,
    tell: Listener<'_>,
) -> Result<PackageSummary, PackageError> {
    let MetaTask { release, recipe, output, .. } = task;
    let meta = task.meta(FIRST)?;
    let name = &meta.name;
    let evr = version::rpm_of(&meta.upstream, recipe.epoch.into(), &meta.revision)?;
    tell(Event::PackageStarted { package: format!("{name} {evr} noarch") });
    let options = output.options(setting, FORMAT, meta.time)?;
    let mut requires = Vec::new();
    for (name, version, scheme) in &meta.needed {
        let version = version::rpm(version, scheme)?.to_string();
        let version = Some((Comparison::GreaterOrEqual, version));
        requires.push(Dependency { version, ..Dependency::any(name) });
    }
    let full = "The full text is at https://www.apache.org/licenses/LICENSE-2.0.txt.";
    let copyright = format!("{}/copyright", place::licences(name));
    let text = task.copyright(&meta, full).into_bytes();
    let tree = tree(&[(copyright.clone(), text)], meta.time)?;
    let mut changes = format!("- The services of the release {}:", release.id);
    changes.extend(meta.services.iter().map(|service| format!("\n  {service}")));
    let package = Package {
        name: name.clone(),
        epoch: evr.epoch,
        version: evr.version.clone(),
        release: evr.release.clone(),
        architecture: "noarch".to_owned(),
        summary: meta.summary.clone(),
        description: task.about(&meta),
        license: LICENCE.to_owned(),
        url: recipe.homepage.clone(),
        packager: Some(recipe.maintainer.clone()),
        relations: Relations { requires, ..Relations::default() },
        changelog: vec![entry(options.epoch, &recipe.maintainer, &evr.to_string(), changes)],
        marks: BTreeMap::from([(files::place(&copyright)?, Mark::License)]),
        left_out: place::left_out(&tree),
        ..Package::default()
    };
    write(setting, output, &tree, &package, &options, tell)
}
