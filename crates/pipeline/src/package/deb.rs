//! From a plan to a Debian package.

mod control;
mod depends;
mod meta;
mod scripts;
mod texts;

use distro::DistroFile;
use filetree::Tree;
use pkg_writer::Options;
use pkg_writer::deb::{Package, Signature};
use pkg_writer::version;
use release::DEB_SYMBOLS;

pub(crate) use self::meta::meta;
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
const FORMAT: &str = "deb";

/// The revision of a package without patches.
const FIRST: u64 = 0;

/// The format level of all that decides about the bytes of a Debian package, part of the key of its step. Its number
/// grows whenever the same inputs give other bytes, with a line in the changelog; the digests of `fixtures/golden` tell when.
pub const DEB_FORMAT_LEVEL: &str = "deb-5";

/// Makes the Debian packages of `task` in the folder `deb` of the build's results, in place of earlier ones:
/// the main one first. Equal input gives equal bytes.
pub(crate) fn deb(
    setting: &Setting<'_>,
    task: &Task<'_>,
    tell: Listener<'_>,
) -> Result<Vec<PackageSummary>, PackageError> {
    let Task { description, plan, source, release, output } = *task;
    let distro = description.debian()?;
    let named = task.named()?;
    let Named { recipe, name, prefix, current, .. } = &named;
    let (version, scheme) = named.version(FIRST, description.distro.suffix())?;
    let version = version::debian(&version, &scheme)?;
    tell(Event::PackageStarted { package: format!("{name} {version} {}", plan.arch) });

    let mut environment = Environment::make(setting, &distro.python, plan, prefix, tell)?;
    // Held until the packages are written.
    let _compiled = bytecode::compile(
        setting,
        Some(distro),
        plan,
        &named,
        &mut environment,
        output.epoch,
        tell,
    )?;
    let found = depends::found(setting, distro, plan, &environment, tell)?;
    let options = output.options(setting, FORMAT, environment.tree.newest())?;
    let symbols = Symbols::take_out(recipe, &mut environment, &options.scratch)?;
    let told = Told {
        id: &description.id,
        python: &distro.python,
        service: plan.service,
        recipe,
        release,
        source,
        plan,
        main: name,
        name,
        version: &version,
        prefix,
        current,
        time: options.epoch,
    };
    let files = files::files(&told, &environment)?;
    let mut shares = share::shares(&told, &environment.prefix, named.names(), files)?;
    if let Some(symbols) = &symbols {
        shares.push(symbols.share(format!("{name}{DEB_SYMBOLS}"), &shares));
    }
    let suite = suite(distro);
    let mut made = Vec::new();
    for mut share in shares {
        let name = share.name.clone();
        let told = Told { name: &name, ..told };
        let overrides = match share.is_symbols {
            true => texts::symbols_overrides(&name),
            false => texts::lintian_overrides(&name, prefix, &share.files.tree),
        };
        share.files.document(&documents(&told, suite, overrides), environment.own.newest())?;
        let package = control::control(&told, &found, &share)?;
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
    let path = options.scratch.join(&file_name);
    let mut prepared = pkg_writer::deb::prepare(tree, package, options)?;
    let signed = prepared.signed_bytes();
    let mut signed = signed.map_err(|source| PackageError::Out { path: path.clone(), source })?;
    let signature = output.signature(setting, &mut signed)?;
    drop(signed);
    // The role that debsig-verify(1) asks for.
    let signature = signature.map(|bytes| Signature { role: "origin".to_owned(), bytes });
    prepared.save(&path, signature.as_slice())?;
    let written = Written {
        format: FORMAT,
        arch: &package.architecture,
        name: &package.name,
        version: &package.version,
        file_name: &file_name,
    };
    output.finished(setting, &written, tell)
}

/// The suite that packages are for.
fn suite(distro: &DistroFile) -> &str {
    distro.suites.first().map_or("unstable", |suite| &*suite.suite)
}

/// What a package of `suite` has to be read, by its places; `overrides` is for lintian.
fn documents(told: &Told<'_>, suite: &str, overrides: String) -> [(String, Vec<u8>); 3] {
    let Told { name, .. } = told;
    let licences = Some("/usr/share/common-licenses");
    let copyright = documents::copyright(told, "changelog.Debian.gz", licences);
    let changelog = texts::changelog(told, suite);
    [
        (format!("/usr/share/doc/{name}/copyright"), copyright.into_bytes()),
        (format!("/usr/share/doc/{name}/changelog.Debian.gz"), changelog),
        (format!("/usr/share/lintian/overrides/{name}"), overrides.into_bytes()),
    ]
}
