//! Where a package comes from: an in-toto statement (Attestation Framework, Statement v1) with the provenance of
//! SLSA 1.0, written beside the package. It names what went into the package, and nothing of the machine or
//! the time that it was built on.

mod statement;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use distro::LockedDeb;
use names::{Digest, DistroId, ReleaseId, Sha256};
use release::META;
use wheels::LockedWheel;

use self::statement::{
    Builder, Definition, Dependency, Details, External, Internal, Predicate, Statement,
};
use super::error::PackageError;
use super::meta::{META_FORMAT_LEVEL, MetaTask};
use super::output::Output;
use super::task::Task;
use crate::built_wheel::WheelStep;
use crate::files::write_file;
use crate::key::Key;
use crate::lock::{LockedSource, ReleaseLock, SourceKind};
use crate::plan::Own;
use crate::setting::Setting;
use crate::summary::PackageSummary;

/// What builds packages in the way that `docs/formats/provenance.md` describes.
const BUILD_TYPE: &str = "urn:cooperage:build:package:1";
const BUILDER: &str = "urn:cooperage:builder";

/// The file with the provenance of the package in `file`.
pub(crate) fn place(file: &str) -> String {
    format!("{file}.provenance.json")
}

/// Writes the provenance of a package of `task` beside it; `step` is the key of what made it.
pub(crate) fn write(
    setting: &Setting<'_>,
    task: &Task<'_>,
    step: &Digest,
    package: &PackageSummary,
) -> Result<(), PackageError> {
    let Task { description, plan, release, output, .. } = task;
    let recipe = of_tree(setting.root, format!("services/{}.toml", plan.service.name))?;
    let asked = Asked {
        service: plan.service.name.as_str(),
        release: *release,
        distro: &description.id,
        arch: plan.arch.debian(),
    };
    save(output, &statement(&asked, output, step, package, dependencies(task, recipe)), package)
}

/// Writes the provenance of a meta package beside it: it is made of the lock, the file of the release, that of
/// the distro, and the recipes of its services.
pub(crate) fn write_meta(
    setting: &Setting<'_>,
    task: &MetaTask<'_>,
    package: &PackageSummary,
) -> Result<(), PackageError> {
    let MetaTask { description, release, services, output, .. } = task;
    let (release, distro) = (release.id, &description.id);
    let lock = ReleaseLock::path(release, distro);
    let mut files = vec![
        lock.display().to_string(),
        format!("releases/{release}/release.toml"),
        format!("distros/{distro}.toml"),
    ];
    files.extend(services.iter().map(|(service, _)| format!("services/{}.toml", service.name)));
    let inputs = files.into_iter().map(|file| of_tree(setting.root, file));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let of_input = |input: &Dependency| format!("{} {:?}", input.name, input.digest);
    let epoch = output.epoch.map(|epoch| epoch.0.to_string());
    let step = Key::new(META_FORMAT_LEVEL)
        .with("format", &package.format)
        .with_all("inputs", inputs.iter().map(of_input))
        .with_each("epoch", epoch)
        .with_each("signed by", setting.package_key.map(|key| key.certificate().fingerprint()))
        .finish();
    let asked = Asked { service: META, release, distro, arch: &package.arch };
    save(output, &statement(&asked, output, &step, package, inputs), package)
}

/// A file of the tree at `root`.
fn of_tree(root: &Path, file: String) -> Result<Dependency, PackageError> {
    let path = root.join(&file);
    let bytes = fs_err::read(&path).map_err(|source| PackageError::Out { path, source })?;
    Ok(Dependency::file(file, None, &Sha256::digest(&bytes)))
}

fn save(
    output: &Output<'_>,
    statement: &Statement<'_>,
    package: &PackageSummary,
) -> Result<(), PackageError> {
    let mut json = serde_json::to_vec_pretty(statement).expect("texts and numbers make JSON");
    json.push(b'\n');
    let path = output.folder.join(place(&package.file));
    write_file(&path, json).map_err(|source| PackageError::Out { path, source })
}

/// What a package was asked for as, besides its format.
struct Asked<'a> {
    service: &'a str,
    release: ReleaseId,
    distro: &'a DistroId,
    arch: &'a str,
}

