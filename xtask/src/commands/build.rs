//! `cooperage build`.

use names::{Arch, Epoch, ReleaseId};
use pipeline::{BuildRequest, Format, Setting, Summary};
use signer::KeyUse;

use super::{Workplace, build_all, keys, source};
use crate::args::{self, Build, Compression, Global, Target};
use crate::failure::Failure;
use crate::speech::{self, Manner, Row, Teller};
use crate::surroundings::Surroundings;

/// Builds the image of a service, or several, and says what was made.
pub(crate) fn run(
    build: &Build,
    global: &Global,
    surroundings: &Surroundings,
    manner: Manner,
) -> Result<(), Failure> {
    let epoch = epoch(surroundings)?;
    let workplace = Workplace::open(global, surroundings)?;
    let out = build.out.as_ref().map(|out| surroundings.absolute(out));
    let folders = source::folders(&build.source, surroundings)?;
    let all = build.service.as_str() == release::ALL;
    if let Some(name) = folders.keys().find(|name| !all && **name != build.service) {
        let reason = format!("{name} is not built: its image takes no part of it");
        return Err(Failure::Source { argument: build.source.join(" "), reason });
    }
    let request = |release: ReleaseId| BuildRequest {
        folders: folders.clone(),
        service: build.service.clone(),
        release,
        distro: build.target.distro.clone(),
        rpm_distro: build.rpm_distro.clone(),
        arches: arches(&build.target),
        formats: build.format.iter().copied().map(format).collect(),
        compression: compression(build.compression),
        locked: build.locked,
        epoch,
        out: out.clone().unwrap_or_else(|| workplace.root.join("out")),
    };
    let mut teller = Teller::new(manner);
    let mut tell = |event| teller.tell(&event);
    let now = epoch.unwrap_or(surroundings.now);
    let (signing, wanted) = (build.signing.as_deref(), KeyUse::Package);
    let keys = keys::open(signing, wanted, surroundings, now, global.quiet)?;
    // A package carries one signature.
    let package_key = keys.first().map(AsRef::as_ref);
    let setting = Setting { package_key, ..workplace.setting() };
    if let ([release], false) = (&build.release[..], all) {
        let request = request(*release);
        let summary = pipeline::build(&setting, &request, &mut tell)?;
        let times = teller.times();
        let text = if global.json { summary.to_json() } else { table(&summary, &times) };
        return speech::print(&text).map_err(Failure::Print);
    }
    let mut requests = Vec::new();
    for release in &build.release {
        let request = request(*release);
        match all {
            true => requests.extend(pipeline::everything(&workplace.root, &request)?),
            false => requests.push(request),
        }
    }
    let results = pipeline::build_all(&setting, &requests, &mut tell);
    drop(teller);
    build_all::report(global, manner, &requests, results)
}

/// `SOURCE_DATE_EPOCH`, where it is set.
pub(super) fn epoch(surroundings: &Surroundings) -> Result<Option<Epoch>, Failure> {
    let Some(text) = surroundings.variable("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = text.trim().parse().map_err(|_| Failure::Epoch(text.to_owned()))?;
    Ok(Some(Epoch(seconds)))
}

pub(super) fn compression(asked: Compression) -> oci_writer::Compression {
    match asked {
        Compression::Gzip => oci_writer::Compression::gzip(),
        Compression::Zstd => oci_writer::Compression::zstd(),
    }
}

pub(super) fn format(asked: args::Format) -> Format {
    match asked {
        args::Format::Oci => Format::Oci,
        args::Format::Deb => Format::Deb,
        args::Format::Rpm => Format::Rpm,
    }
}

/// The architectures that were asked for; the commonest where none was.
pub(super) fn arches(target: &Target) -> Vec<Arch> {
    if target.arch.is_empty() { vec![Arch::Amd64] } else { target.arch.clone() }
}

/// The layers and packages, one a line, the time of each stage, and where all of it is.
fn table(summary: &Summary, times: &str) -> String {
    let mut text = String::new();
    for image in &summary.images {
        let layers = image.layers.iter();
        let rows: Vec<Row<'_>> = layers
            .map(|layer| Row { name: &layer.name, size: layer.size, digest: &layer.digest })
            .collect();
        let name = format!("{} {}", summary.name, image.arch);
        text.push_str(&speech::image(&name, &image.digest, &rows));
    }
    if let (Some(digest), true) = (summary.digest, summary.images.len() > 1) {
        text.push_str(&format!("{:>10}  {digest}  {}\n", "index", summary.name));
    }
    for package in &summary.packages {
        let size = speech::bytes(package.size);
        text.push_str(&format!("{size:>10}  {}  {}\n", package.digest, package.file));
    }
    text.push_str(&format!("{:>10}  {times}", "time"));
    let packages = summary.packages.iter().map(|package| &package.path);
    for path in packages.chain(&summary.layout) {
        text.push_str(&format!("\n{}", path.display()));
    }
    text
}
