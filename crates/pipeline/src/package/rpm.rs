//! From a plan to an rpm.

mod meta;
mod place;
mod relations;
mod scripts;

use filetree::Tree;
use names::{Arch, Epoch};
use pkg_writer::Options;
use pkg_writer::rpm::{self, ChangelogEntry, Package, Signatures};
use pkg_writer::version;
use release::RPM_SYMBOLS;

pub(crate) use self::meta::meta;
use self::place::Placed;
use super::bytecode;
use super::documents::{self, Told};
use super::environment::Environment;
use super::error::PackageError;
use super::files;
use super::named::Named;
use super::output::{Output, Written};
use super::share;
use super::symbols::Symbols;
use super::task::Task;
use crate::Event;
use crate::setting::{Listener, Setting};
use crate::summary::PackageSummary;

/// The format, and the folder of such packages.
const FORMAT: &str = "rpm";

/// The revision of a package without patches: releases begin with 1 (Fedora's Versioning Guidelines,
/// "Simple versioning").
const FIRST: u64 = 1;

/// The format level of rpms, as [`DEB_FORMAT_LEVEL`](super::DEB_FORMAT_LEVEL) is that of Debian packages.
pub const RPM_FORMAT_LEVEL: &str = "rpm-5";

const SECONDS_OF_DAY: u64 = 24 * 60 * 60;

/// Makes the rpms of `task` in the folder `rpm` of the build's results, in place of earlier ones: the main
/// one first. Equal input gives equal bytes.
pub(crate) fn rpm(
    setting: &Setting<'_>,
    task: &Task<'_>,
    tell: Listener<'_>,
) -> Result<Vec<PackageSummary>, PackageError> {
    let Task { description, plan, source, release, output } = *task;
    let python = description.distro.python();
    let named = task.named()?;
    let Named { recipe, name, prefix, current, .. } = &named;
    let (version, scheme) = named.version(FIRST, description.distro.suffix())?;
    let evr = version::rpm(&version, &scheme)?;
    let shown = evr.to_string();
    tell(Event::PackageStarted { package: format!("{name} {shown} {}", plan.arch) });

    let mut environment = Environment::make(setting, python, plan, prefix, tell)?;
    let _compiled =
        bytecode::compile(setting, None, plan, &named, &mut environment, output.epoch, tell)?;
    let needed = relations::Needed::find(plan, &environment)?;
    let mut options = output.options(setting, FORMAT, environment.tree.newest())?;
    let symbols = Symbols::take_out(recipe, &mut environment, &options.scratch)?;
    let told = Told {
        id: &description.id,
        python,
        service: plan.service,
        recipe,
        release,
        source,
        plan,
        main: name,
        name,
        version: &shown,
        prefix,
        current,
        time: options.epoch,
    };
    let mut files = files::files(&told, &environment)?;
    place::directories(&mut files, environment.own.newest())?;
    let mut made = Vec::new();
    let mut shares = share::shares(&told, &environment.prefix, named.names(), files)?;
    if let Some(symbols) = &symbols {
        shares.push(symbols.share(format!("{name}{RPM_SYMBOLS}"), &shares));
    }
    for mut share in shares {
        let name = share.name.clone();
        let told = Told { name: &name, ..told };
        let provides = "the package's Provides: bundled(python3dist(NAME))";
        let copyright = documents::copyright(&told, provides, None);
        let document = (format!("{}/copyright", place::licences(&name)), copyright.into_bytes());
        share.files.document(&[document], environment.own.newest())?;
        let scripts = scripts::scripts(&told, &share);
        let Placed { marks, left_out, accounts } = place::placed(&mut share, &told, &environment)?;
        options.accounts = accounts;
        let package = Package {
            name: name.clone(),
            epoch: evr.epoch,
            version: evr.version.clone(),
            release: evr.release.clone(),
            architecture: architecture(plan.arch, needed.has_code()).to_owned(),
            summary: share.description.clone(),
            description: documents::about(&told),
            license: recipe.license.clone(),
            url: recipe.homepage.clone(),
            packager: Some(recipe.maintainer.clone()),
            relations: relations::relations(&told, &needed, &share, &options.accounts)?,
            scripts,
            changelog: vec![changelog(&told)],
            marks,
            left_out,
            ..Package::default()
        };
        made.push(write(setting, &output, &share.files.tree, &package, &options, tell)?);
    }
    Ok(made)
}

/// Writes a package of the files in `tree`, signed where there is a key.
fn write(
    setting: &Setting<'_>,
    output: &Output<'_>,
    tree: &Tree,
    package: &Package,
    options: &Options,
    tell: Listener<'_>,
) -> Result<PackageSummary, PackageError> {
    let file_name = package.file_name();
    let mut prepared = rpm::prepare(tree, package, options)?;
    let header = output.signature(setting, &mut prepared.header())?;
    let signatures = Signatures { header, ..Signatures::default() };
    prepared.save(&options.scratch.join(&file_name), &signatures)?;
    let written = Written {
        format: FORMAT,
        arch: &package.architecture,
        name: &package.name,
        version: &package.evr(),
        file_name: &file_name,
    };
    output.finished(setting, &written, tell)
}

/// The architecture by rpm's names: that of all packages of a service, as in those of Debian.
fn architecture(arch: Arch, has_code: bool) -> &'static str {
    match arch {
        _ if !has_code => "noarch",
        Arch::Amd64 => "x86_64",
        Arch::Arm64 => "aarch64",
    }
}

/// The entry of this version: what it is, and its patches.
fn changelog(told: &Told<'_>) -> ChangelogEntry {
    let Told { service, source, release, .. } = told;
    let mut text = format!(
        "- {} {} of the release {release}, from {}",
        service.name, source.version, source.file
    );
    for patch in &source.patches {
        text.push_str(&format!("\n- Patch {}", patch.file));
    }
    entry(told.time, &told.recipe.maintainer, told.version, text)
}

fn entry(time: Epoch, maintainer: &str, version: &str, text: String) -> ChangelogEntry {
    ChangelogEntry {
        // As rpmbuild has it: noon of the day.
        time: Epoch(time.0 / SECONDS_OF_DAY * SECONDS_OF_DAY + SECONDS_OF_DAY / 2),
        author: format!("{maintainer} - {version}"),
        text,
    }
}