fn statement<'a>(
    asked: &Asked<'a>,
    output: &Output<'_>,
    step: &Digest,
    package: &'a PackageSummary,
    resolved_dependencies: Vec<Dependency>,
) -> Statement<'a> {
    let name = package.file.rsplit('/').next().unwrap_or(&package.file);
    Statement {
        statement: "https://in-toto.io/Statement/v1",
        subject: [Dependency::file(name, None, &package.digest)],
        predicate_type: "https://slsa.dev/provenance/v1",
        predicate: Predicate {
            build_definition: Definition {
                build_type: BUILD_TYPE,
                external_parameters: External {
                    service: asked.service,
                    release: asked.release.to_string(),
                    distro: asked.distro.as_str(),
                    arch: asked.arch,
                    format: &package.format,
                    source_date_epoch: output.epoch.map(|epoch| epoch.0),
                },
                internal_parameters: Internal {
                    package: &package.name,
                    version: &package.version,
                    step: step.to_string(),
                },
                resolved_dependencies,
            },
            run_details: Details {
                builder: Builder {
                    id: BUILDER,
                    version: BTreeMap::from([("cooperage", env!("CARGO_PKG_VERSION"))]),
                },
            },
        },
    }
}

/// What the package is made of: first the source of the service and its patches, then all else by name.
fn dependencies(task: &Task<'_>, recipe: Dependency) -> Vec<Dependency> {
    let Task { description, plan, source, .. } = *task;
    let mut first = Vec::new();
    let mut rest = BTreeSet::new();
    match &plan.own {
        Own::Locked(wheel) => {
            first.push(of_index(wheel));
            first.extend(commit(source));
        }
        Own::Built(step) => built(task, source, step, &mut first, &mut rest),
    }
    for library in &plan.libraries {
        let mut source = Vec::new();
        built(task, library.source, &library.step, &mut source, &mut rest);
        rest.extend(source);
    }
    rest.extend(plan.wheels.iter().map(|wheel| of_index(wheel)));
    rest.extend(plan.base.iter().chain(&plan.system).map(|deb| of_archive(deb)));
    // Otherwise it is the base.
    if plan.host != plan.arch {
        rest.extend(plan.compiler.iter().map(|deb| of_archive(deb)));
    }
    let distro = Sha256::digest(&description.distro_text);
    rest.insert(Dependency::file(format!("distros/{}.toml", description.id), None, &distro));
    rest.insert(recipe);
    rest.retain(|one| !first.contains(one));
    first.extend(rest);
    first
}

/// Adds the source of what was built, with its patches, and what it was built with.
fn built(
    task: &Task<'_>,
    source: &LockedSource,
    step: &WheelStep<'_>,
    sources: &mut Vec<Dependency>,
    others: &mut BTreeSet<Dependency>,
) {
    sources.push(match step.made {
        Some(_) => Dependency::file(&step.sdist.file, None, &step.sdist.sha256),
        None => of_index(step.sdist),
    });
    sources.extend(commit(source));
    sources.extend(source.patches.iter().map(|patch| {
        let name = format!("patches/{}/{}/{}", source.component, task.release, patch.file);
        Dependency::file(name, None, &patch.sha256)
    }));
    others.extend(step.build.iter().map(|wheel| of_index(wheel)));
    others.extend(step.base.iter().map(|deb| of_archive(deb)));
}

/// The commit of a source, and the repository where the tree names it. An address that carries a name or a
/// password is left out.
fn commit(source: &LockedSource) -> Option<Dependency> {
    let commit = source.commit.as_ref()?.to_string();
    let url =
        source.url.as_ref().filter(|url| source.kind == SourceKind::Git && !url.contains('@'));
    let uri = url.map(|url| format!("git+{url}@{commit}"));
    let digest = BTreeMap::from([("gitCommit", commit)]);
    Some(Dependency { name: source.component.clone(), uri, digest })
}

/// A file of the Python index, under its package URL.
fn of_index(wheel: &LockedWheel) -> Dependency {
    let uri = format!("pkg:pypi/{}@{}", wheel.project, escaped(&wheel.version));
    Dependency::file(&wheel.file, Some(uri), &wheel.sha256)
}

/// A package of the distribution, under its package URL.
fn of_archive(deb: &LockedDeb) -> Dependency {
    let vendor = deb.archive.as_str().split('-').next().unwrap_or_default();
    let version = escaped(deb.version.as_str());
    let uri = format!("pkg:deb/{vendor}/{}@{version}?arch={}", escaped(&deb.name), deb.arch);
    let name = deb.path.rsplit('/').next().unwrap_or(&deb.name);
    Dependency::file(name, Some(uri), &deb.sha256)
}

/// A part of a package URL: letters other than these are written as `%2B`.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_escaped_in_package_urls() {
        assert_eq!(escaped("2:27.0.0~rc1+b1"), "2:27.0.0~rc1%2Bb1");
    }
}
